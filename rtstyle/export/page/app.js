// The page: opens what is to be painted, and the loop that paints it.

import { Controls } from "./controls.js";
import { Detail } from "./detail.js";
import { Easel } from "./easel.js";
import { creditOf, hang, paintSamples } from "./gallery.js";
import { isolate } from "./isolation.js";
import { Meter } from "./meter.js";
import { at } from "./page.js";
import { Painter } from "./painter.js";
import { Camera, Film, Photo } from "./sources.js";
import { cameraTrouble, fileTrouble, lacks } from "./words.js";

const FIRST = { url: "first.jpg", credit: "Big Buck Bunny, © Blender Foundation, CC BY 3.0" };

class App {
  constructor(styles) {
    this.styles = styles;
    this.style = styles[0];
    this.source = null;
    this.choice = null; // what was asked for last, of which opening may take a while
    this.credit = ""; // whose picture it is, where that has to be said
    this.warned = false;
    this.stuck = false; // until something else is chosen
    this.painter = new Painter();
    this.easel = new Easel(at("canvas"));
    this.detail = new Detail();
    this.meter = new Meter();
    this.controls = new Controls(this);
    this.cards = hang(at("styles"), styles, (index) => this.choose(index));
    this.cards[0].checked = true;
    this.busy = Promise.resolve(); // until the present source is painted for the first time
    this.renew();
  }

  async start() {
    const first = await Photo.open(FIRST.url);
    this.easel.show(await first.grab(), null); // something to look at while the engine is fetched
    const wanted = new URLSearchParams(location.search).get("engine") ?? "auto";
    const { name } = await this.painter.open(this.style, wanted);
    at("engine").textContent = `The picture is painted right here, by ${name}.`;
    const { warned } = this; // a camera that was refused in the meantime: what is begun by itself must not hide that
    if (!this.source) this.use(first, FIRST.credit);
    this.warned = warned;
    await paintSamples(at("styles"), this.styles, { source: first, painter: this.painter, idle: () => this.busy });
  }

  /** Paint this source from now on. */
  use(source, credit = "") {
    this.source?.close();
    this.source = source;
    this.credit = credit;
    this.controls.follow(source, credit !== "");
    this.renew();
    this.busy = new Promise((resolve) => this.paint(source, resolve));
  }

  /** The loop: the latest picture, and only then the next one, so that nothing waits in line. */
  async paint(source, begun) {
    while (true) {
      await source.changed();
      if (source !== this.source) break;
      if (this.stuck) continue;
      try {
        await this.paintOnce(source);
      } catch (error) {
        if (source !== this.source) break;
        this.stuck = !this.lower(error, source.live);
        if (!this.stuck) source.touch();
      }
      begun();
    }
    begun();
  }

  async paintOnce(source) {
    const content = await source.grab().catch(() => null);
    if (!content) return; // a film that has just been wound: its next frame comes by itself
    const size = this.detail.sizeFor(content, source.live);
    if (!source.live) this.announce(await source.grab());
    const begin = performance.now();
    const { image, painted, ms } = await this.painter.paint(content, size, this.style);
    if (source !== this.source) {
      image.close(); // or their memory stays in use until somebody collects it
      painted.close();
      return;
    }
    this.easel.show(image, painted);
    if (source.live && !this.detail.fixed) this.detail.update(performance.now() - begin);
    this.tell(size, ms, source.live);
  }

  /** A photo takes a moment: show it as it is, and say so. */
  announce(content) {
    this.easel.show(content, null);
    at("frame").dataset.state = "painting";
    if (!this.warned) this.say("Painting …");
  }

  tell({ width, height }, ms, live) {
    at("frame").dataset.state = "shown";
    if (!this.warned) this.say("");
    const rate = this.meter.tick();
    const speed = live ? `${rate ? rate.toFixed(rate < 10 ? 1 : 0) : "–"} fps` : `${(ms / 1000).toFixed(2)} s`;
    at("meter").hidden = false;
    at("meter").textContent = `${speed} · ${width}×${height}`;
    at("canvas").setAttribute("aria-label", `${live ? "A film or the camera" : "A photo"}, painted in the style ${this.style.name}`);
  }

  /** Paint at fewer lines after a failure, mostly of memory. False where that is no way out. */
  lower(error, live) {
    console.warn(error);
    if (error.missing) {
      this.warn(`${error.message}. Choose another style, or load the page again.`);
      return false;
    }
    const lines = this.detail.linesFor(live);
    if (lines <= 240) {
      this.warn(`Painting failed (${error.message}). Load the page again, or try another browser.`);
      return false;
    }
    this.detail.fixed = lines > 480 ? 480 : 240;
    at("detail").value = String(this.detail.fixed);
    this.warn(`That was too large for this device; painting ${this.detail.fixed} lines now.`);
    return true;
  }

  /** Something else was chosen: what was measured and said is over. */
  renew() {
    this.warned = this.stuck = false;
    this.detail.restart();
    this.meter.restart();
    at("artwork").textContent = creditOf(this.style);
    at("credit").textContent = this.credit;
    this.source?.touch();
  }

  choose(index) {
    if (!this.styles[index]) return;
    this.style = this.styles[index];
    this.cards[index].checked = true;
    this.renew();
  }

  fixBrushwork(share) {
    this.painter.brushwork = share;
    this.renew();
  }

  fixDetail(lines) {
    this.detail.fixed = lines;
    this.renew();
  }

  /** Say what is going on; the next painting ends it. */
  say(words) {
    this.warned = false;
    at("notice").textContent = words;
  }

  /** Say what went wrong; it stays until something else is chosen. */
  warn(words) {
    this.say(words);
    this.warned = true;
  }

  async openCamera(deviceId) {
    const choice = (this.choice = {});
    this.warn("Waiting for the camera …"); // until there is an answer: the one before may still be painted
    if (this.source instanceof Camera) this.source.close(); // phones open one camera at a time
    try {
      const ended = () => this.warn("The camera is gone. Plug it in again, then press “Camera”.");
      this.useChosen(await Camera.open({ deviceId, ended }), choice);
    } catch (error) {
      if (choice === this.choice) this.warn(cameraTrouble(error));
    }
  }

  async openFile(file) {
    if (!file) return;
    const choice = (this.choice = {});
    this.say(`Opening ${file.name} …`);
    const url = URL.createObjectURL(file);
    const kinds = file.type.startsWith("video/") ? [Film, Photo] : [Photo, Film]; // a wrong type is not the user's fault
    for (const kind of kinds) {
      try {
        this.useChosen(await kind.open(url), choice);
        return;
      } catch (error) {
        console.warn(error);
      }
    }
    URL.revokeObjectURL(url);
    if (choice === this.choice) this.warn(fileTrouble(file));
  }

  /** Paint this source, unless something else was chosen while it was opened. */
  useChosen(source, choice) {
    if (choice === this.choice) this.use(source);
    else source.close();
  }
}

async function main() {
  document.documentElement.classList.add("served");
  const missing = lacks();
  if (missing) {
    at("notice").textContent = missing;
    return;
  }
  if (await isolate()) return;
  at("notice").textContent = "Mixing the paint …";
  try {
    const styles = await (await fetch("styles.json")).json();
    await new App(styles).start();
  } catch (error) {
    console.error(error);
    at("notice").textContent = `The page could not start (${error.message}). Load it again; if that does not help, its folder may be incomplete.`;
  }
}

main();
