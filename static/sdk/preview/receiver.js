// The preview's side: gets the value from the editor around this frame, or from the server.

import { Channel, PREVIEW_PROTOCOL, handshake, hasPointer, isHandshake } from "./channel.js";
import { WeftError } from "../reports/errors.js";
import { calling, Emitter } from "../reports/events.js";
import { apply } from "../patch/patch.js";

/** @typedef {import("../patch/patch.js").Op} Op */
/**
 * `patch` is what changed; null when the whole value is new.
 * @typedef {(value: any, info: {patch: Op[] | null, version: number}) => void} Render
 */

const HELLO_EVERY = 500;
const HELLOS_BEFORE_ERROR = 10;

/** A preview. Events: `state`, `focus` (the editor points at a part), `error`. */
export class Receiver extends Emitter {
  /** @type {'waiting' | 'connected' | 'refused' | 'closed'} */
  state = "waiting";
  /** @type {any} */
  value = undefined;
  version = 0;
  /** @type {Channel | null} */
  #channel = null;
  #isStale = true; // patches do not fit until the next whole value
  #load = "";
  #hellos = 0;
  #timer = /** @type {any} */ (null);
  #isShown = true;

  /**
   * @param {Render} render
   * @param {{from?: string, maxFps?: number}} options
   * @param {import("./channel.js").PreviewEnvironment} env
   */
  constructor(render, options, env) {
    super();
    this.render = render;
    this.options = options;
    this.env = env;
  }

  /** Connects with the editor around this frame. */
  start() {
    const { window } = this.env;
    this.#listeners = {
      message: (event) => this.#heard(event),
      pagehide: () => this.#hide(),
      pageshow: () => this.#show(),
    };
    for (const [name, listener] of Object.entries(this.#listeners)) window.addEventListener(name, listener);
    this.#again();
  }

  /** @type {Record<string, (event: any) => void>} */
  #listeners = {};

  /** Shows a part in the editor. @param {string | null} pointer */
  focus(pointer) {
    this.#channel?.send({ type: "FOCUS", pointer });
  }

  /** Ends the preview. It keeps the last value. */
  close() {
    for (const [name, listener] of Object.entries(this.#listeners)) this.env.window.removeEventListener(name, listener);
    this.#hide();
    this.become("closed");
  }

  /** @param {Receiver["state"]} state */
  become(state) {
    if (this.state === state || this.state === "closed") return;
    this.state = state;
    this.emit("state", state);
  }

  /** Shows a value. @param {any} value @param {number} version @param {Op[] | null} patch */
  draw(value, version, patch) {
    this.value = value;
    this.version = version;
    calling(this.render, value, { patch, version });
  }

  // --- the handshake ---------------------------------------------------------------------------

  /** Says hello until the editor answers. Each answer brings a new port. */
  #again() {
    this.#channel = null;
    this.#hellos = 0;
    this.#load = Math.floor(this.env.random() * 2 ** 48).toString(36);
    this.become("waiting");
    this.#hello();
  }

  #hello() {
    const { env, options } = this;
    if (this.#hellos === HELLOS_BEFORE_ERROR) {
      this.emit("error", new WeftError("preview_unanswered", `no editor at ${options.from} answers: \`from\` must be the origin of the page with the iframe, and that page must call \`bridgePreview\``));
    }
    this.#hellos += 1;
    env.window.parent.postMessage(handshake("hello", { load: this.#load, max_fps: options.maxFps }), options.from);
    this.#timer = env.setTimeout(() => this.#hello(), HELLO_EVERY);
  }

  /** @param {{source: any, origin: string, data: any, ports: any[]}} event */
  #heard({ source, origin, data, ports }) {
    const { window } = this.env;
    if (source !== window.parent || origin !== this.options.from || !isHandshake(data, "hello-ack")) return;
    if (data.load !== this.#load || this.#channel || this.state !== "waiting") return;
    const isOther = data.protocol !== PREVIEW_PROTOCOL;
    if (!isOther && !ports[0]) return;
    this.env.clearTimeout(this.#timer);
    if (isOther) {
      this.become("refused");
      const message = `the editor speaks version ${data.protocol} of the preview's messages, and this preview version ${PREVIEW_PROTOCOL}: load both modules from one server`;
      this.emit("error", new WeftError("preview_protocol", message));
      return;
    }
    this.#isStale = true;
    this.#channel = new Channel(ports[0], this.env, (message) => this.#received(message), (reason) => (reason === "replaced" ? this.close() : this.#again()));
    this.become("connected");
  }

  /** The page is hidden for good, or in the browser's cache for the back button. */
  #hide() {
    this.#isShown = false;
    this.env.clearTimeout(this.#timer);
    this.#channel?.close();
    this.#channel = null;
    if (this.state === "connected") this.become("waiting");
  }

  #show() {
    if (this.#isShown || this.state === "closed") return;
    this.#isShown = true;
    if (this.state !== "refused") this.#again();
  }

  // --- the connection --------------------------------------------------------------------------

  /** @param {any} message */
  #received(message) {
    switch (message.type) {
      case "UPDATE_CONFIG":
        this.#isStale = false;
        return this.draw(message.data, message.version, null);
      case "PATCH_CONFIG":
        return this.#patch(message);
      case "FOCUS":
        if (hasPointer(message)) this.emit("focus", message.pointer);
    }
  }

  /** @param {{patch: Op[], version: number}} message */
  #patch({ patch, version }) {
    if (this.#isStale) return;
    let value;
    try {
      if (version !== this.version + 1) throw new Error("a message is missing");
      value = apply(this.value, patch);
    } catch {
      this.#isStale = true;
      this.#channel?.send({ type: "resend" });
      return;
    }
    this.draw(value, version, patch);
  }
}
