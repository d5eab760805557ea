// Between what a canvas holds, RGBA, and what a network takes, RGB. Arrays are made once a size, not once a frame.

export class Pixels {
  /** Scales pictures to `width` × `height`. */
  constructor(width, height) {
    Object.assign(this, { width, height });
    this.shape = [1, height, width, 3];
    this.rgb = new Uint8Array(height * width * 3);
    this.canvas = new OffscreenCanvas(width, height);
    // Read after every frame: a canvas in the GPU's memory would have to be fetched from there.
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.context.imageSmoothingQuality = "high";
    this.result = new ImageData(width, height);
    this.result.data.fill(255);
  }

  /** uint8 RGB (H, W, 3) of a picture; the array is used again next time. */
  read(image) {
    this.context.clearRect(0, 0, this.width, this.height); // where a picture is transparent the last one would show
    this.context.drawImage(image, 0, 0, this.width, this.height);
    const { data } = this.context.getImageData(0, 0, this.width, this.height);
    const { rgb } = this;
    for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
      rgb[to] = data[from];
      rgb[to + 1] = data[from + 1];
      rgb[to + 2] = data[from + 2];
    }
    return rgb;
  }

  /** The picture that `rgb` is, as an ImageBitmap to hand on. */
  write(rgb) {
    const { data } = this.result;
    for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
      data[to] = rgb[from];
      data[to + 1] = rgb[from + 1];
      data[to + 2] = rgb[from + 2];
    }
    return createImageBitmap(this.result);
  }
}
