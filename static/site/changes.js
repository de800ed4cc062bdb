// What a user can do with the pages of a site. Each is one step of undo.

import { escaped, isObject } from "../page/values.js";
import { newId } from "../templates/ids.js";
import { counted } from "../ui/words.js";
import { freeName, linksMoved, pageAt, slugFault } from "./slugs.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Page} Page */
/** @typedef {import("../page/values.js").Fields} Fields */
/** @typedef {import("../sdk/weft.js").Page} Document */

/** @param {string} key */
export const atOf = (key) => `/pages/${escaped(key)}`;

/** Add a page, and show it. @param {Desk} desk @param {{title: string, name: string, sections: any[], isListed: boolean}} given `name` is the wanted address, `isListed`: the navigation gets an entry */
export function addPage(desk, { title, name, sections, isListed }) {
  const key = freeName(name, desk.site.pages);
  const value = { title, slug: key, seo: {}, sections };
  const listed = desk.spot("site", "navigation").value;
  const entry = { id: newId("entry"), label: title.slice(0, 80), href: `/${key}`, style: "link" };
  // It is one patch, so that its undo takes all of it back.
  const change = desk.page.patch([
    isObject(desk.spot("pages").value)
      ? { op: "add", path: atOf(key), value }
      : { op: "add", path: "/pages", value: { [key]: value } },
    ...(isListed && Array.isArray(listed)
      ? [{ op: /** @type {const} */ ("add"), path: `/site/navigation/${listed.length}`, value: entry }]
      : []),
  ]);
  desk.workspace.show(key);
  desk.told(`Page ${title} added`, change);
}

/** @param {Desk} desk @param {Page} page */
export function duplicatePage(desk, page) {
  const title = `Copy of ${desk.nameOf(page)}`.slice(0, 200);
  const key = freeName(`${page.slug || "page"}-copy`, desk.site.pages);
  /** @type {Fields} */
  const value = { ...page.fields, title, slug: key };
  if (isObject(value.seo)) {
    // Two pages with one canonical address, or one title, would compete in search results.
    value.seo = { ...value.seo };
    delete value.seo.canonical;
    delete value.seo.title;
  }
  const change = desk.page.patch([{ op: "add", path: atOf(key), value }]);
  desk.workspace.show(key);
  desk.told(`${title} made`, change);
}

/** Delete a page. Links to it lead nowhere then, and the user is told. @param {Desk} desk @param {Page} page */
export function deletePage(desk, page) {
  const { workspace, site } = desk;
  const lost = linksMoved({ ...site.value, pages: others(desk, page) }, page.slug, `${page.slug}-`).length;
  if (workspace.key === page.key) workspace.show(site.pages.find((each) => each !== page)?.key ?? "");
  const change = desk.page.patch([{ op: "remove", path: atOf(page.key) }]);
  const links = lost ? ` ${counted(lost, "link leads", "links lead")} nowhere now.` : "";
  desk.told(`${desk.nameOf(page)} deleted.${links}`, change);
}

/** @param {Desk} desk @param {Page} page */
function others(desk, page) {
  return Object.fromEntries(
    desk.site.pages.filter((each) => each !== page).map(({ key, fields: value }) => [key, value]),
  );
}

/** Why a page cannot be deleted now; '' when it can. @param {Desk} desk @param {Page} page */
export function deleteFault(desk, page) {
  if (desk.site.pages.length < 2) return "A site has at least one page.";
  const holder = desk.holderOf(atOf(page.key), true);
  return holder ? `${holder.name || holder.user} has locked a part of it.` : "";
}

/** Make a page the first one. @param {Desk} desk @param {Page} page */
export function makeHome(desk, page) {
  const spot = desk.spot("site");
  const change = isObject(spot.value)
    ? desk.page.patch([{ op: "add", path: "/site/home", value: page.key }])
    : desk.page.set("/site", { home: page.key });
  desk.told(`${desk.nameOf(page)} is the first page now`, change);
}

/**
 * Give a page another address. Links to it follow in the same step, except those in parts that another
 * person has locked. Return why it is not possible; '' when it is done.
 *
 * @param {Desk} desk @param {string} key @param {string} slug
 */
export function moveTo(desk, key, slug) {
  const page = desk.site.pages.find((each) => each.key === key);
  if (!page) return "This page was deleted.";
  const fault = slugFault(slug, key, desk.site.pages);
  if (fault || slug === page.slug) return fault;
  // A link may lead to another page with the same address.
  const isOwn = pageAt(desk.site, `/${page.slug}`)?.key === key;
  const links = isOwn ? linksMoved(desk.site.value, page.slug, slug) : [];
  const free = links.filter(({ path }) => !desk.holderOf(path));
  const change = desk.page.patch([{ op: "add", path: `${atOf(key)}/slug`, value: slug }, ...free]);
  const told = free.length ? ` ${counted(free.length, "link follows", "links follow")}.` : "";
  const left = links.length - free.length;
  const kept = left ? ` ${counted(left, "link", "links")} in locked parts stayed as before.` : "";
  desk.told(`${desk.nameOf(page)} is at /${slug} now.${told}${kept}`, change);
  return "";
}

/** The navigation that the header makes when the site has none, as entries. @param {Desk} desk */
export function automaticEntries(desk) {
  const { pages } = desk.site;
  return pages
    .slice(1)
    .filter(({ slug, title }) => slug && title)
    .slice(0, 6)
    .map(({ slug, title }) => ({ label: title.slice(0, 80), href: `/${slug}` }));
}
