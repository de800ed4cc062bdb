// Edits the texts of the page in place. The SDK's binding writes the element, and keeps the caret.

import { toast } from "../ui/toast.js";
import { elementOf } from "../page/dom.js";
import { text } from "../page/values.js";
import { chosen, isLetter, oneLine } from "./chosen.js";
import { offsetIn } from "./source.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {import("./sheet.js").TextPlace} TextPlace */
/** @typedef {{start: number, end: number}} Range in the text of the document */
/** @typedef {Range | "start" | "end" | "all"} Wanted */

export class Texts {
  /** @type {TextPlace | null} the text that is edited */
  now = null;
  /** While something else has the focus for it, such as the address of a link, the editing goes on. */
  isHeld = false;
  /** @type {import("../sdk/text/binding.js").Binding | null} */
  #binding = null;
  /** @type {{pointer: string, range: Range} | null} what the last click chose */
  #clicked = null;
  /** @type {AbortController} */
  #end = new AbortController();

  /** @param {Sheet} sheet @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(sheet, workspace) {
    this.sheet = sheet;
    this.workspace = workspace;
    const { holder } = sheet;
    sheet.on("before", () => (sheet.renderer.edited = this.#binding?.pointer ?? this.now?.pointer ?? null));
    sheet.on("after", () => this.#again());
    holder.addEventListener("pointerdown", () => (sheet.isPressed = true));
    // A menu of the browser, or another window, takes the end of a press.
    addEventListener("blur", () => sheet.release());
    for (const name of ["pointerup", "pointercancel", "contextmenu"])
      addEventListener(name, () => setTimeout(() => sheet.release()), { capture: true });
    holder.addEventListener("click", (event) => this.#click(event));
    holder.addEventListener("dblclick", () => this.#word());
    for (const name of ["auxclick", "dragstart", "submit"])
      holder.addEventListener(name, (event) => event.preventDefault());
    workspace.on("shown", () => this.end());
    workspace.on("locks", () => {
      const id = this.now && this.#sectionOf(this.now.pointer);
      if (id && workspace.lockedBy(id)) this.end();
    });
    workspace.on("selected", () => {
      const id = this.now && this.#sectionOf(this.now.pointer);
      if (this.now && (workspace.selection?.id ?? null) !== id) this.end();
    });
  }

  // --- from a click to a caret -------------------------------------------------------------------

  /** @param {MouseEvent} event */
  #click(event) {
    const { sheet, workspace } = this;
    const target = /** @type {Element} */ (event.target);
    sheet.isPressed = false;
    // The mark of a question opens its answer.
    const isMark = target.tagName === "SUMMARY";
    // A space in a question comes as a click, too.
    if (isMark && !event.detail) return event.preventDefault();
    const pointer = sheet.pointerOf(target);
    const inside = isMark ? [] : sheet.textsIn(target).filter((each) => each.pointer === pointer);
    const found = sheet.textAround(target) ?? inside[0];
    if (!isMark) event.preventDefault();
    if (found && found.pointer === this.now?.pointer) return;
    const id = sheet.idOf(target);
    this.#clicked = null;
    if (found) {
      const range = chosen(sheet, this.#wordsAt(found.pointer), found, event);
      if (this.edit(found.pointer, range, target)) this.#clicked = { pointer: found.pointer, range };
      return;
    }
    this.end();
    workspace.select(id, id === null ? null : pointer);
    sheet.drawNow(target);
    sheet.stage.focus({ preventScroll: true });
  }

  /** The second click of two comes where the first one was, before the marks of the text were shown. */
  #word() {
    if (!this.#clicked || this.#clicked.pointer !== this.now?.pointer) return;
    const words = this.words;
    let { start, end } = this.#clicked.range;
    this.#clicked = null;
    while (start > 0 && isLetter(words[start - 1])) start -= 1;
    while (end < words.length && isLetter(words[end])) end += 1;
    this.select({ start, end });
  }

  // --- one text ----------------------------------------------------------------------------------

