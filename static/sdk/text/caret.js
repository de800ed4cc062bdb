// The carets and selections of other users in one text, drawn over its element.

import { mapping } from "../patch/splices.js";

/** @typedef {import("../people/presence.js").Peer} Peer */
/** @typedef {import("../patch/splices.js").Splice} Splice */
/** @typedef {{peer: Peer, state: any, at: number, other: number}} Caret `at` is the caret, `other` the other end of the selection */

/** The colour of a user: their own, or else one made from the name. @param {Peer} peer */
function colorOf({ user, state }) {
  if (typeof state.color === "string" && CSS.supports("color", state.color)) return state.color;
  let hash = 0;
  for (const each of user) hash = (hash * 31 + /** @type {number} */ (each.codePointAt(0))) % 360;
  return `hsl(${hash} 75% 40%)`;
}

/** The properties that decide where the letters of a text are. */
const COPIED = /^(direction|font|letter|line-|overflow-w|padding|tab|text|unicode|word)/;
const LABEL = 20; // the most height of a label

/** @param {string} style @param {string} [text] */
function box(style, text = "") {
  const made = document.createElement("div");
  made.style.cssText = style;
  made.textContent = text;
  return made;
}

export class Carets {
  #field;
  #describe;
  /** @type {Caret[]} */
  list = [];
  #text = "";
  #frame = 0;
  /** @type {AbortController | null} ends the layer */
  #end = null;
  /** @type {any} */
  #layer;
  /** @type {any} screen readers read it with the element */
  #note;
  /** @type {any} shows the text of a control, to measure it */
  #mirror;

  /** @param {import("./field.js").Control | import("./field.js").Editable} field @param {(names: string[]) => string} [describe] */
  constructor(field, describe = (names) => `Also here: ${names.join(", ")}`) {
    this.#field = field;
    this.#describe = describe;
  }

  /** Moves the carets through a change. The caret of its author goes to its end. @param {Splice[]} splices @param {any} by */
  move(splices, by) {
    const map = mapping(splices);
    const last = splices.at(-1);
    for (const caret of this.list) {
      const isAuthor = last && by?.session === caret.peer.session;
      const end = isAuthor && last.offset + last.insert.length;
      [caret.at, caret.other] = [caret.at, caret.other].map((at) => end || map(at));
    }
  }

  /**
   * Takes the carets from the presence. A caret whose state did not change stays where it is.
   * @param {Peer[]} peers
   * @param {string | null} path
   * @param {(at: number) => number} map from the newest text of the server to the shown text
   */
  update(peers, path, map) {
    this.list = peers.flatMap((peer) => {
      const { state } = peer;
      const { path: place, offset, length = 0 } = state?.cursor ?? {};
      if (place !== path || !Number.isInteger(offset + length)) return [];
      const known = this.list.find((each) => each.state === state);
      return [known ?? { peer, state, at: map(offset), other: map(offset + length) }];
    });
  }

