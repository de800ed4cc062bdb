// The carets and selections of other users, drawn over an element.

/** @typedef {import("../people/presence.js").Peer} Peer */
/** @typedef {{peer: Peer, state: any, at: number, other: number}} Caret `at` is the caret, `other` the other end of the selection */

/** The colour of a user: their own, or else one made from the name. @param {Peer} peer */
function colorOf({ user, state }) {
  if (typeof state.color === "string" && CSS.supports("color", state.color)) return state.color;
  let hash = 0;
  for (const each of user) hash = (hash * 31 + /** @type {number} */ (each.codePointAt(0))) % 360;
  return `hsl(${hash} 75% 40%)`;
}

/** The properties that decide where the letters of a text are. */
const COPIED = /^(direction|font|letter|line-height|overflow-wrap|padding|tab-size|text|unicode|word)/;
const LABEL = 20; // the most height of a label
let count = 0;

/** @param {string} style @param {string} [text] */
function box(style, text = "") {
  const made = document.createElement("div");
  made.style.cssText = style;
  made.textContent = text;
  return made;
}

export class Carets {
  /** @type {Caret[]} */
  #list = [];
  #text = "";
  #frame = 0;
  /** @type {AbortController | null} ends the layer */
  #end = null;
  #layer = box("position:fixed;left:0;top:0;width:0;height:0;pointer-events:none;z-index:var(--weft-caret-layer,2147483000)");
  #note = box("display:none"); // screen readers read it with the element
  /** shows the text of a control, to measure it */
  #mirror = box("");

  /** @param {import("./field.js").Control | import("./field.js").Editable} field @param {(names: string[]) => string} [describe] */
  constructor(field, describe = (names) => `Also here: ${names.join(", ")}`) {
    this.field = field;
    this.element = field.element;
    this.describe = describe;
    this.#note.id = `weft-carets-${(count += 1)}`;
    this.#layer.ariaHidden = "true";
  }

  /** @param {Caret[]} list @param {string} text the text that the element shows */
  draw(list, text) {
    [this.#list, this.#text] = [list, text];
    if (list.length && !this.#end) this.#begin();
    if (!list.length) this.#end?.abort();
    else this.#later();
  }

  #begin() {
    const { element } = this;
    const { signal } = (this.#end = new AbortController());
    const later = () => this.#later();
    const observer = new ResizeObserver(later);
    const before = element.getAttribute("aria-describedby");
    (element.closest("dialog, [popover]") ?? document.body).append(this.#layer);
    element.setAttribute("aria-describedby", `${before ?? ""} ${this.#note.id}`.trim());
    observer.observe(element);
    document.addEventListener("scroll", later, { capture: true, passive: true, signal });
    addEventListener("resize", later, { signal });
    signal.addEventListener("abort", () => {
      this.#end = null;
      observer.disconnect();
      this.#layer.remove();
      if (before === null) element.removeAttribute("aria-describedby");
      else element.setAttribute("aria-describedby", before);
    });
  }

  /** Draws before the next frame. */
  #later() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#end && this.#paint());
  }

  #paint() {
    const names = this.describe([...new Set(this.#list.map(({ peer }) => peer.name))]);
    if (this.#note.textContent !== names) this.#note.textContent = names;
    const rects = this.#measuring();
    const origin = this.#layer.getBoundingClientRect();
    const frame = this.element.getBoundingClientRect();
    const boxes = this.#list.flatMap(({ peer, at, other }) => {
      const color = colorOf(peer);
      /** The boxes of a part that are inside the element. @param {number} start @param {number} end @param {string} style */
      const marks = (start, end, style) => rects(start, end).flatMap(({ left, top, width, height }) => {
        const middle = top + height / 2;
        if (left + width < frame.left || left > frame.right || middle < frame.top || middle > frame.bottom) return [];
        const mark = box(`position:absolute;left:${left - origin.left}px;top:${top - origin.top}px;width:${width}px;height:${height}px;background:${color};${style}`);
        return [{ mark, top }];
      });
      const [start, end] = at < other ? [at, other] : [other, at];
      const selection = start < end ? marks(start, end, "opacity:var(--weft-selection-opacity,.25)") : [];
      const carets = marks(at, at, "width:var(--weft-caret-width,2px)");
      for (const { mark, top } of carets) {
        mark.dataset.weftCaret = peer.user;
        const place = top > LABEL ? "bottom" : "top";
        mark.append(box(`position:absolute;left:0;${place}:100%;display:var(--weft-caret-label,block);font:var(--weft-caret-font,11px/1.2 sans-serif);padding:0 3px;white-space:nowrap;background:#fff;color:#000;border:1px solid ${color};border-radius:2px`, peer.name));
      }
      return [...selection, ...carets].map(({ mark }) => mark);
    });
    this.#layer.replaceChildren(this.#note, this.#mirror, ...boxes);
  }

  /** A function that gives the boxes of a part of the text, in the window. @returns {(start: number, end: number) => {left: number, top: number, width: number, height: number}[]} */
  #measuring() {
    const { element } = this;
    // A control has no boxes for its text, and an empty element has none at all.
    const isReflected = "value" in element || !element.textContent;
    const holder = isReflected ? this.#reflect() : element;
    let [x, y] = [0, 0];
    if (isReflected) {
      const [own, seen] = [holder.getBoundingClientRect(), element.getBoundingClientRect()];
      x = seen.left + element.clientLeft - element.scrollLeft - own.left;
      y = seen.top + element.clientTop - element.scrollTop - own.top;
    }
    const node = /** @type {Node} */ (holder.firstChild);
    return (start, end) => {
      const range = document.createRange();
      const size = this.#text.length;
      range.setStart(node, Math.min(start, size));
      range.setEnd(node, Math.min(end, size));
      const found = [...range.getClientRects()];
      // A collapsed range at the start of a line may have two boxes. The last is on the new line.
      if (start === end) found.splice(0, found.length - 1);
      // The last line has no text, but a `br`.
      if (!found.length) found.push(/** @type {HTMLElement} */ (holder.lastElementChild ?? holder).getBoundingClientRect());
      return found.map(({ left, top, width, height }) => ({ left: left + x, top: top + y, width, height }));
    };
  }

  #reflect() {
    const element = /** @type {HTMLInputElement} */ (this.element);
    const mirror = this.#mirror;
    const { isLine } = this.field;
    const computed = getComputedStyle(element);
    const copied = [...computed].filter((name) => COPIED.test(name)).map((name) => `${name}:${computed.getPropertyValue(name)};`);
    mirror.style.cssText = `${copied.join("")}position:absolute;visibility:hidden;box-sizing:border-box;width:${element.clientWidth}px;${isLine ? `height:${element.clientHeight}px;align-content:center;white-space:pre` : "white-space:pre-wrap"}`;
    // The mark at the end gives an empty last line a box.
    mirror.textContent = `${element.type === "password" ? "•".repeat(this.#text.length) : this.#text}\u200b`;
    this.#layer.append(mirror);
    return mirror;
  }
}