  /** Edit a text in place. @param {string} pointer @param {Wanted} wanted @param {Element | null} [steady] keeps its place on the screen @returns {boolean} whether it may be edited */
  edit(pointer, wanted, steady = null) {
    const { sheet, workspace } = this;
    const id = this.#sectionOf(pointer);
    const holder = id === null ? null : workspace.lockedBy(id);
    if (!workspace.canEdit || holder) {
      this.end();
      workspace.select(id, id === null ? null : pointer);
      if (holder) toast(`${holder.name} has locked this section.`);
      return false;
    }
    if (this.now?.pointer !== pointer) {
      this.end();
      this.now = { node: sheet.holder, pointer, kind: "plain" };
      sheet.renderer.memo = {};
      workspace.select(id, id === null ? null : pointer);
      workspace.edit(pointer);
      sheet.drawNow(steady);
      if (!this.#binding) return false;
    }
    this.select(wanted);
    return true;
  }

  /** Leave the text as it is. */
  end() {
    const [binding, now] = [this.#binding, this.now];
    if (!now) return;
    this.now = this.#binding = null;
    this.isHeld = false;
    this.#end.abort();
    binding?.unbind();
    if (now.node !== this.sheet.holder) {
      for (const name of ["contenteditable", "role", "aria-label", "aria-multiline", "style"])
        now.node.removeAttribute(name);
      if (document.activeElement === now.node) now.node.blur();
    }
    this.workspace.edit(null);
    this.sheet.draw();
  }

  /** After a drawing: bind the element of the text, also when it is another one. */
  #again() {
    if (!this.now) return;
    const pointer = this.#binding?.pointer ?? this.now.pointer;
    const node = this.#find();
    if (!node) return this.end();
    if (node === this.now.node) return;
    const range = this.#binding && this.range;
    this.#unbindOld();
    this.#bind(node, pointer);
    if (range) this.select(range);
  }

  #unbindOld() {
    this.#end.abort();
    this.#binding?.unbind();
    this.#binding = null;
  }

  /** @param {HTMLElement} node @param {string} pointer */
  #bind(node, pointer) {
    const kind = elementOf(node)?.kind ?? "plain";
    this.now = { node, pointer, kind };
    this.#end = new AbortController();
    const { signal } = this.#end;
    node.closest("details")?.setAttribute("open", "");
    node.contentEditable = "true"; // the binding makes it plain text
    node.setAttribute("role", "textbox");
    node.setAttribute("aria-label", elementOf(node)?.attributes["data-empty"] || "Text");
    if (kind === "lines") node.setAttribute("aria-multiline", "true");
    const binding = this.workspace.page.text(pointer).bind(node);
    this.#binding = binding;
    binding.on("moved", (to) => this.#moved(to));
    binding.on("lost", () => {
      this.end();
      toast("This text was removed.");
    });
    node.addEventListener("blur", () => this.#blurred(), { signal });
    node.addEventListener("keydown", (event) => this.#key(event), { signal });
    node.addEventListener("beforeinput", (event) => this.#input(event), { signal, capture: true });
  }

  /** @param {string} to */
  #moved(to) {
    if (!this.now) return;
    this.now.pointer = to;
    this.workspace.edit(to);
    this.workspace.select(this.#sectionOf(to), to);
  }

  #blurred() {
    const { now } = this;
    // In another window, the user still has the caret here.
    if (now && !this.isHeld && document.activeElement !== now.node && now.node.isConnected) this.end();
  }

  // --- the selection -----------------------------------------------------------------------------

  /** The text that is edited, as the document has it. */
  get words() {
    return this.now ? this.#wordsAt(this.now.pointer) : "";
  }

  /** What is selected in it; null when the selection is elsewhere. @returns {Range | null} */
  get range() {
    const { anchorNode, anchorOffset, focusNode, focusOffset } = document.getSelection() ?? {};
    const node = this.now?.node;
    if (!node || !anchorNode || !focusNode || !node.contains(anchorNode) || !node.contains(focusNode))
      return null;
    const places = [
      offsetIn(node, anchorNode, anchorOffset ?? 0),
      offsetIn(node, focusNode, focusOffset ?? 0),
    ];
    const size = this.words.length;
    return { start: Math.min(...places, size), end: Math.min(Math.max(...places), size) };
  }

  /** @param {Wanted} wanted */
  select(wanted) {
    const node = this.now?.node;
    if (!node) return;
    if (document.activeElement !== node) node.focus({ preventScroll: typeof wanted === "object" });
    const size = this.words.length;
    const { start, end } =
      typeof wanted === "object"
        ? wanted
        : { start: wanted === "end" ? size : 0, end: wanted === "start" ? 0 : size };
    const inner = node.firstChild ?? node;
    const most = inner.nodeType === Node.TEXT_NODE ? /** @type {Text} */ (inner).length : 0;
    document.getSelection()?.setBaseAndExtent(inner, Math.min(start, most), inner, Math.min(end, most));
  }

  /** Replace the text by one that differs in one place, and select a part of it. @param {string} words @param {Range} range */
  write(words, range) {
    const { now, workspace } = this;
    if (!now) return;
    if (words !== this.words) workspace.page.set(now.pointer, words);
    this.select(range);
  }

  // --- keys ----------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key, shiftKey, isComposing } = event;
    if (isComposing || !this.now) return;
    const isLine = this.now.kind !== "lines";
    if (key === "Escape" || (key === "Enter" && isLine)) {
      event.preventDefault();
      event.stopPropagation();
      this.end();
      this.sheet.stage.focus({ preventScroll: true });
    } else if (key === "Tab" && this.next(shiftKey ? -1 : 1)) event.preventDefault();
  }

  /** A text of one line stays one. @param {InputEvent} event */
  #input(event) {
    if (!this.now || this.now.kind === "lines") return;
    const given = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    if (/^insert(LineBreak|Paragraph)$/.test(event.inputType)) event.preventDefault();
    else if (/^insertFrom/.test(event.inputType) && /[\r\n]/.test(given)) {
      event.preventDefault();
      document.execCommand("insertText", false, oneLine(given));
    }
  }

