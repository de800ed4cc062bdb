// Records a minimal patch: what a function changes in a draft.

import { isContainer, render, same, toSplice } from "./patch.js";

/** @typedef {import("./patch.js").Op} Op */

// A text up to this length is replaced as a whole, unless the change looks like typing.
const SHORT = 100;

/**
 * Runs `change` on a draft of `value`, and returns the operations that it made.
 * @param {any} value
 * @param {(draft: any) => any} change
 * @returns {Op[]}
 */
export function record(value, change) {
  /** @type {Map<any, any>} */
  const origin = new Map();
  const box = { value: draft(value, origin) };
  const result = change(box.value);
  if (typeof result?.then === "function") {
    throw new TypeError("`change` needs a function that is not async: load data before the change");
  }
  return diff(value, box.value, origin);
}

/**
 * A copy of `value`. `origin` gets the original of each container in the copy.
 * @param {any} value
 * @param {Map<any, any>} origin
 * @returns {any}
 */
function draft(value, origin) {
  if (!isContainer(value)) return value;
  const copy = Array.isArray(value)
    ? value.map((each) => draft(each, origin))
    : Object.fromEntries(Object.entries(value).map(([key, each]) => [key, draft(each, origin)]));
  origin.set(copy, value);
  return copy;
}

/**
 * A short patch from `old` to `now`.
 * @param {any} old
 * @param {any} now
 * @param {Map<any, any>} [origin] the original of each container in `now`
 * @returns {Op[]}
 */
export function diff(old, now, origin = new Map()) {
  /** @type {Op[]} */
  const ops = [];
  compare(old, now, [], { ops, origin });
  return ops;
}

/**
 * The operation that writes a text over another text. Typing and small changes of long texts are
 * splices. So the server merges what two people type, and a keystroke is a short message.
 * @param {string} path
 * @param {any} old
 * @param {any} value
 * @returns {Op}
 */
export function textOp(path, old, value) {
  if (typeof old === "string" && typeof value === "string" && old) {
    const made = toSplice(path, old, value);
    const isTyping = made.delete === 0 || made.insert === "";
    const isSmall = old.length > SHORT && made.insert.length + made.delete < old.length / 2;
    if (value && (isTyping || isSmall)) return made;
  }
  return { op: "replace", path, value };
}

/** @typedef {{ops: Op[], origin: Map<any, any>}} Recording */

/**
 * @param {any} old
 * @param {any} now
 * @param {(string | number)[]} at
 * @param {Recording} to
 */
function compare(old, now, at, to) {
  if (old === now) return;
  if (Array.isArray(old) && Array.isArray(now)) compareLists(old, now, at, to);
  else if (isContainer(old) && isContainer(now) && !Array.isArray(old) && !Array.isArray(now)) {
    for (const key of Object.keys(old)) {
      if (now[key] === undefined) to.ops.push({ op: "remove", path: render([...at, key]) });
    }
    for (const key of Object.keys(now)) {
      const path = [...at, key];
      if (now[key] === undefined) continue;
      if (Object.hasOwn(old, key)) compare(old[key], now[key], path, to);
      else to.ops.push({ op: "add", path: render(path), value: plain(now[key]) });
    }
  } else if (!same(old, now)) to.ops.push(textOp(render(at), old, plain(now)));
}

/**
 * A value as JSON has it. The draft may be changed again, so this is a copy.
 * @param {any} value
 */
const plain = (value) => (isContainer(value) ? JSON.parse(JSON.stringify(value)) : value ?? null);

/**
 * Removes, moves and adds elements, and then compares the elements that stay.
 * @param {any[]} old
 * @param {any[]} now
 * @param {(string | number)[]} at
 * @param {Recording} to
 */
function compareLists(old, now, at, to) {
  const from = matches(old, now, to.origin);
  const staying = new Set(longestRun(from));
  /** @type {number[]} the old index of each element, or its new index as -1 - index */
  const work = old.map((_, index) => index);
  const path = (/** @type {number} */ index) => render([...at, index]);
  const wanted = new Set(from);
  for (let index = old.length - 1; index >= 0; index--) {
    if (wanted.has(index)) continue;
    work.splice(index, 1);
    to.ops.push({ op: "remove", path: path(index) });
  }
  let previous = -1; // the place in `work` of the element before
  now.forEach((value, index) => {
    const source = from[index];
    if (source !== undefined && staying.has(source)) {
      previous = work.indexOf(source);
      return;
    }
    if (source === undefined) {
      work.splice(previous + 1, 0, -1 - index);
      to.ops.push({ op: "add", path: path(previous + 1), value: plain(value) });
    } else {
      const start = work.indexOf(source);
      const target = start <= previous ? previous : previous + 1;
      work.splice(start, 1);
      work.splice(target, 0, source);
      if (start !== target) to.ops.push({ op: "move", from: path(start), path: path(target) });
      previous = target - 1;
    }
    previous += 1;
  });
  now.forEach((value, index) => {
    const source = from[index];
    if (source !== undefined) compare(old[source], value, [...at, index], to);
  });
}

/**
 * The old index of each new element; undefined for a new element.
 * @param {any[]} old
 * @param {any[]} now
 * @param {Map<any, any>} origin
 * @returns {(number | undefined)[]}
 */
function matches(old, now, origin) {
  const free = new Set(old.keys());
  /** @type {(number | undefined)[]} */
  const from = now.map(() => undefined);
  const pair = (/** @type {(value: any, index: number) => any} */ keyOf, /** @type {any} */ asOld) => {
    /** @type {Map<any, number[]>} */
    const places = new Map();
    for (const index of free) {
      const key = asOld(old[index], index);
      if (key !== undefined) places.set(key, [...(places.get(key) ?? []), index]);
    }
    now.forEach((value, index) => {
      if (from[index] !== undefined) return;
      const found = places.get(keyOf(value, index))?.shift();
      if (found === undefined) return;
      from[index] = found;
      free.delete(found);
    });
  };
  pair((value) => origin.get(value) ?? value, (/** @type {any} */ value) => value);
  const idOf = (/** @type {any} */ value) => (isContainer(value) ? value.id ?? undefined : undefined);
  pair(idOf, idOf);
  if (old.length === now.length) {
    pair((_, index) => index, (/** @type {any} */ _, /** @type {number} */ index) => index);
  }
  return from;
}

/**
 * The longest list of old indexes that are in the same order in both lists. They need no move.
 * @param {(number | undefined)[]} from
 * @returns {number[]}
 */
function longestRun(from) {
  /** @type {{value: number, before: any}[]} the last element of the best run of each length */
  const ends = [];
  for (const value of from) {
    if (value === undefined) continue;
    let length = ends.findIndex((end) => end.value >= value);
    if (length < 0) length = ends.length;
    ends[length] = { value, before: ends[length - 1] };
  }
  const run = [];
  for (let end = ends[ends.length - 1]; end; end = end.before) run.push(end.value);
  return run;
}
