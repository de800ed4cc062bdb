// The lock of a box without Web Locks, which need https: a row says when the tab was last alive.
// It is loaded only without Web Locks.

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
  const key = ["alive", name];
  const owner = env.random();
  const alive = () => ({ key, owner, at: env.now() });
  const isTaken = (/** @type {any} */ row) => row && env.now() - row.at < DEAD_AFTER;
  if (!(await rows.update(key, (/** @type {any} */ row) => (isTaken(row) ? null : alive())))) return null;
  let timer = /** @type {any} */ (null);
  const beat = () => {
    timer = env.setTimeout(() => {
      const mine = (/** @type {any} */ row) => (row?.owner === owner ? alive() : null);
      rows.update(key, mine).catch(() => {});
      beat();
    }, BEATS_EVERY);
  };
  beat();
  return () => {
    env.clearTimeout(timer);
    rows.write({ remove: [key] }).catch(() => {});
  };
}
