// Where links may lead inside the site: the sections of this page, and the pages.

import { plain } from "../page/rich_text.js";
import { Site } from "../page/site.js";
import { fields, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";

/** @param {import("./workspace.js").Workspace} workspace @returns {{words: string, address: string}[]} */
export function targets(workspace) {
  const sections = workspace.sections.map((each) => ({
    words: plain(text(fields(each, "content"), "headline")) || nameOf(each),
    address: `#${text(each, "anchor") || each.id}`,
  }));
  const site = new Site(workspace.value, "");
  const pages = site.pages.map((page) => ({ words: page.title || page.key, address: site.address(page) }));
  return [...sections, ...pages];
}
