// The outbox of a tab: its unsent changes, the last value and the last user, across reloads.
//
// A box has the entries of one tab. The tab holds a lock on it while it lives. So any other tab can
// tell a dead tab's box, and take it.

import { word } from "../link/environment.js";
import { take } from "./alive.js";
import { NO_ROWS, openRows } from "./storage.js";

/** @typedef {import("../core/entries.js").Entry} Entry */
/** @typedef {import("../core/values.js").Version} Version */
/** @typedef {import("../link/transport.js").Environment} Environment */
/** @typedef {{user: string, name: string, role: string, tenant: string, limits?: object}} Who */

const SAVES_VALUE_AFTER = 2_000;

export class Outbox {
  /** @type {any} */
  rows = NO_ROWS;
  user = ""; // with the tenant
  box = "";
  /** @type {any} */
  #value = null;
  /** @type {any} */
  #saving = null;
  /** @type {Promise<any>} the box is taken: only another user's box takes time */
  #taken = Promise.resolve();
  /** @type {Promise<any>} the end of the newest write */
  #writing = this.#taken;
  #isFailing = false;
  /** @type {() => void} gives the lock of the box back */
  #release = () => {};

  /**
   * @param {string} scope names the server and the document
   * @param {Environment} env
   * @param {(error: unknown) => void} failed a write has failed
   */
  constructor(scope, env, failed) {
    this.scope = scope;
    this.env = env;
    this.failed = failed;
  }

