// A list of links: add, change, move and remove them. A broken one is marked.

import { form as makeForm } from "../fields/form.js";
import { SortedList } from "../fields/sorted_list.js";
import { clean, safeLink } from "../page/links.js";
import { anchorsOn } from "../page/site.js";
import { text } from "../page/values.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { entryOf, placeOfEntry } from "./changes.js";
import { pageAt } from "./slugs.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("../fields/spot.js").Spot} Spot */

/** What is wrong with an entry; '' for a good one. @param {Desk} desk @param {any} item */
function faultOf(desk, item) {
  const href = text(item, "href");
  if (!text(item, "label")) return "Without a text, visitors do not see it";
  if (!href || href === "#") return "Leads nowhere";
  const link = safeLink(href);
  if (!link) return "A page may not link to this address";
  if (link.startsWith("#")) return desk.site.pageWith(link.slice(1)) ? "" : `No section has the name ${link}`;
  const page = pageAt(desk.site, link);
  if (page === undefined) return `No page has the address ${link}`;
  const part = page && partOf(link);
  return page && part && !anchorsOn(page).has(part) ? `${desk.nameOf(page)} has no section #${part}` : "";
}

/** What an address has after `#`. @param {string} href */
const partOf = (href) => href.split("#").slice(1).join("#");

/** Where an entry leads, in words: a page by its name, unless the entry itself has this name. @param {Desk} desk @param {string} href @param {string} label */
function targetWords(desk, href, label) {
  const link = safeLink(href);
  const part = partOf(href);
  const page = link.startsWith("#") ? desk.site.pageWith(part) : pageAt(desk.site, link);
  if (!page || (part && desk.site.pages.length < 2)) return href.replace(/^(https?:\/\/|mailto:|tel:)/, "");
  const name = desk.nameOf(page) === label ? desk.site.address(page) : desk.nameOf(page);
  return part ? `${name}, #${part}` : name;
}

/**
 * A list of entries. `before` are those that the page shows while the list is not there: the first one
 * that a user adds comes after them.
 *
 * @param {Desk} desk @param {Spot} spot the list @param {string} label @param {number} most @param {() => any[]} [before]
 */
export function entries(desk, spot, label, most, before = () => []) {
  const { workspace } = desk;
  const list = new SortedList({
    spot,
    workspace,
    label,
    scroller: desk.frame.scroller,
    wordsOf: (item, at) => clean(text(item, "label")) || `Entry ${at + 1}`,
    make: (_, item) => part(item),
    more: () => [],
    remove: [
      "Remove",
      (name) => {
        const gone = list.remove(name, addPage);
        if (gone) desk.told(`${gone.words} removed`, gone.change);
      },
    ],
  });
  list.element.classList.add("entries");
  const addPage = h("button", { type: "button", class: "add" }, icon("add"), "Add page");
  const addLink = h(
    "button",
    { type: "button", class: "add", onclick: () => add("New link", "", true) },
    icon("link"),
    "Add link",
  );
  menuButton(addPage, () =>
    desk.site.pages.map((each) => ({
      words: desk.nameOf(each),
      note: desk.site.address(each),
      run: () => add(desk.nameOf(each), desk.site.address(each)),
    })),
  );

  /** @param {string} words @param {string} href @param {boolean} [isOpen] */
  const add = (words, href, isOpen = false) => {
    const made = desk.page.group(() => {
      const shown = list.items.length ? [] : before();
      if (shown.length) spot.write(shown);
      list.update(list.isBlocked);
      const at = shown.findIndex((each) => href && each.href === href);
      if (at >= 0) return list.parts.get(list.names[at]);
      return list.insert(entryOf(words, href), placeOfEntry(list.items));
    });
    if (isOpen) made?.open();
    /** @type {HTMLInputElement | null | undefined} */
    const field = isOpen ? made?.row.querySelector("input, textarea") : null;
    field?.select();
    made?.row.scrollIntoView({ block: "nearest" });
    workspace.announce(`${words} added to ${label.toLowerCase()}.`);
  };

  /** @param {Spot} item */
  const part = (item) => {
    const [title, target, mark] = [h("b", {}), h("small", {}), icon("alert")];
    const body = h("div", { class: "body" });
    const words = h("span", { class: "words" }, title, target);
    const details = h("details", {}, h("summary", {}, mark, words), body);
    /** @type {import("../fields/field.js").Form | null} */
    let form = null;
    const build = () => {
      if (form) return;
      form = makeForm(item, desk.format.button, workspace, { holder: "links" });
      body.append(form.element);
      form.update(list.isBlocked);
    };
    details.addEventListener("toggle", () => details.open && build());
    return {
      content: details,
      open() {
        details.open = true;
        build();
      },
      /** @param {string} name @param {HTMLElement} row */
      update(name, row) {
        const href = text(item.value, "href");
        const fault = faultOf(desk, item.value);
        change(title, { textContent: name });
        change(target, {
          textContent: fault || targetWords(desk, href, name),
          class: fault ? "bad" : null,
        });
        change(row, { "data-broken": fault !== "", "data-at": item.at });
        form?.update(list.isBlocked);
      },
      end: () => form?.end?.(),
    };
  };

  return {
    element: h("div", {}, list.element, h("div", { class: "row" }, addPage, addLink)),
    /** @param {boolean} isBlocked */
    update(isBlocked) {
      list.update(isBlocked);
      for (const each of [addPage, addLink])
        change(each, { disabled: isBlocked || list.items.length >= most });
    },
    end: () => list.end(),
    reveal(/** @type {number} */ at) {
      const found = list.parts.get(list.names[at]);
      found?.open();
      found?.row.scrollIntoView({ block: "center" });
    },
  };
}
