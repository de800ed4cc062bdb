// Starts the service worker, so that our pages open without a network, and offers a new version.

import { toast } from "./toast.js";

const AGAIN = 3_600_000;
const SOON = 1_000;

/** @param {() => number} pending how many changes the server does not have yet @param {string} what the name of this page */
export function startOffline(pending, what) {
  const workers = navigator.serviceWorker;
  if (!workers) return; // not on plain http, except on this machine
  const build = document.querySelector('meta[name="weft-build"]')?.getAttribute("content");
  // While this page is open, the worker keeps the files of its version.
  void navigator.locks
    ?.request(`weft-shell-${build}`, { mode: "shared" }, () => {
      workers.controller?.postMessage("started");
      return new Promise(() => {});
    })
    .catch(() => {}); // in a frame, a browser may give no storage, and no locks
  let wasControlled = Boolean(workers.controller);
  let isOffered = false;
  let reload = () => {}; // the newest way

  /** @param {() => void} how */
  const offer = (how) => {
    reload = how;
    if (!isOffered) ask();
    isOffered = true;
  };
  const ask = () => {
    if (pending()) return void setTimeout(ask, SOON);
    toast(`A new version of ${what} is ready`, {
      action: "Reload",
      seconds: 86_400,
      onClose: (chosen) => {
        if (chosen && pending()) return ask();
        isOffered = chosen;
        if (chosen) reload();
      },
    });
  };

  workers.addEventListener("controllerchange", () => {
    // Another tab has begun with the new version.
    if (wasControlled) offer(() => location.reload());
    wasControlled = true;
  });

  const start = async () => {
    const registration = await workers.register("/sw.js");
    const watch = () => {
      const worker = registration.waiting;
      if (!worker || !workers.controller) return;
      offer(() => {
        workers.addEventListener("controllerchange", () => location.reload(), { once: true });
        worker.postMessage("activate");
      });
    };
    registration.addEventListener("updatefound", () =>
      registration.installing?.addEventListener("statechange", watch),
    );
    watch();
    const look = () => void registration.update().catch(() => {});
    setInterval(look, AGAIN);
    addEventListener("online", look);
  };
  // First the page itself.
  const later = () => setTimeout(() => void start().catch(() => {}), SOON);
  if (document.readyState === "complete") later();
  else addEventListener("load", later);
}
