// Who sends the requests of this page, and what earlier answers have told: the name of the document, the id
// of a lock, and the like. The token stays in this tab.

import { Emitter } from "../ui/emitter.js";
import { claimsOf } from "../ui/token.js";

/** @typedef {Record<string, any>} Fields */
/** @typedef {{name: string, method: string, path: string, described: Fields}} Operation */
/** @typedef {{status: number, phrase: string, ms: number, headers: [string, string][], kind: string, body: Blob}} Answer */

const KEPT = "weft.reference";

/** Events: `changed`. */
export class Session extends Emitter {
  /** Values for parameters and bodies, by their names. @type {Record<string, string>} */
  values = {};
  token = "";
  /** @type {Promise<Fields> | undefined} */
  #description;

  constructor() {
    super();
    try {
      const { token = "", doc } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
      this.#take(token, doc);
    } catch {
      this.#take("");
    }
  }

  /** Who the token is for; null without one. */
  get who() {
    const { sub, name, role = "", exp } = claimsOf(this.token);
    return sub ? { name: name || sub, role, until: exp ? new Date(exp * 1000) : null } : null;
  }

  /** Use a token. @param {string} token @param {string} [doc] the document to try things with */
  use(token, doc) {
    this.#take(token, doc);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ token, doc: this.values.doc }));
    } catch {} // this browser keeps nothing
    this.emit("changed");
  }

  /** @param {string} token @param {string} [doc] */
  #take(token, doc = `try-${Math.random().toString(36).slice(2, 8)}`) {
    this.token = token;
    this.values = { doc, tenant: claimsOf(token).tid ?? "" };
  }

  /** Whether there is no token, or that of a guest whose time is over. */
  get needsGuest() {
    const { sub = "", exp = 0 } = claimsOf(this.token);
    return !this.token || (sub.startsWith("guest-") && exp * 1000 < Date.now());
  }

  /** Become a guest of the demo, with a document of one's own; or stay the guest whose time is over. @returns {Promise<Answer>} the last answer */
  async guest() {
    const made = await this.send("POST", "/v1/demo/token", this.authorization);
    if (made.status !== 200) return made;
    const doc = this.token ? this.values.doc : undefined;
    this.use(JSON.parse(await made.body.text()).token, doc);
    return this.makeDocument();
  }

  /** Create the document, with the value of the examples. */
  async makeDocument() {
    const { path, method, described } = await this.operation("putDocument");
    const [[kind, { example }]] = Object.entries(/** @type {Fields} */ (described.requestBody.content));
    const headers = { ...this.authorization, "Content-Type": kind };
    const address = path.replace("{doc}", encodeURIComponent(this.values.doc));
    return this.send(method.toUpperCase(), address, headers, JSON.stringify(example));
  }

  /** @returns {Record<string, string>} */
  get authorization() {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }

  /** Load the description of an operation. @param {string} name @returns {Promise<Operation>} */
  async operation(name) {
    this.#description ??= fetch("/openapi.json").then((answer) => answer.json());
    try {
      for (const [path, methods] of Object.entries((await this.#description).paths))
        for (const [method, described] of Object.entries(/** @type {Fields} */ (methods)))
          if (described.operationId === name) return { name, method, path, described };
    } catch (error) {
      this.#description = undefined; // the next call asks again
      throw error;
    }
    throw new Error(`there is no operation ${name}`);
  }

  /** Send a request. @param {string} method @param {string} address @param {Record<string, string>} headers @param {BodyInit} [body] @returns {Promise<Answer>} */
  async send(method, address, headers, body) {
    const began = performance.now();
    const answer = await fetch(address, { method, headers, body, cache: "no-store" });
    const ms = Math.round(performance.now() - began);
    const { status, statusText: phrase } = answer;
    const kind = (answer.headers.get("Content-Type") ?? "").split(";")[0];
    return { status, phrase, ms, headers: [...answer.headers], kind, body: await answer.blob() };
  }

  /** Keep what other requests need from an answer. @param {string} name of the operation @param {Fields} body */
  learn(name, body) {
    if (/^(acquire|renew)Lock$/.test(name))
      Object.assign(this.values, { lock: body.id, secret: body.secret });
    if (name === "makeShare") this.values.share = body.id;
    if (name === "uploadAsset") this.values.id = body.id;
    this.emit("changed");
  }
}
