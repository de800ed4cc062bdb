// The sections of a page: one function for each type makes elements of the content.

import { clean } from "./links.js";
import { element, filled, placed, rich } from "./nodes.js";
import {
  allButtons,
  button,
  CAROUSEL,
  cardSizes,
  FACE,
  gridSizes,
  icon,
  keyOf,
  MASONRY,
  picture,
  SPLIT_HERO,
  WHOLE,
} from "./parts.js";
import { plain } from "./rich_text.js";
import { amount } from "./translations.js";
import { decimal, isObject } from "./values.js";

/**
 * @typedef {import('./nodes.js').Content} Content
 * @typedef {import('./parts.js').Section} Section
 * @typedef {import('./values.js').Place} Place
 */

// A hero's body up to this length is one line above the headline. A longer body is text below it.
const MAX_EYEBROW = 60;
const NO_PRICE = 1e13; // from here on, a double has no exact hundredths
const FIELD_KINDS = ["text", "email", "tel", "textarea", "select", "checkbox", "date", "number"];

/** @param {Section} section @returns {Content} */
export function hero(section) {
  const { content } = section;
  const body = content.text("body");
  const at = content.pointer("body");
  const isShort = [...body].length <= MAX_EYEBROW && !body.includes("\n");
  // A text does not change its place while it is edited.
  const above = section.edit?.field === at ? (section.edit.memo.above ??= isShort) : isShort;
  const words = filled(
    "div",
    { class: "words" },
    above && section.field("p", { class: "eyebrow" }, at, "lines", rich(body, section.href)),
    section.headline(),
    section.line("p", content, "subheadline", { class: "lede" }),
    !above && section.paragraphs(content, "body"),
    allButtons(section),
  );
  const shot = filled(
    "div",
    { class: "shot" },
    picture(section, content.inside("image"), words ? SPLIT_HERO : WHOLE),
  );
  return filled("div", { class: shot && words ? "hero split" : "hero" }, words, shot);
}

/** @param {Section} section @returns {Content} */
export function callToAction(section) {
  const words = filled("div", {}, section.headline(), section.paragraphs(section.content, "body", "intro"));
  return filled("div", { class: "panel" }, words, allButtons(section));
}

// --- lists of items ---------------------------------------------------------------------------

/** @param {Section} section @returns {Content} */
export function features(section) {
  const wanted = section.content.number("columns");
  const columns = wanted === null ? 3 : Math.trunc(Math.min(Math.max(wanted, 1), 6));
  const items = section.content.objects("items");
  const sizes = cardSizes(columns, items.length);
  const made = items.map((item) => feature(section, item, sizes));
  return [section.head(), filled("ul", { class: `cards columns-${columns}` }, made)];
}

/** @param {Section} section @param {Place} item @param {string} sizes */
function feature(section, item, sizes) {
  const href = section.href(item.value.link);
  const tag = `h${section.innerLevel}`;
  const title = href
    ? placed(filled(tag, {}, section.plain("a", item, "title", { href })), item.pointer("title"))
    : section.plain(tag, item, "title");
  const inner = [
    picture(section, item.inside("image"), sizes) ?? icon(item.text("icon")),
    title,
    section.paragraphs(item, "body"),
  ];
  return placed(filled("li", { class: "card" }, inner), item.at, keyOf(item));
}

/** @param {Section} section @returns {Content} */
export function testimonials(section) {
  const made = section.content.objects("items").map((item) => quote(section, item));
  return [section.head(false), filled("div", { class: "cards quotes" }, made)];
}

/** @param {Section} section @param {Place} item */
function quote(section, item) {
  const said = filled("blockquote", {}, stars(section, item), section.paragraphs(item, "quote"));
  if (!said) return null;
  const who = [section.plain("strong", item, "name"), job(section, item)];
  const face = picture(section, item.inside("image"), FACE, "face") ?? avatar(item.text("name"));
  const by = who.some(Boolean) && element("figcaption", {}, face, element("span", { class: "who" }, who));
  return placed(element("figure", { class: "card quote" }, said, by), item.at, keyOf(item));
}

