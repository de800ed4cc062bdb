// Where links lead: to the sections of this page, to the pages of the site, or to an address.

import { safeLink } from "../page/links.js";
import { plain } from "../page/rich_text.js";
import { Site } from "../page/site.js";
import { fields, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";

/** What links may lead to inside the site. A link of the site itself is on all pages, so it names the page of a section, too. @param {import("./workspace.js").Workspace} workspace @param {string} [pointer] of the link @returns {{words: string, address: string}[]} */
export function targets(workspace, pointer = "") {
  const site = new Site(workspace.value, "");
  const shown = site.pages.find(({ key }) => key === workspace.key);
  const page = pointer.startsWith("/site/") && shown?.slug ? `/${shown.slug}` : "";
  const sections = workspace.sections.map((each) => ({
    words: plain(text(fields(each, "content"), "headline")) || nameOf(each),
    address: `${page}#${text(each, "anchor") || each.id}`,
  }));
  const pages = site.pages.map((page) => ({ words: page.title || page.key, address: site.address(page) }));
  return [...sections, ...pages];
}

/** An address as a link may have it; '' for a wrong one. People leave out the beginning. @param {string} given */
export function completed(given) {
  const address = given.trim();
  if (/^[^\s@/:]+@[^\s@/]+\.[a-z]{2,}$/i.test(address)) return safeLink(`mailto:${address}`);
  if (/^[\w-]+(\.[\w-]+)*\.[a-z]{2,}(:\d+)?([/?#]|$)/i.test(address)) return safeLink(`https://${address}`);
  return /^([/?#]|[a-z]+:)/i.test(address) ? safeLink(address) : "";
}
