// Binds a text of the document to an element: both always show the same, and the caret stays.

import { WeftError } from "../reports/errors.js";
import { Emitter } from "../reports/events.js";
import { fieldOf } from "./field.js";
import { get, isContainer, parse, render, toSplice } from "../patch/patch.js";
import { Peers } from "./peers.js";
import { mapping, Place, without } from "../patch/position.js";
import { after } from "../patch/splices.js";
import { typed, wellFormed } from "./typing.js";

/** @typedef {import("../patch/position.js").Via} Via */
/** @typedef {import("../core/values.js").Info} Info */
/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("../people/presence.js").Presence} Presence */
/** @typedef {import("../reports/change.js").Change} Change */
/** @typedef {import("../session/session.js").Session} Session */
/** @typedef {(at: number, isRight?: boolean) => number} Map */

/**
 * What a text needs of its page.
 * @typedef {object} Owner
 * @property {any} value
 * @property {string} mode
 * @property {Presence} presence
 * @property {Session} _session
 * @property {{keep: (what: {path: string, yours: string, theirs: any, message: string}) => void}} _attention
 * @property {(ops: Op[]) => Change} patch
 * @property {(pointer: string, value: any) => Change} set
 * @property {(pointer: string, listener: (value: any, info: Info, via?: any) => void) => () => void} subscribe
 * @property {(name: string, listener: (detail: any) => void) => () => void} on
 * @property {() => Promise<any>} undo
 * @property {() => Promise<any>} redo
 */

const CURSOR_EVERY = 200;

/** Emits `lost` with `{reason: 'missing' | 'removed' | 'type', pointer}`, `found`, and `moved` with the new pointer. */
export class Binding extends Emitter {
  /** Whether the document has no text here now. Then the element is read-only. */
  isLost = false;
  /** @type {string} the text that the element had after the last event */
  #shown;
  /** @type {any} the value of the document at the last event */
  #value;
  #hadText = false;
  #isNew = true; // the element has not shown the text yet
  #isReadOnly = false;
  #isOwn = false; // this binding makes a change just now
  #isComposing = false;
  /** @type {Map[]} from the text at the start of a composition to the newest text */
  #maps = [];
  #told = ""; // the selection that the others know
  #timer = /** @type {any} */ (undefined);
  /** @type {(() => void)[]} */
  #stops = [];

