// What search engines and networks show of a page: how much fits, and what to do better.

import { plain } from "../page/rich_text.js";
import { Site } from "../page/site.js";
import { fields, member, number, text } from "../page/values.js";

/** @typedef {import("../page/site.js").Page} Page */
/** @typedef {{words: string, tone: "warning" | "plain"}} Hint */

/** About as many characters as Google shows; the width of the letters decides. */
export const FITS = { title: 60, description: 155 };
const LEAST = { title: 15, description: 70 };
// Networks show a large card from this size on.
const CARD = { width: 600, height: 315 };

/** A text as a search engine cuts it: at a space, with an ellipsis. @param {string} words @param {number} most characters */
export function cut(words, most) {
  const letters = [...words.replace(/\s+/g, " ").trim()];
  if (letters.length <= most) return letters.join("");
  const short = letters.slice(0, most - 1).join("");
  const space = short.lastIndexOf(" ");
  return `${(space > most / 2 ? short.slice(0, space) : short).replace(/[\s.,;:–-]+$/, "")} …`;
}

/** How long a text is: `48 of about 60 characters, 8 words`. @param {string} given @param {number} fits */
export function lengthWords(given, fits) {
  const words = given.trim();
  const many = words ? words.split(/\s+/).length : 0;
  return `${[...words].length} of about ${fits} characters, ${many} ${many === 1 ? "word" : "words"}`;
}

/** The title that the page has in a search result, as `collab/page/layout.py` chooses it. @param {Site} site @param {Page} page */
export function titleOf(site, page) {
  return text(fields(page.fields, "seo"), "title") || page.title || text(site.about, "name");
}

/** The first sentences of a page, short enough for a description; '' when it has none. @param {Page} page */
export function firstWords(page) {
  const list = member(page.fields, "sections");
  for (const section of Array.isArray(list) ? list : []) {
    const content = fields(section, "content");
    for (const name of ["subheadline", "body", "text"]) {
      const words = plain(text(content, name)).replace(/\s+/g, " ").trim();
      if (words.length >= 20 && member(section, "hidden") !== true) return cut(words, FITS.description);
    }
  }
  return "";
}

/** What could be better about a page in search results. @param {Site} site @param {Page} page @returns {Hint[]} */
export function searchHints(site, page) {
  const seo = fields(page.fields, "seo");
  /** @type {Hint[]} */
  const hints = [];
  const warn = (/** @type {string} */ words) => hints.push({ words, tone: "warning" });
  if (isHidden(seo)) warn("Search engines are asked not to show this page.");
  for (const name of /** @type {const} */ (["title", "description"])) {
    const words = name === "title" ? titleOf(site, page) : text(seo, name);
    const length = [...words].length;
    const start = name === "title" ? "The title" : "The description";
    if (!words && name === "title") warn("Without a title, a search result shows the address only.");
    else if (!words) warn("Without a description, search engines choose words from the page.");
    else if (length > FITS[name])
      warn(`${start} is long: Google cuts it after about ${FITS[name]} characters.`);
    else if (length < LEAST[name])
      hints.push({
        words: `${start} is short. There is room for about ${FITS[name]} characters.`,
        tone: "plain",
      });
    const other =
      words && site.pages.find((each) => each.key !== page.key && words === sameOf(site, each, name));
    if (other) warn(`${start} is the same as that of the page ${other.title || other.key}.`);
  }
  return hints;
}

/** @param {Site} site @param {Page} page @param {"title" | "description"} name */
function sameOf(site, page, name) {
  return name === "title" ? titleOf(site, page) : text(fields(page.fields, "seo"), name);
}

/** What could be better about the picture of a page in networks. @param {Page} page @returns {Hint[]} */
export function shareHints(page) {
  const image = fields(fields(page.fields, "seo"), "image");
  if (!text(image, "src"))
    return [{ words: "Without a picture, networks show the title and the description only.", tone: "plain" }];
  const [width, height] = [number(image, "width"), number(image, "height")];
  /** @type {Hint[]} */
  const hints = [];
  if (!text(image, "alt"))
    hints.push({ words: "Describe the picture for people who do not see it.", tone: "warning" });
  if (width && height && (width < CARD.width || height < CARD.height))
    hints.push({
      words: `The picture is small: ${width} × ${height}. Use 1200 × 630 or more.`,
      tone: "warning",
    });
  return hints;
}

/** Whether search engines are asked not to show a page. @param {import("../page/values.js").Fields} seo */
export function isHidden(seo) {
  return text(seo, "robots").startsWith("noindex");
}

/** The value of `robots` for two wishes; undefined for the usual one. @param {boolean} hidden @param {boolean} unfollowed */
export function robotsFor(hidden, unfollowed) {
  if (!hidden && !unfollowed) return undefined;
  return `${hidden ? "noindex" : "index"},${unfollowed ? "nofollow" : "follow"}`;
}
