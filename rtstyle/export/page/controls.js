// The controls of the page: each does what it says, and shows what is the case.

import { keys } from "./keys.js";
import { Film } from "./sources.js";
import { at } from "./page.js";

export class Controls {
  constructor(app) {
    this.app = app;
    this.compared = undefined; // side by side, once somebody chose
    const actions = {
      camera: () => app.openCamera(),
      open: () => at("file").click(),
      turn: async () => app.openCamera(await app.source.next()),
      compare: () => this.compare((this.compared = !pressed("compare"))),
      mirror: () => this.mirror(!pressed("mirror")),
      whole: () => this.wholeScreen(),
      save: () => this.save(),
      play: () => this.film((video) => (video.paused ? video.play() : video.pause())),
      sound: () => this.film((video) => press("sound", !(video.muted = !video.muted))),
    };
    for (const [id, action] of Object.entries(actions)) at(id).addEventListener("click", action);
    on("file", "change", (input) => {
      app.openFile(input.files[0]);
      input.value = ""; // or the same file could not be chosen again
    });
    on("strength", "input", (input) => this.strength(Number(input.value)));
    on("brushwork", "input", (input) => this.brushwork(Number(input.value)));
    on("divider", "input", () => this.compare(true));
    on("seek", "input", (input) => this.film((video) => (video.currentTime = input.value * video.duration)));
    on("detail", "change", (input) => app.fixDetail(Number(input.value) || 0));
    const strength = (by) => this.strength(Number(at("strength").value) + by);
    const brushwork = () => this.brushwork({ 0: 50, 50: 100 }[at("brushwork").value] ?? 0);
    keys({ ...actions, strength, brushwork, choose: (index) => app.choose(index) });
    drops((file) => app.openFile(file));
    at("whole").hidden = !document.fullscreenEnabled; // iPhones have none
    at("controls").inert = false; // until now a press would have been lost
  }

  /** Fit the controls to a source; `first`: the picture that the page begins with. */
  follow(source, first) {
    at("transport").hidden = !(source instanceof Film);
    at("turn").hidden = true;
    source.next?.().then((id) => (at("turn").hidden = id === undefined));
    this.mirror(source.mirrored);
    this.compare(this.compared ?? first); // until somebody chooses: at first it shows what this is about
    if (source instanceof Film) this.followFilm(source.video);
  }

  followFilm(video) {
    const label = () => (at("play").textContent = video.paused ? "Play" : "Pause");
    video.addEventListener("play", label);
    video.addEventListener("pause", label);
    video.addEventListener("timeupdate", () => (at("seek").value = video.currentTime / (video.duration || 1)));
    press("sound", !video.muted);
    label();
  }

  /** Call `action` with the film, if there is one. */
  film(action) {
    if (this.app.source instanceof Film) action(this.app.source.video);
  }

  strength(percent) {
    const value = Math.min(100, Math.max(0, percent));
    at("strength").value = value;
    at("strength-value").textContent = `${value} %`;
    this.app.easel.set({ strength: value / 100 });
  }

  brushwork(percent) {
    at("brushwork").value = percent;
    at("brushwork-value").textContent = `${percent} %`;
    this.app.fixBrushwork(percent / 100);
  }

  compare(on) {
    press("compare", on);
    at("divider").hidden = !on;
    this.app.easel.set({ divider: on ? at("divider").value / 100 : null });
  }

  mirror(on) {
    press("mirror", on);
    this.app.easel.set({ mirrored: on });
  }

  async save() {
    if (at("frame").dataset.state !== "shown") {
      if (!this.app.warned) this.app.say("Not painted yet. Save it when it is.");
      return;
    }
    let blob;
    try {
      blob = await this.app.easel.picture();
    } catch (error) {
      this.app.warn(`The picture could not be saved (${error.message}). Close other pages, then try again.`);
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${this.app.style.name}-${new Date().toISOString().slice(0, 19).replace(/\D/g, "")}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser reads it after this
  }

  wholeScreen() {
    const refused = () => this.app.warn("This browser does not allow full screen here.");
    if (document.fullscreenElement) document.exitFullscreen();
    else if (at("frame").requestFullscreen) at("frame").requestFullscreen().catch(refused);
    else refused();
  }
}

function on(id, event, action) {
  at(id).addEventListener(event, () => action(at(id)));
}

function pressed(id) {
  return at(id).getAttribute("aria-pressed") === "true";
}

function press(id, down) {
  at(id).setAttribute("aria-pressed", down);
}

/** Call `opened` with a file that is dropped anywhere on the page. */
function drops(opened) {
  const { classList } = document.documentElement;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    classList.add("dragging");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? classList.remove("dragging"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    classList.remove("dragging");
    opened(event.dataTransfer.files[0]);
  });
}
