// The page itself, live, in the document of the editor: its texts and pictures are edited in place.

import { explainFailures } from "./broken.js";
import { FormatBar } from "./format_bar.js";
import { Frames } from "./frames.js";
import { listen } from "./keys.js";
import { Pictures } from "./pictures.js";
import { Sheet } from "./sheet.js";
import { Texts } from "./texts.js";

export class Canvas {
  /** @param {HTMLElement} stage @param {import("../editor/commands.js").Parts} parts */
  constructor(stage, parts) {
    const { workspace, document: name } = parts;
    stage.tabIndex = 0;
    const sheet = new Sheet(stage, workspace, name);
    workspace.nodeAt = (pointer) => sheet.nodeAt(pointer);
    workspace.nodeOf = (id) => sheet.section(id);
    this.texts = new Texts(sheet, workspace);
    new FormatBar(this.texts, workspace);
    const frames = new Frames(sheet, parts);
    new Pictures(sheet, frames, workspace);
    explainFailures(sheet, workspace);
    listen(sheet, this.texts, parts);
    sheet.drawNow();
  }
}
