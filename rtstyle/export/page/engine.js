// Runs networks, in whatever thread it is imported: on WebGPU where that is right and faster, else on WebAssembly.

const RUNTIMES = {
  webgpu: { library: "./runtime/ort-webgpu.js", wasm: "./runtime/ort-webgpu.wasm" },
  wasm: { library: "./runtime/ort-wasm.js", wasm: "./runtime/ort-wasm.wasm" },
};
const MOST_THREADS = 8; // more gain nothing: the layers are small
const TRIAL = [1, 240, 320, 3]; // large enough to tell the two apart, small enough to be over in half a second
const NEAR = 2; // mean grey levels between the two; a driver that computes wrongly is far beyond

/**
 * Choose an engine by trying a style, { url, weights }. `wanted`: "auto", "webgpu" or "wasm".
 * Gives { name, load(url) }, where load gives { run(pixels, shape, weights) }.
 */
export async function openEngine(style, wanted = "auto") {
  if (wanted === "webgpu") return engine(await runtime("webgpu"), "webgpu");
  if (wanted === "auto" && (await hasGpu())) {
    try {
      const ort = await runtime("webgpu");
      if (await gpuWins(ort, style)) return engine(ort, "webgpu");
    } catch (error) {
      console.warn("WebGPU is there, but fails; painting with WebAssembly.", error);
    }
  }
  return engine(await runtime("wasm"), "wasm");
}

async function runtime(kind) {
  const { library, wasm } = RUNTIMES[kind];
  const ort = await import(library);
  ort.env.logLevel = "error";
  ort.env.wasm.wasmPaths = { wasm: new URL(wasm, import.meta.url).href };
  // Threads share memory, which only an isolated page may. onnxruntime would warn instead of choosing one.
  ort.env.wasm.numThreads = globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;
  return ort;
}

/** Whether there is a GPU; a CPU that plays one is slower than WebAssembly. */
async function hasGpu() {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  return Boolean(adapter) && !adapter.isFallbackAdapter && !adapter.info?.isFallbackAdapter;
}

async function gpuWins(ort, { url, weights }) {
  const picture = Uint8Array.from({ length: TRIAL[1] * TRIAL[2] * TRIAL[3] }, (_, i) => (i * 7 + ((i >> 9) % 90)) & 255);
  const [onGpu, onCpu] = [await network(ort, url, "webgpu"), await network(ort, url, "wasm")];
  const [gpu, cpu] = [await race(onGpu, picture, weights), await race(onCpu, picture, weights)];
  await onCpu.close();
  await onGpu.close();
  let difference = 0;
  for (let i = 0; i < cpu.painted.length; i += 1) difference += Math.abs(cpu.painted[i] - gpu.painted[i]);
  return difference / cpu.painted.length <= NEAR && gpu.ms < cpu.ms;
}

/** The shortest of a few runs; the first ones compile. */
async function race(net, picture, weights) {
  let ms = Infinity;
  let painted;
  for (let i = 0; i < 4; i += 1) {
    const start = performance.now();
    painted = await net.run(picture, TRIAL, weights);
    ms = Math.min(ms, performance.now() - start);
  }
  return { ms, painted };
}

function engine(ort, provider) {
  const threads = ort.env.wasm.numThreads;
  const name = provider === "webgpu" ? "WebGPU" : `WebAssembly, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return { name, load: (url) => network(ort, url, provider) };
}

async function network(ort, url, provider) {
  const session = await ort.InferenceSession.create(url, {
    executionProviders: [provider],
    logSeverityLevel: 3, // errors; that small nodes stay on the CPU is as it should be
  });
  return {
    /** Paint uint8 RGB `pixels` of `shape` [N, H, W, 3]; `weights`, of the styles inside, where there are several. */
    async run(pixels, shape, weights) {
      const feeds = { frames: new ort.Tensor("uint8", pixels, shape) };
      if (weights) feeds.style_weights = new ort.Tensor("float32", Float32Array.from(weights), [weights.length]);
      const { stylized } = await session.run(feeds);
      return stylized.data; // uint8, the same shape
    },
    close: () => session.release(),
  };
}
