// Offsets of a text: which splice an input made, and where an offset is after changes.

import { element } from "./carry.js";
import { apply, child, covers, get, parse, render } from "./patch.js";
import { after, compare } from "./splices.js";

/** @typedef {import("./patch.js").Op} Op */
/** @typedef {import("./splices.js").Splice} Splice */
/** @typedef {{id: string, ops: Op[]}} Waiting an entry */
/** @typedef {{ids: string[], ops: Op[], before: any, after: any}} Learned a change from the server */
/**
 * How one shown value became the next: without the entries of `back`, then with the changes of
 * `since`, then with the entries of `forth`.
 * @typedef {{back: Waiting[], since: Learned[], forth: Waiting[]}} Via
 */

/** The pointer of a text. It follows the text when elements of lists move. */
export class Place {
  /** @type {any[]} the id of the list element at each token */
  #ids = [];

  /** @param {string} pointer */
  constructor(pointer) {
    this.tokens = parse(pointer);
  }

  /** The pointer of the text in another version of the value; null when its element is gone. @param {any} value */
  find(value) {
    const found = this.#byIds(value);
    return found && render(found);
  }

  /** @param {any} before @param {any} now */
  follow(before, now) {
    this.tokens = element(before, now, this.tokens) ?? this.#byIds(now) ?? this.tokens;
    if (this.find(now) === null) return;
    this.#ids = this.tokens.map((_, depth) => {
      const holder = get(now, this.tokens.slice(0, depth));
      return Array.isArray(holder) ? child(holder, this.tokens[depth])?.id : undefined;
    });
  }

  /** @param {any} value */
  #byIds(value) {
    const found = [];
    for (const [depth, token] of this.tokens.entries()) {
      const id = this.#ids[depth];
      const isKnown = typeof id === "string" && Array.isArray(value);
      const at = isKnown ? `${value.findIndex((/** @type {any} */ each) => each?.id === id)}` : token;
      if (isKnown && at === "-1") return null;
      found.push(at);
      value = child(value, at);
    }
    return found;
  }
}

/**
 * One version of a text: the value of the document, the pointer of the text, and the text.
 * @typedef {{value: any, path: string | null, text: string}} Version
 */

/**
 * A function from offsets of a text in `from` to offsets of the text in `to`.
 * @param {Place} place
 * @param {Version} from
 * @param {Version} to
 * @param {Via} [via]
 * @returns {(at: number, isRight?: boolean) => number}
 */
export function mapping(place, from, to, via) {
  const known = via && stepsOf(place, from, to, via);
  const steps = known ?? { back: [], forward: compare(from.text, to.text).map((splice) => ({ key: "", splice })) };
  return (at, isRight) => walk(at, isRight, steps);
}

/** The offset before the entries that wait. @param {number} at @param {Waiting[]} waiting @param {string | null} path */
export function without(at, waiting, path) {
  const back = splicesOf(waiting, path);
  return back ? goBack(at, back).at : at;
}

/** @typedef {{key: string, splice: Splice}} Step */

/** @param {Place} place @param {Version} from @param {Version} to @param {Via} via */
function stepsOf(place, from, to, { back, since, forth }) {
  const before = splicesOf(back, from.path);
  const later = splicesOf(forth, to.path);
  /** @type {Step[]} */
  const forward = [];
  /** @type {Splice[]} */
  const foreign = [];
  for (const { ids, ops, before: old, after: now } of since) {
    const path = place.find(old);
    const texts = [old, now].map((value) => get(value, place.find(value) ?? "/?"));
    if (path === null || !texts.every((text) => typeof text === "string")) return null;
    if (texts[0] === texts[1]) continue;
    // The answer to an own change may have only the new text. Its own splice says more.
    const own = back.find(({ id }) => ids.includes(id))?.ops;
    const shifted = own?.map((op) => ({ ...op, path, offset: foreign.reduce((at, splice) => after(at, splice), op.offset ?? 0) }));
    const made = [ops, shifted].find((each) => fits(each, path, texts)) ?? compare(texts[0], texts[1]);
    for (const [index, op] of made.entries()) {
      const splice = /** @type {any} */ (op);
      forward.push({ key: `${ids[0]}/${index}`, splice });
      if (!own) foreign.push(splice);
    }
  }
  return before && later && { back: before, forward: [...forward, ...later] };
}

/** @param {Op[] | undefined} ops @param {string} path @param {string[]} texts */
function fits(ops, path, [old, now]) {
  try {
    const own = ops?.map((op) => ({ ...op, path: op.path === path && op.op === "splice" ? "" : "?" }));
    return own && apply(old, own) === now;
  } catch {
    return false;
  }
}

/**
 * The splices of one text; null when the entries may have moved the text or replaced it.
 * @param {Waiting[]} entries
 * @param {string | null} path
 * @returns {Step[] | null}
 */
function splicesOf(entries, path) {
  const steps = [];
  for (const { id, ops } of entries) {
    for (const [index, op] of ops.entries()) {
      if (op.op === "splice") {
        if (op.path === path) steps.push({ key: `${id}/${index}`, splice: /** @type {any} */ (op) });
        continue;
      }
      const near = [op.path, op.from ?? op.path].map((each) => (op.op === "replace" ? each : each.replace(/\/[^/]*$/, "")));
      if (path === null || near.some((each) => covers(each, path))) return null;
    }
  }
  return steps;
}

/** @param {number} at @param {Step[]} steps @param {boolean} [isRight] */
function goBack(at, steps, isRight = false) {
  const isBefore = new Map(); // whether each insertion is before the offset
  for (let index = steps.length - 1; index >= 0; index--) {
    const { key, splice } = steps[index];
    const into = at - splice.offset;
    const size = splice.insert.length;
    if (isRight ? into >= 0 && into < size : into > 0 && into <= size) return { at: splice.offset, key, into, isBefore };
    const isPassed = into > 0 || (isRight && into === size);
    isBefore.set(key, isPassed);
    if (isPassed) at += splice.delete - size;
  }
  return { at, key: "", into: 0, isBefore };
}

/** @param {number} from @param {boolean | undefined} isRight @param {{back: Step[], forward: Step[]}} steps */
function walk(from, isRight, { back, forward }) {
  let { at, key, into, isBefore } = goBack(from, back, isRight);
  const own = key ? forward.findIndex((step) => step.key === key) : -1;
  if (own >= 0) at = forward[own].splice.offset + Math.min(into, forward[own].splice.insert.length);
  for (const step of forward.slice(own + 1)) {
    const { offset, insert } = step.splice;
    at = after(at, step.splice, isRight);
    // Others may have deleted the text between the offset and an own insertion.
    const side = isBefore.get(step.key);
    if (side !== undefined) at = side ? Math.max(at, offset + insert.length) : Math.min(at, offset);
  }
  return at;
}
