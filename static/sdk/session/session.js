// One document in one tab: performs the effects of the core with the outbox and the connection.

import { itemsOf } from "../reports/items.js";
import { Change } from "../reports/change.js";
import { word } from "../link/environment.js";
import { Core } from "../core/core.js";
import { Refusal, WeftError } from "../reports/errors.js";
import { Emitter } from "../reports/events.js";
import { Outbox } from "../outbox/outbox.js";
import { get } from "../patch/patch.js";
import { Transport, delay } from "../link/transport.js";

/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("../link/transport.js").Environment} Environment */
/** @typedef {import("../core/values.js").Effect} Effect */
/** @typedef {import("../core/values.js").Event} Event */
/** @typedef {import("../link/transport.js").Options} Options */

export class Session extends Emitter {
  core = new Core();
  link = "connecting";
  /** @type {{user: string, name: string, role: string, tenant: string}} */
  who = { user: "", name: "", role: "", tenant: "" };
  client = "";
  /** The newest `opened`, without its value. */
  opened = /** @type {any} */ (null);
  isBehind = false;
  isReadOnlyNow = false; // the database takes no edits
  isClosed = false;
  isAdopting = false; // a second connection sends the changes of a dead tab
  /** @type {Map<string, Change>} */
  changes = new Map();
  /** @type {Map<string, Change>} requests without an answer */
  #asked = new Map();
  #count = 0;
  #load = "";
  #isReloading = false;
  #frame = /** @type {any} */ (null); // the one that is stored
  /** @type {import("../reports/items.js").Stored[]} to store with the next entries */
  #items = [];
  #ends = /** @type {Effect[]} */ ([]); // refusals to tell after that
  #loaded = /** @type {string[]} changes of an earlier page */ ([]);

  /** @param {Options} options @param {Environment} env @param {Outbox} [adopted] the outbox of a dead tab */
  constructor(options, env, adopted) {
    super();
    this.options = options;
    this.env = env;
    const scope = `${options.url}|${options.document}`;
    const storing = options.offline === false ? { ...env, indexedDB: undefined } : env;
    this.outbox = adopted ?? new Outbox(scope, storing, (error) => this.fail("storage_full", error));
    this.#load = word(env);
    this.transport = new Transport(this, env);
  }

