// A page: one document, as the code of a web page sees it.

import { Attention } from "./attention.js";
import { WeftError } from "../reports/errors.js";
import { historyOf } from "./history.js";
import { ask, later } from "../link/http.js";
import { Locks } from "../people/lock.js";
import { get, parse, requireJson } from "../patch/patch.js";
import { Presence } from "../people/presence.js";
import { record, textOp } from "../patch/record.js";
import { Text } from "../text/text.js";

/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("../reports/change.js").Change} Change */
/** @typedef {import("../session/session.js").Session} Session */
/** @typedef {import("./assets.js").Asset} Asset */
/** @typedef {import("./assets.js").Listed} Listed */
/** @typedef {{upload: (file: Blob | BufferSource, onProgress?: import("./assets.js").OnProgress, options?: {name?: string, signal?: AbortSignal}) => Promise<Asset>,
 *   list: (options?: {limit?: number, cursor?: string}) => Promise<{assets: Listed[], next?: string}>,
 *   delete: (id: string) => Promise<void>}} Assets */
/** @typedef {import("../core/values.js").Info} Info */

const READY_WITHIN = 2_000;
/** Events of a page, and the events of the session that cause them. */
const EVENTS = "refused conflict behind notice another-tab lost error status link attention";

export class Page {
  /**
   * For the modules of the SDK only.
   * @type {Session}
   */
  _session;
  #locks;
  /**
   * For the modules of the SDK only.
   * @type {Attention}
   */
  _attention;
  /** @type {string | undefined} the undo step of `group` or `pause` */
  #step = undefined;
  #publishing;

  /** @param {Session} session */
  constructor(session) {
    this._session = session;
    this.presence = new Presence(session);
    this.history = historyOf((...given) => ask(session, ...given));
    this.#publishing = later(() => import("./publishing.js"), session, "publish unpublish published");
    /** @type {Assets} the pictures of the tenant */
    this.assets = later(() => import("./assets.js"), session, "list delete upload");
    this.#locks = new Locks(session);
    this._attention = new Attention(session, this);
    /** Resolves when the page has a value: from the server, or without a connection the stored one. */
    this.ready = this.#whenReady();
    this.ready.catch(() => {});
  }

  get user() {
    return this._session.who.user;
  }
  get name() {
    return this._session.who.name;
  }
  get role() {
    return this._session.who.role;
  }
  get tenant() {
    return this._session.who.tenant;
  }
  /** The name of this tab on the server. */
  get client() {
    return this._session.client;
  }
  get document() {
    return this._session.options.document;
  }
  /** The newest version from the server. */
  get version() {
    return this._session.core.confirmed.version;
  }

  // --- the value -------------------------------------------------------------------------------

  /** The value with the user's changes. Never change it: parts that are equal are shared. @returns {any} */
  get value() {
    return this._session.core.value;
  }

  /** Writes a value. A new text becomes a splice when it looks like typing. @param {string} pointer @param {any} value @returns {Change} */
  set(pointer, value) {
    const old = get(this.value, pointer);
    return this.patch([old === undefined ? { op: "add", path: pointer, value } : textOp(pointer, old, value)]);
  }

  /** Records what a function changes in a draft of the value. @param {(draft: any) => any} change @returns {Change} */
  change(change) {
    return this.patch(record(this.value, change));
  }

  /** Moves a value, for example an element of a list. @param {string} from @param {string} path @returns {Change} */
  move(from, path) {
    return this.patch([{ op: "move", from, path }]);
  }

