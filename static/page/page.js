// A page of a document as elements, the same as `collab/page/html.py` makes on the server.
//
// `PageRenderer.render` is called with each new value. It renders only the sections that changed: a
// section whose JSON is the same object as before keeps its elements.

import { footer, header } from "./layout.js";
import { clean } from "./links.js";
import { element, filled, placed } from "./nodes.js";
import { Section, sectionNames } from "./parts.js";
import { plainBlock } from "./plain_block.js";
import * as sections from "./sections.js";
import { anchorsOf, Site } from "./site.js";
import { SCOPES, sectionRule, stylesheet } from "./theme.js";
import { translationFor } from "./translations.js";
import { escaped, fields, Place, text } from "./values.js";

/**
 * @typedef {import('./nodes.js').Element} Element
 * @typedef {import('./nodes.js').Content} Content
 * @typedef {import('./values.js').Fields} Fields
 * @typedef {{root: Element, style: string, title: string, failed: boolean}} Rendered
 */

const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur", "yi"]);

/** @type {Map<string, (section: Section) => Content>} */
export const RENDERERS = new Map(
  Object.entries({
    hero: sections.hero,
    features: sections.features,
    testimonials: sections.testimonials,
    pricing: sections.pricing,
    faq: sections.questions,
    gallery: sections.gallery,
    form: sections.form,
    callToAction: sections.callToAction,
    footer,
  }),
);

/**
 * What a section depends on. When all of it is the same, its elements are the same.
 *
 * @typedef {object} Known
 * @property {Fields} given
 * @property {string} around
 * @property {Element | null} made
 * @property {string} rule
 * @property {boolean} failed
 * @property {string} at the JSON Pointer of the section
 */

export class PageRenderer {
  /**
   * `base` is the path of the site, and `publicUrl` the server's public origin. With `isCanvas`, the
   * style is for a page in another document, beside `canvas.css`. With `emptyWords`, the page is edited
   * in place: see `selected` and `edited`. The function returns what an empty text shows.
   *
   * @param {{base?: string, publicUrl?: string, isCanvas?: boolean, emptyWords?: (at: string) => string, onError?: (error: unknown, section: Fields) => void}} [options]
   */
  constructor({ base = "", publicUrl = "", isCanvas = false, emptyWords, onError = () => {} } = {}) {
    this.base = base;
    this.publicUrl = publicUrl;
    this.scope = isCanvas ? SCOPES.canvas : SCOPES.own;
    this.emptyWords = emptyWords;
    this.onError = onError;
    /** @type {string | null} the id of the section whose empty texts are shown */
    this.selected = null;
    /** @type {string | null} the JSON Pointer of the text that is edited: something else writes its element */
    this.edited = null;
    /** @type {Record<string, any>} what stays while a text is edited; make a new object for another text */
    this.memo = {};
    /** @type {Map<string, Known>} */
    this.known = new Map();
    this.common = ""; // what all sections depend on
  }

