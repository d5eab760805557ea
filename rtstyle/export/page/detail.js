// At how many lines to paint. The rule is that of `rtstyle live`: shrink when frames take too long, grow when there is
// room, and after a size that was too much wait longer every time before growing again, so that it does not pump.

const LINES = [180, 216, 240, 288, 324, 360, 396, 432, 480, 540, 576, 648, 720];
const FIRST = 240;
const STILL = 1080; // nobody waits for the next frame of a photo
const INTERVAL_MS = 1000 / 15; // fewer pictures a second look like a slide show, more cost more detail than they give
const TOO_BUSY = 0.92;
const ROOM = 0.72;
const ENOUGH = 12; // frames after a change before the next is thought of; the first ones at a size are slow
const ENOUGH_MS = 1000; // so long is enough too, if it has
const FEWEST = 4; // frames
const HOLD_MS = 10_000;
const LONGEST_HOLD_MS = 320_000;

export class Detail {
  constructor() {
    this.fixed = 0; // lines; 0: as the device can
    this.lines = FIRST;
    this.restart();
  }

  /** What was seen so far says nothing any more: another style, another source. */
  restart() {
    this.seen = [];
    this.until = -Infinity; // when it may grow again
    this.hold = HOLD_MS;
  }

  linesFor(live) {
    return this.fixed || (live ? this.lines : STILL);
  }

  /** The size to paint a picture at: as many lines on its short side, and never more than it has. */
  sizeFor({ width, height }, live) {
    const scale = Math.min(1, this.linesFor(live) / Math.min(width, height));
    const fit = (side) => Math.max(16, Math.round(side * scale)); // 16: the least that the model contract knows
    return { width: fit(width), height: fit(height) };
  }

  /** Take note of how long a frame took. */
  update(ms, now = performance.now()) {
    this.seen.push(ms);
    const lasted = this.seen.reduce((sum, one) => sum + one);
    if (this.seen.length < (lasted < ENOUGH_MS ? ENOUGH : FEWEST)) return;
    const late = this.seen.slice(this.seen.length / 2).sort((a, b) => a - b); // without the first ones
    const busy = late[late.length >> 1]; // the median
    this.seen = [];
    const fitting = LINES.filter((lines) => busy * (lines / this.lines) ** 2 <= ROOM * INTERVAL_MS);
    let chosen = this.lines;
    if (busy > TOO_BUSY * INTERVAL_MS) {
      chosen = fitting.filter((lines) => lines < this.lines).at(-1) ?? LINES[0];
      if (chosen !== this.lines) this.wait(now);
    } else if (busy < ROOM * INTERVAL_MS && now >= this.until) {
      chosen = Math.max(this.lines, fitting.at(-1) ?? 0);
    }
    this.lines = chosen;
  }

  /** Do not grow for a while, which is longer if it had grown not long ago. */
  wait(now) {
    if (now >= this.until) { // before, it is still the same that was too much
      this.hold = now < this.until + this.hold ? Math.min(2 * this.hold, LONGEST_HOLD_MS) : HOLD_MS;
    }
    this.until = now + this.hold;
  }
}
