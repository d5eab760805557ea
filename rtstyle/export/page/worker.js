// The thread that paints, so that the page never waits. Takes one picture at a time; painter.js is its other end.

import { openEngine } from "./engine.js";
import { Pixels } from "./pixels.js";

const networks = new Map(); // by url; a promise, so that two requests load once
let engine; // a promise too: who cannot wait for the page to be ready is painted as soon as it is
let pixels;

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
  async paint({ image, width, height, url, weights }) {
    const network = await networkAt(url);
    if (pixels?.width !== width || pixels?.height !== height) pixels = new Pixels(width, height);
    const begin = performance.now();
    const rgb = await network.run(pixels.read(image), pixels.shape, weights);
    const painted = await pixels.write(rgb);
    return { image, painted, ms: performance.now() - begin };
  },
};

function networkAt(url) {
  if (!networks.has(url)) networks.set(url, engine.then((ready) => ready.load(url)));
  networks.get(url).catch(() => networks.delete(url)); // next time it is tried again
  return networks.get(url);
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