  /**
   * Return the page at `slug`, or the home page without a slug; null when there is no page. With `key`,
   * it is the page with this key.
   *
   * @param {unknown} value the document
   * @param {string} [slug]
   * @param {string} [key]
   * @returns {Rendered | null}
   */
  render(value, slug = "", key = "") {
    const site = new Site(value, this.base, this.publicUrl);
    const page = key ? site.pages.find((each) => each.key === key) : site.find(slug);
    if (!page) return null;
    const language = LANGUAGE.test(text(site.about, "language")) ? text(site.about, "language") : "en";
    const translation = translationFor(language);
    const theme = fields(site.value, "theme");
    const made = this.sections(site, page, translation, theme);
    const direction = RIGHT_TO_LEFT.has(language.split("-")[0].toLowerCase()) ? "rtl" : null;
    const banner = new Section({
      content: new Place({}, ""),
      site,
      page,
      translation,
      name: "top",
      level: 1,
      eager: true,
      edit: this.edit(this.edited?.startsWith("/site/") ?? false, ""),
    });
    const head = header(banner, page);
    if (head && this.emptyWords) still(head);
    const { main, foot } = split(made);
    const hasTitle = main.some(({ made: each }) => each && holds(each, "h1"));
    const root = element(
      "div",
      { class: "weft-page", lang: language, dir: direction },
      element("a", { class: "skip", href: "#weft-content" }, translation.skip),
      head,
      element(
        "main",
        { id: "weft-content", tabindex: "-1" },
        !hasTitle && filled("h1", { class: "unseen" }, clean(page.title || page.key)),
        main.map(({ made: each }) => each),
      ),
      filled(
        "footer",
        {},
        foot.map(({ made: each }) => each),
      ),
    );
    const style = stylesheet(theme, this.scope) + made.map(({ rule }) => rule).join("");
    const title = text(fields(page.fields, "seo"), "title") || page.title || text(site.about, "name");
    return { root, style, title: clean(title), failed: made.some(({ failed }) => failed) };
  }

  /** The JSON Pointer of each section, by the key of its element. */
  get pointers() {
    return new Map([...this.known].map(([name, { at }]) => [name, at]));
  }

  /**
   * @param {Site} site
   * @param {import('./site.js').Page} page
   * @param {import('./translations.js').Translation} translation
   * @param {Fields} theme
   */
  sections(site, page, translation, theme) {
    const all = new Place(page.fields, `/pages/${escaped(page.key)}`).objects("sections");
    const shown = all.filter(({ value }) => value.hidden !== true);
    const names = sectionNames(shown);
    const common = JSON.stringify([site.signature(page), translation.skip, fields(theme, "colors").accent]);
    if (common !== this.common) this.known.clear();
    this.common = common;
    /** @type {Set<string>} */
    const anchors = new Set();
    /** @type {Map<string, Known>} */
    const known = new Map();
    const firsts = new Map(all.map(({ value, at }) => /** @type {const} */ ([value.id, at])).reverse());
    shown.forEach(({ value: given, at }, index) => {
      const name = names[index];
      const fresh = freshAnchors(given, anchors);
      const id = firsts.get(given.id) === at && text(given, "id") === given.id ? given.id : "";
      const edit = this.edit(id !== "" && id === this.selected, at, id);
      const around = JSON.stringify([index === 0, fresh, edit?.isSelected, edit?.field, edit?.id]);
      const before = this.known.get(name);
      const same = before?.given === given && before.around === around;
      const made = same
        ? before
        : this.section(given, name, index, fresh, { site, page, translation, theme, edit });
      const now = { ...made, given, around, at };
      known.set(name, now);
      if (now.made) fresh.forEach((anchor) => anchors.add(anchor));
    });
    this.known = known;
    return [...known.values()].filter(({ made }) => made);
  }

  /** How a part of the page is edited; null when the page is only shown. @param {boolean} isSelected @param {string} at the pointer of the part @param {string} [id] @returns {import('./parts.js').Edit | null} */
  edit(isSelected, at, id = "") {
    const { edited, emptyWords: words } = this;
    if (!words) return null;
    const field = edited?.startsWith(`${at}/`) ? edited.slice(at.length) : null;
    return { isSelected, id, field, words, memo: this.memo };
  }

