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
  const owner = env.random();
  /** Says that this tab is alive. When another tab has the lock, it does nothing, and returns false. */
  const beat = async () => {
    let isMine = false;
    await rows.transact((/** @type {any} */ store) => {
      const request = store.get(key);
      request.onsuccess = () => {
        const row = request.result;
        isMine = !row || row.owner === owner || env.now() - row.at >= DEAD_AFTER;
        if (isMine) store.put({ key, owner, at: env.now() });
      };
    });
    return isMine;
  };
  if (!(await beat())) return null;
  let timer = /** @type {any} */ (null);
  const later = () => {
    timer = env.setTimeout(() => {
      beat().catch(() => {});
      later();
    }, BEATS_EVERY);
  };
  later();
  return () => {
    env.clearTimeout(timer);
    rows.write({ remove: [key] }).catch(() => {});
  };
}
