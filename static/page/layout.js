// The layout around the sections: the header, the navigation and the footers.

import { clean } from "./links.js";
import { element, filled, placed } from "./nodes.js";
import { button, keyOf, link, logoSizes, picture } from "./parts.js";
import { Place } from "./values.js";

/**
 * @typedef {import('./nodes.js').Content} Content
 * @typedef {import('./parts.js').Section} Section
 * @typedef {import('./site.js').Page} Page
 */

const MAX_PAGES_SHOWN = 6;
const NETWORKS = new Map(
  Object.entries({
    x: "X",
    facebook: "Facebook",
    instagram: "Instagram",
    linkedin: "LinkedIn",
    youtube: "YouTube",
    github: "GitHub",
    mastodon: "Mastodon",
    tiktok: "TikTok",
  }),
);

/** Return the header: the site's logo and name, and the navigation. @param {Section} section @param {Page} page */
export function header(section, page) {
  const { site } = section;
  const about = new Place(site.about, "/site");
  const logo = about.inside("logo");
  const brand = [picture(section, logo, logoSizes(logo), "logo"), section.plain("span", about, "name")];
  const current = { "aria-current": page === site.home ? "page" : null };
  const home =
    brand.some(Boolean) && element("a", { class: "brand", href: site.address(site.home), ...current }, brand);
  return filled("header", {}, filled("div", { class: "wide bar" }, home, navigation(section, about, page)));
}

/** @param {Section} section @param {Place} about @param {Page} page */
function navigation(section, about, page) {
  const { site } = section;
  const given = about.objects("navigation");
  const others = given.length ? [] : site.pages.slice(1).filter(({ slug, title }) => slug && title);
  const made = [
    given.map((each) => placed(filled("li", {}, button(section, each, "link")), each.at, keyOf(each))),
    others.slice(0, MAX_PAGES_SHOWN).map((other) => {
      const attributes = { href: site.address(other), "aria-current": other === page ? "page" : null };
      return filled("li", {}, filled("a", attributes, clean(other.title)));
    }),
  ];
  return filled("nav", { "aria-label": section.translation.pages }, filled("ul", {}, made));
}

/** Return a footer: its text, columns of links, social links and the copyright line. @param {Section} section @returns {Content} */
export function footer(section) {
  const { content } = section;
  const about = filled("div", { class: "about" }, section.paragraphs(content, "text"));
  const columns = content.objects("columns").map((each) => column(section, each));
  const social = content.objects("social").map((each) => filled("li", {}, socialLink(section, each)));
  const last = [section.line("p", content, "copyright"), filled("ul", { class: "social" }, social)];
  return [filled("div", { class: "columns" }, about, columns), filled("div", { class: "last" }, last)];
}

/** @param {Section} section @param {Place} given */
function column(section, given) {
  const links = given
    .objects("links")
    .map((each) => placed(filled("li", {}, link(section, each)), each.at, keyOf(each)));
  const inner = [section.plain("p", given, "title", { class: "title" }), filled("ul", {}, links)];
  return placed(filled("div", {}, inner), given.at, keyOf(given));
}

/** @param {Section} section @param {Place} given */
function socialLink(section, given) {
  const href = section.href(given.value.href);
  const name = NETWORKS.get(given.text("network"));
  return href && name ? element("a", { href, rel: "me" }, name) : null;
}
