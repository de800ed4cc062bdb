// Where a picture goes: the place under a node of the page, and the same place some time later.

import { elementOf } from "../page/dom.js";
import { fields, text } from "../page/values.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {import("../editor/workspace.js").Workspace} Workspace */
/**
 * A place for a picture. Sections and items move while a picture is uploaded, so it names them by ids.
 *
 * @typedef {object} PicturePlace
 * @property {string | null} id of the section; null outside
 * @property {string} list the name of the list in the content; '' for a picture of the section itself
 * @property {string | null} item the id of the item
 * @property {string} pointer of the picture, when it is in no section
 * @property {boolean} isList whether each picture is a new item
 */

/** The place for a picture at a node; null when there is none. @param {Sheet} sheet @param {Workspace} workspace @param {Element} node @returns {PicturePlace | null} */
export function placeOf(sheet, workspace, node) {
  if (!sheet.holder.contains(node)) return null;
  const id = sheet.idOf(node);
  const pointer = sheet.pointerOf(node) ?? "";
  if (id === null) {
    const isLogo = pointer === "/site/logo" || pointer === "/site/name";
    return isLogo ? { id, list: "", item: null, pointer: "/site/logo", isList: false } : null;
  }
  const found = workspace.sectionAt(id);
  const type = found && text(found.section, "type");
  const place = { id, list: "", item: null, pointer: "", isList: false };
  if (type === "hero") return place;
  if (!found || !/^(features|testimonials|gallery)$/.test(type ?? "")) return null;
  const match = /^\/content\/items\/(\d+)/.exec(pointer.slice(found.at.length));
  const item = match && fields(found.section, "content").items?.[match[1]];
  const isPicture = elementOf(node)?.tag === "img";
  if (item && text(item, "id") && (isPicture || type !== "gallery"))
    return { ...place, list: "items", item: item.id };
  return type === "gallery" ? { ...place, list: "items", isList: true } : null;
}

/** The pointer of a place now: of the picture, or of the list. Null when it is gone. @param {Workspace} workspace @param {PicturePlace} place @returns {string | null} */
export function find(workspace, { id, list, item, pointer, isList }) {
  if (id === null) return pointer;
  const found = workspace.sectionAt(id);
  if (!found) return null;
  const content = `${found.at}/content`;
  if (isList) return `${content}/${list}`;
  if (item === null) return `${content}/image`;
  const items = fields(found.section, "content")[list];
  const index = Array.isArray(items) ? items.findIndex((each) => text(each, "id") === item) : -1;
  return index < 0 ? null : `${content}/${list}/${index}/image`;
}

/** The element that a picture in this place covers. @param {Sheet} sheet @param {Workspace} workspace @param {PicturePlace} place @returns {Element | null} */
export function holderOf(sheet, workspace, place) {
  const pointer = find(workspace, place);
  return pointer === null ? null : sheet.nodeAt(pointer);
}
