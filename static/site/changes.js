// What a user can do with the pages of a site. Each is one step of undo.

import { escaped, isObject, text } from "../page/values.js";
import { newId } from "../templates/ids.js";
import { toast } from "../ui/toast.js";
import { counted } from "../ui/words.js";
import { freeName, linksMoved, pageAt, slugFault } from "./slugs.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Page} Page */
/** @typedef {import("../page/values.js").Fields} Fields */
/** @typedef {import("../sdk/weft.js").Page} Document */
/** @typedef {import("../sdk/reports/change.js").Change} Change */

/** As many entries as the header may have. */
export const MOST_ENTRIES = 50;
const MOST_TITLE = 200;
const MOST_LABEL = 80;

/** @param {string} key */
export const atOf = (key) => `/pages/${escaped(key)}`;

/** The start of a text. An emoji has two units of a text, and is one character for the server. @param {string} words @param {number} most characters */
const upTo = (words, most) => [...words].slice(0, most).join("");

/** An entry of the navigation. @param {string} label @param {string} href */
export function entryOf(label, href) {
  return { id: newId("entry"), label: upTo(label, MOST_LABEL), ...(href && { href }), style: "link" };
}

/** The place of a new entry: before the buttons at the end. @param {any[]} list */
export function placeOfEntry(list) {
  return list.findLastIndex((each) => !["primary", "secondary"].includes(text(each, "style"))) + 1;
}

/** The operation that adds a page. @param {Desk} desk @param {string} key @param {Fields} value */
function adding(desk, key, value) {
  return isObject(desk.spot("pages").value)
    ? { op: /** @type {const} */ ("add"), path: atOf(key), value }
    : { op: /** @type {const} */ ("add"), path: "/pages", value: { [key]: value } };
}

/** Add a page, and show it. @param {Desk} desk @param {{title: string, name: string, sections: any[], isListed: boolean}} given `name` is the wanted address, `isListed`: the navigation gets an entry */
export function addPage(desk, { title, name, sections, isListed }) {
  const slug = freeName(name, desk.site.pages);
  // Another person may add a page with the same address now: the keys differ.
  const key = newId(slug);
  const menu = desk.spot("site", "navigation").value;
  const isRoom = isListed && Array.isArray(menu) && menu.length < MOST_ENTRIES;
  const entry = isRoom ? entryOf(title, `/${slug}`) : null;
  // It is one patch, so that its undo takes all of it back.
  const change = desk.page.patch([
    adding(desk, key, { title, slug, seo: {}, sections }),
    ...(entry
      ? [{ op: /** @type {const} */ ("add"), path: `/site/navigation/${placeOfEntry(menu)}`, value: entry }]
      : []),
  ]);
  desk.workspace.show(key);
  desk.told(`Page ${title} added`, change);
  void keepApart(desk, change, key, entry?.id);
}

/** @param {Desk} desk @param {Page} page */
export function duplicatePage(desk, page) {
  const title = upTo(`Copy of ${desk.nameOf(page)}`, MOST_TITLE);
  const slug = freeName(`${page.slug || "page"}-copy`, desk.site.pages);
  const key = newId(slug);
  /** @type {Fields} */
  const value = { ...page.fields, title, slug };
  if (isObject(value.seo)) {
    // Two pages with one canonical address, or one title, would compete in search results.
    value.seo = { ...value.seo };
    delete value.seo.canonical;
    delete value.seo.title;
  }
  const change = desk.page.patch([adding(desk, key, value)]);
  desk.workspace.show(key);
  desk.told(`${title} made`, change);
  void keepApart(desk, change, key);
}

/** The page with a key, and another one with its address; null when no other one has it. @param {Desk} desk @param {string} key */
function doubleOf(desk, key) {
  desk.refresh();
  const { pages } = desk.site;
  const page = pages.find((each) => each.key === key);
  const other = pages.find((each) => each !== page && each.slug !== "" && each.slug === page?.slug);
  return page && other ? { page, other } : null;
}

/**
 * Two people may give two new pages the same address at the same time. The page that the server gets
 * later gets another address then, and so does its entry of the navigation.
 *
 * @param {Desk} desk @param {Change} change that added the page @param {string} key @param {string} [entry] the id of the entry
 */
async function keepApart(desk, change, key, entry = "") {
  const done = await change.durable.catch(() => null); // a refused change made no double
  const double = done && doubleOf(desk, key);
  if (!double) return;
  const { slug } = double.page;
  const free = freeName(slug, desk.site.pages);
  const menu = desk.spot("site", "navigation").value;
  const at = Array.isArray(menu) && entry ? menu.findIndex((each) => text(each, "id") === entry) : -1;
  const isOwn = at >= 0 && text(menu[at], "href") === `/${slug}`;
  const next = desk.page.patch([
    { op: "add", path: `${atOf(key)}/slug`, value: free },
    ...(isOwn
      ? [{ op: /** @type {const} */ ("add"), path: `/site/navigation/${at}/href`, value: `/${free}` }]
      : []),
  ]);
  if (!(await next.durable.catch(() => null))) return; // the editor says why it was refused
  const [name, other] = [desk.nameOf(double.page), desk.nameOf(double.other)];
  toast(`Another person has just given /${slug} to ${other}. ${name} is at /${free}.`, { tone: "warning" });
  await keepApart(desk, next, key, entry);
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
  const change = desk.spot("site", "home").write(page.key);
  if (change) desk.told(`${desk.nameOf(page)} is the first page now`, change);
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
  void giveWay(desk, change, key);
  return "";
}

/** When another person has given this address to another page at the same time, take the change back, with its links. @param {Desk} desk @param {Change} change @param {string} key */
async function giveWay(desk, change, key) {
  const done = await change.durable.catch(() => null);
  const double = done && doubleOf(desk, key);
  if (!double) return;
  await desk.page.undo(/** @type {any} */ ({ version: done.version, isQuiet: true }));
  const [name, other] = [desk.nameOf(double.page), desk.nameOf(double.other)];
  const words = `Another person has just given /${double.page.slug} to ${other}. ${name} keeps its address.`;
  toast(words, { tone: "warning" });
}

/** The navigation that the header makes when the site has none, as entries. Their ids are the same for all people. @param {Desk} desk */
export function automaticEntries(desk) {
  const shown = desk.site.pages.slice(1).filter(({ slug, title }) => slug && title);
  return shown
    .slice(0, 6)
    .map(({ slug, title }, at) => ({ ...entryOf(title, `/${slug}`), id: `entry-${at + 1}` }));
}
