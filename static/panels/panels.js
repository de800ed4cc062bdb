// The panels beside the page: the sections and the fields. The gallery of new sections is a screen.

import { Inspector } from "../fields/inspector.js";
import { drawing } from "./drawing.js";
import { Outline } from "./outline.js";
import { makeSheets } from "./sheets.js";

/** @param {import("../editor/commands.js").Parts} parts */
export function makePanels(parts) {
  const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const [outline, inspector] = [place("outline"), place("inspector")];
  new Outline(outline, parts);
  new Inspector(inspector, parts);
  const { workspace } = parts;
  workspace.drawn = (section) => drawing(workspace.value, section);
  workspace.on("gallery", (index) => workspace.emit("screen", { name: "gallery", index }));
  makeSheets({ outline, inspector }, workspace);
}
