// What the SDK uses of the browser.

/** @typedef {import("./transport.js").Environment} Environment */

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

/** Keeps the name of this tab for its next page. @param {string} name @param {Environment} env */
export function keepTabName(name, env) {
  read(() => env.sessionStorage?.setItem(TAB, name));
}
