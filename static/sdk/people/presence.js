// Who is in the document, and what the others see of this client.

import { Emitter } from "../reports/events.js";

/** @typedef {{session: string, client_id: number, user: string, name: string, client: string, role: string, state: any}} Peer */

const MOST_EVERY = 50;
// A cursor refers to a value without pending changes. So it waits for their answers, but not longer.
const WAITS = 300;

export class Presence extends Emitter {
  #session;
  /** @type {Peer[]} the other clients; a new list when it changes */
  others = [];
  /** @type {any} what this client shows; undefined when the page has not set it */
  state = undefined;
  /** @type {(() => object | null) | null} gives the caret in a bound element; called when a state is sent */
  cursor = null;
  #isDue = false;
  #isResting = false; // the last state was sent just now
  /** @type {any} */
  #timer;

  /** @param {import("../session/session.js").Session} session */
  constructor(session) {
    super();
    this.#session = session;
    session.on("opened", ({ presence }) => {
      this.#change(presence);
      this.#isDue = this.state !== undefined || this.cursor !== null;
      this.#send();
    });
    session.on("closed", () => this.#change([]));
    session.on("presence", ({ joined = [], updated = [], left = [] }) => {
      const news = [...joined, ...updated];
      const gone = new Set([...left, ...news.map(({ session: name }) => name)]);
      this.#change([...this.others.filter((each) => !gone.has(each.session)), ...news]);
    });
    session.on("status", () => this.#isSettled && this.#send());
  }

  /** Shows this state to the others, for example `{cursor: {path, offset}}`. With null, they do not see this client. @param {object | null} state */
  set(state) {
    this.state = state;
    this.refresh();
  }

  /** Sends the state again, with the newest `cursor`. */
  refresh() {
    this.#isDue = true;
    if (this.#isSettled) this.#send();
    else this.#timer ??= this.#session.env.setTimeout(() => this.#send(), WAITS);
  }

  /** Whether no change waits for its answer. */
  get #isSettled() {
    return !this.#session.core.waiting.length;
  }

  #send() {
    const session = this.#session;
    const { env, core } = session;
    if (!this.#isDue || this.#isResting || !core.isOnline || session.isClosed) return;
    env.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isResting = true;
    env.setTimeout(() => {
      this.#isResting = false;
      if (this.#isSettled) this.#send();
    }, MOST_EVERY);
    // Changes that wait may move the cursor. So it is sent again after their answers.
    this.#isDue = Boolean(this.cursor) && !this.#isSettled;
    const cursor = this.cursor?.();
    const state = this.state === null ? null : { ...this.state, ...(cursor ? { cursor } : {}) };
    session.transport.send({ type: "presence", base: core.frame.version, state });
  }

  /** @param {Peer[]} others */
  #change(others) {
    this.others = others.filter((each) => each.session !== this.#session.opened?.session);
    this.emit("change", this.others);
  }
}
