// The page on the canvas: draws it at most once a frame, at the width of a device, and finds its nodes.

import { elementOf, show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { nodeAt, pointerOf } from "../page/places.js";
import { Emitter } from "../ui/emitter.js";
import { h } from "../ui/elements.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../editor/workspace.js").Workspace} Workspace */
/** @typedef {{node: HTMLElement, pointer: string, kind: import("../page/nodes.js").TextKind}} TextPlace an element that shows a text */

const EDGE = 16; // on each side of the sheet

/** What an empty text shows, by the end of its pointer. @type {Record<string, string>} */
const WORDS = {
  body: "Text",
  subheadline: "Second line",
  label: "Label",
  features: "Point",
  options: "Choice",
};

/** @param {string} at */
function emptyWords(at) {
  const [name, holder] = at.split("/").reverse();
  const key = /^\d+$/.test(name) ? holder : name;
  return WORDS[key] ?? key[0].toUpperCase() + key.slice(1);
}

/** Emits `before` and `after` a drawing; the detail of `after` is whether sections have moved. */
export class Sheet extends Emitter {
  /** While the pointer is down, nothing moves under it. */
  isPressed = false;
  #isDue = false;
  #isWhole = true;
  #style = "";
  #order = "";
  #css = new CSSStyleSheet();
  /** @type {string | null} the section to scroll to after the next drawing */
  #wanted = null;

  /** @param {HTMLElement} stage @param {Workspace} workspace @param {string} name of the document */
  constructor(stage, workspace, name) {
    super();
    this.stage = stage;
    this.workspace = workspace;
    this.holder = h("div", { class: "sheet" });
    this.board = stage.appendChild(h("div", { class: "board" }, this.holder));
    const publicUrl = document.querySelector('meta[name="weft-public-url"]')?.getAttribute("content") ?? "";
    const onError = (/** @type {unknown} */ error, /** @type {any} */ { id }) => {
      const known = [...this.renderer.known.values()].find((each) => each.given.id === id && !each.failed);
      // Without a connection, only the user can have made the change that fails.
      const good = known?.given ?? this.failures.get(id)?.good;
      this.failures.set(id, { error, good: workspace.page.link === "online" ? undefined : good });
      console.error(error);
    };
    this.renderer = new PageRenderer({
      base: `/preview/${name}`,
      publicUrl,
      isCanvas: true,
      emptyWords,
      onError,
    });
    /** Why a section cannot be shown, and its last good value where the user may go back to it, by its id. @type {Map<string, {error: any, good?: import("../page/values.js").Fields}>} */
    this.failures = new Map();
    document.adoptedStyleSheets.push(this.#css);
    for (const each of ["value", "shown"]) workspace.on(each, () => this.draw());
    workspace.on("shown", () => (stage.scrollTop = 0));
    workspace.on("selected", ({ scroll }) => {
      if (scroll) this.#wanted = workspace.selection?.id ?? null;
      this.draw();
    });
    workspace.on("resized", (width) => this.resize(width));
    new ResizeObserver(() => this.resize()).observe(stage);
    this.width = Number(document.body.dataset.width) || 1280;
    this.resize();
  }

  /** Give the sheet exactly the width of the device. It is scaled down where the stage is narrower. */
  resize(width = this.width) {
    this.width = width;
    const { clientWidth } = this.stage;
    const isPhone = matchMedia("(max-width: 900px)").matches;
    const room = clientWidth - 2 * EDGE;
    const scale = isPhone ? 1 : Math.min(1, room / width);
    this.holder.style.width = isPhone ? "100%" : `${width}px`;
    this.holder.style.zoom = `${scale}`;
    this.board.classList.toggle("full", isPhone);
  }

  /** Draw at the next frame of the screen. */
  draw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (!this.isPressed) this.drawNow();
    });
  }

  /** Let go of the page: draw what changed while the pointer was down. */
  release() {
    if (!this.isPressed) return;
    this.isPressed = false;
    this.draw();
  }

  /** Draw the page. When that fails, the old page stays. @param {Element | null} [steady] a node that keeps its place on the screen */
  drawNow(steady = null) {
    const { workspace, renderer, holder } = this;
    const top = steady?.getBoundingClientRect().top ?? 0;
    renderer.selected = workspace.canEdit ? (workspace.selection?.id ?? null) : null;
    this.emit("before");
    try {
      const made = renderer.render(workspace.value, "", workspace.key);
      if (!made) {
        holder.replaceChildren();
        return this.emit("after", true);
      }
      if (!this.#isWhole) holder.replaceChildren();
      this.#isWhole = false;
      show(holder, made.root);
      if (made.style !== this.#style) this.#css.replaceSync((this.#style = made.style));
    } catch (error) {
      console.error(error);
      return void toast("The page cannot be drawn now. What you changed is kept.", { tone: "warning" });
    }
    this.#isWhole = true;
    if (steady?.isConnected) this.stage.scrollTop += steady.getBoundingClientRect().top - top;
    const order = [...renderer.known.keys()].join();
    const isMoved = order !== this.#order;
    this.#order = order;
    this.emit("after", isMoved);
    this.#scroll();
    workspace.emit("drawn", isMoved);
  }

  #scroll() {
    const { selection } = this.workspace;
    const node = this.#wanted !== null && this.section(this.#wanted);
    this.#wanted = null;
    if (!node) return;
    const target = (selection?.pointer && this.nodeAt(selection.pointer)) || node;
    const [box, stage] = [target, this.stage].map((each) => each.getBoundingClientRect());
    if (box.top >= stage.top && box.bottom <= stage.bottom) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const top = this.stage.scrollTop + box.top - stage.top - Math.max(56, (stage.height - box.height) / 2);
    this.stage.scrollTo({ top, behavior: isCalm ? "auto" : "smooth" });
  }

  /** The element of a section. @param {string} id @returns {HTMLElement | null} */
  section(id) {
    return this.holder.querySelector(`[data-section="${CSS.escape(id)}"]`);
  }

  /** The id of the section around a node; null for the header and outside. @param {Element} node @returns {string | null} */
  idOf(node) {
    return node.closest("[data-section]")?.getAttribute("data-section") || null;
  }

  /** The element of a pointer on the canvas. @param {string} pointer */
  nodeAt(pointer) {
    return nodeAt(this.holder, pointer, this.renderer.pointers);
  }

  /** The pointer of what a node shows. @param {Node} node */
  pointerOf(node) {
    return pointerOf(node, this.renderer.pointers);
  }

  /** The text around a node; null when there is none. @param {Node | null} node @returns {TextPlace | null} */
  textAround(node) {
    for (let each = node; each && each !== this.holder; each = each.parentNode) {
      const kind = elementOf(each)?.kind;
      const pointer = kind && this.pointerOf(each);
      if (kind && pointer) return { node: /** @type {HTMLElement} */ (each), pointer, kind };
    }
    return null;
  }

  /** The texts in a part of the page, in order. The paragraphs of one text are one. @param {Element} part @returns {TextPlace[]} */
  textsIn(part) {
    /** @type {Map<string, TextPlace>} */
    const found = new Map();
    for (const node of part.querySelectorAll("*")) {
      const text = elementOf(node)?.kind && this.textAround(node);
      if (text && !found.has(text.pointer)) found.set(text.pointer, text);
    }
    return [...found.values()];
  }

  /** The parts of the page with texts, in order: the header and the sections. */
  get partsOfPage() {
    return [...this.holder.querySelectorAll("header, [data-section]")].filter(
      (each) => each.tagName !== "HEADER" || !each.closest("[data-section]"),
    );
  }
}
