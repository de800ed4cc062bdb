// Changes that need a decision of the user: refused, failed, or written over another value.

import { WeftError } from "./errors.js";
import { get, PatchError } from "./patch.js";

/** @typedef {import("./patch.js").Op} Op */
/** @typedef {import("./change.js").Change} Change */

/**
 * @typedef {object} Stored
 * @property {string} id
 * @property {string} reason a code of the server, or `overwritten`
 * @property {string} message a sentence for the user
 * @property {string} path
 * @property {any} yours
 * @property {any} theirs
 * @property {any} [by]
 * @property {number} at when the change was made, in milliseconds
 * @property {Op[]} ops
 */

/** @typedef {Stored & {reapply: () => Change, takeTheirs: () => Change | undefined, discard: () => void}} Item */

export class Attention {
  /** @type {Item[]} oldest first; a new list when it changes */
  items = [];

  /** @param {import("./session.js").Session} session @param {import("./page.js").Page} [page] without it, the items are only stored */
  constructor(session, page) {
    this.session = session;
    this.page = page;
    session.on("attention", ({ entry, state, code, message, path, yours, theirs, by, value }) => {
      const ops = entry.ops.map((/** @type {Op} */ op) => wholeText(op, value));
      this.#add({ id: entry.id, reason: code, message, path, yours, theirs, by, at: entry.time, ops }, state);
    });
    session.on("ended", ({ id, state, result }) => {
      if (state === "overwritten") result.conflicts.forEach((/** @type {any} */ each, /** @type {number} */ at) => this.#overwritten(each, `${id}/${at}`));
    });
    session.on("loaded", () => void this.#load());
    session.on("adopted", () => void this.#load());
    session.on("opened", () => void this.#load());
  }

  /** @param {any} conflict @param {string} id */
  #overwritten({ path, yours, theirs, by }, id) {
    const message = `your change replaced a change of ${by?.name ?? "another user"}`;
    const ops = [{ op: "replace", path, value: yours }];
    this.#add({ id, reason: "overwritten", message, path, yours, theirs, by, at: this.session.env.now(), ops }, "overwritten");
  }

  /** @param {Stored} stored @param {string} state */
  #add(stored, state) {
    void this.session.outbox.saveAttention([stored], []);
    const item = this.#item(stored);
    this.#set([...this.items.filter(({ id }) => id !== stored.id), item]);
    this.session.emit(state === "overwritten" ? "conflict" : "refused", item);
  }

  async #load() {
    const known = new Set(this.items.map(({ id }) => id));
    const stored = (await this.session.outbox.attention()).filter(({ id }) => !known.has(id));
    if (stored.length) this.#set([...stored.map((each) => this.#item(each)), ...this.items]);
  }

  /** @param {Stored} stored @returns {Item} */
  #item(stored) {
    const discard = () => {
      this.#set(this.items.filter(({ id }) => id !== stored.id));
      void this.session.outbox.saveAttention([], [stored.id]);
    };
    const write = (/** @type {Op[]} */ ops) => {
      const made = this.#patch(ops);
      discard();
      return made;
    };
    const { path, theirs } = stored;
    return {
      ...stored,
      discard,
      reapply: () => write(stored.ops),
      takeTheirs: () => (theirs === undefined ? discard() : write([{ op: "replace", path, value: theirs }])),
    };
  }

  /** @param {Op[]} ops */
  #patch(ops) {
    const { page } = this;
    if (!page) throw new WeftError("closed");
    const isGone = (/** @type {Op} */ op) => op.op === "replace" && get(page.value, op.path) === undefined;
    try {
      return page.patch(ops.map((op) => (isGone(op) ? { ...op, op: "add" } : op)));
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new WeftError("cannot_reapply", `the place of this change is gone (${error.message}): copy \`yours\`, then discard it`, error);
    }
  }

  /** @param {Item[]} items */
  #set(items) {
    this.items = items;
    this.session.emit("tray", items);
    this.session.emit("status");
  }
}

/** A splice fits only the text that it was made on. @param {Op} op @param {any} value */
function wholeText(op, value) {
  return op.op === "splice" ? { op: "replace", path: op.path, value: get(value, op.path) } : op;
}