  /**
   * @param {Fields} given
   * @param {string} name
   * @param {number} index
   * @param {string[]} anchors
   * @param {{site: Site, page: import('./site.js').Page, translation: import('./translations.js').Translation, theme: Fields, edit: import('./parts.js').Edit | null}} around
   */
  section(given, name, index, anchors, { site, page, translation, theme, edit }) {
    const place = new Place(given, "");
    const content = place.inside("content");
    const isOpen =
      edit && RENDERERS.has(given.type) && (edit.isSelected || edit.field === "/content/headline");
    const isHeaded = (isOpen || content.text("headline") !== "") && place.text("type") !== "footer";
    const wanted = index === 0 && isHeaded ? 1 : 2;
    // A headline that is edited keeps its element, also when its section becomes the first one.
    const level = edit?.field === "/content/headline" ? (edit.memo.level ??= wanted) : wanted;
    const section = new Section({
      content,
      site,
      page,
      translation,
      name,
      level,
      eager: index === 0,
      isHeaded,
      edit,
    });
    const { content: elements, failed } = this.inner(section, place);
    const inner = filled("div", { class: "wide" }, elements) ?? (edit && element("div", { class: "wide" }));
    if (!inner) return { made: null, rule: "", failed };
    const own = place.inside("theme");
    const rule = sectionRule(name, own.value, theme, this.scope);
    const made = placed(wrap(section, place, inner, rule !== "", anchors), "", name);
    if (edit) still(made);
    return { made, rule, failed };
  }

  /** The elements inside a section. A section that fails becomes a plain block, or nothing. @param {Section} section @param {Place} place @returns {{content: Content, failed: boolean}} */
  inner(section, place) {
    const renderer = RENDERERS.get(place.value.type);
    if (renderer) {
      try {
        return { content: renderer(section), failed: false };
      } catch (error) {
        this.onError(error, place.value);
      }
    }
    try {
      const failed = renderer !== undefined;
      // An editor says it in place of the section.
      const content =
        failed && section.edit ? element("div", { "data-failed": "" }) : plainBlock(section, place);
      return { content, failed };
    } catch (error) {
      this.onError(error, place.value);
      return { content: null, failed: true };
    }
  }
}

/** @param {Section} section @param {Place} place @param {Element} inner @param {boolean} tinted @param {string[]} anchors */
function wrap(section, place, inner, tinted, anchors) {
  const own = place.inside("theme");
  const { type } = place.value;
  const classes = [
    RENDERERS.has(type) ? `is-${type.toLowerCase()}` : "is-plain",
    section.name,
    `to-${own.oneOf("align", "auto", "left", "center", "right")}`,
    `space-${own.oneOf("spacing", "medium", "none", "small", "large")}`,
    ...(tinted ? ["own"] : []),
  ];
  // The document of an editor has ids of its own.
  const ids = section.edit ? [] : anchors;
  const labelled = section.isHeaded && holds(inner, "", section.label) ? section.label : null;
  return element(
    type === "footer" ? "div" : "section",
    {
      id: ids[0],
      class: classes.join(" "),
      "aria-labelledby": labelled,
      "data-section": section.edit?.id,
    },
    ids.slice(1).map((id) => element("span", { id, class: "mark" })),
    inner,
  );
}

/** Take links and fields out of the order of the Tab key; fields take no input at all. @param {Element} whole */
function still(whole) {
  const { tag, attributes } = whole;
  if (/^(a|summary)$/.test(tag) || attributes.tabindex) attributes.tabindex = "-1";
  if (/^(input|select|textarea)$/.test(tag)) attributes.inert = "";
  for (const child of whole.children) if (typeof child !== "string") still(child);
}

/** The anchors of a section that no earlier section has. @param {Fields} given @param {Set<string>} anchors */
function freshAnchors(given, anchors) {
  return anchorsOf(given).filter((name) => !anchors.has(name));
}

/** A footer before another section stays inside main. @param {Known[]} made */
function split(made) {
  let last = made.length;
  while (last && text(made[last - 1].given, "type") === "footer") last -= 1;
  return { main: made.slice(0, last), foot: made.slice(last) };
}

/** Whether an element holds one with this tag, or with this id. @param {Element} whole @param {string} tag @param {string} [id] @returns {boolean} */
function holds(whole, tag, id) {
  return whole.children.some(
    (child) =>
      typeof child !== "string" &&
      (child.tag === tag || (id && child.attributes.id === id) || holds(child, tag, id)),
  );
}
