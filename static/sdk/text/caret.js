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

const COPIED = [
  ...["direction", "fontFamily", "fontFeatureSettings", "fontKerning", "fontSize", "fontStretch", "fontStyle", "fontVariant", "fontWeight"],
  ...["letterSpacing", "lineHeight", "overflowWrap", "paddingBottom", "paddingLeft", "paddingRight", "paddingTop", "tabSize", "textAlign"],
  ...["textIndent", "textTransform", "unicodeBidi", "wordBreak", "wordSpacing"],
];
const HIDDEN = { position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)", whiteSpace: "nowrap" };
const LABEL = 20; // the most height of a label
let count = 0;

/** @param {Partial<CSSStyleDeclaration>} style @param {string} [text] */
function box(style, text) {
  const made = document.createElement("div");
  Object.assign(made.style, style);
  if (text !== undefined) made.textContent = text;
  return made;
}

export class Carets {
  /** @type {Caret[]} */
  list = [];
  /** @type {HTMLElement | null} */
  #layer = null;
  /** @type {HTMLElement | null} shows the text of a control, to measure it */
  #mirror = null;
  #text = "";
  #names = "";
  #isDue = false;
  /** @type {(() => void)[]} */
  #stops = [];

  /** @param {import("./field.js").Control | import("./field.js").Editable} field @param {(names: string[]) => string} [describe] */
  constructor(field, describe = (names) => `Also here: ${names.join(", ")}`) {
    this.field = field;
    this.element = field.element;
    this.describe = describe;
  }