  /** @param {Owner} page @param {string} pointer @param {any} element @param {{carets?: boolean, describe?: (names: string[]) => string}} [options] */
  constructor(page, pointer, element, { carets = true, describe } = {}) {
    super();
    this.page = page;
    this.element = element;
    this.place = new Place(pointer);
    this.field = fieldOf(element);
    this.peers = carets ? new Peers(this.field, describe, (error) => this.emit("error", error)) : null;
    this.#shown = this.field.read();
    const on = (/** @type {EventTarget} */ target, /** @type {Record<string, (event: any) => void>} */ listeners) => {
      for (const [name, listener] of Object.entries(listeners)) {
        target.addEventListener(name, listener);
        this.#stops.push(() => target.removeEventListener(name, listener));
      }
    };
    on(element, {
      beforeinput: (event) => this.#beforeInput(event),
      input: () => this.#isComposing || this.#read(),
      compositionstart: () => (this.#isComposing = true),
      compositionend: () => this.#endComposition(),
      keydown: (event) => this.#key(event),
      focus: () => this.#selected(),
      blur: () => this.#blurred(this.field.isFocused),
    });
    on(element.ownerDocument, { selectionchange: () => this.field.isFocused && this.#selected() });
    this.#stops.push(
      page.subscribe("", (value, info, via) => this.#changed(value, info, via)),
      page.on("status", () => this.#block()),
      page.presence.on("change", () => this.#drawCarets()),
    );
    this.#changed(page.value, { mine: false, kind: "open" });
    this.#block();
  }

  /** The pointer of the text now. It changes when elements of lists move. */
  get pointer() {
    return this.place.find(this.#value) ?? render(this.place.tokens);
  }

  /** Leaves the element with its text. */
  unbind() {
    this.#endComposition();
    this.#blurred();
    for (const stop of this.#stops.splice(0)) stop();
    if (this.#isReadOnly) this.field.block(false);
    this.peers?.end();
  }

  // --- the user's input ------------------------------------------------------------------------

  /** @param {InputEvent} event */
  #beforeInput(event) {
    const { inputType } = event;
    const isUndo = inputType === "historyUndo";
    // A browser that cannot be stopped inserts the text itself. `input` finds it then.
    const insert = this.#isComposing || !event.cancelable ? undefined : this.field.replacement(event);
    const isBlocked = this.#isBlocked && !this.#isComposing;
    if (!isUndo && inputType !== "historyRedo" && insert === undefined && !isBlocked) return;
    event.preventDefault();
    if (/^history/.test(inputType)) return this.#undo(isUndo);
    const selection = this.field.selection;
    if (!insert || isBlocked || !selection) return;
    const { start, end } = selection;
    this.#type(this.#shown.slice(0, start) + insert + this.#shown.slice(end), start + insert.length);
    this.field.reveal();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const letter = key.toLowerCase();
    if (!(ctrlKey || metaKey) || altKey || this.#isComposing) return;
    if (letter !== "z" && !(letter === "y" && ctrlKey && !shiftKey)) return;
    event.preventDefault();
    this.#undo(letter === "z" && !shiftKey);
  }

  /** @param {boolean} isUndo */
  #undo(isUndo) {
    if (this.#isBlocked) return;
    (isUndo ? this.page.undo() : this.page.redo()).catch((error) => this.emit("error", error));
  }

  #endComposition() {
    if (!this.#isComposing) return;
    this.#isComposing = false;
    this.#read();
  }

  /** Makes what the browser changed in the element a change of the document. */
  #read() {
    this.#type(this.field.read(), this.field.selection?.end);
  }

  /** @param {string} now @param {number | undefined} caret */
  #type(now, caret) {
    const { offset, delete: count, insert } = typed(this.#shown, now, caret);
    const text = wellFormed(insert);
    const map = (/** @type {number} */ at, /** @type {boolean} */ isRight) => this.#maps.reduce((each, next) => next(each, isRight), at);
    const start = map(offset, count > 0);
    const end = Math.max(start, map(offset + count, false));
    const isMade = Boolean(count || text) && this.#send(start, end - start, text, now);
    const isInside = caret === undefined || caret <= offset + insert.length;
    const later = isInside ? end : map(caret - insert.length + count, false);
    const at = isMade ? later + text.length - (end - start) : later;
    this.#maps = [];
    this.#display((selection) => ({ ...selection, start: at, end: at }));
    this.#selected();
  }

  /** @param {number} offset @param {number} count @param {string} insert @param {string} now what the user sees */
  #send(offset, count, insert, now) {
    const { pointer: path } = this;
    const isText = typeof get(this.#value, path) === "string";
    this.#isOwn = true;
    try {
      if (this.#text === null) throw new Error("the document has no text here any more");
      if (isText) this.page.patch([{ op: "splice", path, offset, delete: count, insert }]);
      else this.page.set(path, insert);
      return true;
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.page._attention.keep({ path, yours: now, theirs: get(this.#value, path), message });
      return false;
    } finally {
      this.#isOwn = false;
    }
  }

  // --- changes of the document -----------------------------------------------------------------

  /** The text of the document; null when there is none. */
  get #text() {
    const path = this.place.find(this.#value);
    const value = path === null ? null : get(this.#value, path);
    if (typeof value === "string") return value;
    // A member that does not exist yet, or is null, becomes a text when the user types.
    const holder = path ? get(this.#value, parse(path).slice(0, -1)) : null;
    const isOpen = !this.#hadText && isContainer(holder) && !Array.isArray(holder);
    return path !== null && (this.#value === undefined || (isOpen && (value ?? null) === null)) ? "" : null;
  }

  /** @param {any} value @param {Info} info @param {Via} [via] */
  #changed(value, info, via) {
    const was = this.#version;
    this.place.follow(this.#value, value);
    this.#value = value;
    const now = this.#version;
    if (was.path && now.path && now.path !== was.path) queueMicrotask(() => this.emit("moved", now.path));
    if (now.text === was.text && this.isLost === (this.#text === null) && !this.#isNew) return;
    const map = mapping(this.place, was, now, via);
    const splice = toSplice("", was.text, now.text);
    this.peers?.move(map, info.by, splice);
    if (this.#isOwn) return;
    this.#maps.push(map);
    if (this.#isComposing) return;
    this.#isNew = false;
    const isUndo = info.mine && /^(undo|redo)$/.test(info.kind);
    const caret = isUndo && was.text !== now.text ? splice.offset + splice.insert.length : undefined;
    this.#display(({ start, end, isBackward }) => {
      const first = caret ?? map(start, start < end);
      return { start: first, end: caret ?? Math.max(first, map(end)), isBackward };
    });
    this.#maps = [];
    if (!isUndo) this.#movedByServer();
  }

  get #version() {
    return { value: this.#value, path: this.place.find(this.#value), text: this.#text ?? "" };
  }

  /** Shows the text of the document. `move` gives the new selection. @param {(selection: import("./field.js").Selection) => import("./field.js").Selection} move */
  #display(move) {
    const text = this.#text;
    const isLost = text === null;
    this.#hadText ||= text !== null && typeof get(this.#value, this.pointer) === "string";
    if (isLost !== this.isLost) {
      this.isLost = isLost;
      const pointer = this.pointer || undefined;
      const reason = pointer && get(this.#value, pointer) !== undefined ? "type" : this.#hadText ? "removed" : "missing";
      const error = isLost && !this.#hadText && new WeftError("no_text", `there is no text at '${pointer}': the element is read-only until there is one`);
      queueMicrotask(() => {
        if (error) this.page._session.emit("error", error);
        this.emit(isLost ? "lost" : "found", isLost ? { reason, pointer } : { pointer });
      });
      this.#block();
    }
    const shown = text === null ? this.field.read() : this.field.display(text);
    this.#shown = shown;
    const old = this.field.read();
    const selection = this.field.isFocused ? this.field.selection : null;
    const isNew = old !== shown || !this.field.isPlain(shown);
    if (isNew) this.field.write(toSplice("", old, shown), shown);
    if (isNew && selection) this.field.select(move(selection));
    if (isNew) this.#drawCarets();
  }

  get #isBlocked() {
    const { mode, _session: session } = this.page;
    return this.isLost || this.#value === undefined || mode === "read-only" || session.isClosed;
  }

  #block() {
    if (this.#isComposing || this.#isReadOnly === this.#isBlocked) return;
    this.#isReadOnly = this.#isBlocked;
    this.field.block(this.#isReadOnly);
  }

  // --- carets ----------------------------------------------------------------------------------

  /** The caret of the user changed: the others see it soon. */
  #selected() {
    const { presence } = this.page;
    if (!this.field.isFocused) return;
    if (presence.cursor === this.#cursor && this.#told === JSON.stringify(this.field.selection)) return;
    presence.cursor = this.#cursor;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (presence.cursor !== this.#cursor) return;
      this.#told = JSON.stringify(this.field.selection);
      presence.refresh();
    }, CURSOR_EVERY);
  }

  /** The server moves a caret with the changes of others by itself, but not the end of a selection. */
  #movedByServer() {
    const { selection } = this.field;
    const isKnown = this.page.presence.cursor === this.#cursor && !this.#timer;
    if (isKnown && selection?.start === selection?.end) this.#told = JSON.stringify(selection);
  }

  /** @param {boolean} [isAway] whether the user went to another window: the caret stays in the element */
  #blurred(isAway = false) {
    this.#endComposition();
    const { presence } = this.page;
    if (isAway || presence.cursor !== this.#cursor) return;
    presence.cursor = null;
    presence.refresh();
  }

  /** The caret in the value without the changes that wait. */
  #cursor = () => {
    const { frame, own, queue } = this.page._session.core;
    const { selection } = this.field;
    const path = this.place.find(frame.value);
    if (!selection || path === null || this.isLost) return null;
    const map = (/** @type {number} */ at) =>
      without(this.#isComposing ? this.#maps.reduce((each, next) => next(each), Math.min(at, this.#shown.length)) : at, [...own, ...queue], this.pointer);
    const [start, end] = [map(selection.start), map(selection.end)];
    const length = selection.isBackward ? end - start : start - end;
    return { path, offset: selection.isBackward ? start : end, ...(length ? { length } : {}) };
  };

  #drawCarets() {
    const { value } = this.page._session.core.confirmed;
    const path = this.place.find(value);
    const text = path === null ? undefined : get(value, path);
    const pending = toSplice("", typeof text === "string" ? text : "", this.#text ?? "");
    const map = (/** @type {number} */ at) => after(at, pending);
    this.peers?.update(this.page.presence.others, path, map);
    this.peers?.draw(this.#shown);
  }
}
