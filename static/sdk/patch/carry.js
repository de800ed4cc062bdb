// Carries a patch from the value that it was made on to another value.
//
// Elements of a list are found by their `id`, or by the elements before or after them. A patch is
// carried only when each pointer certainly names the same element, and when it overwrites no value
// that its author did not see. Otherwise the server has to rebase it.

import { apply, child, covers, get, isContainer, parse, render, same } from "./patch.js";
import { compare } from "./splices.js";

/** @typedef {import("./patch.js").Op} Op */

/**
 * @typedef {object} Carried
 * @property {Op[]} ops the patch for the other value
 * @property {string[]} merged pointers of texts that both sides changed at different places
 * @property {any} from the value after the patch, on the old side
 * @property {any} to the value after the patch, on the new side
 */

/**
 * The patch `ops`, made on `from`, for the value `to`; null when it is not certain.
 * @param {Op[]} ops
 * @param {any} from
 * @param {any} to
 * @param {boolean | null} [overwrite] whether a write may replace another value than its author saw; null when
 *   even the place of a splice among equal letters must be certain
 * @returns {Carried | null}
 */
export function carry(ops, from, to, overwrite = false) {
  /** @type {Carried} */
  const carried = { ops: [], merged: [], from, to };
  try {
    for (const op of ops) {
      const isSame = carried.from === carried.to;
      if (op.op !== "test") {
        const moved = isSame ? op : carryOne(op, carried, overwrite);
        if (!moved) return null;
        carried.to = apply(carried.to, [moved]);
        carried.ops.push(moved);
      }
      carried.from = isSame ? carried.to : apply(carried.from, [op]);
    }
  } catch {
    return null;
  }
  return carried;
}

/**
 * @param {any} op
 * @param {Carried} carried
 * @param {boolean | null} overwrite
 * @returns {Op | null}
 */
function carryOne(op, { from, to, merged }, overwrite) {
  const tokens = parse(op.path);
  switch (op.op) {
    case "splice":
    case "replace":
    case "remove": {
      const found = element(from, to, tokens);
      if (!found) return null;
      const path = render(found);
      const [old, now] = [get(from, tokens), get(to, found)];
      if (same(old, now)) return { ...op, path };
      if (op.op !== "splice") return overwrite ? { ...op, path } : null;
      const moved = shift({ ...op, path }, old, now, overwrite === null);
      if (moved) merged.push(path);
      return moved;
    }
    case "copy":
      return carryOne({ op: "add", path: op.path, value: get(from, op.from) }, { from, to, merged, ops: [] }, overwrite);
    case "add": {
      const found = place(from, to, tokens, overwrite);
      return found && { ...op, path: render(found) };
    }
    case "move": {
      const source = element(from, to, parse(op.from));
      if (!source || covers(op.path, op.from)) return null;
      const without = (/** @type {any} */ value, /** @type {string} */ path) =>
        apply(value, [{ op: "remove", path }]);
      const moved = render(source);
      const found = place(without(from, op.from), without(to, moved), tokens, overwrite);
      return found && { ...op, from: moved, path: render(found) };
    }
  }
  return null;
}

// Changes of others with less unchanged text between them count as one.
const NEAR = 8;

/**
 * A splice after other authors' changes of the same text; null when they changed the same part.
 * @param {Op} op
 * @param {any} old
 * @param {any} now
 * @param {boolean} isSure whether the place of their changes among equal letters counts as unknown
 * @returns {Op | null}
 */
function shift(op, old, now, isSure) {
  if (typeof old !== "string" || typeof now !== "string") return null;
  const { offset = 0, delete: count = 0 } = op;
  let grown = 0; // by the changes before the splice
  let end = -Infinity; // of the last change before the splice, in the old text
  let total = 0;
  for (const { offset: at, delete: gone, insert } of compare(old, now)) {
    let [start, until] = [at - total, at - total + gone];
    const size = insert.length - gone;
    // Among equal letters, two texts do not tell the place of an insertion or a removal.
    if (isSure && (!gone || !insert)) {
      const [text, from] = gone ? [old, 0] : [now, total];
      while (text[start + from - 1] === text[start + from - 1 + (gone || size)]) start -= 1;
      while (text[until + from] === text[until + from + size]) until += 1;
    }
    total += size;
    if (offset >= until) [end, grown] = [until, total];
    else if (offset + count > start || start - end < NEAR) return null;
    else break;
  }
  return { ...op, offset: offset + grown };
}

/**
 * Where the element at `tokens` of `from` is in `to`; null when it is not certain.
 * @param {any} from
 * @param {any} to
 * @param {string[]} tokens
 * @param {boolean} [isLoose] whether the place counts, with or without a value: then only an element with an `id`
 *   can be gone, and another one stays at its index when `to` does not show where it went
 * @returns {string[] | null}
 */
export function element(from, to, tokens, isLoose) {
  const found = [];
  for (let token of tokens) {
    const next = child(from, token);
    if (!isLoose && (next === undefined || Array.isArray(from) !== Array.isArray(to))) return null;
    if (next !== undefined && Array.isArray(from) && Array.isArray(to)) {
      const index = indexOf(from, to, Number(token));
      if (index >= 0) token = `${index}`;
      else if (!isLoose || typeof next?.id === "string") return null;
    }
    [from, to] = [next, child(to, token)];
    if (!isLoose && to === undefined) return null;
    found.push(token);
  }
  return found;
}

/**
 * The index of an element of one list in another list; -1 when it is not certain.
 * @param {any[]} from
 * @param {any[]} to
 * @param {number} index
 */
function indexOf(from, to, index) {
  if (from === to) return index;
  const id = from[index]?.id;
  if (typeof id === "string") {
    const places = (/** @type {any[]} */ list) => list.filter((each) => each?.id === id).length;
    if (places(from) !== 1 || places(to) !== 1) return -1;
    return to.findIndex((each) => each?.id === id);
  }
  const before = index + 1;
  if (same(from.slice(0, before), to.slice(0, before))) return index;
  const after = from.length - index;
  if (after <= to.length && same(from.slice(index), to.slice(to.length - after))) {
    return to.length - after;
  }
  return -1;
}

/**
 * Where an `add` at `tokens` of `from` belongs in `to`; null when it is not certain.
 * @param {any} from
 * @param {any} to
 * @param {string[]} tokens
 * @param {boolean | null} overwrite
 * @returns {string[] | null}
 */
function place(from, to, tokens, overwrite) {
  if (!tokens.length) return overwrite || same(from, to) ? [] : null;
  const holder = element(from, to, tokens.slice(0, -1));
  if (!holder) return null;
  const last = /** @type {string} */ (tokens.at(-1));
  const [old, now] = [get(from, tokens.slice(0, -1)), get(to, holder)];
  if (!Array.isArray(old)) {
    const isSame = isContainer(now) && !Array.isArray(now) && same(old[last], now[last]);
    return isSame || (overwrite && isContainer(now)) ? [...holder, last] : null;
  }
  if (!Array.isArray(now)) return null;
  const index = last === "-" ? old.length : Number(last);
  if (!old.length || old === now) return [...holder, `${old.length ? index : now.length}`];
  // The nearest earlier element that is still there decides, else the nearest later one.
  for (let at = index - 1; at >= 0; at--) {
    const found = indexOf(old, now, at);
    if (found >= 0) return [...holder, `${found + 1}`];
  }
  const after = old.findIndex((_, at) => at >= index && indexOf(old, now, at) >= 0);
  return after < 0 ? null : [...holder, `${indexOf(old, now, after)}`];
}
