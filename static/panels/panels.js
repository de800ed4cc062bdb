// The panels beside the page: the sections, the gallery of new sections, and the fields.

import { Inspector } from "../fields/inspector.js";
import { openGallery } from "./gallery.js";
import { Outline } from "./outline.js";
import { makeSheets } from "./sheets.js";

/** @param {import("../editor/commands.js").Parts} parts */
export function makePanels(parts) {
  const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const [outline, inspector] = [place("outline"), place("inspector")];
  new Outline(outline, parts);
  new Inspector(inspector, parts);
  parts.workspace.on("gallery", (index) => openGallery(parts, index));
  makeSheets({ outline, inspector }, parts.workspace);
}
