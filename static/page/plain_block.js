// A section of an unknown type as a plain block: its texts and its pictures, in order.

import { filled } from "./nodes.js";
import { PLAIN, picture } from "./parts.js";
import { compare, escaped, isObject, Place, strip, text } from "./values.js";

/**
 * @typedef {import('./nodes.js').Content} Content
 * @typedef {import('./parts.js').Section} Section
 */

// The texts that visitors read have one of these names, or contain a space.
const READ = ["headline", "title", "name", "question", "subheadline", "label", "body", "text"];
const READ_LATER = ["quote", "answer", "description", "caption", "content", "items"];
const ORDER = new Map([...READ, ...READ_LATER].map((name, place) => [name, place]));
const NEVER = new Set(["id", "type", "anchor", "theme", "hidden", "alt", "src", "href", "link"]);
const MOST_PARTS = 200;
const MOST_VALUES = 5_000;

/** Return the headline of a section, and its other texts and pictures. @param {Section} section @param {Place} given @returns {Content} */
export function plainBlock(section, given) {
  const holder = isObject(given.value.content) ? given.inside("content") : given;
  const parts = found(section, holder.value, holder.at, section.isHeaded ? "headline" : "");
  return [filled("div", { class: "head" }, section.headline()), filled("div", { class: "plain" }, parts)];
}

/** @param {Section} section @param {unknown} holder @param {string} at @param {string} without */
function found(section, holder, at, without) {
  /** @type {Content[]} */
  const parts = [];
  const waiting = children(holder, at, without);
  for (let seen = 0; seen < MOST_VALUES && waiting.length && parts.length < MOST_PARTS; seen += 1) {
    const [name, value, place] = /** @type {[string, unknown, string]} */ (waiting.pop());
    if (typeof value === "string") {
      if (!ORDER.has(name) && !strip(value).includes(" ") && section.edit?.field !== place) continue;
      parts.push(section.allParagraphs(strip(value), place));
    } else if (isObject(value) && text(value, "src"))
      parts.push(picture(section, new Place(value, place), PLAIN));
    else for (const each of children(value, place)) waiting.push(each);
  }
  return parts;
}

/** The members that may have a text or a picture, with their names and places, last first. @param {unknown} value @param {string} at @param {string} [without] @returns {[string, unknown, string][]} */
function children(value, at, without = "") {
  if (Array.isArray(value)) {
    const all = value.map(
      (each, index) => /** @type {[string, unknown, string]} */ (["items", each, `${at}/${index}`]),
    );
    return all.reverse();
  }
  if (!isObject(value)) return [];
  const holder = /** @type {import('./values.js').Fields} */ (value);
  const names = Object.keys(holder).filter((name) => !NEVER.has(name) && name !== without);
  names.sort((one, other) => rank(other) - rank(one) || compare(other, one));
  return names.map((name) => [name, holder[name], `${at}/${escaped(name)}`]);
}

/** @param {string} name */
function rank(name) {
  return ORDER.get(name) ?? ORDER.size;
}
