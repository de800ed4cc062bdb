// The lock of a box without Web Locks, which need https: a row says when the tab was last alive.

const BEATS_EVERY = 5_000;
// A hidden tab runs its timers once a minute.
const DEAD_AFTER = 150_000;

/**
 * Takes a lock, and keeps it until the returned function is called; null when another tab has it.
 * @param {import("../link/transport.js").Environment} env
 * @param {any} rows
 * @param {string} name
 * @returns {Promise<(() => void) | null>}
 */
export async function take(env, rows, name) {
  if (!rows.isDurable) return () => {}; // no other tab has these rows
  const key = ["alive", name];
  let isFree = false;
  await rows.transact((/** @type {any} */ store) => {
    const request = store.get(key);
    request.onsuccess = () => {
      isFree = !(env.now() - request.result?.at < DEAD_AFTER);
      if (isFree) store.put({ key, at: env.now() });
    };
  });
  if (!isFree) return null;
  let timer = /** @type {any} */ (null);
  const beat = () => {
    timer = env.setTimeout(() => {
      rows.write({ put: [{ key, at: env.now() }] }).catch(() => {});
      beat();
    }, BEATS_EVERY);
  };
  beat();
  return () => {
    env.clearTimeout(timer);
    rows.write({ remove: [key] }).catch(() => {});
  };
}
