// Binds a text of the document to an element: both always show the same, and the caret stays.

import { WeftError } from "../reports/errors.js";
import { Emitter } from "../reports/events.js";
import { Carets } from "./caret.js";
import { fieldOf } from "./field.js";
import { get, isContainer, parse, toSplice } from "../patch/patch.js";
import { Place } from "../patch/position.js";
import { compare, mapping, splicesOf } from "../patch/splices.js";
import { typed, wellFormed } from "./typing.js";

/** @typedef {import("../core/values.js").Info} Info */
/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("../patch/splices.js").Splice} Splice */
/** @typedef {import("../people/presence.js").Presence} Presence */
/** @typedef {import("../reports/change.js").Change} Change */
/** @typedef {import("../session/session.js").Session} Session */

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
 * @property {(pointer: string, listener: (value: any, info: Info, ops?: Op[]) => void) => () => void} subscribe
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
  #isReadOnly = false;
  #isOwn = false; // this binding makes a change just now
  #isComposing = false;
  #page;
  #element;
  #place;
  #carets;
  #told = ""; // the selection that the others know
  #timer = /** @type {any} */ (undefined);
  #end = new AbortController();

  /** @param {Owner} page @param {string} pointer @param {any} element @param {{carets?: boolean, describe?: (names: string[]) => string}} [options] */
  constructor(page, pointer, element, { carets = true, describe } = {}) {
    super();
    this.#page = page;
    this.#element = element;
    this.#place = new Place(pointer);
    this.field = fieldOf(element);
    this.#carets = carets ? new Carets(this.field, describe) : null;
    this.#shown = this.field.read();
    const { signal } = this.#end;
    const listeners = {
      beforeinput: (/** @type {InputEvent} */ event) => this.#beforeInput(event),
      input: () => this.#isComposing || this.#read(),
      compositionstart: () => (this.#isComposing = true),
      compositionend: () => this.#endComposition(),
      keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      focus: () => this.#selected(),
      blur: () => this.#blurred(),
    };
    for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener, { signal });
    element.ownerDocument.addEventListener("selectionchange", () => this.#selected(), { signal });
    for (const stop of [
      page.subscribe("", (value, info, ops) => this.#changed(value, info, ops)),
      page.on("status", () => this.#block()),
      page.presence.on("change", () => this.#drawCarets()),
    ]) signal.addEventListener("abort", stop);
    this.#place.follow((this.#value = page.value));
    this.#display();
    this.#block();
  }

  /** The pointer of the text now. It changes when elements of lists move. */
  get pointer() {
    return this.#place.find(this.#value) ?? this.#place.path;
  }

  /** Leaves the element with its text. */
  unbind() {
    this.#endComposition();
    this.#leave();
    this.#end.abort();
    this.field.block();
    this.#element.ariaReadOnly = null;
    this.#carets?.end();
  }

  // --- the user's input ------------------------------------------------------------------------

  /** @param {InputEvent} event */
  #beforeInput(event) {
    const isHistory = /^history/.test(event.inputType);
    if (!isHistory && (this.#isComposing || !this.#isBlocked)) return;
    event.preventDefault();
    if (isHistory) this.#undo(event.inputType === "historyUndo");
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
    (isUndo ? this.#page.undo() : this.#page.redo()).catch((error) => this.emit("error", error));
  }

  #endComposition() {
    if (!this.#isComposing) return;
    this.#isComposing = false;
    this.#read();
  }

  /** Makes what the browser changed in the element a change of the document. */
  #read() {
    const now = this.field.read();
    const { offset, delete: count, insert } = typed(this.#shown, now, this.field.selection?.end);
    const text = wellFormed(insert);
    // The changes of others have waited for the end of a composition.
    const map = mapping(compare(this.#shown, this.#wanted));
    const start = map(offset, count > 0);
    if (count || text) this.#send(start, Math.max(0, map(offset + count) - start), text, now);
    this.#display();
    this.#selected();
  }

  /** @param {number} offset @param {number} count @param {string} insert @param {string} now what the user sees */
  #send(offset, count, insert, now) {
    const { pointer: path } = this;
    const theirs = get(this.#value, path);
    this.#isOwn = true;
    try {
      if (this.#text === null) throw new Error("the text is gone");
      if (typeof theirs === "string") this.#page.patch([{ op: "splice", path, offset, delete: count, insert }]);
      else this.#page.set(path, insert);
    } catch (error) {
      this.#page._attention.keep({ path, yours: now, theirs, message: /** @type {Error} */ (error).message });
    }
    this.#isOwn = false;
  }

  // --- changes of the document -----------------------------------------------------------------

  /** The text of the document; null when there is none. */
  get #text() {
    const path = this.#place.find(this.#value);
    const value = path === null ? null : get(this.#value, path);
    if (typeof value === "string") return value;
    // A member that does not exist yet, or is null, becomes a text when the user types.
    const holder = path ? get(this.#value, parse(path).slice(0, -1)) : null;
    const isOpen = !this.#hadText && isContainer(holder) && !Array.isArray(holder);
    return path !== null && (this.#value === undefined || (isOpen && (value ?? null) === null)) ? "" : null;
  }

  /** The text that the element has to show. */
  get #wanted() {
    return this.#text === null ? this.field.read() : this.field.display(this.#text);
  }

  /** @param {any} value @param {Info} info @param {Op[]} [ops] the operations that made the value, if they are known */
  #changed(value, info, ops = []) {
    const [was, old] = [this.#place.find(this.#value), this.#text];
    this.#place.follow(value);
    this.#value = value;
    const [path, text] = [this.#place.find(value), this.#text];
    if (was && path && path !== was) queueMicrotask(() => this.emit("moved", path));
    if (text === old) return;
    const splices = splicesOf(ops, path, old ?? "", text ?? "");
    this.#carets?.move(splices, info.by);
    if (this.#isOwn || this.#isComposing) return;
    const isUndo = info.mine && /^(undo|redo)$/.test(info.kind);
    this.#display(splices, isUndo);
    // The server moves a caret with the changes of others by itself, but not the end of a selection.
    const { start, end } = this.#selection ?? {};
    if (!isUndo && start === end && !this.#timer) this.#told = JSON.stringify(this.#selection);
  }

  /**
   * Shows the text of the document. The selection moves with the splices, or to the end of the last one.
   * @param {Splice[]} [splices] from the text in the element
   * @param {boolean} [isEnd]
   */
  #display(splices, isEnd) {
    this.#find();
    const [old, text, selection] = [this.field.read(), this.#wanted, this.#selection];
    this.#shown = text;
    if (old !== text || !this.field.isPlain(text)) {
      splices ??= compare(old, text);
      const map = mapping(splices);
      const { scrollTop, scrollLeft } = this.#element;
      this.field.write(toSplice("", old, text), text);
      if (selection) {
        const { start, end, isBackward } = selection;
        const last = splices.at(-1);
        const caret = isEnd && last ? last.offset + last.insert.length : undefined;
        const first = caret ?? map(start, start < end);
        this.field.select({ start: first, end: caret ?? Math.max(first, map(end)), isBackward });
      }
      Object.assign(this.#element, { scrollTop, scrollLeft });
    }
    this.#drawCarets();
  }

  /** Tells the page when there is no text any more, or one again. */
  #find() {
    const isLost = this.#text === null;
    const pointer = this.pointer || undefined;
    const value = pointer && get(this.#value, pointer);
    const had = this.#hadText;
    this.#hadText ||= typeof value === "string";
    if (isLost === this.isLost) return;
    this.isLost = isLost;
    queueMicrotask(() => {
      if (!isLost) return this.emit("found", { pointer });
      if (!had) this.#page._session.emit("error", new WeftError("no_text", `there is no text at '${pointer}': the element is read-only until there is one`));
      this.emit("lost", { reason: value !== undefined ? "type" : had ? "removed" : "missing", pointer });
    });
    this.#block();
  }

  get #isBlocked() {
    const { mode, _session: session } = this.#page;
    return this.isLost || this.#value === undefined || mode === "read-only" || session.isClosed;
  }

  #block() {
    const isBlocked = this.#isBlocked;
    if (this.#isComposing || this.#isReadOnly === isBlocked) return;
    this.#isReadOnly = isBlocked;
    this.field.block(isBlocked);
    this.#element.ariaReadOnly = isBlocked ? "true" : null;
  }

  // --- carets ----------------------------------------------------------------------------------

  /** The selection of the user; null when another element has the focus. */
  get #selection() {
    const element = this.#element;
    return element.contains(element.getRootNode().activeElement) ? this.field.selection : null;
  }

  /** The caret of the user may have changed: the others see it soon. */
  #selected() {
    const { presence } = this.#page;
    const selection = this.#selection;
    if (!selection || (presence.cursor === this.#cursor && this.#told === JSON.stringify(selection))) return;
    presence.cursor = this.#cursor;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (presence.cursor !== this.#cursor) return;
      this.#told = JSON.stringify(this.#selection);
      presence.refresh();
    }, CURSOR_EVERY);
  }

  #blurred() {
    this.#endComposition();
    // In another window, the user still has the caret here.
    if (!this.#selection) this.#leave();
  }

  #leave() {
    const { presence } = this.#page;
    if (presence.cursor !== this.#cursor) return;
    presence.cursor = null;
    presence.refresh();
  }

  /** The caret in the value without the changes that wait. */
  #cursor = () => {
    const { value } = this.#page._session.core.frame;
    const { selection } = this.field;
    const path = this.#place.find(value);
    if (!selection || path === null || this.isLost) return null;
    const map = mapping(compare(this.field.read(), this.field.display(this.#place.textIn(value))));
    const [start, end] = [map(selection.start), map(selection.end)];
    const [offset, other] = selection.isBackward ? [start, end] : [end, start];
    return { path, offset, ...(start < end ? { length: other - offset } : {}) };
  };

  #drawCarets() {
    const { value } = this.#page._session.core.confirmed;
    const map = mapping(compare(this.#place.textIn(value), this.#text ?? ""));
    this.#carets?.update(this.#page.presence.others, this.#place.find(value), map);
    this.#carets?.draw(this.#shown);
  }
}
