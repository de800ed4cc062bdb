// What the SDK uses of the browser.

/** @typedef {import("./transport.js").Environment} Environment */

const TAB = "weft.tab";

/** @param {Partial<Environment>} [given] @returns {Environment} */
export function browser(given = {}) {
  const all = /** @type {any} */ (globalThis);
  const { WebSocket, navigator, document } = all;
  // Its functions need their own object. A page may replace them later.
  const call = (/** @type {string} */ name) => (/** @type {any[]} */ ...given) => all[name](...given);
  return {
    WebSocket,
    fetch: call("fetch"),
    setTimeout: call("setTimeout"),
    clearTimeout: call("clearTimeout"),
    now: Date.now,
    random: Math.random,
    indexedDB: read(() => all.indexedDB),
    locks: navigator?.locks,
    sessionStorage: read(() => all.sessionStorage),
    storage: navigator?.storage,
    window: document && all,
    ...given,
  };
}

/** A browser may throw where the page has no right to storage. @param {() => any} property */
function read(property) {
  try {
    return property() ?? undefined;
  } catch {}
}

/**
 * The name of this tab, if it has one. It stays over a reload.
 * @param {string | undefined} given
 * @param {Environment} env
 * @returns {string | undefined}
 */
export const tabName = (given, env) => given ?? read(() => env.sessionStorage?.getItem(TAB));

/** A word that no other page has. @param {Environment} env */
export const word = ({ random }) => random().toString(36).slice(2);

/** Keeps the name of this tab for its next page. @param {string} name @param {Environment} env */
export function keepTabName(name, env) {
  read(() => env.sessionStorage?.setItem(TAB, name));
}
