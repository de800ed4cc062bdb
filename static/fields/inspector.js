// The fields of the selected section. They are made from the page format.

import { isObject, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";
import { h } from "../ui/elements.js";
import { form } from "./form.js";
import { inferred, loadFormat } from "./format.js";
import { Spot } from "./spot.js";
import { typeIcon } from "../ui/type_icons.js";

/** @typedef {import("./field.js").Field} Field */
/** @typedef {import("./format.js").Shape} Shape */

// These fields of the content are about its looks.
const LOOKS = new Set(["columns", "layout"]);

export class Inspector {
  /** @type {Record<string, Shape> | null} */
  types = null;
  /** @type {{id: string, type: string, groups: {part: string[], element: HTMLDetailsElement, form: Field}[]} | null} */
  shown = null;
  /** @type {number | undefined} */
  due;

  /** @param {HTMLElement} holder @param {import("../editor/commands.js").Parts} parts */
  constructor(holder, { workspace }) {
    this.workspace = workspace;
    this.holder = holder;
    this.title = h("h2", {});
    this.head = h("header", { class: "panel-head" }, this.title);
    this.body = h("div", { class: "form" });
    holder.append(this.head, this.body);
    for (const name of ["value", "shown", "status", "locks"]) workspace.on(name, () => this.draw());
    workspace.on("selected", () => {
      this.drawNow();
      this.mark();
    });
    this.drawNow();
    void this.load();
  }

  async load() {
    try {
      this.types = await loadFormat();
    } catch {
      this.types = {}; // without a connection: the texts can be edited
      addEventListener("online", () => void this.load(), { once: true });
    }
    this.close();
    this.drawNow();
    this.mark();
  }

  /** Draw at the next frame of the screen. */
  draw() {
    this.due ??= requestAnimationFrame(() => {
      this.due = undefined;
      this.drawNow();
    });
  }

  drawNow() {
    const { workspace, types } = this;
    const id = workspace.selection?.id;
    const section = id === undefined ? undefined : workspace.sectionAt(id)?.section;
    if (!section || id === undefined) return this.showNothing();
    if (!types) return;
    const type = text(section, "type");
    if (this.shown?.id !== id || this.shown.type !== type) this.open(id, type, section);
    const isBlocked = !workspace.canEdit || workspace.lockedBy(id) !== null;
    for (const { form: each } of this.shown?.groups ?? []) each.update(isBlocked);
  }

  /** @param {string} id @param {string} type @param {import("../page/values.js").Fields} section */
  open(id, type, section) {
    this.close();
    const { workspace, types } = this;
    const known = types?.[type];
    const spot = new Spot(workspace.page, () => {
      const found = workspace.sectionAt(id);
      return found && { at: found.at, value: found.section };
    });
    /** @param {string} name @param {Field} made @param {string[]} part @param {boolean} [open] */
    const group = (name, made, part, open = true) => ({
      part,
      form: made,
      element: h("details", { class: "part", open }, h("summary", {}, name), made.element),
    });
    const groups = known ? this.groups(spot, type, known, group) : [this.generic(spot, section, group)];
    this.shown = { id, type, groups };
    this.title.textContent = nameOf(section);
    this.title.title = known?.description ?? "";
    this.head.replaceChildren(typeIcon(type), this.title);
    this.body.replaceChildren(...groups.map(({ element }) => element));
    this.holder.scrollTop = 0;
  }

  /** @param {Spot} spot @param {string} type @param {Shape} known @param {any} group */
  groups(spot, type, known, group) {
    const { workspace } = this;
    const { content, theme } = known.properties;
    const names = Object.keys(content.properties);
    // `columns` of a footer is a list.
    const looks = names.filter((each) => LOOKS.has(each) && content.properties[each].type !== "array");
    const rest = names.filter((each) => !looks.includes(each));
    const inside = spot.member("content");
    const style = [
      form(inside, content, workspace, { holder: type, names: looks }),
      form(spot.member("theme"), theme, workspace),
    ];
    return [
      group("Content", form(inside, content, workspace, { holder: type, names: rest }), ["content"]),
      group("Style", joined(style), ["content", "theme"]),
      group("Advanced", form(spot, known, workspace, { names: ["hidden", "anchor"] }), [], false),
    ];
  }

  /** The texts of a section of an unknown type. @param {Spot} spot @param {any} section @param {any} group */
  generic(spot, section, group) {
    const hasContent = isObject(section.content);
    const holder = hasContent ? spot.member("content") : spot;
    const made = form(holder, inferred(holder.value), this.workspace, { holder: "" });
    return group("Content", made, hasContent ? ["content"] : []);
  }

  close() {
    for (const { form: each } of this.shown?.groups ?? []) each.end?.();
    this.shown = null;
  }

  showNothing() {
    if (!this.shown && this.body.querySelector(".nothing")) return;
    this.close();
    this.title.textContent = "Fields";
    this.head.replaceChildren(this.title);
    const words = "Select a section, on the page or in the list. Its texts, pictures and looks appear here.";
    this.body.replaceChildren(h("p", { class: "nothing" }, words));
  }

  /** Scroll to the selected field, and mark it. The focus stays where it is. */
  mark() {
    for (const each of this.body.querySelectorAll(".marked")) each.classList.remove("marked");
    const { selection } = this.workspace;
    const at = selection && this.workspace.sectionAt(selection.id)?.at;
    if (!selection?.pointer?.startsWith(`${at}/`) || !this.shown) return;
    const path = selection.pointer.slice(`${at}/`.length).split("/").map(unescaped);
    for (const { part, form: each, element } of this.shown.groups) {
      const inner = path.slice(part.length ? 1 : 0);
      if (part.length && !part.includes(path[0])) continue;
      const found = inner.length ? each.find?.(inner) : null;
      if (!found) continue;
      element.open = true;
      found.classList.add("marked");
      if (!found.contains(document.activeElement)) found.scrollIntoView({ block: "nearest" });
      return;
    }
  }
}

/** @param {string} token */
const unescaped = (token) => token.replaceAll("~1", "/").replaceAll("~0", "~");

/** Two forms as one. @param {Field[]} forms @returns {Field} */
function joined(forms) {
  return {
    element: h("div", {}, ...forms.map((each) => each.element)),
    update: (isBlocked) => forms.forEach((each) => each.update(isBlocked)),
    end: () => forms.forEach((each) => each.end?.()),
    find: (path) => forms.map((each) => each.find?.(path) ?? null).find(Boolean) ?? null,
  };
}
