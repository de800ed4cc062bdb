// The panels beside the page: the sections, the gallery of new sections, and the fields.

import { Outline } from "./outline.js";

/** @param {import("../editor/commands.js").Parts} parts */
export function makePanels(parts) {
  const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  new Outline(place("outline"), parts);
}
