// The pictures of the site, to choose one of them.

import { advice } from "/sdk/advice.js";
import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/elements.js";

/** @typedef {import("../sdk/weft.js").Page} Page */
/** @typedef {import("../sdk/page/assets.js").Listed} Listed */

/** Let the user choose a picture. @param {Page} page @param {(picture: Listed) => void} take */
export function choosePicture(page, take) {
  /** @type {string | undefined} */
  let cursor;
  const list = h("ul", { role: "list", class: "pictures" });
  const note = h("p", { role: "status", class: "nothing" }, "Loading …");
  const more = h("button", { type: "button", hidden: true, onclick: () => void load() }, "More pictures");
  const shown = openDialog({ title: "Pictures of this site", kind: "wide", body: [list, note, more] });
  /** @param {Listed} picture */
  const card = (picture) => {
    const src = picture.width > 480 ? `${picture.url}?width=480` : picture.url;
    const choose = () => {
      shown.close();
      take(picture);
    };
    const size = `${picture.width} × ${picture.height}`;
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", onclick: choose },
        h("img", { src, alt: "", loading: "lazy" }),
        h("span", {}, picture.name || "Picture"),
        h("small", {}, size),
      ),
    );
  };
  const load = async () => {
    try {
      const { assets, next } = await page.assets.list({ limit: 48, ...(cursor && { cursor }) });
      cursor = next;
      list.append(...assets.map(card));
      note.textContent = list.childElementCount ? "" : "There is no picture yet. Upload the first one.";
      more.hidden = !next;
    } catch (error) {
      note.textContent = advice(/** @type {any} */ (error));
    }
  };
  void load();
}
