// The list of the page's sections: select, move, hide, duplicate and delete them.

import { plain } from "../page/rich_text.js";
import { fields, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { sortable } from "../ui/dragging.js";
import { typeIcon } from "../ui/type_icons.js";

/** @typedef {import("../page/values.js").Fields} Fields */

export class Outline {
  /** @param {HTMLElement} holder @param {import("../editor/commands.js").Parts} parts */
  constructor(holder, { workspace, commands }) {
    this.workspace = workspace;
    this.commands = commands;
    this.list = h("ul", { role: "list", class: "rows" });
    this.empty = h("p", { class: "nothing" }, "This page has no section yet.");
    this.add = h(
      "button",
      { type: "button", class: "add", onclick: () => workspace.emit("gallery") },
      icon("add"),
      "Add section",
    );
    holder.append(
      h("header", { class: "panel-head" }, h("h2", {}, "Sections")),
      this.list,
      this.empty,
      this.add,
    );
    const section = (/** @type {string} */ id) => workspace.sectionAt(id)?.section ?? {};
    const common = {
      canMove: (/** @type {string} */ id) => this.canMove(id),
      nameOf: (/** @type {string} */ id) => nameOf(section(id)),
      drop: (/** @type {string} */ id, /** @type {string | null} */ before) =>
        commands.moveBefore(id, before),
      say: (/** @type {string} */ words) => workspace.announce(words),
    };
    /** @type {() => [string, Element][]} */
    const rows = () => [...this.list.children].map((row) => [/** @type {any} */ (row).dataset.section, row]);
    const stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
    /** @type {() => any} */
    const shown = () =>
      workspace.sections.map(({ id }) => [id, workspace.nodeOf(id)]).filter(([, node]) => node);
    this.sorted = [
      sortable(this.list, { ...common, items: () => new Map(rows()), scroller: holder }),
      sortable(stage, { ...common, items: () => new Map(shown()), scroller: stage }),
    ];
    /** @type {string[]} */
    this.order = [];
    for (const name of ["value", "shown", "selected", "status", "locks"])
      workspace.on(name, () => this.draw());
    workspace.on("value", (info) => this.tell(info));
    workspace.on("drawn", () => this.sorted[1].refresh());
    workspace.on("selected", () => this.reveal());
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("focusin", ({ target }) => this.reach(/** @type {Element} */ (target)));
    this.drawNow();
    this.order = this.ids;
  }

  /** What each row shows. @type {WeakMap<Element, any[]>} */
  shown = new WeakMap();

  get ids() {
    return this.workspace.sections.map(({ id }) => id);
  }

  /** Draw at the next frame of the screen. */
  draw() {
    this.due ??= requestAnimationFrame(() => {
      this.due = undefined;
      this.drawNow();
    });
  }

  /** @type {number | undefined} */
  due;

  drawNow() {
    const { workspace } = this;
    const hadFocus = this.list.contains(document.activeElement);
    keyed(this.list, workspace.sections, {
      key: ({ id }) => id,
      make: (section) => this.row(section.id),
      update: (row, section) => this.update(row, section),
    });
    this.empty.hidden = this.list.childElementCount > 0;
    this.add.disabled = !workspace.canEdit;
    this.reach();
    // The focus of a section that is gone goes to the next one.
    if (hadFocus && !this.list.contains(document.activeElement))
      /** @type {HTMLElement} */ (this.reached?.querySelector(".pick") ?? this.add).focus();
    for (const each of this.sorted) each.refresh();
  }

  /** @param {string} id */
  row(id) {
    const select = () => this.workspace.select(id, null, { scroll: true });
    const more = h("button", { type: "button", class: "quiet more", tabindex: "-1" }, icon("more"));
    menuButton(more, () => this.choices(id));
    return h(
      "li",
      { "data-section": id, "data-drag": id },
      h("button", { type: "button", class: "quiet handle", tabindex: "-1", "data-handle": id }, icon("grip")),
      h(
        "button",
        { type: "button", class: "pick", tabindex: "-1", onclick: select },
        h("span", { class: "picture" }),
        h("span", { class: "words" }, h("b", {}), h("small", {})),
      ),
      h("span", { class: "hidden-mark", title: "Hidden on the page" }, icon("eyeOff")),
      h("span", { "data-place": "people" }),
      h("span", { "data-place": "lock" }),
      more,
    );
  }

  /** @param {HTMLElement} row @param {Fields} section */
  update(row, section) {
    const isSelected = this.workspace.selection?.id === section.id;
    // A section that did not change is the same object.
    const canEdit = this.canMove(section.id);
    const shown = [section, isSelected, canEdit];
    if (this.shown.get(row)?.every((each, at) => each === shown[at])) return;
    this.shown.set(row, shown);
    const name = nameOf(section);
    const isHidden = section.hidden === true;
    const [handle, pick, mark] = /** @type {any} */ (row.children);
    const words = firstWords(section);
    change(handle, { "aria-label": `Move ${name}`, title: `Move ${name}`, disabled: !canEdit });
    change(pick, { "aria-current": isSelected ? "true" : null });
    if (pick.firstChild.dataset.type !== section.type) {
      pick.firstChild.dataset.type = section.type;
      pick.firstChild.replaceChildren(typeIcon(section.type));
    }
    const [title, about] = pick.lastChild.children;
    change(title, { textContent: name });
    change(about, {
      textContent: words + (isHidden ? (words ? ", hidden" : "Hidden") : ""),
      hidden: !words && !isHidden,
    });
    change(mark, { hidden: !isHidden });
    change(row, { "data-hidden": isHidden, "data-selected": isSelected });
    change(/** @type {Element} */ (row.lastChild), { "aria-label": `More for ${name}`, title: "More" });
  }

  /** Whether the user may change a section: another person may have locked it. @param {string} id */
  canMove(id) {
    return this.workspace.canEdit && !this.workspace.lockedBy(id);
  }

  /** @param {string} id */
  choices(id) {
    const { workspace, commands } = this;
    const isHidden = workspace.sectionAt(id)?.section.hidden === true;
    const at = this.ids.indexOf(id);
    const disabled = !this.canMove(id);
    return [
      { words: "Move up", icon: "arrowUp", disabled: disabled || at === 0, run: () => commands.step(id, -1) },
      {
        words: "Move down",
        icon: "arrowDown",
        disabled: disabled || at === this.ids.length - 1,
        run: () => commands.step(id, 1),
      },
      { words: "Duplicate", icon: "copy", disabled, run: () => commands.duplicate(id) },
      {
        words: isHidden ? "Show" : "Hide",
        icon: isHidden ? "eye" : "eyeOff",
        disabled,
        run: () => commands.toggleHidden(id),
      },
      ...workspace.moreChoices(id),
      null,
      { words: "Delete", icon: "trash", isDanger: true, disabled, run: () => commands.remove(id) },
    ];
  }

  /** One row has the stop of the Tab key: the one with the focus, or the selected one. @param {Element} [focused] */
  reach(focused = document.activeElement ?? undefined) {
    const row = focused?.closest("#outline [data-section]");
    const id = this.workspace.selection?.id ?? "";
    const chosen =
      row ??
      this.rowOf(id) ??
      (this.reached?.isConnected ? this.reached : null) ??
      this.list.firstElementChild;
    if (chosen === this.reached) return;
    for (const each of this.reached?.querySelectorAll("button") ?? []) each.tabIndex = -1;
    for (const each of chosen?.querySelectorAll("button") ?? []) each.tabIndex = 0;
    this.reached = chosen;
  }

  /** @type {Element | null | undefined} */
  reached;

  /** @param {string} id */
  rowOf(id) {
    return id ? this.list.querySelector(`:scope > [data-section="${CSS.escape(id)}"]`) : null;
  }

  /** Arrows go from row to row. @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {Element} */ (event.target);
    const rows = [...this.list.children];
    const at = rows.findIndex((row) => row.contains(target));
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 }[event.key];
    const row = to === undefined ? undefined : rows[to];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const name = ["handle", "pick", "more"].find((each) => target.classList.contains(each)) ?? "pick";
    /** @type {HTMLElement} */ (row.querySelector(`.${name}`)).focus();
  }

  /** Bring the selected row into view. */
  reveal() {
    this.rowOf(this.workspace.selection?.id ?? "")?.scrollIntoView({ block: "nearest" });
  }

  /** Let screen readers say that another person has moved a section. @param {{mine: boolean, by?: any}} info */
  tell({ mine, by }) {
    const [before, now] = [this.order, this.ids];
    this.order = now;
    if (mine || before.length !== now.length || !by) return;
    const moved = now.find((id, at) => id !== before[at] && isMove(before, now, id));
    const section = moved && this.workspace.sectionAt(moved)?.section;
    if (section)
      this.workspace.announce(
        `${by.name || by.user} moved ${nameOf(section)} to place ${now.indexOf(moved) + 1}.`,
      );
  }
}

/** Whether two orders differ in the place of one item only. @param {string[]} before @param {string[]} now @param {string} id */
function isMove(before, now, id) {
  const [one, other] = [before, now].map((list) => list.filter((each) => each !== id).join("\n"));
  return one === other && before.includes(id);
}

/** The first words of a section, so that users know it among others of its type. @param {Fields} section */
function firstWords(section) {
  const content = fields(section, "content");
  const inner = Object.values(content).find((each) => Array.isArray(each) && each.length > 0) ?? [];
  const words = [content, ...inner].flatMap((each) =>
    ["headline", "title", "text", "question", "quote", "name", "caption"].map((name) => text(each, name)),
  );
  return plain(words.find(Boolean) ?? "").slice(0, 80);
}
