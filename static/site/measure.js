// What search engines and networks show of a page: how much fits, and what to do better.

import { plain } from "../page/rich_text.js";
import { Site } from "../page/site.js";
import { fields, member, number, text } from "../page/values.js";
import { counted } from "../ui/words.js";

/** @typedef {import("../page/site.js").Page} Page */
/** @typedef {{words: string, tone: "warning" | "plain"}} Hint */

/** About as many letters as Google shows, which cuts at a width. Some letters take two: see `widthOf`. */
export const FITS = { title: 60, description: 155 };
const LEAST = { title: 15, description: 70 };
// Networks show a large card from this size on.
const CARD = { width: 600, height: 315 };
// Letters of Chinese, Japanese and Korean, and emoji.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\ufe0f]|\p{Emoji_Presentation}/u;

/** What a reader sees as one letter: an emoji may have several characters. @param {string} words */
function lettersOf(words) {
  const found = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(words);
  return [...found].map(({ segment }) => segment);
}

/** @param {string} letter */
const widthOfLetter = (letter) => (WIDE.test(letter) ? 2 : 1);

/** How wide a text is, in letters: a wide letter counts twice. @param {string} words */
export function widthOf(words) {
  return lettersOf(words).reduce((sum, each) => sum + widthOfLetter(each), 0);
}

/** A text as a search engine cuts it: at a space, with an ellipsis. @param {string} words @param {number} most the width */
export function cut(words, most) {
  const whole = words.replace(/\s+/g, " ").trim();
  if (widthOf(whole) <= most) return whole;
  let short = "";
  let room = most - 1;
  for (const letter of lettersOf(whole)) {
    room -= widthOfLetter(letter);
    if (room < 0) break;
    short += letter;
  }
  const space = short.lastIndexOf(" ");
  return `${(space > short.length / 2 ? short.slice(0, space) : short).replace(/[\s.,;:–-]+$/, "")} …`;
}

/** How long a text is: `48 of about 60 characters, 8 words`. Of wide letters, fewer fit. @param {string} given @param {number} fits */
export function lengthWords(given, fits) {
  const words = given.trim();
  const count = lettersOf(words).length;
  const width = widthOf(words);
  const most = count ? Math.round((fits * count) / width) : fits;
  const many = words.split(/\s+/).filter(Boolean).length;
  // In a text of wide letters, there are no spaces between words.
  const rest = width > count * 1.5 ? "" : `, ${counted(many, "word")}`;
  return `${count} of about ${most} characters${rest}`;
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
    const length = widthOf(words);
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
  if (/\.svg([?#]|$)/i.test(text(image, "src")))
    hints.push({ words: "Networks do not show drawings in SVG. Use a PNG or a photo.", tone: "warning" });
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
