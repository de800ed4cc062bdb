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
 * @property {Op[]} ops
 */

/**
 * The item of a change that was not accepted.
 * @param {import("../core/values.js").Effect} effect
 * @returns {Stored}
 */
export function refusedItem({ entry, reason, value, theirs: now }) {
  const path = reason.path ?? entry.ops[0]?.path ?? "";
  const conflict = reason.conflicts?.[0];
  const theirs = conflict && "theirs" in conflict ? conflict.theirs : get(now, path);
  // A splice fits only the text that it was made on, so the item has the whole text.
  const whole = (/** @type {Op} */ op) => ({ op: "replace", path: op.path, value: get(value, op.path) });
  const ops = entry.ops.map((/** @type {Op} */ op) => (op.op === "splice" ? whole(op) : op));
  const { code, message, version } = reason;
  return { id: entry.id, reason: code, message, path, yours: get(value, path), theirs, by: authorOf(reason), version, at: entry.time, ops };
}

/**
 * The items of a change that replaced values which its author had not seen.
 * @param {import("../core/values.js").Effect} effect
 * @param {number} at
 * @returns {Stored[]}
 */
export function overwrittenItems({ id, result }, at) {
  return (result?.conflicts ?? []).map((/** @type {any} */ { path, yours, theirs, by }, /** @type {number} */ index) => ({
    id: `${id}/${index}`,
    reason: "overwritten",
    message: `your change replaced a change of ${by?.name ?? "another user"}`,
    path,
    yours,
    theirs,
    by,
    version: result.version,
    at,
    ops: [{ op: "replace", path, value: yours }],
  }));
}
