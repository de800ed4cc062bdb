// Parts that several sections share: headings, pictures, icons, buttons, links.

import { ICONS, OTHER_ICON } from "./icons.js";
import { clean, safeImage } from "./links.js";
import { element, filled, paragraphs, placed, rich } from "./nodes.js";

/**
 * @typedef {import('./nodes.js').Content} Content
 * @typedef {import('./values.js').Place} Place
 */

/**
 * A section while it is rendered. `level` is the level of its heading. `name` is unique on the page.
 * `eager` marks the first visible section.
 */
export class Section {
  /**
   * @param {{content: Place, site: import('./site.js').Site, translation: import('./translations.js').Translation,
   *   name: string, level: number, eager?: boolean, isHeaded?: boolean}} given
   */
  constructor({ content, site, translation, name, level, eager = false, isHeaded = false }) {
    this.content = content;
    this.site = site;
    this.translation = translation;
    this.name = name;
    this.level = level;
    this.eager = eager;
    this.isHeaded = isHeaded;
    this.label = `${name}-title`;
    this.innerLevel = isHeaded ? level + 1 : 2;
  }

  /** @param {unknown} address */
  href = (address) => this.site.href(address);

  /** An element around a rich text; null for an empty text. @param {string} tag @param {Place} holder @param {string} key @param {Record<string, string>} [attributes] */
  line(tag, holder, key, attributes = {}) {
    return this.words(tag, holder.text(key), holder.pointer(key), attributes);
  }

  /** @param {string} tag @param {string} words @param {string} at @param {Record<string, string>} [attributes] */
  words(tag, words, at, attributes = {}) {
    return placed(filled(tag, attributes, rich(words, this.href)), at);
  }

  /** Rich text as paragraphs. @param {Place} holder @param {string} key @param {string | null} [className] */
  paragraphs(holder, key, className = null) {
    return paragraphs(holder.text(key), this.href, className).map(
      (each) => each && placed(each, holder.pointer(key)),
    );
  }

  /** The section's own heading. It also names the section for screen readers. */
  headline() {
    return this.line(`h${this.level}`, this.content, "headline", { id: this.label });
  }

  /** The headline and the introduction. */
  head() {
    return filled("div", { class: "head" }, this.headline(), this.paragraphs(this.content, "body", "intro"));
  }
}

/** An element around a plain text; null for an empty text. @param {string} tag @param {Place} holder @param {string} key @param {Record<string, string | null>} [attributes] */
export function line(tag, holder, key, attributes = {}) {
  return placed(filled(tag, attributes, clean(holder.text(key))), holder.pointer(key));
}

/** A picture with its alternative text and its size; null without an allowed address. @param {Section} section @param {Place} image @param {string | null} [className] */
export function picture(section, image, className = null) {
  const src = safeImage(image.value.src);
  if (!src) return null;
  const made = element("img", {
    src,
    alt: image.text("alt"),
    width: pixels(image, "width"),
    height: pixels(image, "height"),
    class: className,
    decoding: "async",
    ...(section.eager ? { fetchpriority: "high" } : { loading: "lazy" }),
  });
  return placed(made, image.at);
}

/** The icon with this name, or a star for an unknown name; null without a name. @param {string} name */
export function icon(name) {
  if (!name) return null;
  const d = ICONS.get(name.toLowerCase()) ?? OTHER_ICON;
  return element(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    element("path", { d }),
  );
}

/** A button; null without a label or an allowed link. @param {Section} section @param {Place} given @param {string} [fallback] */
export function button(section, given, fallback = "primary") {
  const href = section.href(given.value.href);
  if (!href || !given.text("label")) return null;
  const kinds = ["primary", "secondary", "link"].sort(
    (one, other) => Number(one !== fallback) - Number(other !== fallback),
  );
  const made = element(
    "a",
    { class: `button ${given.oneOf("style", ...kinds)}`, href },
    clean(given.text("label")),
  );
  return placed(made, given.pointer("label"), keyOf(given));
}

/** The row of the section's own buttons. @param {Section} section */
export function allButtons(section) {
  return filled(
    "div",
    { class: "buttons" },
    section.content.objects("buttons").map((each) => button(section, each)),
  );
}

/** A link. When the link is not allowed, only its label. @param {Section} section @param {Place} given */
export function link(section, given) {
  const href = section.href(given.value.href);
  return line(href ? "a" : "span", given, "label", href ? { href } : {});
}

/** The key of an item of a list: its id. @param {Place} item */
export function keyOf(item) {
  return item.text("id");
}

/** Return a name for each section of a page. No two are the same. @param {Place[]} sections */
export function sectionNames(sections) {
  /** @type {Set<string>} */
  const names = new Set();
  sections.forEach((section, index) => {
    const id = section.text("id");
    const name = id ? `weft-${hash(id).toString(16).padStart(8, "0")}` : `weft-${index}`;
    names.add(names.has(name) ? `${name}-${index}` : name);
  });
  return [...names];
}

/** The 32-bit FNV-1a hash of a text. @param {string} words */
function hash(words) {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(words)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/** @param {Place} image @param {string} key */
function pixels(image, key) {
  const size = image.number(key);
  return size !== null && size >= 1 && size <= 20_000 ? `${Math.trunc(size)}` : null;
}
