// A list of links: add, change, move and remove them. A broken one is marked.

import { form as makeForm } from "../fields/form.js";
import { namesOf } from "../fields/spot.js";
import { clean, safeLink } from "../page/links.js";
import { member, text } from "../page/values.js";
import { newId } from "../templates/ids.js";
import { sortable } from "../ui/dragging.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { pageAt } from "./slugs.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("../fields/spot.js").Spot} Spot */

/** What is wrong with the target of an entry; '' for a good one. @param {Desk} desk @param {string} href */
function targetFault(desk, href) {
  if (!href || href === "#") return "Leads nowhere";
  const link = safeLink(href);
  if (!link) return "A page may not link to this address";
  if (link.startsWith("#"))
    return hasAnchor(desk.site.pages, link.slice(1)) ? "" : `No section has the name ${link}`;
  const page = pageAt(desk.site, link);
  if (page === undefined) return `No page has the address ${link}`;
  const part = page && link.split("#")[1];
  return page && part && !hasAnchor([page], part) ? `${desk.nameOf(page)} has no section #${part}` : "";
}

/** @param {import("./desk.js").Page[]} pages @param {string} name */
function hasAnchor(pages, name) {
  return pages.some((page) => {
    const list = member(page.fields, "sections");
    const sections = Array.isArray(list) ? list : [];
    return sections.some(
      (each) => member(each, "hidden") !== true && [text(each, "id"), text(each, "anchor")].includes(name),
    );
  });
}

/** Where an entry leads, in words. @param {Desk} desk @param {string} href */
function targetWords(desk, href) {
  const page = pageAt(desk.site, safeLink(href));
  const part = href.split("#")[1];
  return page
    ? `${desk.nameOf(page)}${part ? `, #${part}` : ""}`
    : href.replace(/^(https?:\/\/|mailto:|tel:)/, "");
}

