// The page itself, live, in the document of the editor: its texts and pictures are edited in place.

import { Sheet } from "./sheet.js";
import { Texts } from "./texts.js";

export class Canvas {
  /** @param {HTMLElement} stage @param {import("../editor/commands.js").Parts} parts */
  constructor(stage, { workspace, document: name }) {
    stage.tabIndex = 0;
    const sheet = new Sheet(stage, workspace, name);
    workspace.nodeAt = (pointer) => sheet.nodeAt(pointer);
    workspace.nodeOf = (id) => sheet.section(id);
    this.texts = new Texts(sheet, workspace);
    sheet.drawNow();
  }
}