  /** @param {Caret[]} list @param {string} text the text that the element shows */
  draw(list, text) {
    [this.list, this.#text] = [list, text];
    if (!list.length && !this.#layer) return;
    this.#begin();
    this.#later();
  }

  remove() {
    for (const stop of this.#stops.splice(0)) stop();
    this.#layer?.remove();
    this.#layer = this.#mirror = null;
    this.list = [];
  }

  #begin() {
    if (this.#layer) return;
    const later = () => this.#later();
    const layer = box({ position: "fixed", left: "0", top: "0", width: "0", height: "0", pointerEvents: "none", zIndex: "var(--weft-caret-layer, 2147483000)" });
    const note = box(HIDDEN);
    note.id = `weft-carets-${(count += 1)}`;
    layer.setAttribute("aria-hidden", "true");
    layer.append(note);
    (this.element.closest("dialog, [popover]") ?? document.body).append(layer);
    const before = this.element.getAttribute("aria-describedby");
    this.element.setAttribute("aria-describedby", `${before ?? ""} ${note.id}`.trim());
    const observer = new ResizeObserver(later);
    observer.observe(this.element);
    document.addEventListener("scroll", later, { capture: true, passive: true });
    addEventListener("resize", later);
    this.#stops.push(() => {
      observer.disconnect();
      document.removeEventListener("scroll", later, { capture: true });
      removeEventListener("resize", later);
      if (before === null) this.element.removeAttribute("aria-describedby");
      else this.element.setAttribute("aria-describedby", before);
    });
    this.#layer = layer;
  }

  /** Draws before the next frame. */
  #later() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (this.#layer) this.#paint(this.#layer);
    });
  }

  /** @param {HTMLElement} layer */
  #paint(layer) {
    const names = [...new Set(this.list.map(({ peer }) => peer.name))];
    const note = /** @type {HTMLElement} */ (layer.firstChild);
    if (names.join() !== this.#names) note.textContent = names.length ? this.describe(names) : "";
    this.#names = names.join();
    const rects = this.list.length ? this.#measuring(layer) : null;
    const origin = layer.getBoundingClientRect();
    const frame = this.element.getBoundingClientRect();
    const boxes = this.list.flatMap(({ peer, at, other }) => {
      const color = colorOf(peer);
      const size = this.#text.length;
      const [start, end] = [Math.min(at, other, size), Math.min(Math.max(at, other), size)];
      const place = (/** @type {any} */ { left, top, width, height }, /** @type {any} */ style) =>
        box({ position: "absolute", left: `${left - origin.left}px`, top: `${top - origin.top}px`, width: `${width}px`, height: `${height}px`, ...style });
      const selected = start < end ? rects?.(start, end) ?? [] : [];
      const [caret] = rects?.(Math.min(at, size), Math.min(at, size)) ?? [];
      const isSeen = (/** @type {any} */ { left, top, width, height }) =>
        left + width >= frame.left && left <= frame.right && top + height / 2 >= frame.top && top + height / 2 <= frame.bottom;
      /** @type {HTMLElement[]} */
      const made = selected.filter(isSeen).map((each) => place(each, { background: color, opacity: "var(--weft-selection-opacity, 0.25)" }));
      if (caret && isSeen(caret)) made.push(this.#flag(place(caret, { width: "var(--weft-caret-width, 2px)", background: color }), peer, color, caret.top));
      return made;
    });
    layer.replaceChildren(note, ...(this.#mirror ? [this.#mirror] : []), ...boxes);
  }

  /** @param {HTMLElement} caret @param {Peer} peer @param {string} color @param {number} top of the caret in the window */
  #flag(caret, peer, color, top) {
    caret.dataset.weftCaret = peer.user;
    const isAbove = top > LABEL;
    const style = { position: "absolute", [isAbove ? "bottom" : "top"]: "100%", left: "0", display: "var(--weft-caret-label, block)", font: "var(--weft-caret-font, 11px/1.2 sans-serif)" };
    const look = { padding: "0 3px", whiteSpace: "nowrap", background: "#fff", color: "#000", border: `1px solid ${color}`, borderRadius: "2px" };
    caret.append(box(/** @type {any} */ ({ ...style, ...look }), peer.name));
    return caret;
  }

  /** A function that gives the boxes of a part of the text, in the window. @param {HTMLElement} layer @returns {(start: number, end: number) => any[]} */
  #measuring(layer) {
    const { element } = this;
    // A control has no boxes for its text, and an empty element has none at all.
    const isReflected = "value" in element || !element.firstChild;
    const holder = isReflected ? this.#reflect(layer) : element;
    const shift = { x: 0, y: 0 };
    if (isReflected) {
      const [own, seen] = [holder.getBoundingClientRect(), element.getBoundingClientRect()];
      shift.x = seen.left + element.clientLeft - element.scrollLeft - own.left;
      shift.y = seen.top + element.clientTop - element.scrollTop - own.top;
    }
    const node = holder.firstChild?.nodeType === 3 ? holder.firstChild : null;
    return (start, end) => {
      const range = document.createRange();
      range.setStart(node ?? holder, node ? start : 0);
      range.setEnd(node ?? holder, node ? end : 0);
      const found = [...range.getClientRects()];
      // A collapsed range at the start of a line may have two boxes. The last is on the new line.
      /** @type {{left: number, top: number, width: number, height: number}[]} */
      let boxes = start === end ? found.slice(-1) : found;
      // The last line has no text, but a `br`.
      if (start === end && !boxes.length) boxes = [/** @type {any} */ (holder.lastChild).getBoundingClientRect()];
      return boxes.map(({ left, top, width, height }) => ({ left: left + shift.x, top: top + shift.y, width, height }));
    };
  }

  /** @param {HTMLElement} layer */
  #reflect(layer) {
    const element = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (this.element);
    const style = getComputedStyle(element);
    const isLine = this.field.isLine;
    this.#mirror ??= box({});
    const mirror = this.#mirror;
    for (const name of COPIED) /** @type {any} */ (mirror.style)[name] = /** @type {any} */ (style)[name];
    const size = (/** @type {string} */ name) => parseFloat(/** @type {any} */ (style)[name]) || 0;
    const width = element.clientWidth - size("paddingLeft") - size("paddingRight");
    const height = element.clientHeight - size("paddingTop") - size("paddingBottom");
    Object.assign(mirror.style, { position: "absolute", visibility: "hidden", boxSizing: "content-box", width: `${width}px`, whiteSpace: isLine ? "pre" : "pre-wrap" });
    if (isLine) mirror.style.lineHeight = `${height}px`;
    // The mark at the end gives an empty last line a box.
    const text = `${element.type === "password" ? "•".repeat(this.#text.length) : this.#text}\u200b`;
    if (mirror.textContent !== text) mirror.textContent = text;
    if (mirror.parentNode !== layer) layer.append(mirror);
    return mirror;
  }
}

