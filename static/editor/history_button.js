// What opens the history: a button, its keys, and a choice in the menu of a section.

import { h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";

/** @param {HTMLElement} place @param {import("./commands.js").Parts} parts */
export function makeHistory(place, { workspace }) {
  const open = (/** @type {string} */ pointer = "") => workspace.emit("screen", { name: "history", pointer });
  const title = "History (Ctrl+Alt+H)";
  place.append(
    h("button", { type: "button", title, onclick: () => open() }, icon("history"), h("span", {}, "History")),
  );
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.altKey && event.code === "KeyH") {
      event.preventDefault();
      open();
    }
  });
  const { moreChoices } = workspace;
  workspace.moreChoices = (id) => [
    ...moreChoices(id),
    { words: "Earlier versions…", icon: "history", run: () => open(workspace.sectionAt(id)?.at) },
  ];
}
