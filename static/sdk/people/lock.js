// Edit locks: a client holds a part of the document, and other clients cannot change it.

import { WeftError } from "../reports/errors.js";
import { Emitter } from "../reports/events.js";
import { covers } from "../patch/patch.js";

/** @typedef {{user: string, name: string, client: string}} Holder */
/** @typedef {{id: string, scope: string, holder: Holder | null, fence: number, expires_at: string, claimed_by?: Holder, yields_at?: string, reason?: string}} State */

// Hidden tabs run timers once a minute, and a lock is renewed three times in this time.
const TTL = 180;

/**
 * A lock. `mine` tells whether this client holds it. Events: `asked` (another client wants it),
 * `kept` (the holder said no to this client), `held` (this client holds it now), `lost` (this client
 * no longer holds it), `free` (no client holds it).
 */
export class Lock extends Emitter {
  #locks;

  /** @param {Locks} locks @param {State} state */
  constructor(locks, state) {
    super();
    this.#locks = locks;
    /** @type {State} */
    this.state = state;
  }

  get scope() {
    return this.state.scope;
  }
  get holder() {
    return this.state.holder;
  }
  get mine() {
    return this.#locks.isMine(this.state.holder);
  }
  /** The client that asked for this lock. */
  get askedBy() {
    return this.state.claimed_by ?? null;
  }

  /** Asks the holder for the lock. Await the event `held`; `yieldsAt` is the latest time. @returns {Promise<this>} */
  async takeOver() {
    await this.#locks.ask(this, "take_over");
    return this;
  }

  /** Says no to the client that asked. @returns {Promise<void>} */
  keep() {
    return this.#locks.ask(this, "keep");
  }

  /** Gives the lock back, or no longer asks for it. @returns {Promise<void>} */
  release() {
    return this.#locks.ask(this, "release");
  }
}

export class Locks {
  #session;
  /** @type {State[]} the present locks of all clients; a new list when it changes */
  all = [];
  /** @type {Set<Lock>} locks that the page has asked for, and still uses */
  #used = new Set();
  /** @type {Map<string, string>} the newest secret of each lock */
  #secrets = new Map();
  #timer = /** @type {any} */ (null);
  #ttl = TTL;

  /** @param {import("../session/session.js").Session} session */
  constructor(session) {
    this.#session = session;
    session.on("opened", ({ locks }) => {
      this.#set(locks);
      this.#renew();
    });
    session.on("lock", (state) => this.#learn(state));
    session.on("closing", () => this.#leave());
    session.env.window?.addEventListener("pagehide", () => this.#leave());
  }

  /** @param {Holder | null} [holder] */
  isMine(holder) {
    const { who, client } = this.#session;
    return holder?.user === who.user && holder.client === client;
  }

  /** The fence of this client's lock that covers the operations. @param {import("../patch/patch.js").Op[]} ops */
  fenceOf(ops) {
    const mine = this.all.find(({ scope, holder }) => this.isMine(holder) && ops.some((op) => covers(scope, op.path)));
    return mine?.fence;
  }

  /** @param {string} pointer @param {{ttl?: number}} [options] @returns {Promise<Lock>} */
  async acquire(pointer, { ttl = TTL } = {}) {
    this.#ttl = ttl;
    await Promise.allSettled(this.#session.ends); // a pointer refers to a value without pending changes
    const base = this.#session.core.confirmed.version;
    const state = await this.#send({ action: "acquire", scope: pointer, base, ttl }).catch((error) => {
      if (error.code === "locked" && error.lock) return error.lock;
      throw error;
    });
    for (const lock of this.#used) if (lock.state.id === state.id) return lock;
    const lock = new Lock(this, state);
    this.#used.add(lock);
    this.#learn(state);
    this.#timer ??= this.#later();
    return lock;
  }

  /** @param {Lock} lock @param {string} action */
  async ask(lock, action) {
    // The page is not told of the end of a lock that it gives back itself.
    const isEnding = action === "release" && this.#used.delete(lock);
    const state = await this.#send({ action, lock_id: lock.state.id }).catch((error) => {
      if (isEnding) this.#used.add(lock);
      throw error;
    });
    if (isEnding) lock.state = { ...state, holder: null };
    if (state) this.#learn(state);
  }

  #renew() {
    for (const { mine, state } of this.#used) {
      if (!mine) continue;
      this.#send({ action: "renew", lock_id: state.id, ttl: this.#ttl }).catch((error) => {
        if (error.code !== "offline") this.#learn({ ...state, holder: null, reason: "expired" });
      });
    }
  }

  #later() {
    return this.#session.env.setTimeout(() => {
      this.#renew();
      this.#timer = this.#used.size ? this.#later() : null;
    }, (this.#ttl * 1000) / 3);
  }

  /** @param {object} fields @returns {Promise<any>} */
  async #send(fields) {
    const session = this.#session;
    if (!session.core.isOnline) throw new WeftError("offline");
    const id = session.nextId();
    session.transport.send({ type: "lock", id, ...fields });
    const { lock, secret } = await session.answerOf(id);
    if (secret) this.#secrets.set(lock.id, secret);
    return lock;
  }

  /** @param {State} state */
  #learn(state) {
    const rest = this.all.filter(({ id }) => id !== state.id);
    this.#set(state.holder ? [...rest, state] : rest, state);
  }

  /** @param {State[]} all @param {State} [ended] */
  #set(all, ended) {
    this.all = all;
    for (const lock of this.#used) {
      const { state: was, mine: wasMine } = lock;
      // After a take-over, the lock of the new holder has a new id and the old scope.
      const now = all.find(({ id }) => id === was.id) ?? all.find(({ scope }) => scope === was.scope);
      lock.state = now ?? { ...was, ...(ended?.id === was.id ? ended : {}), holder: null };
      const { state, mine } = lock;
      if (mine !== wasMine) lock.emit(mine ? "held" : "lost", lock);
      else if (!state.holder && was.holder) lock.emit("free", lock);
      else if (state.id === was.id && !state.claimed_by && this.isMine(was.claimed_by)) lock.emit("kept", lock);
      if (mine && state.claimed_by && !was.claimed_by) lock.emit("asked", lock);
    }
    this.#session.emit("status");
  }

  /** Releases the locks of a page that closes. The secret serves in place of a token. Changes that wait still need their lock. */
  #leave() {
    const { options, env, core } = this.#session;
    if (core.waiting.length) return;
    for (const { mine, state } of this.#used) {
      const secret = this.#secrets.get(state.id);
      if (!mine || !secret) continue;
      const url = `${options.url}/v1/docs/${options.document}/locks/${state.id}/release`;
      const body = JSON.stringify({ secret });
      env.fetch(url, { method: "POST", body, keepalive: true }).catch(() => {});
    }
    env.clearTimeout(this.#timer);
  }
}
