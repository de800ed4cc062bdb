// The connection of a page: opens the WebSocket, and opens it again when it closes.

import { WeftError } from "../reports/errors.js";

/**
 * What the browser gives. Tests give their own.
 * @typedef {object} Environment
 * @property {any} WebSocket
 * @property {typeof fetch} fetch
 * @property {(action: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} now in milliseconds
 * @property {() => number} random from 0 to 1
 * @property {any} [indexedDB]
 * @property {any} [locks] the Web Locks of the browser
 * @property {any} [sessionStorage]
 * @property {any} [storage] the storage manager of the browser
 * @property {any} [window]
 */

/**
 * @typedef {object} Options
 * @property {string} url of the server
 * @property {string} document the name of the document
 * @property {() => string | Promise<string>} token returns a token; called again before it expires
 * @property {any} [create] the first value, when the document does not exist
 * @property {string} [client] the name of this tab
 * @property {number} [maxFps] the most changes of others per second
 * @property {boolean} [offline] whether changes are stored in the browser; by default true
 */

/**
 * @typedef {object} Connection
 * @property {{url: string, document: string, token: () => string | Promise<string>}} options `url` has no slash at its end
 * @property {() => object} opening the fields of `open`
 * @property {(message: any) => void} received
 * @property {(code: number) => void} closed
 * @property {(link: string, error?: WeftError) => void} changed the link has changed
 * @property {(name: string, detail: any) => void} emit tells an \`error\` that leaves the link as it is
 */

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const STEADY = 60_000;
const OPENS_WITHIN = 15_000;
const ASKS_AFTER = 20_000;
const ANSWERS_WITHIN = 10_000;
const LOST_AFTER = 5_000;
/** @type {Record<number, string>} close codes after which a retry cannot help */
const FINAL = { 1008: "too_many_frames", 4400: "malformed", 4401: "unauthenticated", 4403: "forbidden", 4404: "not_found", 4408: "timeout", 4413: "quota_exceeded" };
const MISSING = ": check its name and the token, or give `create`";

/** The delay before attempt number `tries`, from 0. @param {number} tries @param {() => number} random */
export function delay(tries, random) {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** tries) * (0.5 + random());
}

export class Transport {
  link = "connecting";
  #connection;
  #env;
  /** @type {any} */
  #socket = null;
  #tries = 0;
  #token = ""; // the newest token that the server has
  #hasNoToken = false; // the newest fetch has failed
  #tokens = 0; // tokens in a row that the server refused
  #refusals = 0; // attempts in a row that failed while the server was reachable
  #wait = 0; // the server's `retry_after_ms`
  #isStopped = false;
  #told = /** @type {string | undefined} */ (undefined); // the code of the newest error with a link
  /** @type {Record<string, any>} */
  #timers = {};

  /** @param {Connection} connection @param {Environment} env */
  constructor(connection, env) {
    this.#connection = connection;
    this.#env = env;
    this.#expectLoss();
  }

  /** Sends a message. @param {object} message */
  send(message) {
    if (this.link === "online") this.#socket?.send(JSON.stringify(message));
  }

