// The pages of the tenant, as the server lists them. Without a connection, as it listed them last.

import { Emitter } from "../ui/emitter.js";
import { claimsOf } from "../ui/token.js";
import { namesFor } from "./names.js";

/** @typedef {{session: string, user: string, name: string}} Person */
/**
 * @typedef {{doc: string, version: number, epoch: number, updated_at: string, updated_by: string, published?: number, damaged?: boolean, presence?: Person[], summary?: {title: string}}} Item
 */

const KEPT = "weft.pages";
const AT_ONCE = 250;
const MORE = 1000;
const SCHEMA = { $ref: "weft:landing-page" };

/** What users call a page. @param {{doc: string, summary?: {title: string}}} item */
export const titleOf = (item) => item.summary?.title || item.doc;

/** Events: `changed`. */
export class Library extends Emitter {
  /** @type {Item[]} */
  items = [];
  /** @type {"loading" | "ready" | "offline" | "one-page"} */
  state = "loading";
  at = 0; // when the server has listed them
  hasMore = false;
  most = MORE;
  /** The names that this browser can open without a connection. @type {Set<string>} */
  stored = new Set();
  /** Pages that the user has deleted; with the time at which the server has deleted them. @type {Map<string, number>} */
  #hidden = new Map();
  /** Who used the list last: a new tab without a connection has no token. @type {{user: string, name: string, role: string, tenant: string, docs?: string[]}} */
  #last = { user: "", name: "", role: "", tenant: "" };
  /** @type {Promise<void> | undefined} */
  #loading;

  /** @param {import("../sdk/weft.js").Documents} documents @param {import("../ui/token.js").Token} token @param {<T>(ask: () => Promise<T>) => Promise<T>} call asks again after a new token */
  constructor(documents, token, call) {
    super();
    this.documents = documents;
    this.token = token;
    this.call = call;
  }

  /** The pages that are not being deleted. */
  get shown() {
    return this.items.filter(({ doc }) => !this.#hidden.has(doc));
  }

  /** Whether several pages have this title. @param {string} title */
  isDouble(title) {
    return this.items.filter((item) => titleOf(item) === title).length > 1;
  }

  get who() {
    const { sub, name = sub, role = "", tid = "", docs } = claimsOf(this.token.newest);
    return sub ? { user: sub, name: name ?? sub, role, tenant: tid, docs } : this.#last;
  }

  get mayEdit() {
    return ["editor", "publisher", "admin"].includes(this.who.role);
  }

  get mayDelete() {
    return this.who.role === "admin";
  }

  /** Ask the server. Calls during a request share its answer. */
  load() {
    return (this.#loading ??= this.#load().finally(() => (this.#loading = undefined)));
  }

  async #load() {
    const began = Date.now();
    try {
      const { items, hasMore } = await this.call(() => this.#all());
      Object.assign(this, { items, hasMore, state: "ready", at: began });
      for (const [doc, end] of this.#hidden) if (end < began) this.#hidden.delete(doc);
      this.#keep();
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      if (code === "forbidden") this.state = "one-page";
      else if (["offline", "token_failed"].includes(code) || /^http_5|unavailable/.test(code)) {
        if (this.state === "loading") this.#recall();
        this.state = "offline";
        const { items } = await this.documents.list({ stored: true });
        this.stored = new Set(items.map(({ doc }) => doc));
      } else if (this.state === "loading") throw error;
    }
    this.emit("changed");
  }

  async #all() {
    const items = [];
    /** @type {string | undefined} */
    let cursor;
    do {
      const page = await this.documents.list({ limit: AT_ONCE, cursor, include: "presence,summary" });
      items.push(...page.items);
      cursor = page.cursor;
    } while (cursor && items.length < this.most);
    return { items, hasMore: cursor !== undefined };
  }

  more() {
    this.most += MORE;
    return this.load();
  }

  /** Do not show a page; with a time, the server has deleted it then. @param {string} doc @param {number} [end] */
  hide(doc, end = Infinity) {
    this.#hidden.set(doc, end);
    this.emit("changed");
  }

  /** @param {string} doc */
  show(doc) {
    this.#hidden.delete(doc);
    this.emit("changed");
  }

  /** Make a page. Return its name. @param {string} title @param {any} value @returns {Promise<string>} */
  async create(title, value) {
    const taken = new Set(this.items.map(({ doc }) => doc));
    for (const name of namesFor(title, taken)) {
      try {
        // Only an admin may set a schema. The page works without one.
        await this.call(() => this.documents.create(name, value, this.mayDelete ? SCHEMA : undefined));
      } catch (error) {
        const { code } = /** @type {any} */ (error);
        if (code === "already_exists") continue;
        // The page exists now. A copy of an old page need not match the schema.
        if (code !== "invalid_document") throw error;
      }
      return name;
    }
    throw new Error("There are too many pages of this title.");
  }

  /** @param {string} doc @param {string} title */
  async duplicate(doc, title) {
    const value = await this.call(() => this.documents.get(doc));
    return this.create(title, retitled(value, title));
  }

  #keep() {
    const items = this.items.map(({ presence: _, ...rest }) => rest);
    const { who, at } = this;
    const owner = `${who.tenant}/${who.user}`;
    try {
      localStorage.setItem(`${KEPT}.${owner}`, JSON.stringify({ at, items, who }));
      localStorage.setItem(KEPT, owner);
    } catch {} // this browser keeps nothing, or has no room
  }

  /** Show the last list of this user; without a token, of the last user. */
  #recall() {
    try {
      const { user, tenant } = this.who;
      const owner = user ? `${tenant}/${user}` : localStorage.getItem(KEPT);
      const { at = 0, items = [], who } = JSON.parse(localStorage.getItem(`${KEPT}.${owner}`) ?? "{}");
      Object.assign(this, { at, items });
      this.#last = who ?? this.#last;
    } catch {}
  }
}

/** A document with another title: the one that lists show. @param {any} value @param {string} title */
export function retitled(value, title) {
  const { site, pages } = value ?? {};
  if (typeof value.title === "string") return { ...value, title };
  if (site?.name) return { ...value, site: { ...site, name: title } };
  if (pages?.home) return { ...value, pages: { ...pages, home: { ...pages.home, title } } };
  return value;
}
