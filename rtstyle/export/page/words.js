// What goes wrong, in words for the person in front of it: what happened, and what to do.

const CAMERA = {
  NotAllowedError: "The camera is not allowed for this page. Allow it beside the address bar, then try again.",
  NotFoundError: "There is no camera on this device. A photo or a film works just as well.",
  NotReadableError: "Another program is using the camera. Close it there, then try again.",
  OverconstrainedError: "This camera offers no picture that can be used. Try another one.",
  AbortError: "The camera did not start. Unplug it, plug it in again and try once more.",
};

export function cameraTrouble(error) {
  if (!navigator.mediaDevices) return "Browsers give the camera to pages from https or localhost only. A photo or a film works here.";
  return CAMERA[error.name] ?? `The camera did not start (${error.message || error.name}). A photo or a film works as well.`;
}

export function fileTrouble(file) {
  const name = file.name || "This file";
  if (file.type.startsWith("video/")) return `${name}: this browser cannot play it. Films as mp4 (H.264) or WebM work nearly everywhere.`;
  return `${name}: this browser cannot show it. Photos as JPEG, PNG or WebP and films as mp4 or WebM work.`;
}

/** What this browser lacks, or "" where it has everything. */
export function lacks() {
  const missing = [];
  if (!globalThis.WebAssembly) missing.push("WebAssembly");
  if (!globalThis.Worker) missing.push("workers");
  if (!globalThis.OffscreenCanvas || !globalThis.createImageBitmap) missing.push("canvases off the screen");
  if (!missing.length) return "";
  return `This browser lacks ${missing.join(" and ")}. Chrome and Edge from 2023 on, Firefox from 121 and Safari from 17 have it.`;
}