  /** Edit the next text of the page, or the one before. @param {1 | -1} step */
  next(step) {
    const { now, sheet } = this;
    if (!now) return false;
    const part = now.node.closest("[data-section], header");
    const parts = sheet.partsOfPage;
    let index = part ? parts.indexOf(part) : -1;
    if (!part || index < 0) return false;
    const texts = sheet.textsIn(part);
    const found = texts[texts.findIndex(({ pointer }) => pointer === now.pointer) + step];
    if (found) return this.edit(found.pointer, "all");
    for (index += step; parts[index]; index += step) if (this.enter(parts[index], step)) return true;
    return false;
  }

  /** Edit the first text of a part of the page, or the last. @param {Element} part @param {1 | -1} [step] */
  enter(part, step = 1) {
    const { sheet, workspace } = this;
    const id = sheet.idOf(part);
    if (id !== null) {
      this.end();
      workspace.select(id); // now its empty texts are on the page
      sheet.drawNow();
    }
    const texts = sheet.textsIn((id !== null && sheet.section(id)) || part);
    const found = step > 0 ? texts[0] : texts[texts.length - 1];
    return found ? this.edit(found.pointer, "all") : false;
  }

  // --- helpers -------------------------------------------------------------------------------------

  /** @param {string} pointer */
  #wordsAt(pointer) {
    return this.workspace.page.text(pointer).value;
  }

  /** The element that the renderer leaves to the binding. @returns {HTMLElement | null} */
  #find() {
    const { sheet, now } = this;
    if (now && now.node !== sheet.holder && now.node.isConnected && elementOf(now.node)?.isEdited)
      return now.node;
    // Its section may have no id.
    for (const each of sheet.holder.querySelectorAll("*"))
      if (elementOf(each)?.isEdited) return /** @type {HTMLElement} */ (each);
    return null;
  }

  /** @param {string} pointer @returns {string | null} */
  #sectionOf(pointer) {
    const { sectionsAt, shown } = this.workspace;
    if (!pointer.startsWith(`${sectionsAt}/`)) return null;
    const index = Number(pointer.slice(sectionsAt.length + 1).split("/", 1)[0]);
    const id = text(shown.sections?.[index], "id");
    // A section without an id of its own cannot be selected.
    return this.workspace.sectionAt(id)?.index === index ? id : null;
  }
}
