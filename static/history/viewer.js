// Draws the page as it was, in a shadow tree: the styles of its version touch no other page.
//
// With an earlier value, it marks what differs: words in the texts, frames around sections, and the
// sections that are gone in their old places. A section that cannot be marked is shown without marks.

import { lasting, placeInside, placeWords } from "../editor/place_words.js";
import { elementOf, show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { nodeAt, pointerOf } from "../page/places.js";
import { h } from "../ui/elements.js";
import { compared } from "./compare.js";
import { markText } from "./marks.js";

/** @typedef {import("./compare.js").Part} Part */
/** @typedef {{place: string, node: HTMLElement, gone?: boolean}} Spot a place that one can ask about: who wrote it? */
/** @typedef {{part: Part, node: HTMLElement, notes: string[]}} Framed a section that differs */
/** @typedef {{after: any, before: any, key: string, every?: boolean}} Shown `before` is null when nothing is compared; with `every`, the keyboard reaches all texts */

// The selector is stronger than those of `canvas.css`, which protects a page from the tool.
const MARKS = `:is(.weft-page, #weft#weft#weft#weft) {
  & :is(ins, del) { padding: 0 .1em; border-radius: 3px; color: inherit; background: #2da44e38; text-decoration: underline #1a7f37 .08em; text-underline-offset: .14em }
  & del { background: #e5534b38; text-decoration: line-through #cf222e .1em; white-space: pre-line }
  & del::after { content: "\\200b" }
  & del:has(+ ins) { margin-inline-end: .15em }
  & mark { color: inherit; background: #2da44e24; text-decoration: underline dashed #1a7f37 .08em; text-underline-offset: .14em }
  & [data-spot] { cursor: help; border-radius: 4px }
  & [data-asks] { text-decoration: underline dotted #3b6fe0 1px; text-underline-offset: .2em }
  & [data-spot]:is(:hover, :focus) { outline: 2px solid #3b6fe0; outline-offset: 3px }
  & [data-picture] { outline: 3px dashed #2da44e; outline-offset: 4px }
  & [data-gone] { opacity: .55; filter: grayscale(.6) }
  & [data-failed] { padding: 24px; border: 1px dashed; border-radius: 10px; text-align: center }
}`;

const shared = new CSSStyleSheet();
const marks = new CSSStyleSheet();
/** @type {Promise<void> | undefined} */
let styled;

export class Viewer {
  /** @type {Framed[]} in the order of the page */
  framed = [];
  /** Where the document differs outside the sections of the page. @type {string[]} */
  elsewhere = [];
  /** @type {Map<Element, Spot>} */
  spots = new Map();
  width = 1280;
  #sheet = new CSSStyleSheet();

  /** @param {HTMLElement} stage what scrolls @param {HTMLElement} board what holds the page @param {import("../editor/commands.js").Parts} parts */
  constructor(stage, board, { document: name }) {
    this.stage = stage;
    this.base = `/preview/${name}`;
    this.host = board.appendChild(h("div", { class: "sheet" }));
    this.root = this.host.attachShadow({ mode: "open" });
    this.root.adoptedStyleSheets = [shared, marks, this.#sheet];
    this.holder = h("div");
    styled ??= fetch(new URL("../page/canvas.css", import.meta.url))
      .then((answer) => answer.text())
      .then((css) => (shared.replaceSync(css), marks.replaceSync(MARKS)))
      .catch(() => void (styled = undefined));
    // The page is only shown: its links lead nowhere, and its forms take nothing.
    this.root.addEventListener("click", (event) => event.preventDefault());
  }

  /** @param {number} [width] of the device */
  resize(width = this.width) {
    this.width = width;
    const isPhone = matchMedia("(max-width: 900px)").matches;
    this.host.style.width = isPhone ? "100%" : `${width}px`;
    this.host.style.zoom = isPhone ? "1" : `${Math.min(1, (this.stage.clientWidth - 64) / width)}`;
  }

  /** Draw a version. @param {Shown} shown */
  async draw({ after, before, key, every = false }) {
    await styled;
    const focused = this.spots.get(/** @type {Element} */ (this.root.activeElement))?.place;
    const [drawn, rules] = this.#drawn(after, key);
    this.spots.clear();
    this.framed = [];
    this.elsewhere = [];
    this.holder.replaceChildren(...drawn.holder.childNodes);
    this.root.replaceChildren(this.holder);
    const extra = before === null ? "" : this.#compare(before, after, key, drawn);
    this.#sheet.replaceSync(rules + extra);
    for (const [place, nodes] of this.#texts(drawn, after, this.holder))
      if (!this.spots.has(nodes[0])) this.#spot(nodes, place, every ? "asks" : "");
    for (const node of this.holder.querySelectorAll("[data-failed]:empty"))
      node.textContent = "This section cannot be shown";
    const again = focused && [...this.spots.values()].find(({ place }) => place === focused);
    if (again) again.node.focus({ preventScroll: true });
    return drawn.isThere;
  }

  /** @param {any} value @param {string} key of a page @returns {[{holder: HTMLElement, renderer: any, isThere: boolean}, string]} */
  #drawn(value, key) {
    const publicUrl = document.querySelector('meta[name="weft-public-url"]')?.getAttribute("content") ?? "";
    const renderer = new PageRenderer({
      ...{ base: this.base, publicUrl, isCanvas: true },
      // As on the canvas: links and fields are still.
      emptyWords: () => "",
    });
    const made = renderer.render(value, "", key);
    const holder = h("div");
    if (made) show(holder, made.root);
    return [{ holder, renderer, isThere: made !== null }, made?.style ?? ""];
  }

  /** @param {any} before @param {any} after @param {string} key @param {{renderer: any}} drawn @returns {string} the rules of the sections that are gone */
  #compare(before, after, key, drawn) {
    const { parts, elsewhere } = compared(before, after);
    const [old] = this.#drawn(before, key);
    const others = parts.filter(({ page }) => page !== key).map(({ pointer }) => placeWords(after, pointer));
    this.elsewhere = [...new Set([...elsewhere.map(({ words }) => words), ...others])];
    let rules = "";
    for (const part of parts.filter(({ page }) => page === key)) {
      try {
        const isGone = part.kind === "removed" || part.kind === "hidden";
        const node = isGone ? this.#ghost(part, old.holder) : this.section(this.holder, part.id);
        if (!node) {
          this.elsewhere.push(part.name);
          continue;
        }
        if (isGone) rules += ruleOf(old.renderer, elementOf(node)?.key);
        const notes = isGone ? [] : this.#markSection(part, node, { before, after, drawn, old });
        this.framed.push({ part, node, notes });
      } catch (error) {
        console.error(error);
      }
    }
    this.framed.sort((one, other) =>
      one.node.compareDocumentPosition(other.node) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1,
    );
    return rules;
  }

  /** Mark what differs inside a section. Return words for what shows no mark. @param {Part} part @param {HTMLElement} node @param {{before: any, after: any, drawn: any, old: any}} versions */
  #markSection({ id, kind, places }, node, { before, after, drawn, old }) {
    const texts = this.#texts(drawn, after, node);
    const oldNode = this.section(old.holder, id);
    const oldTexts = oldNode ? this.#texts(old, before, oldNode) : new Map();
    const isNew = kind === "added" || kind === "shown";
    /** @type {string[]} */
    const notes = [];
    for (const [place, nodes] of texts) {
      const styles = isNew ? [] : markText(nodes, oldTexts.get(place) ?? []);
      if (!styles) continue;
      notes.push(...styles);
      this.#spot(nodes, place, "differs");
    }
    for (const each of places) {
      const place = lasting(each.kind === "removed" ? before : after, each.pointer);
      if (texts.has(place)) continue;
      const shown = /** @type {HTMLElement | null} */ (
        nodeAt(this.holder, each.pointer, drawn.renderer.pointers)
      );
      if (shown?.tagName === "IMG") {
        shown.dataset.picture = "";
        this.#spot([shown], lasting(after, each.pointer), "differs");
      }
      notes.push(placeInside(each.kind === "removed" ? before : after, each.pointer));
    }
    return [...new Set(notes)];
  }

  /** The texts in a part of a page: the elements of each, by its place. @param {{renderer: any}} drawn @param {any} value @param {Element} part */
  #texts({ renderer }, value, part) {
    /** @type {Map<string, HTMLElement[]>} */
    const found = new Map();
    const { pointers } = renderer;
    for (const node of part.querySelectorAll("*")) {
      const pointer = elementOf(node)?.kind && pointerOf(node, pointers);
      if (!pointer) continue;
      const place = lasting(value, pointer);
      found.set(place, [...(found.get(place) ?? []), /** @type {HTMLElement} */ (node)]);
    }
    return found;
  }

  /** @param {HTMLElement[]} nodes @param {string} place @param {"differs" | "asks" | ""} kind what makes it a stop of the keyboard */
  #spot(nodes, place, kind) {
    for (const node of nodes) {
      if (kind === "asks") node.dataset.asks = "";
      node.dataset.spot = "";
      if (kind) node.tabIndex = 0;
      this.spots.set(node, { place, node });
    }
  }

  /** Put a section that is gone where it was. @param {Part} part @param {HTMLElement} old */
  #ghost({ id }, old) {
    const node = this.section(old, id);
    if (!node) return null;
    node.dataset.gone = "";
    node.setAttribute("inert", "");
    const main = this.holder.querySelector("main");
    let place = old.querySelector("footer")?.contains(node) ? main?.lastElementChild : null;
    for (let each = node.previousElementSibling; each && !place; each = each.previousElementSibling)
      place = this.section(this.holder, each.getAttribute("data-section") ?? "");
    while (place?.nextElementSibling?.hasAttribute("data-gone")) place = place.nextElementSibling;
    if (place) place.after(node);
    else main?.prepend(node);
    return main && node;
  }

  /** @param {Element} holder @param {string} id @returns {HTMLElement | null} */
  section(holder, id) {
    return id ? holder.querySelector(`[data-section="${CSS.escape(id)}"]`) : null;
  }

  /** What one can ask about at a node. @param {EventTarget | null | undefined} node @returns {Spot | null} */
  spotOf(node) {
    const element = node instanceof Element ? node.closest("[data-spot]") : null;
    return (element && this.spots.get(element)) ?? null;
  }
}

/** @param {any} renderer @param {string | undefined} key @returns {string} */
function ruleOf(renderer, key) {
  return (key && renderer.known.get(key)?.rule) || "";
}
