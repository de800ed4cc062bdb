// The elements that show a text: `Control` is an input or a textarea, `Editable` a contenteditable.
//
// A shown text has as many UTF-16 units as the text of the document. So offsets are the same.

import { WeftError } from "../reports/errors.js";

/** @typedef {import("../patch/splices.js").Splice} Splice */
/** @typedef {{start: number, end: number, isBackward: boolean}} Selection */

/** @param {any} element @returns {Control | Editable} */
export function fieldOf(element) {
  if (/^(INPUT|TEXTAREA)$/.test(element?.tagName) && typeof element.selectionStart === "number") return new Control(element);
  if (element?.isContentEditable) return new Editable(element);
  throw new WeftError("bad_options", "`bind` needs a textarea, a contenteditable, or an input of the type text, search, url, tel or password");
}

/** What both kinds have in common. */
class Field {
  isLine = false;

  /** @param {any} element */
  constructor(element) {
    this.element = element;
  }

  /** How the element shows a text. A browser removes line breaks from inputs, and CR from textareas. @param {string} text */
  display(text) {
    return this.isLine ? text.replace(/[\r\n]/g, " ") : lines(text);
  }

  /** @returns {Selection | null} */
  get selection() {
    return null;
  }

  get isFocused() {
    const { element } = this;
    return this.selection !== null && element.contains(element.getRootNode().activeElement);
  }

  /** Changes the element, and leaves it scrolled as it is. @param {() => void} change */
  still(change) {
    const { scrollTop, scrollLeft } = this.element;
    change();
    Object.assign(this.element, { scrollTop, scrollLeft });
  }
}

export class Control extends Field {
  /** @param {HTMLInputElement | HTMLTextAreaElement} element */
  constructor(element) {
    super(element);
    this.wasReadOnly = element.readOnly;
    this.isLine = element.tagName === "INPUT";
  }

  read() {
    return this.element.value;
  }

  /** @param {Splice} splice @param {string} text the text with it */
  write({ offset, delete: count, insert }, text) {
    const { element } = this;
    this.still(() => {
      element.setRangeText(insert, offset, offset + count, "preserve");
      if (element.value !== text) element.value = text;
    });
  }

  /** @returns {Selection | null} */
  get selection() {
    const { selectionStart, selectionEnd, selectionDirection } = this.element;
    if (selectionStart === null || selectionEnd === null) return null;
    return { start: selectionStart, end: selectionEnd, isBackward: selectionDirection === "backward" };
  }

  /** @param {Selection} selection */
  select({ start, end, isBackward }) {
    this.still(() => this.element.setSelectionRange(start, end, isBackward ? "backward" : "forward"));
  }

  /** @param {boolean} isBlocked */
  block(isBlocked) {
    this.element.readOnly = isBlocked || this.wasReadOnly;
    this.element.ariaReadOnly = isBlocked ? "true" : null;
  }

  /** The text that the binding inserts for an input, instead of the browser. @param {InputEvent} _event @returns {string | undefined} */
  replacement(_event) {
    return undefined;
  }

  /** Whether the element has no other content than this text. @param {string} _text */
  isPlain(_text) {
    return true;
  }

  reveal() {}
}

/** The text lives in one text node. A `br` after it shows the last line when that is empty. */
export class Editable extends Field {
  /** @param {HTMLElement} element */
  constructor(element) {
    super(element);
    this.wasEditable = element.contentEditable;
    const { whiteSpace } = getComputedStyle(element);
    if (!/pre|break/.test(whiteSpace)) element.style.whiteSpace = "pre-wrap";
  }

  read() {
    return walk(this.element).text;
  }

  /** @param {string} text */
  isPlain(text) {
    const [node, filler, ...more] = /** @type {any} */ (this.element.childNodes);
    if (!text) return !node;
    return node?.data === text && !more.length && (text.endsWith("\n") ? filler?.nodeName === "BR" : !filler);
  }

  /** @param {Splice} splice @param {string} text */
  write({ offset, delete: count, insert }, text) {
    const { element } = this;
    this.still(() => {
      const node = element.firstChild;
      if (node?.nodeType === 3 && node.length - count + insert.length === text.length) node.replaceData(offset, count, insert);
      if (this.isPlain(text)) return;
      const rest = text.endsWith("\n") ? [document.createElement("br")] : [];
      element.replaceChildren(...(text ? [node?.data === text ? node : text] : []), ...rest);
    });
  }