/** @param {Section} section @param {Place} item */
function job(section, item) {
  const keys = ["role", "company"];
  if (!section.edit) {
    const words = keys.map((key) => item.text(key)).filter(Boolean);
    return placed(filled("span", {}, clean(words.join(", "))), item.pointer("role"));
  }
  const [role, company] = keys.map((key) => section.plain("span", item, key));
  return filled("span", {}, role, role && company && ", ", company);
}

/** @param {string} name */
function avatar(name) {
  if (!name) return null;
  const [first] = name;
  return element("span", { class: "face", "aria-hidden": "true" }, clean(first));
}

/** @param {Section} section @param {Place} item */
function stars(section, item) {
  const rating = item.number("rating");
  if (rating === null || rating <= 0 || rating > 5) return null;
  const full = Math.floor(rating + 0.5);
  const said = section.translation.rating.replace("{}", decimal(rating));
  const shown = "★".repeat(full) + "☆".repeat(5 - full);
  return placed(
    element("p", { class: "stars", role: "img", "aria-label": said }, shown),
    item.pointer("rating"),
  );
}

/** @param {Section} section @returns {Content} */
export function pricing(section) {
  const made = section.content.objects("plans").map((item) => plan(section, item));
  return [section.head(), filled("ul", { class: "cards plans" }, made)];
}

/** @param {Section} section @param {Place} item */
function plan(section, item) {
  const texts = item.strings("features", section.edit?.isSelected);
  const points = texts.map(([words, at]) => section.words("li", words, at));
  const inner = [
    section.plain(`h${section.innerLevel}`, item, "name"),
    price(section, item),
    section.paragraphs(item, "description"),
    filled("ul", { class: "points" }, points),
    isObject(item.value.button) && button(section, item.inside("button"), "secondary"),
  ];
  const name = item.value.featured === true ? "card plan featured" : "card plan";
  return placed(filled("li", { class: name }, inner), item.at, keyOf(item));
}

/** @param {Section} section @param {Place} item */
function price(section, item) {
  const { translation } = section;
  const given = item.number("price");
  if (given === null || given < 0 || given >= NO_PRICE) return null;
  const at = item.pointer("price");
  if (given === 0) return placed(filled("p", { class: "price" }, translation.free), at);
  const period = { month: translation.month, year: translation.year, once: "" }[
    item.oneOf("period", "once", "month", "year")
  ];
  const shown = amount(translation, given, section.content.text("currency"));
  return placed(
    filled("p", { class: "price" }, filled("span", {}, clean(shown)), filled("small", {}, period)),
    at,
  );
}

/** @param {Section} section @returns {Content} */
export function gallery(section) {
  const layout = section.content.oneOf("layout", "grid", "masonry", "carousel");
  const items = section.content.objects("items");
  const sizes = { grid: gridSizes(items.length), masonry: MASONRY, carousel: CAROUSEL }[layout] ?? "";
  const made = items.map((item) => {
    const inner = [
      picture(section, item.inside("image"), sizes),
      section.line("figcaption", item, "caption"),
    ];
    return placed(filled("figure", {}, inner), item.at, keyOf(item));
  });
  const title = clean(plain(section.content.text("headline")));
  // A scrolling element must be reachable by keyboard, and so it needs a name.
  const scrolls = layout === "carousel" && { tabindex: "0", role: "group", "aria-label": title || null };
  return [section.head(false), filled("div", { class: `gallery ${layout}`, ...scrolls }, made)];
}

/** Return the questions; `details` elements open an answer without a script. @param {Section} section @returns {Content} */
export function questions(section) {
  const made = section.content.objects("items").map((item) => question(section, item));
  return [section.head(false), filled("div", { class: "questions" }, made)];
}