  /** Connects now, unless there is a connection. */
  async start() {
    if (this.#isStopped) this.#change("reconnecting");
    this.#isStopped = false;
    this.#drop();
    const connection = this.#connection;
    const { options } = connection;
    const attempt = (this.#socket = {}); // until there is a socket
    const token = await this.#fetch("open");
    if (attempt !== this.#socket) return;
    if (!token) {
      this.#socket = null;
      this.#lose();
      void this.#explain(false);
      this.#again();
      return;
    }
    this.#token = token;
    const address = `${options.url.replace(/^http/, "ws")}/v1/docs/${encodeURIComponent(options.document)}/live`;
    const socket = (this.#socket = new this.#env.WebSocket(address, ["weft.v1"]));
    this.#timer("open", OPENS_WITHIN, () => this.#end(socket, 1006));
    socket.onopen = () => {
      if (socket === this.#socket) socket.send(JSON.stringify({ type: "open", token, accept: ["splice"], ...connection.opening() }));
    };
    socket.onmessage = (/** @type {{data: string}} */ { data }) => {
      if (socket !== this.#socket) return;
      this.#watch(socket);
      for (const message of [JSON.parse(data)].flat()) this.#received(message);
    };
    socket.onclose = (/** @type {{code: number, reason: string}} */ { code, reason }) => this.#end(socket, code, reason);
  }

  /** Checks the connection, or connects at once. */
  wake() {
    if (this.#isStopped) return;
    if (this.link === "online") this.#ask(this.#socket, 2_000);
    else if (this.#timers.again || this.link === "refused") void this.start();
  }

  /** Ends the connection. It connects again when `start` is called. */
  stop() {
    this.#isStopped = true;
    this.#drop();
    this.#clear("lost");
  }

  /** Connects again, for example because a message did not fit. */
  restart() {
    if (this.#socket) this.#end(this.#socket, 1006);
  }

  /** @param {any} message */
  #received(message) {
    const { type, code } = message;
    if (type === "opened") {
      this.#tokens = this.#refusals = this.#wait = 0;
      this.#clear("open");
      this.#clear("lost");
      this.#timer("steady", STEADY, () => (this.#tries = 0));
      this.#change("online");
    }
    if (type === "disconnect_notice") this.#wait = message.retry_after_ms ?? 0;
    if (type === "notice" && code === "token_expiring") void this.#renew();
    if (type !== "pong") this.#connection.received(message);
  }

  /** The token; nothing when the function has failed. Failures in a row are told once. @param {string} name of the timer */
  async #fetch(name) {
    const connection = this.#connection;
    try {
      const late = new Promise((/** @type {any} */ resolve) => this.#timer(name, OPENS_WITHIN, resolve));
      const token = await textOf(() => Promise.race([connection.options.token(), late]));
      this.#hasNoToken = false;
      return token;
    } catch (error) {
      if (!this.#hasNoToken && !this.#isStopped) connection.emit("error", error);
      this.#hasNoToken = true;
    }
  }

  async #renew() {
    const socket = this.#socket;
    const token = await this.#fetch("renew");
    if (socket !== this.#socket) return;
    this.#clear("renew");
    if (token && token !== this.#token) return this.send({ type: "token", token: (this.#token = token) });
    this.#timer("renew", delay(3, this.#env.random), () => void this.#renew());
  }

  /** Closes a connection on which the server has become silent. @param {any} socket */
  #watch(socket) {
    this.#timer("silent", ASKS_AFTER, () => this.#ask(socket, ANSWERS_WITHIN));
  }

  /** @param {any} socket @param {number} within */
  #ask(socket, within) {
    this.send({ type: "ping" });
    this.#timer("silent", within, () => this.#end(socket, 1006));
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    for (const name of Object.keys(this.#timers)) if (name !== "lost") this.#clear(name);
    socket?.close?.();
  }

  /** @param {any} socket @param {number} code @param {string} [reason] */
  #end(socket, code, reason) {
    if (socket !== this.#socket) return;
    const wasOpen = this.link === "online";
    this.#drop();
    if (!this.#timers.lost) this.#expectLoss();
    this.#connection.closed(code);
    if (code === 4401 && !this.#tokens++) {
      this.#change("reconnecting");
      void this.start();
    } else if (code === 1008 || (code >= 4400 && code < 4500)) {
      this.#isStopped = true;
      this.#clear("lost");
      this.#change("refused", new WeftError(FINAL[code] ?? `closed_${code}`, `${reason || `closed with ${code}`}${code === 4404 ? MISSING : ""}`));
    } else {
      this.#lose();
      if (code === 1006 && !wasOpen) void this.#explain();
      this.#again();
    }
  }

  /** A browser does not say why there is no connection. @see SPEC.md, T6 */
  async #explain(mayBeRefused = true) {
    const { url } = this.#connection.options;
    const asked = this.#env.fetch(`${url}/healthz`, { mode: "no-cors", cache: "no-store" });
    const isReachable = await asked.then(() => true, () => false);
    if (this.#socket || this.#isStopped) return;
    this.#refusals = isReachable && mayBeRefused ? this.#refusals + 1 : 0;
    // Between the two requests the server may have started. So one failed attempt proves nothing.
    if (this.#refusals >= 2) {
      const origin = this.#env.window?.location?.origin ?? "this page";
      this.#change("refused", new WeftError("origin_refused", `${url} refuses ${origin}: add it to WEFT_ORIGINS, or correct \`url\``));
    } else if (!isReachable) {
      this.#change("offline", new WeftError("no_network", `${url} cannot be reached: the SDK keeps all changes, and tries again`));
    }
  }

  #again() {
    const ms = Math.max(this.#wait, delay(this.#tries, this.#env.random));
    this.#tries += 1;
    this.#timer("again", ms, () => void this.start());
  }

  #expectLoss() {
    this.#timer("lost", LOST_AFTER, () => this.#connection.changed("lost"));
  }

  /** The connection is gone. What is known of its cause stays told until there is another one. */
  #lose() {
    if (!this.#told) this.#change("reconnecting");
  }

  /** @param {string} link @param {WeftError} [error] */
  #change(link, error) {
    if (link === this.link && error?.code === this.#told) return;
    this.link = link;
    this.#told = error?.code;
    this.#connection.changed(link, error);
  }

  /** @param {string} name @param {number} ms @param {() => void} action */
  #timer(name, ms, action) {
    this.#clear(name);
    this.#timers[name] = this.#env.setTimeout(() => {
      delete this.#timers[name];
      action();
    }, ms);
  }

  /** @param {string} name */
  #clear(name) {
    this.#env.clearTimeout(this.#timers[name]);
    delete this.#timers[name];
  }
}

/** The token that a function of the page returns. @param {() => any} token @returns {Promise<string>} */
export async function textOf(token) {
  try {
    const text = await token();
    if (text && typeof text === "string") return text;
    throw new TypeError(`it returned '${text}'`);
  } catch (error) {
    throw new WeftError("token_failed", `\`token()\` failed: ${/** @type {any} */ (error)?.message ?? error}`, error);
  }
}