  /** @returns {Selection | null} */
  get selection() {
    const selection = document.getSelection();
    if (!selection?.anchorNode || !selection.focusNode) return null;
    if (![selection.anchorNode, selection.focusNode].every((node) => this.element.contains(node))) return null;
    const anchor = this.#offset(selection.anchorNode, selection.anchorOffset);
    const focus = this.#offset(selection.focusNode, selection.focusOffset);
    return { start: Math.min(anchor, focus), end: Math.max(anchor, focus), isBackward: focus < anchor };
  }

  /** @param {Selection} selection */
  select({ start, end, isBackward }) {
    const node = this.element.firstChild?.nodeType === 3 ? this.element.firstChild : this.element;
    const [anchor, focus] = isBackward ? [end, start] : [start, end];
    const now = /** @type {any} */ (document.getSelection());
    if (now?.anchorNode === node && now.focusNode === node && now.anchorOffset === anchor && now.focusOffset === focus) return;
    now?.setBaseAndExtent(node, anchor, node, focus);
  }

  /** @param {boolean} isBlocked */
  block(isBlocked) {
    this.element.contentEditable = isBlocked ? "false" : this.wasEditable;
    this.element.ariaReadOnly = isBlocked ? "true" : null;
  }

  /** @param {InputEvent} event @returns {string | undefined} */
  replacement({ inputType, data, dataTransfer }) {
    if (/^insert(Paragraph|LineBreak)$/.test(inputType)) return "\n";
    if (/^insertFrom(Paste|Yank)/.test(inputType)) return lines((dataTransfer?.getData("text/plain") ?? data ?? "").replace(/\r\n/g, "\n"));
    return /^(format|insert(Ordered|Unordered|Horizontal|Link))/.test(inputType) ? "" : undefined;
  }

  /** Scrolls the caret into view, as the browser does after its own inputs. */
  reveal() {
    const { element } = this;
    const focus = document.getSelection()?.focusNode;
    const range = document.createRange();
    if (!focus || !element.contains(focus)) return;
    range.setStart(focus, document.getSelection()?.focusOffset ?? 0);
    const caret = [...range.getClientRects()].pop();
    const box = element.getBoundingClientRect();
    if (!caret) return;
    if (caret.bottom > box.bottom) element.scrollTop += caret.bottom - box.bottom;
    else if (caret.top < box.top) element.scrollTop += caret.top - box.top;
    if (caret.bottom > innerHeight) scrollBy(0, caret.bottom - innerHeight);
    else if (caret.top < 0) scrollBy(0, caret.top);
  }

  /** @param {Node} node @param {number} offset */
  #offset(node, offset) {
    return node === this.element.firstChild && node.nodeType === 3 ? offset : walk(this.element, node, offset).at;
  }
}

/** The text with the same number of units, and no CR. @param {string} text */
const lines = (text) => text.replace(/\r(?=\n)/g, " ").replace(/\r/g, "\n");

const BLOCK = /^(ADDRESS|BLOCKQUOTE|DIV|DL|H[1-6]|LI|OL|P|PRE|SECTION|TABLE|TR|UL)$/;

/**
 * The text of an element, as a browser shows its lines, and the offset of a place in it.
 * @param {Node} root
 * @param {Node} [node]
 * @param {number} [offset]
 */
function walk(root, node, offset = 0) {
  let [text, at, isLineBefore, isBreakDue] = ["", -1, false, false];
  const begin = () => {
    if (isBreakDue) text += "\n";
    [isLineBefore, isBreakDue] = [true, false];
  };
  /** @param {Node} parent */
  const visit = (parent) => {
    const children = [...parent.childNodes];
    for (const [index, child] of children.entries()) {
      if (parent === node && index === offset) at = text.length + Number(isBreakDue);
      if (child.nodeType === 3) {
        const { data } = /** @type {Text} */ (child);
        if (data) begin();
        if (child === node) at = text.length + offset;
        text += data;
      } else if (child.nodeName === "BR") {
        begin();
        // The last `br` of a block shows no line of its own.
        if (index < children.length - 1 && !BLOCK.test(children[index + 1].nodeName)) text += "\n";
      } else {
        const isBlock = BLOCK.test(child.nodeName);
        if (isBlock) {
          if (isLineBefore || isBreakDue) text += "\n";
          isLineBefore = isBreakDue = false;
        }
        visit(child);
        if (isBlock) [isBreakDue, isLineBefore] = [isBreakDue || isLineBefore, false];
      }
    }
    if (parent === node && at < 0) at = text.length;
  };
  visit(root);
  return { text, at: at < 0 ? text.length : Math.min(at, text.length) };
}
