// Draws a page into the document of a preview, and marks the part that the editor points at.

import { show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { nodeAt, pointerOf } from "../page/places.js";
import { WORDS } from "./state_line.js";

export class Drawing {
  /**
   * @param {HTMLElement} holder
   * @param {string} base the path of the site
   * @param {string} publicUrl the server's public origin; '' when it is unknown
   * @param {import("./state_line.js").StateLine} line
   */
  constructor(holder, base, publicUrl, line) {
    this.holder = holder;
    this.line = line;
    this.renderer = new PageRenderer({ base, publicUrl, onError: (error) => console.error(error) });
    this.sheet = new CSSStyleSheet();
    this.style = "";
    document.adoptedStyleSheets.push(this.sheet);
    this.slug = "";
    /** @type {unknown} */
    this.value = undefined;
    this.isDue = false;
    /** @type {string | null} */
    this.pointed = null; // what the editor points at
    this.onFirst = () => {};
  }

  /** Shows a value at the next frame of the screen. @param {unknown} value */
  draw(value) {
    this.value = value;
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.drawNow();
    });
  }

  drawNow() {
    const isFirst = !this.holder.hasChildNodes();
    const made = this.render();
    this.line.tellPage(!made ? WORDS.none : made.failed ? WORDS.failed : "");
    if (!made) return;
    if (made.style !== this.style) this.sheet.replaceSync((this.style = made.style));
    this.mark();
    document.title = made.title || "Preview";
    document.documentElement.lang = made.root.attributes.lang;
    document.documentElement.dir = made.root.attributes.dir ?? "ltr";
    if (isFirst) this.onFirst();
  }

  /** Renders the page into the holder. Without a page, or after an error, the holder stays as it is. */
  render() {
    try {
      const made = this.renderer.render(this.value, this.slug);
      if (made) show(this.holder, made.root);
      return made;
    } catch (error) {
      console.error(error);
      return null;
    }
  }

  /** The JSON Pointer of the value that a node shows. @param {Node} node */
  pointerOf(node) {
    return pointerOf(node, this.renderer.pointers);
  }

  /** Shows a part that the editor points at. @param {string | null} pointer */
  point(pointer) {
    this.pointed = pointer;
    this.mark()?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  /** Marks the part that the editor points at. A change may have made its node again. */
  mark() {
    const node = this.pointed === null ? null : nodeAt(this.holder, this.pointed, this.renderer.pointers);
    for (const each of document.querySelectorAll(".weft-focus"))
      if (each !== node) each.classList.remove("weft-focus");
    node?.classList.add("weft-focus");
    return node;
  }
}
