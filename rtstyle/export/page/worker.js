// The thread that paints, so that the page never waits. Takes one picture at a time; painter.js is its other end.

import { Brushwork } from "./brushwork.js";
import { openEngine } from "./engine.js";
import { Pixels } from "./pixels.js";

const PATTERN = "strokes.bin";

const networks = new Map(); // by url; promises
let engine;
let pixels;
let pattern; // of strokes; a promise, too
let brush; // that lays it on pictures of the size of `pixels`

const answers = {
  async open({ style, wanted }) {
    engine = await openEngine(style, wanted);
    return { name: engine.name };
  },

  /** Paint `image` at width × height; the image itself goes back too, so that both can be shown together. */
  async paint({ image, width, height, url, weights, brushwork }) {
    const network = await networkAt(url);
    const strokes = brushwork && (await strokesPattern());
    if (pixels?.width !== width || pixels?.height !== height) {
      pixels = new Pixels(width, height);
      brush = null;
    }
    const begin = performance.now();
    const rgb = pixels.read(image);
    if (brushwork) (brush ??= new Brushwork(strokes, width, height)).lay(rgb, brushwork);
    const painted = await pixels.write(await network.run(rgb, pixels.shape, weights));
    return { image, painted, ms: performance.now() - begin };
  },
};

async function networkAt(url) {
  try {
    if (!networks.has(url)) networks.set(url, engine.load(url));
    return await networks.get(url);
  } catch (error) {
    networks.delete(url); // next time it is tried again
    throw new Missing(url, error);
  }
}

async function strokesPattern() {
  pattern ??= fetch(PATTERN).then((answer) => {
    if (!answer.ok) throw new Error(answer.status);
    return answer.arrayBuffer();
  });
  try {
    return new Int8Array(await pattern);
  } catch (error) {
    pattern = null; // next time it is tried again
    throw new Missing(PATTERN, error);
  }
}

/** A file of the page's that does not come, which no other size of the picture would change. */
class Missing extends Error {
  constructor(url, cause) {
    super(`${url} does not load (${cause?.message ?? cause})`);
    this.missing = true;
  }
}

async function answer({ id, kind, ...request }) {
  try {
    const result = await answers[kind](request);
    postMessage({ id, answer: result }, [result.image, result.painted].filter(Boolean));
  } catch (error) {
    request.image?.close();
    postMessage({ id, error: String(error?.message ?? error), missing: Boolean(error?.missing) });
  }
}

let last = Promise.resolve(); // WebGPU wants one network to be done before the next begins
onmessage = ({ data }) => {
  last = last.then(() => answer(data));
};
