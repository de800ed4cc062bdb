// The elements that show a text: `Control` is an input or a textarea, `Editable` a contenteditable.
//
// A shown text has as many UTF-16 units as the text of the document. So offsets are the same.

import { WeftError } from "../reports/errors.js";

/** @typedef {import("../patch/splices.js").Splice} Splice */
/** @typedef {{start: number, end: number, isBackward: boolean}} Selection */

/** @param {any} element @returns {Control | Editable} */
export function fieldOf(element) {
  if (typeof element?.selectionStart === "number") return new Control(element);
  if (element?.isContentEditable) return new Editable(element);
  throw new WeftError("bad_options", "`bind` needs an element with a text");
}

export class Control {
  /** @param {HTMLInputElement | HTMLTextAreaElement} element */
  constructor(element) {
    this.element = element;
    this.isLine = element.tagName === "INPUT";
    this.wasReadOnly = element.readOnly;
  }

  read() {
    return this.element.value;
  }

  /** How the element shows a text. A browser removes line breaks from inputs, and CR from textareas. @param {string} text */
  display(text) {
    return text.replace(this.isLine ? /[\r\n]/g : /\r/g, " ");
  }

  /** Whether the element has no other content than this text. @param {string} _text */
  isPlain(_text) {
    return true;
  }

  /** @param {Splice} splice @param {string} _text the text with it */
  write({ offset, delete: count, insert }, _text) {
    this.element.setRangeText(insert, offset, offset + count, "preserve");
  }

  /** @returns {Selection | null} */
  get selection() {
    const { selectionStart: start, selectionEnd: end, selectionDirection } = /** @type {any} */ (this.element);
    return { start, end, isBackward: selectionDirection === "backward" };
  }

  /** @param {Selection} selection */
  select({ start, end, isBackward }) {
    this.element.setSelectionRange(start, end, isBackward ? "backward" : "forward");
  }

  /** Makes the element read-only or not; without an argument, gives it its own state back. @param {boolean} [isBlocked] */
  block(isBlocked) {
    this.element.readOnly = isBlocked || this.wasReadOnly;
  }
}

/** The text lives in one text node. A `br` after it shows the last line when that is empty. */
export class Editable {
  isLine = false;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.wasEditable = element.contentEditable;
    if (!/pre|break/.test(getComputedStyle(element).whiteSpace)) element.style.whiteSpace = "pre-wrap";
    this.block(false);
  }

  read() {
    return walk(this.element).text;
  }

  /** @param {string} text */
  display(text) {
    return text.replace(/\r/g, " ");
  }

  /** @param {string} text */
  isPlain(text) {
    const [node, filler, more] = /** @type {any} */ (this.element.childNodes);
    return (node ? node.data : "") === text && (filler?.nodeName ?? "") === (text.endsWith("\n") ? "BR" : "") && !more;
  }

  /** @param {Splice} splice @param {string} text */
  write({ offset, delete: count, insert }, text) {
    const node = /** @type {any} */ (this.element.firstChild);
    if (offset + count <= node?.length) node.replaceData(offset, count, insert);
    if (!this.isPlain(text)) this.element.replaceChildren(text, ...(text.endsWith("\n") ? [document.createElement("br")] : []));
  }

  /** @returns {Selection | null} */
  get selection() {
    const { anchorNode, anchorOffset, focusNode, focusOffset } = /** @type {Selected} */ (document.getSelection());
    if (!this.element.contains(anchorNode) || !this.element.contains(focusNode)) return null;
    const anchor = walk(this.element, anchorNode, anchorOffset).at;
    const focus = walk(this.element, focusNode, focusOffset).at;
    return { start: Math.min(anchor, focus), end: Math.max(anchor, focus), isBackward: focus < anchor };
  }

  /** @param {Selection} selection */
  select({ start, end, isBackward }) {
    const node = this.element.firstChild ?? this.element;
    const [anchor, focus] = isBackward ? [end, start] : [start, end];
    document.getSelection()?.setBaseAndExtent(node, anchor, node, focus);
  }

  /** @param {boolean} [isBlocked] */
  block(isBlocked) {
    const { element } = this;
    try {
      element.contentEditable = isBlocked ? "false" : isBlocked === undefined ? this.wasEditable : "plaintext-only";
    } catch {
      element.contentEditable = "true"; // an older browser: `walk` reads what it makes
    }
  }
}

/** @typedef {{anchorNode: Node | null, anchorOffset: number, focusNode: Node | null, focusOffset: number}} Selected */

const BLOCK = /^(DIV|H\d|LI|P|PRE|TR)$/;

/**
 * The text of an element as a browser shows its lines, and the offset of a place in it. The last
 * line break shows no line of its own.
 * @param {Node} root
 * @param {Node | null} [node]
 * @param {number} [offset]
 */
function walk(root, node, offset = 0) {
  let text = "";
  let at = 0;
  /** @param {Node} each */
  const visit = (each) => {
    const { nodeName, data = nodeName === "BR" ? "\n" : "" } = /** @type {any} */ (each);
    const endLine = () => {
      if (BLOCK.test(nodeName)) text = text.replace(/[^\n]$/, "$&\n");
    };
    endLine();
    if (each === node) at = text.length + (data ? offset : 0);
    text += data;
    for (const [index, child] of [...each.childNodes].entries()) {
      visit(child);
      if (each === node && index < offset) at = text.length;
    }
    endLine();
  };
  visit(root);
  text = text.replace(/\n$/, "");
  return { text, at: Math.min(at, text.length) };
}