  /**
   * Returns what is stored. First it opens the storage, and takes a box: of this tab, of a dead tab, or
   * a new one. An outbox that `adopt` returned has one already.
   * @param {string} [client] the name of the tab; without one, the box of a dead tab comes first
   * @returns {Promise<{last?: Version & Who, entries: Entry[]}>}
   */
  async start(client) {
    if (!this.box) {
      this.rows = await openRows(this.env);
      const [remembered] = await this.rows.read(["user", this.scope]);
      this.user = remembered?.user ?? "";
      const boxes = await this.#boxes();
      const own = boxes.filter((box) => !client || box.startsWith(client));
      this.box = client ?? `tab-${word(this.env)}`;
      for (const box of [...own, this.box, ...boxes, this.#spare(this.box)]) if (await this.#take(box)) break;
    }
    const rows = await this.rows.read(["entry", this.scope, this.user, this.box]);
    const entries = rows.map((/** @type {any} */ { key, entry }) => ({ ...entry, place: key[4] }));
    const [row] = await this.rows.read(["value", this.scope, this.user]);
    const [frame] = await this.rows.read(this.#frameKey);
    const isFrame = entries.length && frame?.value.version === entries[0].base && frame.value.epoch === entries[0].epoch;
    return { entries, last: row && (isFrame ? { ...row.value, ...frame.value } : row.value) };
  }

  /**
   * Takes the box of a dead tab of this user, if there is one. The result is an outbox of its own.
   * @returns {Promise<Outbox | null>}
   */
  async adopt() {
    if (!this.rows.isDurable) return null;
    for (const box of await this.#boxes()) {
      if (box === this.box) continue;
      const other = new Outbox(this.scope, this.env, this.failed);
      Object.assign(other, { rows: this.rows, user: this.user });
      if (await other.#take(box)) return other;
    }
    return null;
  }

  /** Stores the user whose token the server accepted. The next page starts with this user. @param {string} user */
  identify(user) {
    this.user = user;
    void this.#write({ put: [{ key: ["user", this.scope], user }] });
  }

  /**
   * The server named another user than the last one. The last user's changes stay in their box,
   * which any tab of that user may take now. The changes that this page has made before the first
   * connection are of the new user, and are stored again in another box.
   * @param {Entry[]} made
   */
  leave(made) {
    void this.write({ remove: made });
    const release = this.#release;
    const box = (this.box = this.#spare(this.box));
    this.#taken = this.#writing.then(() => (release(), this.#take(box)));
  }

  /**
   * Stores entries, forgets others, and stores what needs a decision: all of it or nothing.
   * @param {{put?: Entry[], remove?: Entry[], items?: {id: string}[]}} writes
   */
  write({ put = [], remove = [], items = [] }) {
    const rows = put.map((entry) => ({ key: this.#key(entry), entry }));
    const kept = items.map((item) => ({ key: this.#itemKey(item.id), item }));
    return this.#write({ put: [...rows, ...kept], remove: remove.map((entry) => this.#key(entry)) });
  }

  /** Stores the value at which the page starts without a connection. @param {Version & Who} value */
  saveValue(value) {
    if (!this.#value) this.#saving = this.env.setTimeout(() => this.flush(), SAVES_VALUE_AFTER);
    this.#value = value;
  }

  /** Stores the newest value now. */
  flush() {
    this.env.clearTimeout(this.#saving);
    const value = this.#value;
    this.#value = null;
    if (value) void this.#write({ put: [{ key: ["value", this.scope, this.user], value }] });
  }

  /** Stores the value that the entries of this box were made on. @param {Version} value */
  saveFrame(value) {
    void this.#write({ put: [{ key: this.#frameKey, value }] });
  }

  /** Forgets a change on which the user has decided. @param {string} id */
  forget(id) {
    void this.#write({ remove: [this.#itemKey(id)] });
  }

  /** @returns {Promise<any[]>} */
  async attention() {
    const rows = await this.rows.read(["attention", this.scope, this.user]);
    // The user may be another one meanwhile.
    return rows.filter((/** @type {any} */ { key }) => key[2] === this.user).map((/** @type {any} */ { item }) => item);
  }

  /** Gives the box back. When no change waits in it, nothing of it remains. @param {boolean} isEmpty */
  async close(isEmpty) {
    this.flush();
    if (isEmpty) void this.#write({ remove: [this.#frameKey] });
    await this.#writing;
    this.#release();
  }

  /** The name of another box of the same tab. @param {string} box */
  #spare(box) {
    return `${box.split("~")[0]}~${word(this.env)}`;
  }

  get #frameKey() {
    return ["frame", this.scope, this.box];
  }

  /** @param {string} id */
  #itemKey(id) {
    return ["attention", this.scope, this.user, id];
  }

  /** @param {Entry} entry */
  #key({ place }) {
    return ["entry", this.scope, this.user, this.box, place];
  }

  /** Writes rows. IndexedDB keeps the order of writes, so none waits in this page, which may end. @param {import("./storage.js").Writes} writes @returns {Promise<any>} */
  #write(writes) {
    const done = () => void (this.#isFailing = false);
    const failed = (/** @type {unknown} */ error) => {
      if (!this.#isFailing) this.failed(error);
      this.#isFailing = true;
    };
    return (this.#writing = this.#taken.then(() => this.rows.write(writes)).then(done, failed));
  }

  /** @returns {Promise<string[]>} the boxes of this user that have entries */
  async #boxes() {
    const rows = await this.rows.read(["entry", this.scope, this.user]);
    return [...new Set(rows.map((/** @type {any} */ { key }) => key[3]))];
  }

  /** Takes the lock of a box, unless another tab holds it. @param {string} box */
  async #take(box) {
    const name = `weft ${this.scope} ${box}`;
    const release = this.env.locks
      ? await this.#lock(name)
      : await take(this.env, this.rows, name);
    if (!release) return false;
    this.box = box;
    this.#release = release;
    return true;
  }

  /** @param {string} name @returns {Promise<(() => void) | null>} */
  #lock(name) {
    return new Promise((taken) => {
      const isHeld = (/** @type {any} */ lock) =>
        lock ? new Promise((/** @type {any} */ release) => taken(release)) : taken(null);
      this.env.locks.request(name, { ifAvailable: true }, isHeld).catch(() => taken(null));
    });
  }
}
