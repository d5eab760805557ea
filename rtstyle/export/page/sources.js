// Where pictures come from. Each source has `live`, `mirrored`, `changed()`, which resolves when there is a picture that
// was not taken yet, `touch()`, which makes the present one count as such again, `grab()`, and `close()`.

const LONGEST = 4096; // pixels a side; phones make no larger canvas

/** Counts as changed when it is touched; what comes while nobody waits is one change, the latest. */
class Source {
  constructor() {
    this.live = false;
    this.mirrored = false;
    this.fresh = true;
    this.wake = () => {};
  }

  touch() {
    this.fresh = true;
    this.wake();
  }

  async changed() {
    while (!this.fresh) await new Promise((resolve) => (this.wake = resolve));
    this.fresh = false;
  }

  close() {
    this.touch(); // whoever waits sees that it is over
  }
}

/** A photo. */
export class Photo extends Source {
  /** `url` is the page's own, or one made of a file, which is revoked; throws, and keeps it, where it is no picture. */
  static async open(url) {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(1, LONGEST / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
    canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height); // upright: EXIF is heeded here
    URL.revokeObjectURL(url);
    return new Photo(canvas);
  }

  constructor(canvas) {
    super();
    this.canvas = canvas;
  }

  grab() {
    return createImageBitmap(this.canvas);
  }
}

/** Whatever a <video> plays. */
class Moving extends Source {
  constructor(video) {
    super();
    this.video = video;
    this.live = true;
    this.open = true;
    this.watch();
  }

  /** Every frame that is shown touches the source; frames that nobody took in time are gone. */
  watch() {
    if (!this.open) return;
    const again = () => {
      this.touch();
      this.watch();
    };
    if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(again);
    else requestAnimationFrame(again); // Firefox until 132
  }

  grab() {
    return createImageBitmap(this.video);
  }

  close() {
    this.open = false;
    this.video.pause();
    super.close();
  }
}

/** A film from a file: plays in a circle. */
export class Film extends Moving {
  /** `url` is made of a file, and revoked when the film is closed; throws, and keeps it, where it is no film. */
  static async open(url) {
    const video = newVideo();
    video.src = url;
    video.loop = true;
    try {
      await playing(video);
    } catch (error) {
      unload(video); // what has sound only would go on
      throw error;
    }
    return new Film(video);
  }

  close() {
    super.close();
    URL.revokeObjectURL(this.video.src);
    unload(this.video);
  }
}

/** The camera. */
export class Camera extends Moving {
  /** Throws what the browser throws: a camera may be missing, forbidden or in use. `ended` is called if it goes away. */
  static async open({ deviceId, ended }) {
    const picture = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
    const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...picture, ...which } });
    const video = newVideo();
    video.srcObject = stream;
    try {
      await playing(video);
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      throw error;
    }
    return new Camera(video, stream, ended);
  }

  constructor(video, stream, ended) {
    super(video);
    this.stream = stream;
    const [track] = stream.getVideoTracks();
    const { facingMode, deviceId } = track.getSettings();
    this.deviceId = deviceId;
    this.mirrored = facingMode !== "environment"; // as in a mirror, but not what lies before the lens at the back
    track.addEventListener("ended", () => this.open && ended());
  }

  /** The id of the camera after this one, or undefined where it is the only one. */
  async next() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const ids = devices.filter((device) => device.kind === "videoinput").map((device) => device.deviceId);
    return ids.length > 1 ? ids[(ids.indexOf(this.deviceId) + 1) % ids.length] : undefined;
  }

  close() {
    super.close();
    this.stream.getTracks().forEach((track) => track.stop());
  }
}

function newVideo() {
  const video = document.createElement("video");
  video.muted = true; // or it may not start by itself
  video.playsInline = true; // or phones show it full screen
  return video;
}

function unload(video) {
  video.removeAttribute("src");
  video.load();
}

/** Resolves when the first frame is there; rejects where the browser cannot play it. */
async function playing(video) {
  const first = new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", resolve, { once: true });
    video.addEventListener("error", () => reject(video.error), { once: true });
  });
  await Promise.all([first, video.play()]);
  if (!video.videoWidth) throw new Error("there is no picture in it");
}
