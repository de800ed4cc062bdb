// Records a short patch: what a function changes in a draft.

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
  const draft = structuredClone(value);
  if (typeof change(draft)?.then === "function") throw new TypeError("`change` needs a function that is not async");
  return diff(value, draft);
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
  if (old && value && typeof old === "string" && typeof value === "string") {
    const made = toSplice(path, old, value);
    const isTyping = !made.delete || !made.insert;
    const isSmall = old.length > SHORT && made.insert.length + made.delete < old.length / 2;
    if (isTyping || isSmall) return made;
  }
  return { op: "replace", path, value };
}

/**
 * A short patch from `old` to `now`.
 * @param {any} old
 * @param {any} now
 * @returns {Op[]}
 */
export function diff(old, now) {
  /** @type {Op[]} */
  const ops = [];
  /** @param {any} was @param {any} is @param {string} path */
  const compare = (was, is, path) => {
    const at = (/** @type {string | number} */ key) => path + render([key]);
    const lists = [was, is].filter(Array.isArray).length;
    if (lists === 2) {
      const from = matches(was, is);
      arrange(was, is, from, at, ops);
      for (const [index, source] of from.entries()) if (source !== undefined) compare(was[source], is[index], at(index));
    } else if (!lists && isContainer(was) && isContainer(is)) {
      for (const key of Object.keys(was)) if (is[key] === undefined) ops.push({ op: "remove", path: at(key) });
      for (const [key, value] of Object.entries(is)) {
        if (Object.hasOwn(was, key)) value === undefined || compare(was[key], value, at(key));
        else if (value !== undefined) ops.push({ op: "add", path: at(key), value: plain(value) });
      }
    } else if (!same(was, is)) ops.push(textOp(path, was, plain(is)));
  };
  compare(old, now, "");
  return ops;
}

/**
 * A value as JSON has it. The draft may be changed again, so this is a copy.
 * @param {any} value
 */
const plain = (value) => (isContainer(value) ? JSON.parse(JSON.stringify(value)) : value ?? null);

/**
 * The old index of each new element; undefined for a new element.
 * @param {any[]} old
 * @param {any[]} now
 * @returns {(number | undefined)[]}
 */
function matches(old, now) {
  const free = new Set(old.keys());
  /** @type {(number | undefined)[]} */
  const from = now.map(() => undefined);
  /** @param {(was: any, value: any, index: number, at: number) => boolean} isSame */
  const pair = (isSame) => now.forEach((value, at) => {
    for (const index of from[at] === undefined ? free : []) {
      if (!isSame(old[index], value, index, at)) continue;
      from[at] = index;
      return free.delete(index);
    }
  });
  const isEven = old.length === now.length;
  if (isEven) pair((was, value, index, at) => index === at && same(was, value));
  pair(same);
  pair((was, value) => value?.id !== undefined && was?.id === value.id);
  if (isEven) pair((_was, _value, index, at) => index === at);
  return from;
}

/**
 * Removes, moves and adds elements of a list, until each is at its place.
 * @param {any[]} old
 * @param {any[]} now
 * @param {(number | undefined)[]} from the old index of each new element
 * @param {(index: number) => string} at the pointer of an element
 * @param {Op[]} ops
 */
function arrange(old, now, from, at, ops) {
  const staying = new Set(from);
  const order = [...old.keys()].filter((index) => staying.has(index));
  for (const index of [...old.keys()].reverse()) if (!staying.has(index)) ops.push({ op: "remove", path: at(index) });
  for (const [index, source] of from.entries()) {
    if (source === undefined) {
      order.splice(index, 0, -1);
      ops.push({ op: "add", path: at(index), value: plain(now[index]) });
    } else if (order[index] !== source) {
      // An element that moved down is one move, in place of one for each element that it passes.
      const isDown = order[index + 1] === source;
      const start = isDown ? index : order.indexOf(source);
      const end = isDown ? Math.min(from.indexOf(order[index]), order.length - 1) : index;
      order.splice(end, 0, ...order.splice(start, 1));
      ops.push({ op: "move", from: at(start), path: at(end) });
    }
  }
}