  /** @param {string} text the text that the element shows */
  draw(text) {
    this.#text = text;
    if (!this.list.length) return this.#end?.abort();
    if (!this.#end) this.#begin();
    this.#later();
  }

  end() {
    this.list = [];
    this.draw("");
  }

  #begin() {
    const { element } = this.#field;
    const { signal } = (this.#end = new AbortController());
    const later = () => this.#later();
    const observer = new ResizeObserver(later);
    const before = element.getAttribute("aria-describedby") ?? "";
    this.#layer = box("position:fixed;left:0;top:0;pointer-events:none;z-index:var(--weft-caret-layer,2147483000)");
    this.#note = box("display:none");
    this.#mirror = box("");
    this.#note.id = `weft-${Math.random()}`;
    this.#layer.ariaHidden = "true";
    (element.closest("dialog, [popover]") ?? document.body).append(this.#layer);
    element.setAttribute("aria-describedby", `${before} ${this.#note.id}`.trim());
    observer.observe(element);
    for (const name of ["scroll", "resize"]) addEventListener(name, later, { capture: true, signal });
    signal.addEventListener("abort", () => {
      this.#end = null;
      observer.disconnect();
      this.#layer.remove();
      if (before) element.setAttribute("aria-describedby", before);
      else element.removeAttribute("aria-describedby");
    });
  }

  /** Draws before the next frame. */
  #later() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#end && this.#paint());
  }

  #paint() {
    const { element } = this.#field;
    this.#note.textContent = this.#describe([...new Set(this.list.map(({ peer }) => peer.name))]);
    const origin = this.#layer.getBoundingClientRect();
    const frame = element.getBoundingClientRect();
    // A control has no boxes for its text, and an empty element has none at all.
    const holder = "value" in element || !element.textContent ? this.#reflect(frame.left - origin.left, frame.top - origin.top) : element;
    const boxes = this.list.flatMap(({ peer, at, other }) => {
      const color = colorOf(peer);
      /** The boxes of a part that are inside the element. @param {number} start @param {number} end @param {string} style */
      const marks = (start, end, style) => this.#measure(holder, start, end).flatMap(({ left, top, width, height }) => {
        const middle = top + height / 2;
        if (left + width < frame.left || left > frame.right || middle < frame.top || middle > frame.bottom) return [];
        return box(`position:absolute;left:${left - origin.left}px;top:${top - origin.top}px;width:${width}px;height:${height}px;background:${color};${style}`);
      });
      const selection = at !== other ? marks(Math.min(at, other), Math.max(at, other), "opacity:var(--weft-selection-opacity,.25)") : [];
      const carets = marks(at, at, "width:var(--weft-caret-width,2px)");
      for (const mark of carets) {
        mark.dataset.weftCaret = peer.user;
        const place = parseFloat(mark.style.top) > LABEL ? "bottom" : "top";
        mark.append(box(`position:absolute;left:0;${place}:100%;display:var(--weft-caret-label,block);font:var(--weft-caret-font,11px/1.2 sans-serif);padding:0 3px;white-space:nowrap;background:#fff;color:#000;border:1px solid ${color}`, peer.name));
      }
      return [...selection, ...carets];
    });
    this.#layer.replaceChildren(this.#note, this.#mirror, ...boxes);
  }

  /** The boxes of a part of the text, in the window. @param {any} holder @param {number} start @param {number} end @returns {DOMRect[]} */
  #measure(holder, start, end) {
    const range = document.createRange();
    const size = this.#text.length;
    range.setStart(holder.firstChild, Math.min(start, size));
    range.setEnd(holder.firstChild, Math.min(end, size));
    const found = [...range.getClientRects()];
    // A collapsed range at the start of a line may have two boxes. The last is on the new line.
    if (start === end) found.splice(0, found.length - 1);
    // The last line has no text, but a `br`.
    return found.length ? found : [(holder.lastElementChild ?? holder).getBoundingClientRect()];
  }

  /** Shows the text of the element in the layer, at the place where the element shows it. @param {number} left @param {number} top both of the element in the layer */
  #reflect(left, top) {
    const element = /** @type {HTMLInputElement} */ (this.#field.element);
    const mirror = this.#mirror;
    const computed = getComputedStyle(element);
    const copied = [...computed].filter((name) => COPIED.test(name)).map((name) => `${name}:${computed.getPropertyValue(name)};`);
    mirror.style.cssText = `${copied.join("")}position:absolute;visibility:hidden;box-sizing:border-box;left:${left + element.clientLeft - element.scrollLeft}px;top:${top + element.clientTop - element.scrollTop}px;width:${element.clientWidth}px;${this.#field.isLine ? `height:${element.clientHeight}px;align-content:center;white-space:pre` : "white-space:pre-wrap"}`;
    // The mark at the end gives an empty last line a box.
    mirror.textContent = `${element.type === "password" ? "•".repeat(this.#text.length) : this.#text}\u200b`;
    this.#layer.append(mirror);
    return mirror;
  }
}
