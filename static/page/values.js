// Typed reads of a page's JSON. A field with a value of another type counts as absent. The rules are
// those of `collab/page/fields.py`, so both renderers show the same.

/**
 * @typedef {Record<string, any>} Fields
 */

// What Python counts as a space. `\s` of a regular expression here is another set.
export const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const IS_SPACE = new RegExp(`[${SPACE}]`);

/** An object of the page's JSON, with its place: a JSON Pointer, relative to the section. */
export class Place {
  /**
   * @param {unknown} value
   * @param {string} at
   */
  constructor(value, at) {
    /** @type {Fields} */
    this.value = isObject(value) ? /** @type {Fields} */ (value) : {};
    this.at = at;
  }

  /** @param {string} key */
  pointer(key) {
    return `${this.at}/${key}`;
  }

  /** The object under a key; an empty object when the value is not an object. @param {string} key */
  inside(key) {
    return new Place(member(this.value, key), this.pointer(key));
  }

  /** The text under a key, without outer spaces; '' when it is not a string. @param {string} key */
  text(key) {
    return text(this.value, key);
  }

  /** @param {string} key */
  number(key) {
    return number(this.value, key);
  }

  /** The word under a key if it is allowed, or else the first allowed word. @param {string} key @param {string[]} allowed */
  oneOf(key, ...allowed) {
    return oneOf(this.value, key, ...allowed);
  }

  /** The objects of the list under a key. @param {string} key */
  objects(key) {
    const list = member(this.value, key);
    if (!Array.isArray(list)) return [];
    return list.flatMap((each, index) =>
      isObject(each) ? [new Place(each, `${this.pointer(key)}/${index}`)] : [],
    );
  }

  /** The texts of the list under a key, with their places; the empty ones only with `all`. @param {string} key @param {boolean} [all] @returns {[string, string][]} */
  strings(key, all = false) {
    const list = member(this.value, key);
    if (!Array.isArray(list)) return [];
    return list.flatMap((each, index) => {
      const words = typeof each === "string" ? strip(each) : "";
      return words || (all && each === "")
        ? [/** @type {[string, string]} */ ([words, `${this.pointer(key)}/${index}`])]
        : [];
    });
  }
}

/** @param {unknown} value */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value under an object's own key. @param {unknown} holder @param {string} key @returns {unknown} */
export function member(holder, key) {
  return isObject(holder) && Object.hasOwn(/** @type {Fields} */ (holder), key)
    ? /** @type {Fields} */ (holder)[key]
    : undefined;
}

/** @param {unknown} holder @param {string} key @returns {Fields} */
export function fields(holder, key) {
  const value = member(holder, key);
  return isObject(value) ? /** @type {Fields} */ (value) : {};
}

/** @param {unknown} holder @param {string} key */
export function text(holder, key) {
  const value = member(holder, key);
  return typeof value === "string" ? strip(value) : "";
}

/** @param {unknown} holder @param {string} key */
export function number(holder, key) {
  const value = member(holder, key);
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** @param {unknown} holder @param {string} key @param {string[]} allowed */
export function oneOf(holder, key, ...allowed) {
  const value = member(holder, key);
  return typeof value === "string" && allowed.includes(value) ? value : allowed[0];
}

/** A text without the spaces around it. @param {string} words */
export function strip(words) {
  let start = 0;
  let end = words.length;
  while (start < end && IS_SPACE.test(words[start])) start += 1;
  while (end > start && IS_SPACE.test(words[end - 1])) end -= 1;
  return words.slice(start, end);
}

/** A name as a part of a JSON Pointer. @param {string} name */
export function escaped(name) {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** A number below 1e13 as text, with at most two digits after the point. @param {number} value */
export function decimal(value) {
  const hundredths = Math.floor(value * 100 + 0.5);
  const rest = hundredths % 100;
  const whole = (hundredths - rest) / 100;
  return rest ? `${whole}.${String(rest).padStart(2, "0")}`.replace(/0$/, "") : `${whole}`;
}

/** Compare two texts by their code points, as Python sorts them. @param {string} one @param {string} other */
export function compare(one, other) {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (a !== b) return order(a) - order(b);
  }
  return one.length - other.length;
}

/** A code unit such that surrogates come after all other units, as their code points do. @param {number} unit */
function order(unit) {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
