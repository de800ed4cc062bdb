// What the SDK uses of the browser, and the events of the browser that concern a page.

import { Session } from "./session.js";

/** @typedef {import("./transport.js").Environment} Environment */

const ADOPTS_EVERY = 3_000;
const TAB = "weft.tab";

/** @param {Partial<Environment>} [given] @returns {Environment} */
export function browser(given = {}) {
  const all = /** @type {any} */ (globalThis);
  return {
    WebSocket: all.WebSocket,
    fetch: (...request) => all.fetch(...request),
    setTimeout: (action, ms) => all.setTimeout(action, ms),
    clearTimeout: (timer) => all.clearTimeout(timer),
    now: () => Date.now(),
    random: () => Math.random(),
    indexedDB: read(() => all.indexedDB),
    locks: read(() => all.navigator?.locks),
    sessionStorage: read(() => all.sessionStorage),
    storage: read(() => all.navigator?.storage),
    window: typeof all.addEventListener === "function" && all.document ? all : undefined,
    ...given,
  };
}

/** A browser may throw where the page has no right to storage. @param {() => any} property */
function read(property) {
  try {
    return property() ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * The name of this tab. It stays over a reload.
 * @param {string | undefined} given
 * @param {Environment} env
 */
export function tabName(given, env) {
  const kept = given ?? read(() => env.sessionStorage?.getItem(TAB));
  const part = () => Math.floor(env.random() * 2 ** 32).toString(36);
  return { name: kept ?? `tab-${part()}${part()}`, isNew: kept === undefined || kept === null };
}

/** Connects a session with the events of the browser. @param {Session} session */
export function follow(session) {
  const { env, outbox, transport } = session;
  const wake = () => transport.wake();
  const listeners = { online: wake, offline: wake, visibilitychange: () => env.window.document.hidden || wake(), pagehide: () => outbox.flush(), pageshow: wake };
  for (const [name, listener] of Object.entries(listeners)) env.window?.addEventListener(name, listener);
  session.on("closing", () => {
    for (const [name, listener] of Object.entries(listeners)) env.window?.removeEventListener(name, listener);
  });
  session.on("loaded", () => {
    read(() => env.sessionStorage?.setItem(TAB, session.client));
    if (outbox.rows.isDurable) env.storage?.persist?.().catch(() => {});
    look();
  });
  // Sends what the tabs of this user have left that are no longer alive.
  const look = async () => {
    if (session.isClosed) return;
    const box = session.link === "online" ? await outbox.adopt().catch(() => null) : null;
    if (box) {
      const { send } = await import("./adopt.js");
      await send(session, new Session({ ...session.options, create: undefined }, env, box));
    }
    env.setTimeout(() => void look(), ADOPTS_EVERY);
  };
}
