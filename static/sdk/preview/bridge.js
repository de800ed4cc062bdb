// The editor's side of a preview: sends the value of a page to an iframe.

import { Channel, PREVIEW_PROTOCOL, handshake, hasPointer, isHandshake } from "./channel.js";
import { WeftError } from "../reports/errors.js";
import { Emitter } from "../reports/events.js";
import { get } from "../patch/patch.js";
import { diff } from "../patch/record.js";

/**
 * @typedef {object} BridgeOptions
 * @property {string} [pointer] the part of the value that the preview gets; by default the whole value
 * @property {number} [maxFps] the most messages with changes per second; by default 60
 * @property {string} [origin] the origin of the preview; by default the origin of the iframe's `src`
 */

const MOST_FPS = 60;

/** A preview. Events: `state`, `focus` (the user points at a part in the preview), `error`. */
export class Bridge extends Emitter {
  /** @type {'waiting' | 'connected' | 'closed'} */
  state = "waiting";
  /** @type {Channel | null} */
  #channel = null;
  /** The newest load of the frame that has an answer. */
  #load = "";
  /** Loads with a reported error. */
  #reported = "";
  #version = 0;
  /** @type {any} the value that the preview has */
  #sent = undefined;
  #isWhole = true; // the next message has the whole value
  #sentAt = -Infinity;
  #fps = MOST_FPS;
  #timer = /** @type {any} */ (null);
  /** @type {string | null | undefined} */
  #focus = undefined;
  /** @type {() => void} removes all listeners */
  #stop;

  /**
   * @param {any} iframe
   * @param {{value: any, subscribe: (pointer: string, listener: () => void) => () => void}} page
   * @param {BridgeOptions} options
   * @param {import("./channel.js").PreviewEnvironment} env
   */
  constructor(iframe, page, options, env) {
    super();
    this.iframe = iframe;
    this.page = page;
    this.options = options;
    this.env = env;
    const heard = (/** @type {any} */ event) => this.#heard(event);
    const leave = () => this.#drop();
    env.window.addEventListener("message", heard);
    env.window.addEventListener("pagehide", leave);
    const stop = page.subscribe(options.pointer ?? "", () => this.#changed());
    this.#stop = () => {
      stop();
      env.window.removeEventListener("message", heard);
      env.window.removeEventListener("pagehide", leave);
    };
  }

  /** Shows a part in the preview. After a reload of the frame, the preview gets it again. @param {string | null} pointer */
  focus(pointer) {
    this.#focus = pointer;
    this.#channel?.send({ type: "FOCUS", pointer });
  }

  /** Ends the preview's connection. The preview keeps the last value. */
  close() {
    if (this.state === "closed") return;
    this.#stop();
    this.#drop();
    this.#become("closed");
  }

  // --- the handshake ---------------------------------------------------------------------------

  /** @param {{source: any, origin: string, data: any}} event */
  #heard({ source, origin, data }) {
    if (source !== this.iframe.contentWindow || !isHandshake(data, "hello")) return;
    const { load } = data;
    if (this.#channel && load === this.#load) return; // it has its port already
    const wanted = this.#origin();
    if (origin !== wanted) {
      this.#report("preview_origin", `${origin} ${load}`, `the preview has the origin '${origin}', and '${wanted}' is expected: give \`bridgePreview\` the option \`origin\``);
      return;
    }
    const target = origin === "null" ? "*" : origin; // no other name reaches an opaque origin
    if (data.protocol !== PREVIEW_PROTOCOL) {
      source.postMessage(handshake("hello-ack", { load }), target);
      this.#report("preview_protocol", load, `the preview speaks version ${data.protocol} of the preview's messages, and this editor version ${PREVIEW_PROTOCOL}: load both modules from one server`);
      return;
    }
    this.#drop("replaced");
    this.#load = load;
    const { port1, port2 } = new this.env.MessageChannel();
    source.postMessage(handshake("hello-ack", { load }), target, [port2]);
    this.#open(port1, data);
  }

  /** @param {any} port @param {any} hello */
  #open(port, hello) {
    this.#channel = new Channel(port, this.env, (message) => this.#received(message), () => this.#drop());
    this.#fps = Math.min(fps(this.options.maxFps), fps(hello.max_fps));
    this.#isWhole = true;
    this.#sentAt = -Infinity;
    this.#become("connected");
    this.#changed();
    if (this.#focus !== undefined) this.focus(this.#focus);
  }

  /** The origin that the preview must have. A sandboxed frame has the origin 'null'. */
  #origin() {
    const { iframe, env, options } = this;
    if (options.origin) return options.origin;
    if (iframe.hasAttribute("sandbox") && !iframe.sandbox.contains("allow-same-origin")) return "null";
    if (iframe.hasAttribute("srcdoc")) return env.window.location.origin;
    return new URL(iframe.src, env.window.location.href).origin;
  }

  /** @param {string} code @param {string} what @param {string} message */
  #report(code, what, message) {
    if (this.#reported === what) return;
    this.#reported = what;
    this.emit("error", new WeftError(code, message));
  }

  // --- the connection --------------------------------------------------------------------------

  /** The preview may show content of any author. So its messages are not trusted. @param {any} message */
  #received(message) {
    if (message.type === "FOCUS" && hasPointer(message)) this.emit("focus", message.pointer);
    if (message.type === "resend") {
      this.#isWhole = true;
      this.#changed();
    }
  }

  /** @param {string} [reason] */
  #drop(reason) {
    this.env.clearTimeout(this.#timer);
    this.#timer = null;
    this.#channel?.close(reason);
    this.#channel = null;
    if (this.state === "connected") this.#become("waiting");
  }

  /** @param {'waiting' | 'connected' | 'closed'} state */
  #become(state) {
    this.state = state;
    this.emit("state", state);
  }

  /** Sends the newest value now, or when the preview's next frame is due. */
  #changed() {
    if (!this.#channel || this.#timer !== null || this.page.value === undefined) return;
    const { now, setTimeout } = this.env;
    const early = this.#sentAt + 1000 / this.#fps - now();
    if (early <= 0) return this.#send();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#send();
    }, early);
  }

  #send() {
    const value = get(this.page.value, this.options.pointer ?? "") ?? null;
    const patch = this.#isWhole ? [] : diff(this.#sent, value);
    if (!this.#isWhole && !patch.length) return;
    const version = (this.#version += 1);
    this.#channel?.send(this.#isWhole ? { type: "UPDATE_CONFIG", data: value, version } : { type: "PATCH_CONFIG", patch, version });
    this.#isWhole = false;
    this.#sent = value;
    this.#sentAt = this.env.now();
  }
}

/** @param {unknown} wanted */
const fps = (wanted) => (typeof wanted === "number" && wanted > 0 ? Math.min(wanted, MOST_FPS) : MOST_FPS);
