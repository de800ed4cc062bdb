// Bold, italic and links: a bar at the selection in a rich text, and the keys that users know.

import { completed, targets } from "../editor/targets.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { around, linked, marksOf, toggled } from "./marks.js";
import { float, openPopover } from "./popover.js";

/** @typedef {import("./texts.js").Texts} Texts */
/** @typedef {import("../editor/workspace.js").Workspace} Workspace */
/** A text that is edited: on the page, or in a field. @typedef {Pick<Texts, "isHeld" | "words" | "range" | "select" | "write"> & {now: {node: HTMLElement, kind: import("./sheet.js").TextPlace["kind"]} | null}} Edited */

/** @type {["strong" | "em" | "link", string, string, string][]} */
const MARKS = [
  ["strong", "bold", "Bold", "B"],
  ["em", "italic", "Italic", "I"],
  ["link", "link", "Link", "K"],
];
const COMMAND = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl+";
const MOST = 100; // suggestions of a link

export class FormatBar {
  /** @param {Texts} texts @param {Workspace} workspace */
  constructor(texts, workspace) {
    this.texts = texts;
    this.workspace = workspace;
    this.buttons = MARKS.map(([kind, shape, words, key]) =>
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": words,
          title: `${words} (${COMMAND}${key})`,
          onclick: () => this.apply(kind),
        },
        icon(shape),
      ),
    );
    this.bar = h(
      "div",
      { class: "format", role: "toolbar", "aria-label": "Format", hidden: true },
      ...this.buttons,
    );
    // The text keeps the focus and the selection.
    this.bar.addEventListener("pointerdown", (event) => event.preventDefault());
    this.bar.addEventListener("mousedown", (event) => event.preventDefault());
    document.body.append(this.bar);
    document.addEventListener("selectionchange", () => this.draw());
    workspace.on("editing", () => this.draw());
    for (const name of ["scroll", "resize"])
      addEventListener(name, () => this.bar.hidden || this.draw(), { capture: true });
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  draw() {
    const { texts, bar } = this;
    const range = isRich(texts) && !texts.isHeld ? texts.range : null;
    bar.hidden = !range || range.start === range.end;
    if (!range || bar.hidden || !texts.now) return;
    const marks = marksOf(texts.words, texts.now.kind, range.start, range.end);
    MARKS.forEach(([kind], index) =>
      change(this.buttons[index], {
        "aria-pressed": String(marks[kind] === true || typeof marks[kind] === "string"),
      }),
    );
    // A phone shows its own tools above the selection.
    float(bar, selected(), !matchMedia("(pointer: coarse)").matches);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { ctrlKey, metaKey, altKey, shiftKey, isComposing } = event;
    const target = /** @type {any} */ (event.target);
    if (!(ctrlKey || metaKey) || altKey || shiftKey || isComposing) return;
    const found = MARKS.find(([, , , key]) => key === event.key.toUpperCase());
    const isField = target.dataset.rich !== undefined && !target.readOnly;
    if (!found || !(isField || this.texts.now?.node.contains(target))) return;
    event.preventDefault();
    event.stopPropagation();
    this.apply(found[0], isField ? inField(target) : this.texts);
  }

  /** @param {"strong" | "em" | "link"} kind @param {Edited} [texts] */
  apply(kind, texts = this.texts) {
    const { now, words, range } = texts;
    if (!now || !range || !isRich(texts)) return;
    let { start, end } = range;
    // Without a selection, the word around the caret is meant.
    if (start === end) [start, end] = around(words, now.kind, start);
    if (start === end) return;
    if (kind === "link") return this.#link(texts, start, end);
    const made = toggled(words, now.kind, start, end, kind);
    if (made)
      texts.write(made.words, range.start === range.end ? moved(range.start, start, made.start) : made);
    this.draw();
  }

  /** Ask for the address of a link. @param {Edited} texts @param {number} start @param {number} end */
  #link(texts, start, end) {
    const { now } = texts;
    let { words } = texts;
    if (!now) return;
    // Another person may type before the selection, while the question is open.
    const follow = () => {
      const place = (/** @type {number} */ at) =>
        texts.words.startsWith(words.slice(0, at)) ? at : Math.max(0, at + texts.words.length - words.length);
      [start, end] = [place(start), place(end)];
      words = texts.words;
    };
    const stop = this.workspace.on("value", follow);
    const old = marksOf(words, now.kind, start, end).link;
    const rect = selected() ?? now.node.getBoundingClientRect();
    const field = h("input", {
      value: old ?? "",
      placeholder: "https://… or a place on this page",
      "aria-label": "Address",
      autocomplete: "off",
      spellcheck: "false",
    });
    const wrong = h(
      "p",
      { class: "wrong", role: "alert", hidden: true },
      "A link needs an address such as https://example.com, /about or #contact.",
    );
    const list = h("div", { class: "choices" });
    /** @param {string | null} address */
    const done = (address) => {
      follow();
      const made = linked(words, now.kind, start, end, address);
      close();
      if (made) texts.write(made.words, made);
    };
    const form = h(
      "form",
      {
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          const address = completed(field.value);
          if (!address && old !== null && !field.value.trim()) return done(null);
          wrong.hidden = Boolean(address);
          if (address) done(address);
        },
      },
      h("div", { class: "line" }, field, h("button", { class: "primary" }, "Apply")),
      wrong,
      list,
      old !== null &&
        h("button", { type: "button", class: "danger", onclick: () => done(null) }, "Remove the link"),
    );
    const suggest = () => {
      const wanted = field.value.trim().toLowerCase();
      const all = targets(this.workspace).filter(
        ({ words: name, address }) => wanted === old || `${name} ${address}`.toLowerCase().includes(wanted),
      );
      list.replaceChildren(
        ...all
          .slice(0, MOST)
          .map(({ words: name, address }) =>
            h(
              "button",
              { type: "button", onclick: () => done(address) },
              h("span", {}, name),
              h("small", {}, address),
            ),
          ),
      );
    };
    field.addEventListener("input", suggest);
    suggest();
    texts.isHeld = true;
    this.bar.hidden = true;
    const shown = mark();
    const close = openPopover(() => rect, {
      label: "Link",
      body: [form],
      onClose: () => {
        shown();
        stop();
        texts.isHeld = false;
        follow();
        texts.select({ start, end });
      },
    });
    field.select();
  }
}

