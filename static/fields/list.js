// A list of items: add, remove, duplicate, move, and edit each of them.

import { isObject, text } from "../page/values.js";
import { plain } from "../page/rich_text.js";
import { newId, withNewIds } from "../templates/ids.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { fresh, inferred } from "./format.js";
import { SortedList } from "./sorted_list.js";
import { oneOf } from "./words.js";

/** @typedef {import("./field.js").Field} Field */
/** @typedef {import("./field.js").Given} Given */

const SUMMARY = ["label", "title", "name", "question", "caption", "quote", "network", "headline", "text"];

/** @param {Given} given @param {(given: Given) => Field} makeField makes the fields of an item @returns {Field} */
export function listField(given, makeField) {
  const { spot, shape, label, workspace } = given;
  const one = oneOf(label);
  const inspector = /** @type {HTMLElement} */ (document.getElementById("inspector"));
  const isFull = () => list.items.length >= (shape.maxItems ?? Infinity);
  const list = new SortedList({
    spot,
    workspace,
    label,
    scroller: given.scroller ?? inspector,
    wordsOf: (item, at) => summary(item) || `${one.charAt(0).toUpperCase()}${one.slice(1)} ${at + 1}`,
    make(name, item) {
      const inner = shape.items ?? inferred(item.value);
      const isText = inner.type === "string";
      /** @type {Field | null} */
      let field = null;
      const build = () => {
        if (field) return;
        field = makeField({
          ...given,
          spot: item,
          shape: inner,
          label: list.wordsOf(name),
          isRequired: true,
        });
        body.append(field.element);
        field.update(list.isBlocked);
      };
      const body = h("div", { class: "body" });
      const title = h("summary", {});
      const details = isText ? null : h("details", {}, title, body);
      details?.addEventListener("toggle", () => details.open && build());
      if (isText) build();
      const open = () => {
        if (details) details.open = true;
        build();
      };
      return {
        content: details ?? body,
        open,
        find(path) {
          open();
          return field?.find?.(path) ?? null;
        },
        update(words, row) {
          change(row, { class: isText ? "line" : null });
          change(title, { textContent: words });
          field?.update(list.isBlocked);
        },
        end: () => field?.end?.(),
      };
    },
    more: (name) => {
      const at = list.names.indexOf(name);
      const run = () => insert(withNewIds(list.items[at]), at + 1);
      return [{ words: "Duplicate", icon: "copy", disabled: isFull(), run }];
    },
    remove: [
      "Delete",
      (name) => {
        // An optional list goes with its last item.
        const gone = list.remove(name, add, !given.isRequired);
        if (gone) workspace.announce(`${gone.words} deleted.`);
      },
    ],
  });
  /** @param {any} [value] @param {number} [at] */
  const insert = (value = fresh(shape.items ?? {}, () => newId(one)), at = list.items.length) => {
    const part = list.insert(value, at);
    part?.open();
    /** @type {HTMLElement | null} */ (
      part?.row.querySelector(".body :is(input, textarea, select)")
    )?.focus();
    workspace.announce(`${one} added, ${at + 1} of ${list.items.length}.`);
  };
  const words = `Add ${one}`;
  const add = h("button", { type: "button", class: "add", onclick: () => insert() }, icon("add"), words);
  const element = h("div", { class: "field list" }, h("span", { class: "label" }, label), list.element, add);
  return {
    element,
    update(isBlocked) {
      list.update(isBlocked);
      change(add, { disabled: isBlocked || isFull(), hidden: !shape.items });
    },
    end: () => list.end(),
    find([at, ...rest]) {
      const part = list.parts.get(list.names[Number(at)]);
      return part ? (part.find?.(rest) ?? part.row) : element;
    },
  };
}

/** The first words of an item. @param {any} item */
function summary(item) {
  if (typeof item === "string") return plain(item).slice(0, 60);
  const found = isObject(item) ? SUMMARY.map((name) => text(item, name)).find(Boolean) : "";
  return plain(found ?? "").slice(0, 60);
}
