// The page's end of the thread that paints: requests go in, promises come out.

export class Painter {
  constructor() {
    this.brushwork = 0.5; // as in `rtstyle live`
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.count = 0;
    this.worker.onmessage = ({ data: { id, answer, error, missing } }) => {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) resolve(answer);
      else reject(Object.assign(new Error(error), { missing }));
    };
    // A worker that cannot even start says so here, and answers nothing.
    this.worker.onerror = (event) => {
      event.preventDefault();
      for (const { reject } of this.waiting.values()) reject(new Error(event.message || "the painting thread cannot start"));
      this.waiting.clear();
    };
  }

  /** Choose the engine by trying a style; gives { name }. */
  open(style, wanted) {
    return this.ask({ kind: "open", style, wanted });
  }

  /** Gives { image, painted, ms }; `image` is gone until then. */
  paint(image, { width, height }, { url, weights }) {
    return this.ask({ kind: "paint", image, width, height, url, weights, brushwork: this.brushwork }, [image]);
  }

  ask(request, transfer = []) {
    this.count += 1;
    const id = this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, ...request }, transfer);
    });
  }
}
