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
import { Site } from "./site.js";
import { SCOPES, sectionRule, stylesheet } from "./theme.js";
import { translationFor } from "./translations.js";
import { escaped, fields, Place, SPACE, text } from "./values.js";

/**
 * @typedef {import('./nodes.js').Element} Element
 * @typedef {import('./nodes.js').Content} Content
 * @typedef {import('./values.js').Fields} Fields
 * @typedef {{root: Element, style: string, title: string, failed: boolean}} Rendered
 */

const LANGUAGE = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur", "yi"]);
const ANCHOR = new RegExp(`^[^${SPACE}]{1,128}$`, "u");

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
   * style is for a page in another document, beside `canvas.css`.
   *
   * @param {{base?: string, publicUrl?: string, isCanvas?: boolean, onError?: (error: unknown, section: Fields) => void}} [options]
   */
  constructor({ base = "", publicUrl = "", isCanvas = false, onError = () => {} } = {}) {
    this.base = base;
    this.publicUrl = publicUrl;
    this.scope = isCanvas ? SCOPES.canvas : SCOPES.own;
    this.onError = onError;
    /** @type {Map<string, Known>} */
    this.known = new Map();
    this.common = ""; // what all sections depend on
  }

  /**
   * Return the page at `slug`, or the home page without a slug; null when there is no page.
   *
   * @param {unknown} value the document
   * @param {string} [slug]
   * @returns {Rendered | null}
   */
  render(value, slug = "") {
    const site = new Site(value, this.base, this.publicUrl);
    const page = site.find(slug);
    if (!page) return null;
    const language = LANGUAGE.test(text(site.about, "language")) ? text(site.about, "language") : "en";
    const translation = translationFor(language);
    const theme = fields(site.value, "theme");
    const made = this.sections(site, page, translation, theme);
    const direction = RIGHT_TO_LEFT.has(language.split("-")[0].toLowerCase()) ? "rtl" : null;
    const banner = new Section({
      content: new Place({}, ""),
      site,
      translation,
      name: "top",
      level: 1,
      eager: true,
    });
    const { main, foot } = split(made);
    const hasTitle = main.some(({ made: each }) => each && holds(each, "h1"));
    const root = element(
      "div",
      { class: "weft-page", lang: language, dir: direction },
      element("a", { class: "skip", href: "#weft-content" }, translation.skip),
      header(banner, page),
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
    const common = JSON.stringify([site.signature, translation.skip, fields(theme, "colors").accent]);
    if (common !== this.common) this.known.clear();
    this.common = common;
    /** @type {Set<string>} */
    const anchors = new Set();
    /** @type {Map<string, Known>} */
    const known = new Map();
    shown.forEach(({ value: given, at }, index) => {
      const name = names[index];
      const fresh = freshAnchors(given, anchors);
      const around = JSON.stringify([index === 0, fresh]);
      const before = this.known.get(name);
      const same = before?.given === given && before.around === around;
      const made = same ? before : this.section(given, name, index, fresh, { site, translation, theme });
      const now = { ...made, given, around, at };
      known.set(name, now);
      if (now.made) fresh.forEach((anchor) => anchors.add(anchor));
    });
    this.known = known;
    return [...known.values()].filter(({ made }) => made);
  }

  /**
   * @param {Fields} given
   * @param {string} name
   * @param {number} index
   * @param {string[]} anchors
   * @param {{site: Site, translation: import('./translations.js').Translation, theme: Fields}} around
   */
  section(given, name, index, anchors, { site, translation, theme }) {
    const place = new Place(given, "");
    const content = place.inside("content");
    const isHeaded = content.text("headline") !== "" && place.text("type") !== "footer";
    const level = index === 0 && isHeaded ? 1 : 2;
    const section = new Section({ content, site, translation, name, level, eager: index === 0, isHeaded });
    const { content: elements, failed } = this.inner(section, place);
    const inner = filled("div", { class: "wide" }, elements);
    if (!inner) return { made: null, rule: "", failed };
    const own = place.inside("theme");
    const rule = sectionRule(name, own.value, theme, this.scope);
    return { made: placed(wrap(section, place, inner, rule !== "", anchors), "", name), rule, failed };
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
      return { content: plainBlock(section, place), failed: renderer !== undefined };
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
  const labelled = section.isHeaded && holds(inner, "", section.label) ? section.label : null;
  return element(
    type === "footer" ? "div" : "section",
    { id: anchors[0], class: classes.join(" "), "aria-labelledby": labelled },
    anchors.slice(1).map((id) => element("span", { id, class: "mark" })),
    inner,
  );
}

/** The anchors of a section that no earlier section has. The page's own ids begin with `weft-`. @param {Fields} given @param {Set<string>} anchors */
function freshAnchors(given, anchors) {
  const names = ["anchor", "id"].map((key) => clean(text(given, key))).filter((name) => ANCHOR.test(name));
  return [...new Set(names)].filter((name) => !anchors.has(name) && !name.startsWith("weft-"));
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
