// The button that shares the document. Its dialog is that of the list of pages.

import { documents } from "/sdk/weft.js";
import { Site } from "../page/site.js";
import { h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";

/** @param {HTMLElement} place @param {import("./commands.js").Parts} parts */
export function makeShare(place, { workspace, document: doc, token }) {
  if (!["editor", "publisher", "admin"].includes(workspace.page.role)) return;
  const all = documents({ url: location.origin, token: () => token.fresh() });
  const open = async () => {
    const { openShare } = await import("../documents/share.js");
    const title = document.querySelector("#bar h1")?.textContent || doc;
    const site = new Site(workspace.value, "");
    const page = site.pages.find((each) => each !== site.home && each.slug && each.key === workspace.key);
    openShare({ documents: all, doc, title, page });
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
