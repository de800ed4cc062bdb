// The frames over the page: of the section under the pointer, and of the selected one with its tools.
//
// They lie beside the page, in the part that scrolls. So they need no measure while it scrolls, and the
// page keeps its own styles. They are measured after layout, by an observer of sizes.

import { nameOf } from "../templates/sections.js";
import { fields, text } from "../page/values.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {import("../editor/commands.js").Parts} Parts */

export class Frames {
  /** @type {string | null} the section under the pointer */
  #hovered = null;
  /** @type {{frame: HTMLElement, around: () => Node | null}[]} */
  #more = [];
  /** @type {(Element | null)[]} the elements that have a frame */
  #nodes = [];
  #seen = new ResizeObserver(() => this.place());

  /** @param {Sheet} sheet @param {Parts} parts */
  constructor(sheet, { workspace, commands }) {
    this.sheet = sheet;
    this.workspace = workspace;
    this.commands = commands;
    this.hover = h("div", { class: "frame hover" }, ...this.#adds(() => this.#hovered));
    this.tools = this.#tools();
    this.selected = h("div", { class: "frame selected" }, this.tools.bar, ...this.#adds(() => this.id));
    this.pictureTools = h("div", { class: "tools", role: "toolbar", "aria-label": "Picture" });
    this.picture = h("div", { class: "frame picture" }, this.pictureTools);
    this.layer = h("div", { class: "frames" }, this.hover, this.selected, this.picture);
    const first = () => workspace.emit("gallery", 0);
    this.empty = h(
      "div",
      { class: "empty-page", hidden: true },
      h("p", {}, "This page has no sections yet."),
      h("button", { type: "button", class: "primary", onclick: first }, icon("add"), "Add the first section"),
    );
    sheet.board.append(this.layer, this.empty);
    const { holder, stage } = sheet;
    holder.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") this.#hover(sheet.idOf(/** @type {Element} */ (event.target)));
    });
    stage.addEventListener("pointerleave", () => this.#hover(null));
    // The tools do not cover what one types.
    holder.addEventListener("input", () => this.layer.classList.add("typing"));
    const showTools = () => this.layer.classList.remove("typing");
    stage.addEventListener("pointermove", showTools);
    workspace.on("selected", showTools);
    sheet.on("after", (moved) => {
      if (moved) this.#nodes = [];
      this.update();
    });
    for (const name of ["selected", "editing", "locks"]) workspace.on(name, () => this.update());
  }

  /** Put another frame around an element of the page. Return what removes it. @param {HTMLElement} frame @param {() => Node | null} around */
  add(frame, around) {
    const made = { frame, around };
    this.#more.push(made);
    this.layer.append(frame);
    this.update();
    return () => {
      this.#more = this.#more.filter((each) => each !== made);
      frame.remove();
      this.update();
    };
  }

  /** The selected section. */
  get id() {
    return this.workspace.selection?.id ?? null;
  }

  /** @param {string | null} id */
  #hover(id) {
    if (id === this.#hovered) return;
    this.#hovered = id;
    this.update();
  }

  /** Buttons at both edges of a section: they open the gallery. @param {() => string | null} idOf */
  #adds(idOf) {
    return ["before", "after"].map((place) =>
      h(
        "button",
        {
          type: "button",
          class: `add ${place}`,
          "aria-label": `Add a section ${place} this one`,
          title: "Add a section",
          onclick: () => {
            const found = this.workspace.sectionAt(idOf() ?? "");
            if (found) this.workspace.emit("gallery", found.index + (place === "after" ? 1 : 0));
          },
        },
        icon("add"),
      ),
    );
  }

