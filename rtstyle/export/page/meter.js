// How many pictures are painted a second, over the last two seconds.

const WINDOW_MS = 2000;

export class Meter {
  constructor() {
    this.restart();
  }

  restart() {
    this.times = [];
  }

  /** Count a picture; gives pictures a second, 0 as long as there are too few to tell. */
  tick(now = performance.now()) {
    this.times.push(now);
    while (now - this.times[0] > WINDOW_MS) this.times.shift();
    const span = now - this.times[0];
    return this.times.length > 1 ? ((this.times.length - 1) * 1000) / span : 0;
  }
}