/** @param {Section} section @param {Place} item @returns {Content} */
function question(section, item) {
  const answer = section.paragraphs(item, "answer");
  if ((!item.text("question") || !answer.some(Boolean)) && !section.isOpen(item.pointer("question")))
    return [section.plain("p", item, "question", { class: "asked" }), answer];
  const words = section.edit ? section.plain("span", item, "question") : clean(item.text("question"));
  const inner = [placed(element("summary", {}, words), item.pointer("question"))];
  return placed(
    element("details", {}, inner, element("div", { class: "answer" }, answer)),
    item.at,
    keyOf(item),
  );
}

// --- the form ---------------------------------------------------------------------------------

/** Return a form that posts nothing, because the server does not collect answers yet. @param {Section} section @returns {Content} */
export function form(section) {
  const { content } = section;
  const head = [section.headline(), section.paragraphs(content, "body", "intro")];
  const submit = content.pointer("submit");
  const send = clean(content.text("submit") || (section.isOpen(submit) ? "" : "→"));
  const href = section.href(content.value.action);
  if (href) {
    const link = section.field("a", { class: "button primary", href }, submit, "plain", send);
    return filled(
      "div",
      { class: "panel" },
      filled("div", {}, head),
      element("div", { class: "buttons" }, link),
    );
  }
  const made = content.objects("fields").map((each) => field(section, each));
  if (!made.length) return filled("div", { class: "head" }, head);
  // A text in a button cannot be edited in place.
  const [tag, type] = section.edit ? ["span", null] : ["button", "button"];
  const press = section.field(tag, { class: "button primary", type }, submit, "plain", send);
  const closed = [
    filled("p", { class: "note" }, section.translation.closed),
    section.edit?.isSelected && section.plain("p", content, "success", { class: "note" }),
  ];
  const inner = element("div", { class: "form" }, element("fieldset", { disabled: "" }, made, press), closed);
  return element("div", { class: "enquiry" }, filled("div", {}, head), inner);
}

/** @param {Section} section @param {Place} given */
function field(section, given) {
  const kind = given.oneOf("kind", ...FIELD_KINDS);
  const id = `${section.name}-${given.at.split("/").at(-1)}`;
  const required = given.value.required === true;
  const { edit } = section;
  const key = given.text("label") || edit?.isSelected ? "label" : "name";
  const mark = required && [" ", element("span", { "aria-hidden": "true" }, "*")];
  const words = edit && key === "label" ? section.plain("span", given, key) : clean(given.text(key));
  const label =
    (given.text(key) || edit?.isSelected) &&
    placed(element("label", { for: id }, words, mark), given.pointer(key));
  const attributes = {
    id,
    "aria-required": required ? "true" : null,
    placeholder: given.text("placeholder") || null,
  };
  const control = controlOf(kind, attributes, given, edit !== null);
  const inner =
    kind === "checkbox"
      ? [control, label]
      : [label, control, edit?.isSelected && unseen(section, kind, given)];
  return placed(
    element("div", { class: kind === "checkbox" ? "field tick" : "field" }, inner),
    given.at,
    keyOf(given),
  );
}

/** The texts that the page has inside a control: the canvas of an editor shows them below it. @param {Section} section @param {string} kind @param {Place} given @returns {Content} */
function unseen(section, kind, given) {
  const attributes = { class: "note" };
  if (kind === "date") return null;
  if (kind !== "select") return section.plain("p", given, "placeholder", attributes);
  const options = given.strings("options", true);
  return options.map(([words, at]) => section.field("p", attributes, at, "plain", clean(words)));
}

/** @param {string} kind @param {Record<string, string | null>} attributes @param {Place} given @param {boolean} isInert */
function controlOf(kind, attributes, given, isInert) {
  if (kind === "textarea") return element("textarea", { rows: "4", ...attributes });
  if (kind !== "select") return element("input", { type: kind, ...attributes });
  const options = given
    .strings("options")
    .map(([words, at]) => placed(filled("option", {}, clean(words)), isInert ? "" : at));
  return element("select", attributes, element("option", {}), options);
}
