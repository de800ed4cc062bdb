// What shows people to one another: presence, locks, changes as they come.

import { Bar } from "./bar.js";
import { Changes } from "./changes.js";
import { Follow } from "./follow.js";
import { Frames } from "./frames.js";
import { Locks } from "./locks.js";
import { Overlay } from "./overlay.js";
import { People } from "./people.js";

/** @param {import("../editor/commands.js").Parts} parts */
export function makePeople({ workspace }) {
  const place = /** @type {HTMLElement} */ (document.getElementById("people"));
  const people = new People(workspace);
  const overlay = new Overlay(workspace);
  const locks = new Locks(workspace);
  const follow = new Follow(people, workspace);
  new Bar(place, { people, follow, locks, workspace });
  new Frames(overlay, people, workspace);
  new Changes(overlay, workspace);
}
