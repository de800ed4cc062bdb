// Changes that need a decision of the user: refused, failed, or written over another value.

import { WeftError } from "../reports/errors.js";
import { get, PatchError } from "../patch/patch.js";

/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("../reports/change.js").Change} Change */
/** @typedef {import("../reports/items.js").Stored} Stored */

/** @typedef {Stored & {reapply: () => Change, takeTheirs: () => Change | void, discard: () => void}} Item */

export class Attention {
  #session;
  #page;
  /** @type {Item[]} oldest first; a new list when it changes */
  items = [];
  /** @type {Set<string>} the items of this user, also after a decision: a list that is being read may still have them */
  #known = new Set();

  /** @param {import("../session/session.js").Session} session @param {{value: any, patch: (ops: Op[]) => Change}} page */
  constructor(session, page) {
    this.#session = session;
    this.#page = page;
    session.on("kept", (/** @type {Stored[]} */ stored) => {
      for (const item of this.#add(stored)) session.emit(item.reason === "overwritten" ? "conflict" : "refused", item);
    });
    session.on("left", () => {
      this.#known.clear();
      this.#set([]);
    });
    for (const name of ["loaded", "adopted", "opened"]) session.on(name, async () => void this.#add(await session.outbox.attention()));
  }

  /** Keeps a text of the user that became no change. @param {{path: string, yours: string, theirs: any, message: string}} what */
  keep(what) {
    const session = this.#session;
    const item = { id: session.nextId(), reason: "lost", at: session.env.now(), ...what };
    void session.outbox.write({ items: [item] }).then(() => session.emit("kept", [item]));
  }

  /** Adds the items that it does not have yet, and returns them. @param {Stored[]} stored */
  #add(stored) {
    const items = stored.filter(({ id }) => !this.#known.has(id)).map((each) => this.#item(each));
    if (items.length) this.#set([...this.items, ...items].sort((a, b) => a.at - b.at));
    return items;
  }

  /** @param {Stored} stored @returns {Item} */
  #item(stored) {
    const { id: item, path, yours, theirs, reason, ops = [{ op: "replace", path, value: yours }] } = stored;
    this.#known.add(item);
    const discard = () => {
      this.#set(this.items.filter(({ id }) => id !== item));
      this.#session.outbox.forget(item);
    };
    const write = (/** @type {Op[]} */ ops) => {
      const made = this.#patch(ops);
      discard();
      return made;
    };
    return {
      ...stored,
      discard,
      reapply: () => write(ops),
      // The document has their value already, unless this change has overwritten it.
      takeTheirs: () => (reason === "overwritten" ? write([{ op: "replace", path, value: theirs ?? null }]) : discard()),
    };
  }

  /** @param {Op[]} ops */
  #patch(ops) {
    const page = this.#page;
    const isGone = (/** @type {Op} */ op) => op.op === "replace" && get(page.value, op.path) === undefined;
    try {
      return page.patch(ops.map((op) => (isGone(op) ? { ...op, op: "add" } : op)));
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new WeftError("cannot_reapply", `copy \`yours\`, then discard it: ${error.message}`, error);
    }
  }

  /** @param {Item[]} items */
  #set(items) {
    this.items = items;
    this.#session.emit("attention", items);
    this.#session.emit("status");
  }
}
