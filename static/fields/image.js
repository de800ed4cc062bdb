// A picture: upload it by file or drop, choose one of the site, describe, replace and remove it.

import { advice } from "/sdk/advice.js";
import { safeImage } from "../page/links.js";
import { text } from "../page/values.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { removeButton } from "./field.js";
import { choosePicture } from "./pictures.js";

/** @typedef {import("./field.js").Field} Field */

/** @param {import("./field.js").Given} given @param {import("./field.js").MakeForm} form @returns {Field} */
export function imageField({ spot, shape, label, workspace, isRequired }, form) {
  const { page } = workspace;
  /** @type {AbortController | null} */
  let sending = null;
  const shown = h("img", { alt: "" });
  const bar = h("progress", { max: 1, "aria-label": "Upload", hidden: true });
  const note = h("p", { class: "note", role: "status", hidden: true });
  const file = h("input", {
    type: "file",
    accept: "image/*",
    class: "unseen",
    tabindex: "-1",
    "aria-label": label,
  });
  const upload = h("button", { type: "button", onclick: () => (sending ? sending.abort() : file.click()) });
  const choose = h(
    "button",
    { type: "button", onclick: () => choosePicture(page, take) },
    "Pictures of this site",
  );
  const remove = removeButton(label, spot);
  const drop = h("div", { class: "drop" }, shown, h("span", {}, icon("image"), "Drop a picture here"), bar);
  const alt = h("div", {});
  const rest = h("details", { class: "rest" }, h("summary", {}, "Address and size"));
  const element = h(
    "div",
    { class: "field image", role: "group", "aria-label": label },
    h("div", { class: "group-head" }, h("span", { class: "label" }, label), remove),
    drop,
    note,
    h("div", { class: "row" }, upload, choose, file),
    alt,
    rest,
  );
  /** @type {import("./field.js").Form | null} */
  let inner = null;
  let isBlocked = false;
  let isEnded = false; // an upload may end later, and writes its picture all the same

  /** Show another picture. It needs a description of its own. @param {{url: string, width: number, height: number}} picture */
  function take({ url, width, height }) {
    if (!spot.find()) return;
    spot.write({ src: url, alt: "", width, height });
    update(isBlocked);
    const words = inner?.fields.get("alt")?.element.querySelector("textarea, input");
    // The user may write somewhere else by now.
    const here = /** @type {HTMLElement} */ (document.activeElement);
    const isWriting = here.isContentEditable || here.matches("input, textarea, select");
    if (element.contains(here) || !isWriting) /** @type {HTMLElement | null | undefined} */ (words)?.focus();
    workspace.announce("Picture changed. Describe it now.");
  }
  const tell = (/** @type {string} */ words) =>
    change(note, { textContent: words, hidden: !words, class: "note wrong" });
  /** @param {File | null | undefined} chosen */
  const send = async (chosen) => {
    if (!chosen || sending || isBlocked) return;
    const { signal } = (sending = new AbortController());
    tell("");
    change(bar, { hidden: false, value: 0 });
    update(isBlocked);
    try {
      take(
        await page.assets.upload(chosen, ({ sent, total }) => change(bar, { value: sent / total }), {
          signal,
        }),
      );
    } catch (error) {
      if (!signal.aborted) tell(advice(/** @type {any} */ (error)));
    }
    sending = null;
    change(bar, { hidden: true });
    file.value = "";
    update(isBlocked);
  };
  file.addEventListener("change", () => void send(file.files?.[0]));
  for (const name of ["dragenter", "dragover", "dragleave", "drop"])
    element.addEventListener(name, (given) => {
      const event = /** @type {DragEvent} */ (given);
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      event.stopPropagation();
      drop.classList.toggle("over", name !== "drop" && name !== "dragleave" && !isBlocked);
      if (name === "drop") void send(event.dataTransfer.files[0]);
    });

  /** @param {boolean} blocked */
  const update = (blocked) => {
    if (isEnded) return;
    isBlocked = blocked;
    const { value } = spot;
    const isThere = value !== undefined;
    if (isThere !== Boolean(inner)) {
      inner?.end?.();
      inner = isThere ? form(spot, shape, workspace, { names: ["alt", "src", "width", "height"] }) : null;
      const parts = [...(inner?.fields ?? [])].map(([name, field]) => ({ name, element: field.element }));
      alt.replaceChildren(...parts.filter(({ name }) => name === "alt").map((each) => each.element));
      rest.replaceChildren(
        rest.firstElementChild ?? "",
        ...parts.filter(({ name }) => name !== "alt").map((each) => each.element),
      );
    }
    inner?.update(blocked);
    const src = safeImage(text(value, "src"));
    change(shown, { src: src || null, hidden: !src });
    change(upload, { textContent: sending ? "Cancel" : isThere ? "Replace" : "Upload", disabled: blocked });
    for (const each of [choose, file]) change(each, { disabled: blocked });
    change(remove, { disabled: blocked, hidden: !isThere || isRequired });
    change(rest, { hidden: !isThere });
    drop.classList.toggle("full", src !== "");
  };
  return {
    element,
    update,
    end() {
      isEnded = true;
      inner?.end?.();
    },
    find([name]) {
      if (name === "src" || name === "width" || name === "height") rest.open = true;
      return inner?.fields.get(name)?.element ?? element;
    },
  };
}
