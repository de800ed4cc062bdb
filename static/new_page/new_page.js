// The dialog that makes a page: from a template, or an empty one. The list of pages loads it when a user
// presses *New page*.

import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/elements.js";
import { BLANK, CHOICES, named } from "./choices.js";

/** @typedef {import("./parts.js").Choice} Choice */
/**
 * What the list of pages gives to this screen.
 * @typedef {{library: import("../documents/library.js").Library, open: (name: string) => void, Thumbnail: typeof import("../documents/thumbnail.js").Thumbnail, refusal: (error: unknown) => string}} Parts
 */

const MOST_TITLE = 120;
/** @type {Promise<void> | undefined} */
let styled;

/** @param {Parts} parts `open` shows the new page */
export async function open({ library, open: shows, Thumbnail, refusal }) {
  await (styled ??= styles());
  let chosen = CHOICES[0];
  const preview = new Preview(Thumbnail);
  const cards = [...CHOICES, BLANK].map((each) => {
    const chooses = () => preview.show((chosen = each));
    return card(each, Thumbnail, each === chosen, chooses);
  });
  const title = h("input", {
    id: "title",
    required: true,
    maxlength: MOST_TITLE,
    autocomplete: "off",
    placeholder: "Name of your business or page",
  });
  const failed = h("p", { class: "warning", role: "alert", hidden: true });
  const make = h("button", { class: "primary", form: "new-page" }, "Create page");
  const form = h(
    "form",
    { id: "new-page", class: "new-page" },
    h(
      "div",
      { class: "stack choices" },
      h("div", {}, h("label", { for: "title" }, "Title"), title),
      h("fieldset", {}, h("legend", {}, "Start with"), h("div", { class: "templates" }, ...cards)),
      failed,
    ),
    preview.element,
  );
  const shown = openDialog({ title: "New page", body: [form], actions: [make], kind: "wide" });
  preview.show(chosen);
  title.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = title.value.trim();
    title.setCustomValidity(words ? "" : "Write a title.");
    if (!form.reportValidity()) return;
    make.disabled = true;
    failed.hidden = true;
    try {
      const name = await library.create(words, named(chosen, words));
      shown.close();
      shows(name);
    } catch (error) {
      failed.textContent = refusal(error);
      failed.hidden = false;
      make.disabled = false;
    }
  });
  title.addEventListener("input", () => {
    title.setCustomValidity("");
    preview.write(title.value.trim());
  });
}

/** @param {Choice} choice @param {Parts["Thumbnail"]} Thumbnail @param {boolean} checked @param {() => void} onchange */
function card(choice, Thumbnail, checked, onchange) {
  const isBlank = choice === BLANK;
  const thumbnail = new Thumbnail(async () => choice.document, "");
  if (!isBlank) thumbnail.update("1");
  return h(
    "label",
    { class: isBlank ? "template blank" : "template" },
    h("input", { type: "radio", name: "template", class: "unseen", checked, onchange }),
    thumbnail.element,
    h("small", {}, choice.group),
    h("strong", {}, choice.trade),
    h("span", {}, choice.about),
  );
}

/** The whole page of the chosen template, with the user's title, in a wide window. */
class Preview {
  title = "";
  /** @type {InstanceType<Parts["Thumbnail"]> | undefined} */
  shown;

  /** @param {Parts["Thumbnail"]} Thumbnail */
  constructor(Thumbnail) {
    this.Thumbnail = Thumbnail;
    this.element = h("div", { class: "preview", tabindex: "0", role: "group" });
    this.sizes = new ResizeObserver(() => this.fit());
  }

  /** @param {Choice} choice */
  show(choice) {
    this.sizes.disconnect();
    this.element.setAttribute("aria-label", `The template ${choice.trade}`);
    this.element.scrollTop = 0;
    if (choice === BLANK) {
      this.shown = undefined;
      this.element.replaceChildren(h("p", {}, "An empty page. You add sections from the gallery."));
      return;
    }
    const value = async () => (this.title ? named(choice, this.title) : choice.document);
    this.shown = new this.Thumbnail(value, "", { isWhole: true });
    this.element.replaceChildren(this.shown.element);
    for (const each of [this.shown.host, this.shown.element]) this.sizes.observe(each);
    this.write(this.title);
  }

  /** @param {string} title */
  write(title) {
    this.title = title;
    this.shown?.update(`title ${title}`);
  }

  /** The page is scaled down, and so it takes less room than its own height. */
  fit() {
    const { host, element } = /** @type {any} */ (this.shown);
    element.style.height = `${host.getBoundingClientRect().height}px`;
  }
}

/** Resolves when the style sheet is there, or cannot be loaded. @returns {Promise<void>} */
function styles() {
  return new Promise((resolve) => {
    const href = new URL("./new_page.css", import.meta.url).href;
    const onload = () => resolve();
    document.head.append(h("link", { rel: "stylesheet", href, onload, onerror: onload }));
  });
}
