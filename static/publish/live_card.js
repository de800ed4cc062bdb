// What visitors see now: the address, who published it, and what one can do with it.

import { confirmed } from "../ui/dialog.js";
import { h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { ago } from "../ui/words.js";
import { Site } from "../page/site.js";
import { called } from "./words.js";

/** @typedef {import("./publication.js").Publication} Publication */

/** The whole address of the public page. @param {Publication} model */
export function addressOf({ page, url }) {
  return new URL(url || `/p/${page.tenant}/${page.document}`, location.origin).href;
}

/** The address of the page that the editor shows, when it is public; else of the first page. @param {Publication} model */
export function viewed(model) {
  const { workspace, liveValue } = model;
  const site = new Site(liveValue, addressOf(model));
  const shown = site.pages.find(({ key }) => key === workspace.key);
  return shown ? site.address(shown) : addressOf(model);
}

/** The buttons that open the public page, and copy its address. @param {Publication} model @param {string} [kind] of the first one */
export function visits(model, kind = "") {
  const copy = h(
    "button",
    { type: "button", onclick: () => void copied(addressOf(model), copy) },
    icon("copy"),
    h("span", {}, "Copy link"),
  );
  const view = h(
    "a",
    { class: `button ${kind}`, href: viewed(model), target: "_blank", rel: "noopener" },
    icon("open"),
    "View live",
  );
  return h("div", { class: "visits" }, view, copy);
}

/** @param {string} address @param {HTMLElement} button */
async function copied(address, button) {
  try {
    await navigator.clipboard.writeText(address);
    button.replaceChildren(icon("check"), h("span", {}, "Copied"));
  } catch {
    // The browser does not allow it: the user copies the address that is shown.
    const range = document.createRange();
    const shown = button.closest("dialog")?.querySelector(".address");
    if (!shown) return;
    range.selectNodeContents(shown);
    getSelection()?.removeAllRanges();
    getSelection()?.addRange(range);
  }
}

/** @param {Publication} model @param {{mayPublish: boolean, past: () => void, unpublish: () => void}} actions @returns {Node[]} */
export function liveCard(model, { mayPublish, past, unpublish }) {
  const { live, page } = model;
  if (live === undefined)
    return [
      h(
        "p",
        { class: "soft" },
        model.error ? "What visitors see is not known now." : "Asking what visitors see…",
      ),
    ];
  const older = h("button", { type: "button", class: "link", onclick: past }, "Older versions");
  if (!live)
    return [
      h("h3", {}, h("span", { class: "pill" }, "Not public")),
      h("p", { class: "soft" }, "Visitors see “Page not found”. When you publish, the address is:"),
      h("p", { class: "address" }, shortened(addressOf(model))),
      h("p", { class: "further" }, older),
    ];
  return [
    h("h3", {}, h("span", { class: "pill good" }, "Live")),
    h("p", { class: "soft" }, `${called(live.by, page.user)} published it, ${ago(live.at)}.`),
    h("p", { class: "address" }, shortened(addressOf(model))),
    visits(model),
    h(
      "p",
      { class: "further" },
      older,
      mayPublish && h("button", { type: "button", class: "link ends", onclick: unpublish }, "Unpublish…"),
    ),
  ];
}

/** An address without its scheme. @param {string} address */
const shortened = (address) => address.replace(/^https?:\/\//, "");

/** Whether the user wants to take the page down. */
export const wantsEnd = () =>
  confirmed({
    title: "Unpublish this page?",
    words:
      "Visitors see “Page not found” within seconds, also at links that they have kept. The draft stays, and you can publish it again.",
    yes: "Unpublish",
    isDanger: true,
  });
