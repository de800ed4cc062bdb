// JSON values, JSON Pointers (RFC 6901) and JSON Patches (RFC 6902) with `splice`.
//
// No function changes its arguments. A new value shares all unchanged parts with the old value.

/** @typedef {null | boolean | number | string | any[] | {[key: string]: any}} Json */
/**
 * One operation of a JSON Patch, or a `splice` of a text. `offset` and `delete` count UTF-16 units.
 * @typedef {{op: string, path: string, from?: string, value?: any, offset?: number,
 *   delete?: number, insert?: string}} Op
 */

const FORBIDDEN = ["__proto__", "constructor", "prototype"];
const POINTER = /^\/([^~]|~[01])*$/;
const INDEX = /^(0|[1-9]\d{0,8})$/;

/** A patch that does not fit its value. `op` is the number of the operation. */
export class PatchError extends Error {
  /** @param {string} code @param {string} message @param {string} path */
  constructor(code, message, path) {
    super(message);
    this.name = "PatchError";
    this.code = code;
    this.path = path;
    this.op = 0;
  }
}

/** @param {string} message @param {string} path @returns {never} */
const invalid = (message, path) => {
  throw new PatchError("invalid_patch", message, path);
};

/** @param {string} path @returns {never} */
const missing = (path) => {
  throw new PatchError("path_not_found", `no value at the JSON Pointer '${path}'`, path);
};

/**
 * The keys and indexes of a pointer.
 * @param {string} pointer
 * @returns {string[]}
 */
export function parse(pointer) {
  if (pointer === "") return [];
  if (typeof pointer !== "string" || !POINTER.test(pointer)) {
    invalid("a JSON Pointer must be empty or start with '/'; '~' is '~0'", `${pointer}`);
  }
  const tokens = pointer.slice(1).split("/");
  return pointer.includes("~") ? tokens.map((each) => each.replace(/~1/g, "/").replace(/~0/g, "~")) : tokens;
}

/**
 * The pointer of keys and indexes.
 * @param {(string | number)[]} tokens
 * @returns {string}
 */
export function render(tokens) {
  return tokens.map((each) => `/${`${each}`.replace(/~/g, "~0").replace(/\//g, "~1")}`).join("");
}

/** Whether `inner` is the pointer `outer` or leads below it. @param {string} outer @param {string} inner */
export function covers(outer, inner) {
  return inner === outer || inner.startsWith(`${outer}/`);
}

/** Whether one of two pointers leads to the other or below it. @param {string} a @param {string} b */
export const overlaps = (a, b) => covers(a, b) || covers(b, a);

/** Whether both values have the same JSON. @param {any} a @param {any} b @returns {boolean} */
export function same(a, b) {
  if (a === b) return true;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
  );
}

/** Throws when JSON has no such value: NaN, Infinity, or an object such as a Date. @param {any} value @param {string} path */
export function requireJson(value, path) {
  JSON.stringify(value, function (key, each) {
    if (this[key] !== each || each === Infinity || each === -Infinity) invalid(`JSON has no value '${this[key]}'`, path);
    return each;
  });
}

/** @param {any} value */
export const isContainer = (value) => typeof value === "object" && value !== null;

/**
 * The child of a container, or undefined.
 * @param {any} holder
 * @param {string} token
 * @returns {any}
 */
export function child(holder, token) {
  if (!isContainer(holder) || (Array.isArray(holder) && !INDEX.test(token))) return undefined;
  return Object.hasOwn(holder, token) ? holder[token] : undefined;
}

/**
 * The value at a pointer, or undefined.
 * @param {any} value
 * @param {string | string[]} pointer
 * @returns {any}
 */
export function get(value, pointer) {
  return (Array.isArray(pointer) ? pointer : parse(pointer)).reduce(child, value);
}

/** @param {any} value @param {string} pointer */
function need(value, pointer) {
  const found = get(value, pointer);
  return found === undefined ? missing(pointer) : found;
}

