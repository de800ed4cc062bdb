// Changes that need a decision of the user: refused, failed, or written over another value.

import { WeftError } from "../reports/errors.js";
import { get, PatchError } from "../patch/patch.js";

/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("../reports/change.js").Change} Change */
/** @typedef {import("../reports/items.js").Stored} Stored */

/** @typedef {Stored & {reapply: () => Change, takeTheirs: () => Change | void, discard: () => void}} Item */

export class Attention {
  /** @type {Item[]} oldest first; a new list when it changes */
  items = [];
  /** @type {Set<string>} the items on which the user has decided: a list that is being read may still have them */
  #decided = new Set();

  /** @param {import("../session/session.js").Session} session @param {{value: any, patch: (ops: Op[]) => Change}} page */
  constructor(session, page) {
    this.session = session;
    this.page = page;
    session.on("kept", (/** @type {Stored[]} */ stored) => this.#add(stored));
    session.on("left", () => this.#set([]));
    for (const name of ["loaded", "adopted", "opened"]) session.on(name, () => void this.#load());
  }

  /** Keeps a text of the user that became no change. @param {{path: string, yours: string, theirs: any, message: string}} what */
  keep(what) {
    const { env, outbox } = this.session;
    const ops = [{ op: "replace", path: what.path, value: what.yours }];
    const item = { id: this.session.nextId(), reason: "lost", at: env.now(), ops, ...what };
    void outbox.write({ items: [item] }).then(() => this.#add([item]));
  }

  async #load() {
    this.#add(await this.session.outbox.attention(), false);
  }

  /** @param {Stored[]} stored @param {boolean} [isNew] */
  #add(stored, isNew = true) {
    const known = new Set([...this.#decided, ...this.items.map(({ id }) => id)]);
    const items = stored.filter(({ id }) => !known.has(id)).map((each) => this.#item(each));
    if (!items.length) return;
    this.#set([...this.items, ...items].sort((a, b) => a.at - b.at));
    if (!isNew) return;
    for (const item of items) this.session.emit(item.reason === "overwritten" ? "conflict" : "refused", item);
  }

  /** @param {Stored} stored @returns {Item} */
  #item(stored) {
    const discard = () => {
      this.#decided.add(stored.id);
      this.#set(this.items.filter(({ id }) => id !== stored.id));
      this.session.outbox.forget(stored.id);
    };
    const write = (/** @type {Op[]} */ ops) => {
      const made = this.#patch(ops);
      discard();
      return made;
    };
    const { path, theirs, reason } = stored;
    return {
      ...stored,
      discard,
      reapply: () => write(stored.ops),
      // The document has their value already, unless this change has overwritten it.
      takeTheirs: () => (reason === "overwritten" ? write([{ op: "replace", path, value: theirs ?? null }]) : discard()),
    };
  }

  /** @param {Op[]} ops */
  #patch(ops) {
    const { page } = this;
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
    this.session.emit("attention", items);
    this.session.emit("status");
  }
}
