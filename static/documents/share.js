// The dialog that makes links to one page, lists them, and ends them. The list of pages and the editor use it.

import { confirmed, openDialog } from "../ui/dialog.js";
import { h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { toast } from "../ui/toast.js";
import { refusal } from "./refusal.js";

/** @typedef {import("../sdk/weft.js").Documents} Documents */

const DAY = 86_400;
const ROLES = [
  { role: "viewer", words: "Can see the page", about: "As visitors will see it" },
  {
    role: "commenter",
    words: "Can see the editor",
    about: "With the history, but without changing anything",
  },
];
/** The server changes a longer time to the longest that it allows. */
const TIMES = [
  { words: "1 day", ttl: DAY },
  { words: "7 days", ttl: 7 * DAY },
  { words: "30 days", ttl: 30 * DAY },
  { words: "As long as possible", ttl: 3650 * DAY },
];

/** @param {string | number} time */
const day = (time) =>
  new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** `page` is the page of the site that the links open; by default the first one. @param {{documents: Documents, doc: string, title: string, page?: {key: string, slug: string}}} about */
export function openShare({ documents, doc, title, page }) {
  const role = h(
    "select",
    { id: "share-role" },
    ...ROLES.map((each) => h("option", { value: each.role }, each.words)),
  );
  const about = h("p", { class: "soft" }, ROLES[0].about);
  role.addEventListener("change", () => (about.textContent = ROLES[role.selectedIndex].about));
  const time = h(
    "select",
    { id: "share-time" },
    ...TIMES.map((each, at) => h("option", { value: at }, each.words)),
  );
  time.selectedIndex = 1;
  const make = h("button", { type: "submit", class: "primary" }, icon("link"), "Make link");
  const made = h("div", { class: "made", role: "status" });
  const links = h("ul", { class: "links" });
  const form = h(
    "form",
    { class: "stack share" },
    h(
      "div",
      { class: "pair" },
      h("div", {}, h("label", { for: "share-role" }, "People with the link"), role),
      h("div", {}, h("label", { for: "share-time" }, "For"), time),
      make,
    ),
    about,
    made,
  );
  const existing = h("section", { "aria-label": "Links" }, h("h3", {}, "Links"), links);
  existing.hidden = true;
  openDialog({ title: `Share ${title}`, body: [form, existing] });

  const list = async () => {
    try {
      const found = await documents.shares(doc);
      existing.hidden = found.length === 0;
      links.replaceChildren(...found.map((link) => row(link)));
    } catch (error) {
      existing.hidden = true;
      make.disabled = true;
      made.replaceChildren(h("p", { class: "warning" }, refusal(error)));
    }
  };

  /** @param {{id: string, role: string, by: string, expires_at: string}} link */
  function row(link) {
    const words = ROLES.find((each) => each.role === link.role)?.words ?? link.role;
    const end = async () => {
      const question = {
        title: "End this link?",
        words: "People who use it lose the page at once.",
        yes: "End link",
      };
      if (!(await confirmed({ ...question, isDanger: true }))) return;
      try {
        await documents.unshare(doc, link.id);
      } catch (error) {
        if (/** @type {any} */ (error).code !== "not_found")
          return void toast(refusal(error), { tone: "danger" });
      }
      made.replaceChildren();
      await list();
    };
    return h(
      "li",
      {},
      icon("link"),
      h("span", {}, h("strong", {}, words), ` until ${day(link.expires_at)}`),
      h(
        "button",
        {
          type: "button",
          onclick: end,
          "aria-label": `End the link: ${words} until ${day(link.expires_at)}`,
        },
        "End",
      ),
    );
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    make.disabled = true;
    try {
      const given = /** @type {"viewer" | "commenter"} */ (role.value);
      const link = await documents.share(doc, { role: given, ttl: TIMES[time.selectedIndex].ttl });
      const url = new URL(link.url, location.origin);
      if (page && given === "viewer") url.pathname += `/${page.slug}`;
      else if (page) url.searchParams.set("page", page.key);
      const field = h("input", {
        id: "share-link",
        readonly: true,
        value: url.href,
        "aria-label": "Link",
        onfocus: () => field.select(),
      });
      const copy = h(
        "button",
        { type: "button", onclick: () => void copied(field, copy) },
        icon("copy"),
        h("span", {}, "Copy"),
      );
      made.replaceChildren(h("div", { class: "copy" }, field, copy));
      await copied(field, copy);
      await list();
    } catch (error) {
      made.replaceChildren(h("p", { class: "warning" }, refusal(error)));
    }
    make.disabled = false;
  });
  void list();
}

/** @param {HTMLInputElement} field @param {HTMLButtonElement} button */
async function copied(field, button) {
  try {
    await navigator.clipboard.writeText(field.value);
    button.replaceChildren(icon("check"), h("span", {}, "Copied"));
  } catch {
    field.select(); // the browser does not allow it: the user copies the selection
  }
}
