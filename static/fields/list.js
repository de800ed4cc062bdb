// A list of items: add, remove, duplicate, move, and edit each of them.

import { isObject, text } from "../page/values.js";
import { plain } from "../page/rich_text.js";
import { newId, withNewIds } from "../templates/ids.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { sortable } from "../ui/dragging.js";
import { fresh, inferred } from "./format.js";
import { namesOf } from "./spot.js";
import { oneOf } from "./words.js";

/** @typedef {import("./field.js").Field} Field */
/** @typedef {import("./field.js").Given} Given */

const SUMMARY = ["label", "title", "name", "question", "caption", "quote", "network", "headline", "text"];

/** @param {Given} given @param {(given: Given) => Field} makeField makes the fields of an item @returns {Field} */
export function listField(given, makeField) {
  const { spot, shape, label, workspace } = given;
  const one = oneOf(label);
  const list = h("ul", { role: "list", class: "items", "aria-label": label });
  const add = h(
    "button",
    { type: "button", class: "add", onclick: () => insert() },
    icon("add"),
    `Add ${one}`,
  );
  const element = h("div", { class: "field list" }, h("span", { class: "label" }, label), list, add);
  /** @type {{items: any[], names: string[]}} */
  let known = { items: [], names: [] };
  /** @type {Map<string, Field & {open: () => void}>} */
  const made = new Map();
  let isBlocked = false;

  const items = () => (Array.isArray(spot.value) ? spot.value : []);
  const names = () => {
    const now = items();
    if (now !== known.items) known = { items: now, names: namesOf(now, known) };
    return known.names;
  };
  /** @param {string} name */
  const nameOf = (name) => {
    const at = names().indexOf(name);
    return summary(items()[at]) || `${one.charAt(0).toUpperCase()}${one.slice(1)} ${at + 1}`;
  };

  /** @param {string} name */
  const make = (name) => {
    const item = spot.item(() => names().indexOf(name));
    const inner = shape.items ?? inferred(item.value);
    const handle = h("button", { type: "button", class: "quiet handle", "data-handle": name }, icon("grip"));
    const more = menuButton(h("button", { type: "button", class: "quiet more" }, icon("more")), () =>
      choices(name),
    );
    const isText = inner.type === "string";
    /** @type {Field | null} */
    let field = null;
    const build = () => {
      field ??= makeField({ spot: item, shape: inner, label: nameOf(name), isRequired: true, workspace });
      body.append(field.element);
      field.update(isBlocked);
    };
    const body = h("div", { class: "body" });
    const title = h("summary", {});
    const details = isText ? null : h("details", {}, title, body);
    details?.addEventListener("toggle", () => details.open && !field && build());
    if (isText) build();
    const element = h("li", { class: isText ? "line" : "" }, handle, details ?? body, more);
    made.set(name, {
      element,
      open() {
        if (details) details.open = true;
        if (!field) build();
      },
      find(path) {
        this.open();
        return field?.find?.(path) ?? element;
      },
      update(blocked) {
        const words = nameOf(name);
        change(title, { textContent: words });
        change(handle, { "aria-label": `Move ${words}`, title: `Move ${words}`, disabled: blocked });
        change(more, { "aria-label": `More for ${words}`, title: "More", disabled: blocked });
        field?.update(blocked);
      },
      end: () => field?.end?.(),
    });
    return element;
  };

  /** @param {any} [value] @param {number} [at] */
  const insert = (value = fresh(shape.items ?? {}, () => newId(one)), at = items().length) => {
    if (spot.value === undefined) spot.write([value]);
    else workspace.page.patch([{ op: "add", path: `${spot.at}/${at}`, value }]);
    update(isBlocked);
    const field = made.get(names()[at]);
    field?.open();
    /** @type {HTMLElement | null} */ (
      field?.element.querySelector(".body :is(input, textarea, select)")
    )?.focus();
    workspace.announce(`${one} added, ${at + 1} of ${items().length}.`);
  };
  /** @param {string} name */
  const remove = (name) => {
    const [words, at] = [nameOf(name), names().indexOf(name)];
    if (at < 0) return;
    // An optional list goes with its last item.
    if (items().length === 1 && !given.isRequired) spot.write(undefined);
    else workspace.page.patch([{ op: "remove", path: `${spot.at}/${at}` }]);
    update(isBlocked);
    const next = made.get(names()[at] ?? names()[at - 1])?.element.querySelector(".handle");
    /** @type {HTMLElement} */ (next ?? add).focus();
    workspace.announce(`${words} deleted.`);
  };
  /** @param {string} name @param {string | null} before */
  const move = (name, before) => {
    const from = names().indexOf(name);
    const rest = names().filter((each) => each !== name);
    const to = before === null ? rest.length : rest.indexOf(before);
    if (from < 0 || to < 0 || from === to) return;
    const words = nameOf(name);
    workspace.page.move(`${spot.at}/${from}`, `${spot.at}/${to}`);
    update(isBlocked);
    workspace.announce(`${words} moved to place ${to + 1} of ${rest.length + 1}.`);
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
      {
        words: "Duplicate",
        icon: "copy",
        disabled: isFull(),
        run: () => insert(withNewIds(items()[at]), at + 1),
      },
      null,
      { words: "Delete", icon: "trash", isDanger: true, run: () => remove(name) },
    ];
  };
  const isFull = () => items().length >= (shape.maxItems ?? Infinity);
  const sorted = sortable(list, {
    items: () =>
      new Map(
        names().flatMap((name) =>
          made.has(name) ? [[name, /** @type {any} */ (made.get(name)).element]] : [],
        ),
      ),
    scroller: /** @type {HTMLElement} */ (document.getElementById("inspector")),
    canMove: () => !isBlocked,
    nameOf,
    drop: move,
    say: (words) => workspace.announce(words),
  });

  /** @param {boolean} blocked */
  const update = (blocked) => {
    isBlocked = blocked;
    const now = names();
    for (const [name, field] of made) {
      if (now.includes(name)) continue;
      field.end?.();
      made.delete(name);
    }
    keyed(list, now, { key: (name) => name, make, update: (_, name) => made.get(name)?.update(blocked) });
    change(add, { disabled: blocked || isFull(), hidden: !shape.items });
    sorted.refresh();
  };
  return {
    element,
    update,
    end: () => made.forEach((field) => field.end?.()),
    find: ([at, ...rest]) => made.get(names()[Number(at)])?.find?.(rest) ?? element,
  };
}

/** The first words of an item. @param {any} item */
function summary(item) {
  if (typeof item === "string") return plain(item).slice(0, 60);
  const found = isObject(item) ? SUMMARY.map((name) => text(item, name)).find(Boolean) : "";
  return plain(found ?? "").slice(0, 60);
}
