// Where two values of the document differ.

import { escaped, isObject, text } from "../page/values.js";
import { movedOf } from "./order.js";

/** @typedef {{pointer: string, kind: "added" | "removed" | "moved" | "changed"}} Difference `pointer` is of the later value; of a removed value, it is of the earlier one */

/**
 * Return the smallest places at which two values differ. Parts that are the same object are equal.
 *
 * @param {any} before
 * @param {any} after
 * @param {string} [pointer]
 * @returns {Difference[]}
 */
export function differences(before, after, pointer = "") {
  if (before === after) return [];
  const lists = Array.isArray(before) && Array.isArray(after);
  if (lists && [...before, ...after].every((each) => text(each, "id")))
    return ofLists(before, after, pointer);
  if (lists ? before.length === after.length : isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) =>
      differences(before[name], after[name], `${pointer}/${escaped(name)}`),
    );
  }
  const kind = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  return [{ pointer, kind }];
}

/** Elements with ids are compared by their ids. @param {any[]} before @param {any[]} after @param {string} pointer @returns {Difference[]} */
function ofLists(before, after, pointer) {
  const was = new Map(before.map((each, index) => [each.id, index]));
  const is = new Set(after.map(({ id }) => id));
  /** @type {Difference[]} */
  const found = before.flatMap(({ id }, index) =>
    is.has(id) ? [] : [{ pointer: `${pointer}/${index}`, kind: "removed" }],
  );
  const stayed = before.filter(({ id }) => is.has(id)).map(({ id }) => id);
  const now = after.filter(({ id }) => was.has(id)).map(({ id }) => id);
  const isSame = stayed.every((id, index) => id === now[index]);
  const moved = isSame ? null : movedOf(stayed, now);
  after.forEach((each, index) => {
    const at = `${pointer}/${index}`;
    const place = was.get(each.id);
    if (place === undefined) found.push({ pointer: at, kind: "added" });
    else {
      found.push(...differences(before[place], each, at));
      if (moved?.has(each.id)) found.push({ pointer: at, kind: "moved" });
    }
  });
  return found;
}
