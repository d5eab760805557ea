// Puts the original and the painting on the canvas that is seen: strength, side by side, mirror.

export class Easel {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.pair = { content: null, painted: null };
    this.look = { strength: 1, divider: null, mirrored: false }; // divider: 0 to 1 of the width; null: none
  }

  /** Show this painting, or none yet, of this content; both are ImageBitmaps and belong to the easel from now on. */
  show(content, painted) {
    this.pair.content?.close();
    this.pair.painted?.close();
    this.pair = { content, painted };
    this.draw();
  }

  /** Change how it looks, at once, whether or not anything is painted anew. */
  set(change) {
    Object.assign(this.look, change);
    this.draw();
  }

  draw() {
    const { content, painted } = this.pair;
    if (!content) return;
    const { canvas, context } = this;
    const { width, height } = content;
    if (canvas.width !== width || canvas.height !== height) {
      Object.assign(canvas, { width, height });
      canvas.parentElement.style.setProperty("--aspect", width / height); // the stylesheet fits it into the window
    }
    context.imageSmoothingQuality = "high"; // the painting may be smaller than what it was made from
    context.clearRect(0, 0, width, height); // where the content is transparent the last painting would show
    context.save();
    if (this.look.mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(content, 0, 0, width, height);
    context.restore();
    if (painted) this.lay(painted);
  }

  /** The painting over the original, which stays left of the line, as in `rtstyle live`. */
  lay(painted) {
    const { context } = this;
    const { width, height } = this.canvas;
    const { strength, divider, mirrored } = this.look;
    const left = Math.round((divider ?? 0) * width);
    context.save();
    context.beginPath();
    context.rect(left, 0, width - left, height);
    context.clip();
    if (mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
    context.globalAlpha = strength;
    context.drawImage(painted, 0, 0, width, height);
    context.restore();
  }

  /** What is seen, as a PNG. */
  picture() {
    return new Promise((resolve, reject) => {
      this.canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png");
    });
  }
}