  #tools() {
    /** @param {string} words @param {string} shape @param {(id: string) => void} run @param {Record<string, any>} [more] */
    const tool = (words, shape, run, more = {}) =>
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": words,
          title: words,
          ...more,
          onclick: () => this.id !== null && run(this.id),
        },
        icon(shape),
      );
    const { commands, workspace } = this;
    /** @param {string} id @param {number} by */
    const step = (id, by) => {
      commands.step(id, by);
      workspace.select(id, workspace.selection?.pointer, { scroll: true });
    };
    const handle = h("button", { type: "button", class: "quiet handle" }, icon("grip"), h("span"));
    const up = tool("Move up", "arrowUp", (id) => step(id, -1));
    const down = tool("Move down", "arrowDown", (id) => step(id, 1));
    const lock = h("span", { "data-place": "lock" });
    // `pictures.js` gives it what it does.
    const picture = tool("Add a picture", "image", () => {});
    const bar = h(
      "div",
      { class: "tools", role: "toolbar", "aria-label": "Section" },
      handle,
      up,
      down,
      picture,
      tool("Duplicate", "copy", (id) => commands.duplicate(id)),
      tool("Hide", "eyeOff", (id) => commands.toggleHidden(id)),
      tool("Delete", "trash", (id) => commands.remove(id), { class: "quiet delete" }),
      lock,
    );
    return { bar, handle, up, down, picture, lock };
  }

  /** Show the frames of the sections that are under the pointer and selected now. */
  update() {
    const { sheet, workspace, id } = this;
    const found = id === null ? null : workspace.sectionAt(id);
    this.#observe();
    change(this.empty, { hidden: !workspace.canEdit || workspace.sections.length > 0 });
    if (!found || id === null) return;
    const name = nameOf(found.section);
    const last = /** @type {any} */ (workspace.shown).sections.length - 1;
    const canEdit = workspace.canEdit && !workspace.lockedBy(id);
    const { bar, handle, up, down, picture, lock } = this.tools;
    change(handle, {
      "data-handle": id,
      "aria-label": `Move ${name}`,
      title: `Drag to move ${name}`,
      disabled: !canEdit,
    });
    change(/** @type {Element} */ (handle.lastChild), { textContent: name });
    const { type } = found.section;
    const hasPicture = text(fields(fields(found.section, "content"), "image"), "src") !== "";
    change(picture, { hidden: !(type === "gallery" || (type === "hero" && !hasPicture)) });
    change(lock, { "data-section": id });
    for (const button of bar.querySelectorAll("button.quiet"))
      if (!lock.contains(button)) change(button, { disabled: !canEdit });
    change(up, { disabled: !canEdit || found.index === 0 });
    change(down, { disabled: !canEdit || found.index === last });
    change(this.layer, { "data-editing": workspace.canEdit ? null : "no" });
  }

  /** Measure after the next layout, and after each one that changes a size. A letter costs no layout. */
  #observe() {
    const nodes = this.#framed.map(({ node }) => node);
    if (nodes.length === this.#nodes.length && nodes.every((node, index) => node === this.#nodes[index]))
      return;
    this.#nodes = nodes;
    this.#seen.disconnect();
    for (const each of [this.sheet.holder, ...nodes]) if (each) this.#seen.observe(each);
  }

  /** Each frame with the element that it is around. */
  get #framed() {
    const { sheet, workspace, id } = this;
    const pointer = workspace.selection?.pointer;
    const inner = pointer && !workspace.editing ? sheet.nodeAt(pointer) : null;
    const hovered = this.#hovered !== null && this.#hovered !== id ? sheet.section(this.#hovered) : null;
    return [
      { frame: this.hover, node: hovered },
      { frame: this.selected, node: id === null ? null : sheet.section(id) },
      { frame: this.picture, node: inner?.tagName === "IMG" ? inner : null },
      ...this.#more.map(({ frame, around }) => ({ frame, node: /** @type {Element | null} */ (around()) })),
    ];
  }

  /** Put the frames around their elements. */
  place() {
    const origin = this.layer.getBoundingClientRect();
    const boxes = this.#framed.map(({ frame, node }) => ({ frame, box: node?.getBoundingClientRect() }));
    for (const { frame, box } of boxes) {
      frame.hidden = !box;
      if (!box) continue;
      const { style } = frame;
      // The tools in it are sticky, which a transform would mislead.
      style.left = `${box.left - origin.left}px`;
      style.top = `${box.top - origin.top}px`;
      style.width = `${box.width}px`;
      style.height = `${box.height}px`;
    }
    this.workspace.emit("framed");
  }
}