/**
 * Returns `value` with a new value at a pointer, or without it. `insert` shifts list elements.
 * @param {any} value
 * @param {string} pointer
 * @param {any} content undefined removes
 * @param {boolean} insert
 */
function write(value, pointer, content, insert = false) {
  /** @type {(holder: any, tokens: string[]) => any} */
  const descend = (holder, [token, ...rest]) => {
    if (token === undefined) return content;
    const isList = Array.isArray(holder);
    const isNew = insert && !rest.length;
    const key = isNew && isList && token === "-" ? `${holder.length}` : token;
    if (FORBIDDEN.includes(key)) invalid(`the key '${key}' is not allowed`, pointer);
    const mayBeNew = isNew && isContainer(holder) && (!isList || (INDEX.test(key) && Number(key) <= holder.length));
    if (!mayBeNew && child(holder, key) === undefined) missing(pointer);
    const copy = isList ? [...holder] : { ...holder };
    if (isList && isNew) copy.splice(Number(key), 0, content);
    else if (rest.length || content !== undefined) copy[key] = descend(holder[key], rest);
    else if (isList) copy.splice(Number(key), 1);
    else delete copy[key];
    return copy;
  };
  return descend(value, parse(pointer));
}

/** @param {string} text @param {Op} op */
function splice(text, { path, offset = -1, delete: count = 0, insert = "" }) {
  const end = offset + count;
  const isInside = typeof text === "string" && offset >= 0 && count >= 0 && end <= text.length;
  if (!isInside || splits(text, offset) || splits(text, end)) invalid("the `splice` does not fit the text", path);
  return text.slice(0, offset) + insert + text.slice(end);
}

/** Whether an offset is inside a surrogate pair. @param {string} text @param {number} at */
const splits = (text, at) => /** @type {number} */ (text.codePointAt(at - 1)) > 0xffff;

/** @param {any} value @param {any} op */
function applyOne(value, op) {
  const { path } = op;
  if (["add", "replace", "test"].includes(op.op) && op.value === undefined) {
    invalid(`\`${op.op}\` needs a \`value\``, path);
  }
  switch (op.op) {
    case "add":
      return write(value, path, op.value, true);
    case "replace":
      return same(need(value, path), op.value) ? value : write(value, path, op.value);
    case "remove":
      need(value, path);
      return path ? write(value, path, undefined) : invalid("the document cannot be removed", path);
    case "copy":
      return write(value, path, need(value, op.from), true);
    case "move": {
      const moved = need(value, op.from);
      if (op.from === path) return value;
      if (covers(op.from, path)) invalid("a value cannot move into itself", path);
      return write(write(value, op.from, undefined), path, moved, true);
    }
    case "test":
      if (same(need(value, path), op.value)) return value;
      throw new PatchError("test_failed", "the `test` failed", path);
    case "splice":
      return write(value, path, splice(need(value, path), op));
    default:
      return invalid(`unknown \`op\`: ${op.op}`, path);
  }
}

/**
 * Applies a patch as a whole, or throws a `PatchError`.
 * @param {any} value
 * @param {Op[]} ops
 * @returns {any} the new value
 */
export function apply(value, ops) {
  ops.forEach((op, index) => {
    try {
      value = applyOne(value, op);
    } catch (error) {
      if (error instanceof PatchError) error.op = index;
      throw error;
    }
  });
  return value;
}

/**
 * The splice that turns `old` into `text`.
 * @param {string} path
 * @param {string} old
 * @param {string} text
 * @returns {{op: string, path: string, offset: number, delete: number, insert: string}}
 */
export function toSplice(path, old, text) {
  const most = Math.min(old.length, text.length);
  let start = 0;
  while (start < most && old[start] === text[start]) start += 1;
  if (splits(old, start) || splits(text, start)) start -= 1;
  let end = 0;
  while (end < most - start && old[old.length - 1 - end] === text[text.length - 1 - end]) end += 1;
  if (splits(old, old.length - end) || splits(text, text.length - end)) end -= 1;
  const insert = text.slice(start, text.length - end);
  return { op: "splice", path, offset: start, delete: old.length - start - end, insert };
}
