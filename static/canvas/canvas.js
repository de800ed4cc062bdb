// The page itself, live, in the document of the editor.

import { show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { nodeAt, pointerOf } from "../page/places.js";
import { h } from "../ui/elements.js";

export class Canvas {
  /** @param {HTMLElement} stage @param {import("../editor/commands.js").Parts} parts */
  constructor(stage, { workspace, document: name }) {
    this.workspace = workspace;
    this.holder = stage.appendChild(h("div", { class: "sheet" }));
    const publicUrl = document.querySelector('meta[name="weft-public-url"]')?.getAttribute("content") ?? "";
    this.renderer = new PageRenderer({
      base: `/preview/${name}`,
      publicUrl,
      isCanvas: true,
      onError: (error) => console.error(error),
    });
    this.sheet = new CSSStyleSheet();
    this.style = "";
    document.adoptedStyleSheets.push(this.sheet);
    this.isDue = false;
    workspace.nodeAt = (pointer) => this.nodeAt(pointer);
    this.holder.addEventListener("click", (event) => this.clicked(event));
    for (const name of ["value", "shown"]) workspace.on(name, () => this.draw());
    workspace.nodeOf = (id) => {
      const found = workspace.sectionAt(id);
      return found && found.section.hidden !== true ? this.nodeAt(found.at) : null;
    };
    this.drawNow();
  }

  /** Draw at the next frame of the screen. */
  draw() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.drawNow();
    });
  }

  drawNow() {
    const made = this.renderer.render(this.workspace.value, this.workspace.key);
    if (!made) return;
    show(this.holder, made.root);
    if (made.style !== this.style) this.sheet.replaceSync((this.style = made.style));
    this.workspace.emit("drawn");
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("a, button, summary")) event.preventDefault();
    const pointer = pointerOf(target, this.renderer.pointers);
    const found =
      pointer === null
        ? undefined
        : this.workspace.sections.find(({ id }) =>
            `${pointer}/`.startsWith(`${this.workspace.sectionAt(id)?.at}/`),
          );
    this.workspace.select(found?.id ?? null, found ? pointer : null);
  }

  /** The element of a pointer on the canvas. @param {string} pointer */
  nodeAt(pointer) {
    return nodeAt(this.holder, pointer, this.renderer.pointers);
  }
}
