// The dialog that makes a page: from a template, or an empty one.

import { PAGES } from "../templates/pages.js";
import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/elements.js";
import { refusal } from "./refusal.js";
import { Thumbnail } from "./thumbnail.js";

/** @typedef {import("../page/values.js").Fields} Fields */

const BLANK = {
  name: "Blank",
  about: "An empty page",
  document: {
    site: { name: "", language: "en" },
    pages: { home: { title: "", slug: "home", sections: [] } },
  },
};
const MOST_TITLE = 120;

/** @param {import("./library.js").Library} library @param {(name: string) => void} open shows the page */
export function openNewPage(library, open) {
  const choices = [...PAGES, BLANK];
  let chosen = choices[0];
  const cards = choices.map((each, at) => {
    const thumbnail = new Thumbnail(async () => each.document, "");
    const isBlank = each === BLANK;
    if (!isBlank) thumbnail.update("1");
    const input = h("input", {
      type: "radio",
      name: "template",
      class: "unseen",
      checked: at === 0,
      onchange: () => (chosen = each),
    });
    return h(
      "label",
      { class: isBlank ? "template blank" : "template" },
      input,
      thumbnail.element,
      h("strong", {}, each.name),
      h("span", {}, each.about),
    );
  });
  const title = h("input", {
    id: "title",
    required: true,
    maxlength: MOST_TITLE,
    autocomplete: "off",
    placeholder: "Spring sale",
  });
  const failed = h("p", { class: "warning", role: "alert", hidden: true });
  const make = h("button", { class: "primary", form: "new-page" }, "Create page");
  const form = h(
    "form",
    { id: "new-page", class: "stack" },
    h("div", {}, h("label", { for: "title" }, "Title"), title),
    h("fieldset", {}, h("legend", {}, "Start with"), h("div", { class: "templates" }, ...cards)),
    failed,
  );
  const shown = openDialog({ title: "New page", body: [form], actions: [make], kind: "wide" });
  title.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = title.value.trim();
    title.setCustomValidity(words ? "" : "Write a title.");
    if (!form.reportValidity()) return;
    make.disabled = true;
    failed.hidden = true;
    try {
      const name = await library.create(words, titled(chosen.document, words));
      shown.close();
      open(name);
    } catch (error) {
      failed.textContent = refusal(error);
      failed.hidden = false;
      make.disabled = false;
    }
  });
  title.addEventListener("input", () => title.setCustomValidity(""));
}

/** @param {any} document @param {string} title @returns {Fields} */
function titled({ site, pages, ...rest }, title) {
  return { ...rest, site: { ...site, name: title }, pages: { ...pages, home: { ...pages.home, title } } };
}
