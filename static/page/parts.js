// Parts that several sections share: headings, pictures, icons, buttons, links.

import { ICONS, OTHER_ICON } from "./icons.js";
import { ASSET_WIDTHS, clean, isAsset, safeImage } from "./links.js";
import { element, filled, paragraphs, placed, rich } from "./nodes.js";

/**
 * @typedef {import('./nodes.js').Content} Content
 * @typedef {import('./values.js').Place} Place
 */

// The width of a picture in each place, for `sizes`: see `collab/page/parts.py`.
export const WHOLE = "(min-width:1176px) 1080px,92vw";
export const SPLIT_HERO = "(min-width:1176px) 500px,(min-width:880px) 43vw,92vw";
export const MASONRY = "(min-width:1176px) 340px,(min-width:950px) 29vw,(min-width:660px) 45vw,92vw";
export const CAROUSEL = "(min-width:640px) 460px,72vw";
export const PLAIN = "(min-width:766px) 704px,92vw";
export const FACE = "96px";
// The width of a column, for one column to six: in a large window, and in a smaller one.
const COLUMNS = [
  ["1080px", "92vw"],
  ["525px", "45vw"],
  ["340px", "29vw"],
  ["240px", "21vw"],
  ["184px", "16vw"],
  ["146px", "13vw"],
];
const LOGO_HEIGHT = 36;
const MAX_SIDE = 65_535; // pixels

/**
 * On the canvas of an editor: whether the section is selected, its id, the field that is edited, and the
 * words that an empty text shows. The id is empty when an earlier section has it. `memo` stays while the
 * same field is edited.
 *
 * @typedef {{isSelected: boolean, id: string, field: string | null, words: (at: string) => string, memo: Record<string, any>}} Edit
 */

/**
 * A section while it is rendered. `level` is the level of its heading. `name` is unique on the page.
 * `eager` marks the first visible section.
 */
export class Section {
  /**
   * @param {{content: Place, site: import('./site.js').Site, page: import('./site.js').Page, translation: import('./translations.js').Translation,
   *   name: string, level: number, eager?: boolean, isHeaded?: boolean, edit?: Edit | null}} given
   */
  constructor({
    content,
    site,
    page,
    translation,
    name,
    level,
    eager = false,
    isHeaded = false,
    edit = null,
  }) {
    this.content = content;
    this.site = site;
    this.page = page;
    this.translation = translation;
    this.name = name;
    this.level = level;
    this.eager = eager;
    this.isHeaded = isHeaded;
    this.edit = edit;
    this.label = `${name}-title`;
    this.innerLevel = isHeaded ? level + 1 : 2;
  }

  /** @param {unknown} address */
  href = (address) => this.site.href(address, this.page);

  /** An element around a rich text; null for an empty text. @param {string} tag @param {Place} holder @param {string} key @param {Record<string, string>} [attributes] */
  line(tag, holder, key, attributes = {}) {
    return this.words(tag, holder.text(key), holder.pointer(key), attributes);
  }

  /** @param {string} tag @param {string} words @param {string} at @param {Record<string, string>} [attributes] */
  words(tag, words, at, attributes = {}) {
    return this.field(tag, attributes, at, "line", rich(words, this.href));
  }

  /** An element around a plain text; null for an empty text. @param {string} tag @param {Place} holder @param {string} key @param {Record<string, string | null>} [attributes] */
  plain(tag, holder, key, attributes = {}) {
    return this.field(tag, attributes, holder.pointer(key), "plain", clean(holder.text(key)));
  }

  /** Rich text as paragraphs. @param {Place} holder @param {string} key @param {string | null} [className] */
  paragraphs(holder, key, className = null) {
    return this.allParagraphs(holder.text(key), holder.pointer(key), className);
  }

  /** @param {string} words @param {string} at @param {string | null} [className] */
  allParagraphs(words, at, className = null) {
    if (this.isOpen(at) && (!words || this.edit?.field === at))
      return [this.field("p", { class: className }, at, "lines")];
    const made = paragraphs(words, this.href, className);
    return made.map((each) => each && Object.assign(placed(each, at), { kind: "lines" }));
  }

  /** An element around a text; null for an empty text. @param {string} tag @param {Record<string, string | null>} attributes @param {string} at @param {import('./nodes.js').TextKind} kind @param {...Content} content */
  field(tag, attributes, at, kind, ...content) {
    const isEdited = this.edit?.field === at;
    const made = element(tag, attributes, isEdited ? null : content);
    if (!made.children.length) {
      if (!this.isOpen(at)) return null;
      made.attributes["data-empty"] = this.edit?.words(at) ?? "";
    }
    return Object.assign(placed(made, at), { kind, isEdited });
  }

