// One connection between an editor and a preview: a port with a heartbeat.

/**
 * What both sides use of the browser. Tests give their own.
 * @typedef {object} PreviewEnvironment
 * @property {any} window
 * @property {new () => {port1: any, port2: any}} MessageChannel
 * @property {(action: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} now in milliseconds
 * @property {() => number} random from 0 to 1
 */

/** The version of the messages between an editor and a preview. */
export const PREVIEW_PROTOCOL = 1;
export const CAPABILITIES = ["patch", "focus"];
const BEAT_EVERY = 1_000;
// Beats without a message before the other side counts as gone. A side counts its own beats, and not
// the time, because a browser runs the timers of hidden tabs once a minute.
const MOST_MISSED = 5;
const LONGEST_POINTER = 4_096;
const LONGEST_LOAD = 128;

/** @param {Partial<PreviewEnvironment>} [given] @returns {PreviewEnvironment} */
export function environment(given = {}) {
  const all = /** @type {any} */ (globalThis);
  return {
    window: all,
    MessageChannel: all.MessageChannel,
    setTimeout: (action, ms) => all.setTimeout(action, ms),
    clearTimeout: (timer) => all.clearTimeout(timer),
    now: () => Date.now(),
    random: () => Math.random(),
    ...given,
  };
}

/** A message of the handshake. These messages are the only ones between the windows. @param {string} type @param {object} fields */
export const handshake = (type, fields) => ({ weft: "preview", type, protocol: PREVIEW_PROTOCOL, capabilities: CAPABILITIES, ...fields });

/** Whether this is a message of the handshake. Any window may send one. @param {any} data @param {string} type */
export const isHandshake = (data, type) =>
  data?.weft === "preview" && data.type === type && typeof data.protocol === "number" && typeof data.load === "string" && data.load.length <= LONGEST_LOAD;

/** Whether a message names a part of the document. @param {any} message */
export const hasPointer = ({ pointer }) =>
  pointer === null || (typeof pointer === "string" && pointer.length <= LONGEST_POINTER && /^(\/|$)/.test(pointer));

export class Channel {
  #missed = 0;
  #timer = /** @type {any} */ (null);

  /**
   * @param {any} port
   * @param {PreviewEnvironment} env
   * @param {(message: any) => void} received
   * @param {(reason: string) => void} ended 'bye': the other side has ended the connection; 'lost': it
   *   is gone; 'replaced': the other side uses a newer connection
   */
  constructor(port, env, received, ended) {
    this.port = port;
    this.env = env;
    this.ended = ended;
    port.onmessage = (/** @type {any} */ { data }) => {
      this.#missed = 0;
      if (data?.type === "bye") this.#end(data.reason === "replaced" ? "replaced" : "bye");
      else if (data && data.type !== "beat") received(data);
    };
    this.#beat();
  }

  /** @param {object} message */
  send(message) {
    this.port?.postMessage(message);
  }

  /** Ends the connection, and tells the other side. @param {string} [reason] */
  close(reason = "bye") {
    this.send({ type: "bye", reason });
    this.env.clearTimeout(this.#timer);
    this.port?.close();
    this.port = null;
  }

  #beat() {
    if (this.#missed >= MOST_MISSED) return this.#end("lost");
    this.#missed += 1;
    this.send({ type: "beat" });
    this.#timer = this.env.setTimeout(() => this.#beat(), BEAT_EVERY);
  }

  /** @param {string} reason */
  #end(reason) {
    if (!this.port) return;
    this.close();
    this.ended(reason);
  }
}
