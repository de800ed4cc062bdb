// What a session does at the events of the browser, and with the changes of dead tabs.

import { send } from "./adopt.js";
import { keepTabName } from "../link/environment.js";
import { Session } from "./session.js";

const ADOPTS_EVERY = 3_000;

/** Connects a session with the events of the browser. @param {Session} session */
export function follow(session) {
  const { env, outbox, transport } = session;
  const wake = () => transport.wake();
  const listeners = { online: wake, offline: wake, visibilitychange: () => env.window.document.hidden || wake(), pagehide: () => outbox.flush(), pageshow: wake };
  const end = new AbortController();
  const { signal } = end;
  session.on("closing", () => end.abort());
  for (const [name, listener] of Object.entries(listeners)) env.window?.addEventListener(name, listener, { signal });
  session.on("loaded", () => {
    keepTabName(session.client, env);
    if (outbox.rows.isDurable) env.storage?.persist?.().catch(() => {});
    look();
  });
  // Sends what the tabs of this user have left that are no longer alive.
  const look = async () => {
    if (session.isClosed) return;
    const box = session.link === "online" ? await outbox.adopt().catch(() => null) : null;
    if (box) {
      await send(session, new Session({ ...session.options, create: undefined }, env, box));
    }
    env.setTimeout(() => void look(), ADOPTS_EVERY);
  };
}
