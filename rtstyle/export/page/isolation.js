// WebAssembly gets threads only in a page that is isolated from others, which takes two headers. A plain file server
// does not send them, so the service worker adds them; the page has to be loaded once more for that.

const TRIED = `rtstyle.isolation ${location.pathname}`; // one host may have several such pages, each with a worker
const PATIENCE_MS = 3000;

/** Resolves to true where the page is about to be loaded anew: start nothing then. */
export async function isolate() {
  if (globalThis.crossOriginIsolated || !("serviceWorker" in navigator)) return false;
  try {
    await navigator.serviceWorker.register("service-worker.js");
    await Promise.race([navigator.serviceWorker.ready, tooLong()]);
    if (sessionStorage.getItem(TRIED)) return false; // once is enough: one thread is better than a page that never stands
    sessionStorage.setItem(TRIED, "yes");
  } catch {
    return false; // private windows and settings may forbid it; it works without, with one thread
  }
  location.reload();
  return true;
}

/** Where service workers are switched off, some browsers never say that there will be none. */
function tooLong() {
  return new Promise((_, reject) => setTimeout(reject, PATIENCE_MS));
}
