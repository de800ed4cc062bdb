// What shows users that their work is safe, and lets them take it back.

import { Attention } from "./attention.js";
import { News } from "./news.js";
import { Notices } from "./notices.js";
import { StateWord } from "./state_word.js";
import { Undo } from "./undo.js";

/** @param {import("../editor/commands.js").Parts} parts */
export function makeSafety(parts) {
  const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  new News(parts.workspace);
  new StateWord(place("state"), parts.workspace);
  new Notices(place("notices"), parts);
  new Undo(place("undo"), parts.workspace);
  new Attention(place("tools"), parts);
}
