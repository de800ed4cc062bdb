// Entries: changes of the user that wait for their answer, as the outbox stores them.

import { apply, overlaps } from "../patch/patch.js";

/** @typedef {import("../patch/patch.js").Op} Op */

/**
 * @typedef {object} Entry
 * @property {string} id the id of the request on the wire
 * @property {number} place its place among the stored entries
 * @property {number | null} epoch
 * @property {number | null} base the version that `ops` refer to; null when it is not known yet
 * @property {Op[]} ops
 * @property {number} time when the user made the change, in milliseconds
 * @property {string} [step] the name of its undo step
 * @property {number} [fence] of the lock that the change relies on
 * @property {boolean} sent whether it was ever sent; then its id and ops never change
 * @property {number} [accepted] the version in which it was found; its answer is still to come
 * @property {number} [answered] the version of its answer
 * @property {number} [tries] how often the server refused it for now
 * @property {string[]} [merged] pointers of texts that this page has merged
 */

// A person makes no two gestures in this time. So changes in it are one gesture.
const AT_ONCE = 50;
// Changes of one value are one undo step when each follows the previous one within this time.
const TYPING = 1000;
const MOST_OPS = 500;
// A patch of many joined changes stays far below the server's limits, so it is never too large when
// none of the changes is. JSON values count as bytes: 256 KiB are 5,000 values.
const MOST_BYTES = 256 * 1024;
const BYTES_OF_VALUE = 52;

/**
 * Whether a new change belongs to the same gesture as an unsent entry.
 * @param {Entry} entry
 * @param {{ops: Op[], now: number, step?: string, fence?: number}} edit
 */
export function joins(entry, { ops, now, step, fence }) {
  if (entry.sent || entry.step !== step || entry.fence !== fence) return false;
  if (step !== undefined || now - entry.time <= AT_ONCE) return true;
  const path = entry.ops[0]?.path;
  return now - entry.time <= TYPING && [...entry.ops, ...ops].every((op) => op.path === path && isWrite(op));
}

/**
 * Whether one patch may have these operations. `limits` are those of `opened`.
 * @param {Op[]} ops
 * @param {{max_ops?: number, max_frame?: number}} limits
 */
export function fits(ops, { max_ops = MOST_OPS, max_frame = 2 * MOST_BYTES }) {
  const text = JSON.stringify(ops);
  const values = text.split(/[,[{]/).length; // commas in texts count too
  const size = Math.max(new Blob([text]).size, BYTES_OF_VALUE * values);
  return ops.length <= Math.min(MOST_OPS, max_ops) && size <= Math.min(MOST_BYTES, max_frame / 2);
}

/** @param {Op} op */
const isWrite = (op) => op.op === "replace" || op.op === "splice";

/**
 * Both patches as one short patch.
 * @param {Op[]} ops
 * @param {Op[]} more
 * @returns {Op[]}
 */
export function squash(ops, more) {
  const joined = [...ops];
  for (const op of more) {
    const at = joined.findLastIndex((each) => !isWrite(each) || overlaps(each.path, op.path));
    const last = joined[at];
    const isOne = at >= 0 && isWrite(last) && isWrite(op) && last.path === op.path;
    const both = isOne ? joinWrites(last, op) : null;
    if (both) joined[at] = both;
    else joined.push(op);
  }
  return joined;
}

/**
 * Two writes of one value as one operation; null when they stay two.
 * @param {Op} a
 * @param {Op} b
 * @returns {Op | null}
 */
function joinWrites(a, b) {
  if (b.op === "replace") return b;
  if (a.op === "replace") {
    return { ...a, value: apply(a.value, [{ ...b, path: "" }]) };
  }
  const { offset = 0, delete: count = 0, insert = "" } = a;
  const start = (b.offset ?? 0) - offset;
  const end = start + (b.delete ?? 0);
  // `b` has to end in the text that `a` has inserted, or at one of its ends.
  if (end < 0 || end > insert.length) return null;
  const before = Math.min(start, 0);
  return { ...a, offset: offset + before, delete: count - before, insert: insert.slice(0, start - before) + (b.insert ?? "") + insert.slice(end) };
}