  /** Whether a text has an element also when it is empty, so that it can be filled. @param {string} at */
  isOpen(at) {
    return this.edit !== null && (this.edit.isSelected || this.edit.field === at);
  }

  /** The section's own heading. It also names the section for screen readers. */
  headline() {
    return this.line(`h${this.level}`, this.content, "headline", { id: this.label });
  }

  /** The headline and the introduction. @param {boolean} [hasBody] whether the format has an introduction here */
  head(hasBody = true) {
    const isShown = hasBody || this.content.text("body");
    const body = isShown && this.paragraphs(this.content, "body", "intro");
    return filled("div", { class: "head" }, this.headline(), body);
  }
}

/**
 * A picture with its alternative text and its size; null without an allowed address. `sizes` is its
 * width on the page. With it, the browser chooses one of the smaller forms of an asset.
 *
 * @param {Section} section @param {Place} image @param {string} sizes @param {string | null} [className]
 */
export function picture(section, image, sizes, className = null) {
  const src = safeImage(image.value.src);
  if (!src) return null;
  const width = pixels(image, "width");
  const forms = sizes ? smaller(section, src, width) : "";
  const made = element("img", {
    src,
    srcset: forms ? `${forms}${src} ${width}w` : null,
    sizes: forms ? sizes : null,
    alt: image.text("alt"),
    width: width?.toString(),
    height: pixels(image, "height")?.toString(),
    class: className,
    decoding: "async",
    loading: section.eager ? "eager" : "lazy",
    fetchpriority: section.eager ? "high" : null,
  });
  return placed(made, image.at);
}

/** The smaller forms of an asset for `srcset`; '' when there are none. @param {Section} section @param {string} src @param {number | null} width */
function smaller(section, src, width) {
  if (width === null || !isAsset(src, section.site.publicUrl)) return "";
  return ASSET_WIDTHS.filter((each) => each < width)
    .map((each) => `${src}?width=${each} ${each}w,`)
    .join("");
}

/** The width of a picture in a card. Windows of medium width have two columns. @param {number} columns @param {number} count */
export function cardSizes(columns, count) {
  const [large, small] = COLUMNS[columns - 1];
  const medium = count > 1 ? "(min-width:660px) 45vw," : "";
  return `(min-width:1176px) ${large},(min-width:920px) ${small},${medium}92vw`;
}

/** The width of one of `count` pictures in a grid, which fills its rows. @param {number} count */
export function gridSizes(count) {
  if (count < 2) return WHOLE;
  const [large, small] = COLUMNS[Math.min(count, 3) - 1];
  const medium = count > 2 ? `(min-width:1080px) ${small},` : "";
  return `(min-width:1176px) ${large},${medium}(min-width:710px) 45vw,92vw`;
}

/** The width of a logo; '' when its shape is unknown. It is exact: see `collab/page/parts.py`. @param {Place} logo */
export function logoSizes(logo) {
  const [width, height] = [pixels(logo, "width"), pixels(logo, "height")];
  if (width === null || height === null) return "";
  return `${Math.min(width, Math.ceil((LOGO_HEIGHT * width) / height))}px`;
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
  if ((!href || !given.text("label")) && !section.isOpen(given.pointer("label"))) return null;
  const kinds = ["primary", "secondary", "link"].sort(
    (one, other) => Number(one !== fallback) - Number(other !== fallback),
  );
  const attributes = { class: `button ${given.oneOf("style", ...kinds)}`, href: href || null };
  return placed(section.plain("a", given, "label", attributes), given.pointer("label"), keyOf(given));
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
  return section.plain(href ? "a" : "span", given, "label", href ? { href } : {});
}

/** The key of an item of a list: its id. @param {Place} item */
export function keyOf(item) {
  return item.text("id");
}

/** The name from the id of a section; '' without an id. A section that did not change is the same object. @type {WeakMap<object, string>} */
const ownNames = new WeakMap();

/** Return a name for each section of a page. No two are the same. @param {Place[]} sections */
export function sectionNames(sections) {
  /** @type {Set<string>} */
  const names = new Set();
  sections.forEach((section, index) => {
    let own = ownNames.get(section.value);
    if (own === undefined) {
      const id = section.text("id");
      own = id && `weft-${hash(id).toString(16).padStart(8, "0")}`;
      ownNames.set(section.value, own);
    }
    const name = own || `weft-${index}`;
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
  return size !== null && size >= 1 && size <= MAX_SIDE ? Math.trunc(size) : null;
}
