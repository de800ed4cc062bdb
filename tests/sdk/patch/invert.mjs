// The inverse of a patch.

import { apply, covers, get, parse, render } from "../../../static/sdk/patch/patch.js";

/**
 * The operations that lead back from `apply(value, ops)` to `value`.
 * @param {any} value
 * @param {import("../../../static/sdk/patch/patch.js").Op[]} ops
 * @returns {import("../../../static/sdk/patch/patch.js").Op[]}
 */
export function invert(value, ops) {
  /** @type {import("../../../static/sdk/patch/patch.js").Op[]} */
  const back = [];
  for (const op of ops) {
    back.unshift(...invertOne(value, op));
    value = apply(value, [op]);
  }
  return back;
}

/** @param {any} value @param {import("../../../static/sdk/patch/patch.js").Op} op */
function invertOne(value, op) {
  const { path, from = "" } = op;
  const old = get(value, path);
  switch (op.op) {
    case "replace":
      return [{ op: "replace", path, value: old }];
    case "remove":
      return [{ op: "add", path, value: old }];
    case "splice": {
      const { offset = 0, delete: count = 0, insert = "" } = op;
      return [
        { op: "splice", path, offset, delete: insert.length, insert: old.slice(offset, offset + count) },
      ];
    }
    case "test":
      return [];
  }
  if (op.op === "move" && from === path) return [];
  // A `move` is a removal, and then an insertion.
  const before = op.op === "move" ? apply(value, [{ op: "remove", path: from }]) : value;
  const tokens = parse(path);
  const holder = get(before, tokens.slice(0, -1));
  const isList = path && Array.isArray(holder);
  if (!isList && old !== undefined && (op.op !== "move" || from.startsWith(`${path}/`))) {
    return [{ op: "replace", path, value: old }];
  }
  const last = tokens[tokens.length - 1];
  const place = last === "-" && isList ? render([...tokens.slice(0, -1), holder.length]) : path;
  if (op.op !== "move") return [{ op: "remove", path: place }];
  const puts = isList || old === undefined ? [] : [{ op: "add", path, value: old }];
  if (!covers(place, from)) return [{ op: "move", from: place, path: from }, ...puts];
  // A `move` must not lead below its own source.
  return [{ op: "remove", path: place }, { op: "add", path: from, value: get(value, from) }, ...puts];
}
