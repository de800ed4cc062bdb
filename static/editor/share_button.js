// The button that shares the document. Its dialog is that of the list of pages.

import { documents } from "/sdk/weft.js";
import { h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";

/** @param {HTMLElement} place @param {import("./commands.js").Parts} parts */
export function makeShare(place, { workspace, document: doc, token }) {
  if (!["editor", "publisher", "admin"].includes(workspace.page.role)) return;
  const all = documents({ url: location.origin, token: () => token.fresh() });
  const open = async () => {
    const { openShare } = await import("../documents/share.js");
    openShare({ documents: all, doc, title: document.querySelector("#bar h1")?.textContent || doc });
  };
  place.append(
    h(
      "button",
      { type: "button", title: "Share", onclick: () => void open() },
      icon("share"),
      h("span", {}, "Share"),
    ),
  );
}