  /** Applies a JSON Patch, as a whole or not at all. @param {Op[]} ops @returns {Change} */
  patch(ops) {
    for (const { path, value } of ops) requireJson(value, path);
    const fence = this.#locks.fenceOf(ops);
    return this._session.edit(ops, this.#step, fence);
  }

  /** Calls `listener(value, info)` when the part at a pointer has changed. @param {string} pointer @param {(value: any, info: Info, ops?: Op[]) => void} listener @returns {() => void} */
  subscribe(pointer, listener) {
    parse(pointer);
    return this._session.on("show", ({ value, before, info, ops }) => {
      const now = get(value, pointer);
      if (now !== get(before, pointer)) listener(now, info, ops);
    });
  }

  /** A text of the value, to bind to an element. @param {string} pointer @returns {Text} */
  text(pointer) {
    parse(pointer);
    return new Text(this, pointer);
  }

  // --- undo ------------------------------------------------------------------------------------

  get canUndo() {
    return this.mode === "edit" && this._session.core.steps.canUndo;
  }
  get canRedo() {
    return this.mode === "edit" && this._session.core.steps.canRedo;
  }

  /** Takes the user's newest step back; with `change`, the id of a change, only this one, when it is unsent. @param {{scope?: string, version?: number, change?: string}} [what] @returns {Promise<{undone: any[], skipped: string[]}>} */
  undo(what) {
    return this._session.ask({ redo: false, ...what });
  }

  /** Makes an undone step again. @param {{scope?: string, version?: number}} [what] @returns {Promise<{undone: any[], skipped: string[]}>} */
  redo(what) {
    return this._session.ask({ redo: true, ...what });
  }

  /** The changes that `work` makes are one undo step. @template T @param {() => T} work @returns {T} */
  group(work) {
    if (this.#step !== undefined) return work();
    this.pause();
    try {
      return work();
    } finally {
      this.resume();
    }
  }

  /** From now on until `resume`, all changes are one undo step. */
  pause() {
    this.#step ??= this._session.nextId();
  }

  resume() {
    this.#step = undefined;
  }

  // --- locks and publishing --------------------------------------------------------------------

  /** The present locks of all clients. */
  get locks() {
    return this.#locks.all;
  }

  /** Acquires a lock on a part. When another client holds it, the result says so: see `mine`. @param {string} pointer @param {{ttl?: number}} [options] */
  lock(pointer, options) {
    return this.#locks.acquire(pointer, options);
  }

  /** Makes a version public; by default the newest. With `dryRun`, it only says what is wrong with the version: `version` and `refusals` are in place of `published`. @param {{version?: number, expectedPublished?: number | null, dryRun?: boolean}} [options] @returns {Promise<{published: number, version?: number, refusals?: any[], url: string, warnings: any[]}>} */
  async publish(options = {}) {
    if (options.version === undefined) await Promise.all(this._session.ends);
    return this.#publishing.publish(options);
  }

  /** Takes the public version down. */
  unpublish() {
    return this.#publishing.unpublish();
  }

  /** What is public now. @returns {Promise<{published: number | null, by?: any, at?: string}>} */
  get published() {
    return this.#publishing.published();
  }

  // --- the state -------------------------------------------------------------------------------

  /** 'connecting', 'online', 'reconnecting', 'offline', 'refused' or 'closed'. */
  get link() {
    return this._session.link;
  }

  /** 'saved' when the server has committed all changes; 'saving' or 'unsaved' before. */
  get saved() {
    const { core, link } = this._session;
    if (!core.waiting.length && !core.steps.asks.length) return "saved";
    return link === "online" && !this._session.isReadOnlyNow ? "saving" : "unsaved";
  }

  get mode() {
    return this._session.mode;
  }

  /** Whether changes of others come late, because this client receives too slowly. */
  get behind() {
    return this._session.isBehind;
  }

  /** How many changes have no answer yet. */
  get pending() {
    return this._session.core.waiting.length;
  }

  /** Changes that were refused, failed, or overwrote another value. They stay until the user decides. */
  get attention() {
    return this._attention.items;
  }

  /** Connects at once, for example when the user presses a button. */
  syncNow() {
    const { transport, link } = this._session;
    if (link === "refused") void transport.start();
    else transport.wake();
  }

  /** Calls `listener` at each event. @param {string} name @param {(detail: any) => void} listener @returns {() => void} */
  on(name, listener) {
    if (!EVENTS.split(" ").includes(name)) throw new WeftError("bad_options", `no '${name}': the events are ${EVENTS}`);
    return this._session.on(name, listener);
  }

  /** Closes the connection. Unsent changes stay in the outbox. @returns {Promise<void>} */
  close() {
    return this._session.close();
  }

  async #whenReady() {
    const session = this._session;
    await new Promise((resolve, reject) => {
      const isThere = () => session.core.value !== undefined && resolve(undefined);
      session.on("opened", isThere);
      session.on("loaded", () => session.env.setTimeout(isThere, READY_WITHIN));
      session.on("link", ({ link, error }) => {
        if (link !== "connecting" && link !== "online") isThere();
        if (link === "refused" || link === "closed") reject(error);
      });
    });
    return this;
  }
}
