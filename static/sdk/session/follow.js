// What a session does at the events of the browser, and with the changes of dead tabs.

import { keepTabName } from "../link/environment.js";
import { Session } from "./session.js";

const ADOPTS_EVERY = 3_000;

/** Connects a session with the events of the browser. @param {Session} session */
export function follow(session) {
  const { env, outbox, transport } = session;
  const end = new AbortController();
  const wake = () => {
    outbox.flush();
    transport.wake();
  };
  session.on("closing", () => end.abort());
  // A page that ends becomes hidden before.
  for (const name of ["online", "offline", "visibilitychange", "pageshow"]) env.window?.addEventListener(name, wake, { signal: end.signal });
  session.on("loaded", () => {
    keepTabName(session.client, env);
    if (outbox.rows.isDurable) env.storage?.persist?.().catch(() => {});
    look();
  });
  // Sends what the tabs of this user have left that are no longer alive.
  const look = async () => {
    if (session.isClosed) return;
    const box = session.link === "online" ? await outbox.adopt().catch(() => null) : null;
    if (box) await send(session, new Session({ ...session.options, create: undefined }, env, box));
    env.setTimeout(() => void look(), ADOPTS_EVERY);
  };
}

/**
 * Sends the changes of a dead tab over a second connection, under the name of that tab.
 * @param {Session} session of the living tab
 * @param {Session} other with the outbox of the dead tab
 */
async function send(session, other) {
  session.isAdopting = true;
  await new Promise((/** @type {any} */ resolve) => {
    session.on("closing", resolve);
    other.on("opened", () => other.transport.send({ type: "presence", state: null }));
    other.on("status", () => (other.link === "refused" || !other.core.queue.length) && resolve());
    void other.start();
  });
  await other.close();
  session.isAdopting = false;
  session.emit("adopted");
}