  /** Loads what is stored, and connects. @param {string} [client] the name of the tab */
  async start(client) {
    const { outbox } = this;
    const { last, entries } = await outbox.start(client);
    if (this.isClosed) return;
    this.client = outbox.box;
    this.#loaded = entries.map(({ id }) => id);
    if (last) {
      const { epoch, version, value, limits, ...who } = last;
      this.who = who;
      this.core.limits = limits ?? {};
      this.#frame = { epoch, version, value };
    }
    this.handle({ type: "load", last: this.#frame ?? undefined, entries });
    if (!this.outbox.rows.isDurable && this.options.offline !== false) this.fail("memory_only");
    void this.transport.start();
    this.emit("loaded");
  }

  /** The ends of all changes that wait. */
  get ends() {
    return this.core.waiting.map((entry) => this.#changeOf(entry).durable);
  }

  get mode() {
    return ["viewer", "commenter"].includes(this.who.role) ? "read-only" : "edit";
  }

  nextId() {
    return `${this.client}.${this.#load}.${(this.#count += 1)}`;
  }

  /** Makes a change of these operations. @param {Op[]} ops @param {string} [step] @param {number} [fence] @returns {Change} */
  edit(ops, step, fence) {
    if (this.isClosed) throw new WeftError("closed");
    if (this.core.value === undefined) throw new WeftError("not_ready");
    if (this.mode === "read-only") {
      const { path } = ops[0] ?? { path: "" };
      throw new Refusal({ code: "read_only", path, theirs: get(this.core.value, path) });
    }
    const now = this.env.now();
    const entry = this.handle({ type: "edit", id: this.nextId(), ops, now, step, fence });
    return this.#changeOf(/** @type {import("../core/entries.js").Entry} */ (entry));
  }

  /** Asks for an undo or a redo. @param {{redo: boolean, scope?: string, version?: number, change?: string}} ask @returns {Promise<any>} */
  async ask(ask) {
    if (this.isClosed) throw new WeftError("closed");
    const id = this.nextId();
    const answer = this.answerOf(id);
    this.handle({ type: "undo", id, now: this.env.now(), ...ask });
    return answer;
  }

  /** The answer to a request. A lost connection rejects it, unless it is an undo or a redo. @param {string} id @returns {Promise<any>} */
  answerOf(id) {
    const asked = new Change(id);
    this.#asked.set(id, asked);
    return asked.durable;
  }

  /** Ends a request, unless the core still asks for it. @param {string} id @param {any} result @param {Error} [error] */
  #answer(id, result, error) {
    const asked = this.#asked.get(id);
    if (!asked || this.core.steps.asks.some((each) => each.id === id)) return;
    this.#asked.delete(id);
    asked.end("", result, error);
  }

  /** The change that an entry belongs to. @param {{id: string}} entry */
  #changeOf({ id }) {
    const change = this.changes.get(id) ?? new Change(id);
    this.changes.set(id, change);
    return change;
  }

  /** Returns the newest entry: after an edit, the one that has it. @param {Event} event */
  handle(event) {
    const effects = this.core.handle(event);
    const entry = this.core.queue.at(-1);
    for (const effect of effects) /** @type {any} */ (this)[effect.do](effect);
    this.#pin();
    this.emit("status");
    return entry;
  }

  /** Reports an error. @param {string} code @param {unknown} [cause] */
  fail(code, cause) {
    this.emit("error", new WeftError(code, undefined, cause));
  }

  /** Ends the connection, and gives the outbox back. @returns {Promise<void>} */
  close() {
    if (!this.isClosed) {
      this.handle({ type: "tick" });
      this.emit("closing", (this.isClosed = true));
      this.transport.stop();
      this.closed(1000);
      const error = new WeftError("closed");
      for (const asked of this.#asked.values()) asked.end("", undefined, error);
      this.changed("closed", error);
    }
    return this.outbox.close(!this.core.queue.length);
  }

  // Each effect of the core has the method of its name.

  /** Stores entries, together with the changes that need a decision. A refusal is told after that. @param {Effect} effect */
  store({ put, remove }) {
    const items = this.#items.splice(0);
    const ends = this.#ends.splice(0);
    void this.outbox.write({ put, remove, items }).then(() => {
      if (this.isClosed) return;
      this.emit("kept", items);
      for (const end of ends) {
        const item = items.find(({ id }) => id === end.id);
        this.#end(end, item && new Refusal(item));
      }
      if (put.length) this.handle({ type: "stored", ids: put.map((/** @type {any} */ { id }) => id) });
    });
  }

  tick() {
    queueMicrotask(() => this.handle({ type: "tick" }));
  }

  /** @param {Effect} effect */
  send({ message }) {
    this.transport.send(message);
  }

  /** @param {any} effect */
  state(effect) {
    this.#changeOf(effect).state = effect.state;
  }

  /** @param {Effect} effect */
  end(effect) {
    this.#items.push(...itemsOf(effect, this.env.now()));
    if (effect.reason || effect.state === "undone") this.#ends.push(effect);
    else this.#end(effect);
  }

  /** @param {Effect} effect */
  asked({ id, result, reason }) {
    this.#answer(id, result, reason && new Refusal(reason));
  }

  /** @param {Effect} effect */
  wait({ tries, ms = delay(tries, this.env.random) }) {
    this.env.setTimeout(() => this.handle({ type: "retry" }), ms);
  }

  /** @param {Effect} effect */
  show(effect) {
    this.emit("show", effect);
  }

  reload() {
    this.#isReloading = true;
    this.transport.restart();
  }

  /** @param {Effect} effect @param {Refusal} [refusal] */
  #end({ id, state, result }, refusal) {
    this.#changeOf({ id }).end(state, result, refusal);
    this.changes.delete(id);
  }

  /** Stores the frame when only this page has it, and the value when it is new. */
  #pin() {
    const { frame, queue, confirmed, isOnline } = this.core;
    if (!isOnline && queue.length && frame !== this.#frame) this.outbox.saveFrame((this.#frame = frame));
    if (confirmed.epoch !== null && confirmed !== this.#frame) this.outbox.saveValue({ ...confirmed, ...this.who, limits: this.core.limits });
  }

  opening() {
    const { create, maxFps } = this.options;
    const { epoch, version } = this.core.confirmed;
    const since = epoch === null || this.#isReloading ? undefined : { epoch, version };
    // A document that was known and is gone was deleted: it stays deleted.
    return { client: this.client, since, create: this.opened || version ? undefined : create, max_fps: maxFps };
  }

  /** @param {any} message */
  received(message) {
    const { type, id, code, direction } = message;
    const isOn = message.state === "on";
    switch (type) {
      case "opened":
        return this.#open(message);
      case "error":
        return this.emit(type, new WeftError(code, message.message));
      case "change":
      case "ack":
      case "reject":
        if (type !== "ack" || !message.lock) this.handle(message);
        this.#answer(id, message, type === "reject" ? new Refusal(message) : undefined);
        break;
      case "backpressure":
        if (direction === "in") this.handle({ type: "hold", isHeld: isOn });
        else this.emit("behind", (this.isBehind = isOn));
        break;
      case "notice":
        if (code === "another_tab" && !this.isAdopting) this.emit("another-tab", message);
        if (["read_only", "writable"].includes(code)) this.isReadOnlyNow = code === "read_only";
    }
    this.emit(type, message);
    this.emit("status");
  }

  /** @param {any} message */
  #open(message) {
    const { value, changes, ...rest } = message;
    if (message.protocol !== 1 && !this.opened) this.fail("protocol");
    this.#isReloading = this.isBehind = this.isReadOnlyNow = false;
    const { user, role, name = user, tenant = "" } = message;
    this.who = { user, role, name, tenant };
    const owner = `${tenant}/${user}`;
    const isOther = this.outbox.user && this.outbox.user !== owner;
    if (isOther) {
      const ids = this.opened ? this.core.queue.map(({ id }) => id) : this.#loaded;
      this.handle({ type: "forget", ids });
      this.outbox.leave(this.core.queue);
      this.#frame = null;
      this.emit("left");
    }
    this.opened = rest;
    this.outbox.identify(owner);
    if (isOther) void this.outbox.write({ put: this.core.queue });
    this.handle(message);
    this.outbox.flush();
    this.emit("opened", rest);
  }

  /** @param {number} code */
  closed(code) {
    this.handle({ type: "closed", code });
    for (const id of this.#asked.keys()) this.#answer(id, undefined, new WeftError("offline"));
    this.outbox.flush();
    this.emit("closed", code);
  }

  /** @param {string} link @param {WeftError} [error] */
  changed(link, error) {
    if (link === "lost") this.emit("lost");
    else {
      this.link = link;
      if (error && link !== "closed") this.emit("error", error);
      this.emit("link", { link, error });
    }
    this.emit("status");
  }
}