/** Whether a text may have marks. @param {Edited} texts */
function isRich({ now }) {
  return now !== null && now.kind !== "plain";
}

/** A rich text in a field beside the page. @param {HTMLTextAreaElement} node @returns {Edited} */
function inField(node) {
  const select = (/** @type {any} */ { start, end }) => {
    node.focus();
    node.setSelectionRange(start, end);
  };
  return {
    now: { node, kind: "lines" },
    isHeld: false,
    get words() {
      return node.value;
    },
    range: { start: node.selectionStart, end: node.selectionEnd },
    select,
    write(words, range) {
      node.value = words;
      select({ start: words.length, end: words.length });
      node.dispatchEvent(new Event("input", { bubbles: true })); // the SDK's binding makes the change
      select(range);
    },
  };
}

/** The rectangle of the selection in the window. */
function selected() {
  const selection = document.getSelection();
  const rect = selection?.rangeCount ? selection.getRangeAt(0).getBoundingClientRect() : undefined;
  return rect && (rect.width || rect.height) ? rect : undefined;
}

/** A caret that moves with the marks before it. @param {number} caret @param {number} start @param {number} now */
function moved(caret, start, now) {
  const at = Math.max(0, caret + now - start);
  return { start: at, end: at };
}

/** Show the selection while another element has the focus. Return what ends it. */
function mark() {
  const selection = document.getSelection();
  const { highlights } = /** @type {any} */ (CSS);
  if (!highlights || !selection?.rangeCount) return () => {};
  const Highlight = /** @type {any} */ (window).Highlight;
  highlights.set("weft-link", new Highlight(selection.getRangeAt(0).cloneRange()));
  return () => void highlights.delete("weft-link");
}
