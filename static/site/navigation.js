// The navigation of the site: the entries of the header, and the links of the footers on the page.

import { Spot } from "../fields/spot.js";
import { clean } from "../page/links.js";
import { fields, isObject, member, text } from "../page/values.js";
import { change, h, keyed } from "../ui/elements.js";
import { automaticEntries, MOST_ENTRIES } from "./changes.js";
import { group } from "./desk.js";
import { entries } from "./entries.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Tab} Tab */

/** @param {Desk} desk @returns {Tab} */
export function navigationTab(desk) {
  const spot = desk.spot("site", "navigation");
  const automaticNow = () => automaticEntries(desk);
  const header = entries(desk, spot, "Entries of the header", MOST_ENTRIES, automaticNow);
  const automatic = h("p", { class: "note" });
  const choose = h(
    "button",
    {
      type: "button",
      onclick() {
        spot.write(automaticNow());
        desk.workspace.announce("You choose the entries of the header now.");
      },
    },
    "Choose them yourself",
  );
  const back = h(
    "button",
    {
      type: "button",
      class: "link",
      onclick() {
        const before = desk.page.patch([{ op: "remove", path: "/site/navigation" }]);
        desk.told("The header shows the pages by itself now", before);
      },
    },
    "Let the header show the pages by itself",
  );
  const footers = h("div", {});
  /** @type {Map<string, ReturnType<typeof entries>>} */
  const columns = new Map();

  return {
    element: h("div", {}, group("Header", automatic, choose, header.element, back), footers),
    update() {
      const isOwn = Array.isArray(spot.value) && spot.value.some(isObject);
      const isBlocked = desk.isBlocked("/site/navigation");
      const names = automaticNow().map(({ label }) => label);
      const words = names.length
        ? `The header shows the other pages by itself: ${names.join(", ")}.`
        : "The header shows the other pages of the site by itself. There is no other page yet.";
      change(automatic, { textContent: words, hidden: isOwn });
      change(choose, { hidden: isOwn || !names.length, disabled: isBlocked });
      change(back, { hidden: !isOwn, disabled: isBlocked });
      header.update(isBlocked);
      drawFooters(desk, footers, columns);
    },
    end() {
      header.end();
      columns.forEach((each) => each.end());
    },
    reveal(pointer) {
      const at = Number(pointer.split("/")[3]);
      if (pointer.startsWith("/site/navigation/") && at >= 0) header.reveal(at);
    },
  };
}

/** The columns of the footers of the page on the canvas. @param {Desk} desk @param {HTMLElement} holder @param {Map<string, ReturnType<typeof entries>>} columns */
function drawFooters(desk, holder, columns) {
  const { workspace } = desk;
  const footers = workspace.sections.filter((each) => each.type === "footer");
  const wanted = footers.flatMap(({ id, content }) => {
    const list = member(content, "columns");
    const found = Array.isArray(list) ? list.filter((each) => text(each, "id")) : [];
    return found.map((column, at) => {
      const key = `${workspace.key} ${id} ${column.id}`;
      return { key, id, column, isLast: at === found.length - 1 };
    });
  });
  for (const [key, made] of columns)
    if (!wanted.some((each) => each.key === key)) {
      made.end();
      columns.delete(key);
    }
  keyed(holder, wanted, {
    key: ({ key }) => key,
    make: ({ key, id, column: { id: name } }) => {
      const found = () => {
        const section = workspace.sectionAt(id);
        const list = section && member(fields(section.section, "content"), "columns");
        const at = Array.isArray(list) ? list.findIndex((each) => text(each, "id") === name) : -1;
        return section && at >= 0
          ? { at: `${section.at}/content/columns/${at}`, value: /** @type {any} */ (list)[at] }
          : null;
      };
      const spot = new Spot(desk.page, found).member("links");
      const made = entries(desk, spot, "Links of the footer", 100);
      columns.set(key, made);
      const all = h(
        "button",
        { type: "button", class: "link", onclick: () => open() },
        "Edit the whole footer",
      );
      const open = () => {
        desk.frame.close();
        workspace.select(id, null, { scroll: true });
      };
      return group("", made.element, all);
    },
    update(element, { key, id, column, isLast }) {
      const title = clean(text(column, "title"));
      change(element.firstChild, { textContent: title ? `Footer: ${title}` : "Footer" });
      change(element.lastChild, { hidden: !isLast });
      columns.get(key)?.update(!workspace.canEdit || workspace.lockedBy(id) !== null);
    },
  });
}
