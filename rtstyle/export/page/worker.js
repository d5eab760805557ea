// The thread that paints, so that the page never waits. Takes one picture at a time; painter.js is its other end.

import { Brushwork } from "./brushwork.js";
import { openEngine } from "./engine.js";
import { Pixels } from "./pixels.js";

const networks = new Map(); // by url; a promise, so that two requests load once
let engine; // a promise too: who cannot wait for the page to be ready is painted as soon as it is
let pixels;
let pattern; // of strokes; a promise
let brush; // that lays it on pictures of the size of `pixels`

const answers = {
  async open({ style, wanted }) {
    engine = openEngine(style, wanted);
    return { name: (await engine).name };
  },

  async load({ url }) {
    await networkAt(url);
    return {};
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

function networkAt(url) {
  if (!networks.has(url)) networks.set(url, engine.then((ready) => ready.load(url)));
  networks.get(url).catch(() => networks.delete(url)); // next time it is tried again
  return networks.get(url);
}

async function strokesPattern() {
  pattern ??= fetch("strokes.bin").then((answer) => {
    if (!answer.ok) throw new Error("strokes.bin is missing");
    return answer.arrayBuffer();
  });
  pattern.catch(() => (pattern = null)); // next time it is tried again
  return new Int8Array(await pattern);
}

onmessage = async ({ data: { id, kind, ...request } }) => {
  try {
    const answer = await answers[kind](request);
    postMessage({ id, answer }, [answer.image, answer.painted].filter(Boolean));
  } catch (error) {
    request.image?.close();
    postMessage({ id, error: String(error?.message ?? error) });
  }
};
