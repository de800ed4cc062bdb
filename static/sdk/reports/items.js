// Changes that need a decision of the user, as the outbox stores them.

import { get } from "../patch/patch.js";
import { authorOf } from "./errors.js";

/** @typedef {import("../patch/patch.js").Op} Op */

/**
 * @typedef {object} Stored
 * @property {string} id
 * @property {string} reason a code of the server, `overwritten`, or `lost` when a bound text had no place any more
 * @property {string} message a sentence for the user
 * @property {string} path
 * @property {any} yours
 * @property {any} theirs
 * @property {any} [by]
 * @property {number} [version]
 * @property {number} at when the change was made, in milliseconds
 * @property {Op[]} [ops] what makes the change again; by default a `replace` with `yours`
 */

/**
 * The items of a change that has ended: one when it was not accepted, else one for each value that it
 * replaced and that its author had not seen.
 * @param {import("../core/values.js").Effect} effect
 * @param {number} at when it ended, in milliseconds
 * @returns {Stored[]}
 */
export function itemsOf({ id, result, reason, entry, value, theirs: now }, at) {
  if (reason) {
    const { code, message, version, conflicts, path = entry.ops[0]?.path ?? "" } = reason;
    const { theirs = get(now, path) } = conflicts?.[0] ?? {};
    // A splice fits only the text that it was made on, so the item has the whole text.
    const whole = (/** @type {Op} */ op) => (op.op === "splice" ? { op: "replace", path: op.path, value: get(value, op.path) } : op);
    return [{ id, reason: code, message, path, yours: get(value, path), theirs, by: authorOf(reason), version, at: entry.time, ops: entry.ops.map(whole) }];
  }
  return result.conflicts.map((/** @type {any} */ { path, yours, theirs, by }, /** @type {number} */ index) => ({
    id: `${id}/${index}`,
    reason: "overwritten",
    message: `your change replaced a change of ${by?.name ?? "another user"}`,
    path,
    yours,
    theirs,
    by,
    version: result.version,
    at,
  }));
}