/** A list of entries. @param {Desk} desk @param {Spot} spot the list @param {string} label @param {number} most */
export function entries(desk, spot, label, most) {
  const { workspace, page } = desk;
  const list = h("ul", { role: "list", class: "items entries", "aria-label": label });
  const addPage = h("button", { type: "button", class: "add" }, icon("add"), "Add page");
  const addLink = h(
    "button",
    { type: "button", class: "add", onclick: () => add({ label: "New link" }, true) },
    icon("link"),
    "Add link",
  );
  menuButton(addPage, () =>
    desk.site.pages.map((each) => ({
      words: desk.nameOf(each),
      note: desk.site.address(each),
      run: () => add({ label: desk.nameOf(each).slice(0, 80), href: desk.site.address(each) }),
    })),
  );
  const element = h("div", {}, list, h("div", { class: "row" }, addPage, addLink));
  let isBlocked = false;
  /** @type {{items: any[], names: string[]}} */
  let known = { items: [], names: [] };
  /** @type {Map<string, {element: HTMLElement, open: () => void, update: () => void, end: () => void}>} */
  const made = new Map();

  const items = () => (Array.isArray(spot.value) ? spot.value : []);
  const names = () => {
    const now = items();
    if (now !== known.items) known = { items: now, names: namesOf(now, known) };
    return known.names;
  };
  const itemOf = (/** @type {string} */ name) => items()[names().indexOf(name)];
  const nameOf = (/** @type {string} */ name) =>
    clean(text(itemOf(name), "label")) || `Entry ${names().indexOf(name) + 1}`;

  /** @param {{label: string, href?: string}} entry @param {boolean} [isOpen] */
  const add = (entry, isOpen = false) => {
    const value = { id: newId("entry"), ...entry, style: "link" };
    if (spot.value === undefined) spot.write([value]);
    else page.patch([{ op: "add", path: `${spot.at}/${items().length}`, value }]);
    update(isBlocked);
    const last = made.get(names().at(-1) ?? "");
    if (isOpen) last?.open();
    const field = /** @type {HTMLInputElement | null | undefined} */ (
      last?.element.querySelector("input, textarea")
    );
    if (isOpen) field?.select();
    last?.element.scrollIntoView({ block: "nearest" });
    workspace.announce(`${entry.label} added, ${items().length} of ${items().length}.`);
  };
  /** @param {string} name @param {string | null} before */
  const move = (name, before) => {
    const from = names().indexOf(name);
    const rest = names().filter((each) => each !== name);
    const to = before === null ? rest.length : rest.indexOf(before);
    if (from < 0 || to < 0 || from === to) return;
    const words = nameOf(name);
    page.move(`${spot.at}/${from}`, `${spot.at}/${to}`);
    update(isBlocked);
    workspace.announce(`${words} moved to place ${to + 1} of ${rest.length + 1}.`);
  };
  /** @param {string} name */
  const remove = (name) => {
    const [words, at] = [nameOf(name), names().indexOf(name)];
    if (at < 0) return;
    const undo = page.patch([{ op: "remove", path: `${spot.at}/${at}` }]);
    update(isBlocked);
    const next = made.get(names()[at] ?? names()[at - 1])?.element.querySelector("button");
    (next ?? addPage).focus();
    desk.told(`${words} removed`, undo);
  };
  /** @param {string} name */
  const choices = (name) => {
    const all = names();
    const at = all.indexOf(name);
    return [
      { words: "Move up", icon: "arrowUp", disabled: at < 1, run: () => move(name, all[at - 1]) },
      {
        words: "Move down",
        icon: "arrowDown",
        disabled: at > all.length - 2,
        run: () => move(name, all[at + 2] ?? null),
      },
      null,
      { words: "Remove", icon: "trash", isDanger: true, run: () => remove(name) },
    ];
  };

  /** @param {string} name */
  const make = (name) => {
    const handle = h("button", { type: "button", class: "quiet handle", "data-handle": name }, icon("grip"));
    const more = menuButton(h("button", { type: "button", class: "quiet more" }, icon("more")), () =>
      choices(name),
    );
    const [title, target, mark] = [h("b", {}), h("small", {}), icon("alert")];
    const body = h("div", { class: "body" });
    const details = h(
      "details",
      {},
      h("summary", {}, mark, h("span", { class: "words" }, title, target)),
      body,
    );
    /** @type {import("../fields/field.js").Form | null} */
    let form = null;
    const build = () => {
      const item = spot.item(() => names().indexOf(name));
      form ??= makeForm(item, desk.format.button, workspace, { holder: "links" });
      body.append(form.element);
      form.update(isBlocked);
    };
    details.addEventListener("toggle", () => details.open && !form && build());
    const row = h("li", {}, handle, details, more);
    made.set(name, {
      element: row,
      open() {
        details.open = true;
        if (!form) build();
      },
      update() {
        const words = nameOf(name);
        const href = text(itemOf(name), "href");
        const fault = targetFault(desk, href);
        change(title, { textContent: words });
        change(target, { textContent: fault || targetWords(desk, href), class: fault ? "bad" : null });
        change(row, { "data-broken": fault !== "", "data-at": `${spot.at}/${names().indexOf(name)}` });
        change(handle, { "aria-label": `Move ${words}`, title: `Move ${words}`, disabled: isBlocked });
        change(more, { "aria-label": `More for ${words}`, title: "More", disabled: isBlocked });
        form?.update(isBlocked);
      },
      end: () => form?.end?.(),
    });
    return row;
  };

  const sorted = sortable(list, {
    items: () =>
      new Map(
        names().flatMap((name) =>
          made.has(name) ? [[name, /** @type {any} */ (made.get(name)).element]] : [],
        ),
      ),
    scroller: desk.frame.scroller,
    canMove: () => !isBlocked,
    nameOf,
    drop: move,
    say: (words) => workspace.announce(words),
  });

  /** @param {boolean} blocked */
  const update = (blocked) => {
    isBlocked = blocked;
    const now = names();
    for (const [name, each] of made) {
      if (now.includes(name)) continue;
      each.end();
      made.delete(name);
    }
    keyed(list, now, { key: (name) => name, make, update: (_, name) => made.get(name)?.update() });
    const isFull = now.length >= most;
    change(addPage, { disabled: blocked || isFull });
    change(addLink, { disabled: blocked || isFull });
    sorted.refresh();
  };
  return {
    element,
    update,
    end: () => made.forEach((each) => each.end()),
    reveal(/** @type {number} */ at) {
      const found = made.get(names()[at]);
      found?.open();
      found?.element.scrollIntoView({ block: "center" });
    },
  };
}
