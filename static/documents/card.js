// A page in the list: how it looks, what it is called, who is in it, and what one can do with it.

import { avatar } from "../ui/avatars.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { ago, listed } from "../ui/words.js";
import { titleOf } from "./library.js";
import { Thumbnail } from "./thumbnail.js";

/** @typedef {import("./library.js").Item} Item */
/**
 * What one can do with a page.
 * @typedef {{open: (item: Item) => void, duplicate: (item: Item) => void, share: (item: Item) => void, remove: (item: Item) => void}} Actions
 */

const FACES = 4;

export class Card {
  /** @param {Item} item @param {import("./library.js").Library} library @param {Actions} actions */
  constructor(item, library, actions) {
    this.item = item;
    this.library = library;
    this.href = `/edit/${encodeURIComponent(item.doc)}`;
    this.thumbnail = new Thumbnail(() => this.value(), `/preview/${item.doc}`);
    this.link = h("a", {
      href: this.href,
      onclick: (/** @type {MouseEvent} */ event) => this.clicked(event),
    });
    this.edited = h("span", { class: "edited" });
    this.state = h("span", { class: "pill" });
    this.people = h("div", { class: "avatars" });
    this.more = menuButton(h("button", { type: "button", class: "quiet more" }, icon("more")), () =>
      this.choices(),
    );
    this.actions = actions;
    this.element = h(
      "article",
      { class: "card", "data-doc": item.doc },
      this.thumbnail.element,
      h(
        "div",
        { class: "about" },
        h("h2", {}, this.link),
        this.more,
        h("p", {}, this.edited),
        h("div", { class: "foot" }, this.state, this.people),
      ),
    );
    this.update(item);
  }

  value() {
    const { documents, state } = this.library;
    return state === "offline" ? this.stored() : documents.get(this.item.doc);
  }

  async stored() {
    const value = await this.library.documents.get(this.item.doc, { stored: true });
    if (value === undefined) throw Object.assign(new Error("not stored"), { code: "offline" });
    return value;
  }

  get needsNetwork() {
    return this.library.state === "offline" && !this.library.stored.has(this.item.doc);
  }

  /** @param {Item} item */
  update(item) {
    this.item = item;
    const title = titleOf(item);
    const isPublic = Boolean(item.published);
    change(this.link, { textContent: title, title });
    change(this.more, { "aria-label": `More about ${title}`, title: "More" });
    const when = `edited ${ago(item.updated_at)}${this.library.isDouble(title) ? ` · ${item.doc}` : ""}`;
    change(this.edited, {
      textContent: this.needsNetwork
        ? "Needs a network"
        : item.damaged
          ? "Damaged: tell the people who run Weft"
          : when,
      title: `${new Date(item.updated_at).toLocaleString()}, by ${item.updated_by}`,
    });
    change(this.state, {
      textContent: isPublic ? "Published" : "Draft",
      class: isPublic ? "pill good" : "pill",
    });
    change(this.element, { "data-network": this.needsNetwork });
    const present = [...new Map((item.presence ?? []).map((each) => [each.user, each])).values()];
    const names = present.map(({ name, user }) => name || user);
    change(this.people, { title: names.length ? `${listed(names)} in this page now` : "" });
    const faces = present.slice(0, FACES).map((each) => ({ ...each, more: 0 }));
    if (present.length > FACES) faces.push({ user: "", name: "", session: "", more: present.length - FACES });
    keyed(this.people, faces, {
      key: ({ user, more }) => user || `+${more}`,
      make: ({ more, ...person }) =>
        more ? h("span", { class: "avatar rest" }, `+${more}`) : avatar(person),
    });
    this.thumbnail.update(`${item.epoch}.${item.version}.${this.library.state === "offline"}`);
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    if (!this.needsNetwork) return;
    event.preventDefault();
    this.actions.open(this.item);
  }

  choices() {
    const { library, item, actions } = this;
    const isOffline = library.state === "offline";
    return [
      { words: "Open", icon: "page", run: () => actions.open(item) },
      {
        words: "Open in new tab",
        icon: "open",
        run: () => void window.open(this.href, "_blank", "noopener"),
      },
      ...(library.mayEdit
        ? [
            null,
            { words: "Duplicate", icon: "copy", disabled: isOffline, run: () => actions.duplicate(item) },
            { words: "Share…", icon: "share", disabled: isOffline, run: () => actions.share(item) },
          ]
        : []),
      ...(library.mayDelete
        ? [
            null,
            {
              words: "Delete",
              icon: "trash",
              isDanger: true,
              disabled: isOffline,
              run: () => actions.remove(item),
            },
          ]
        : []),
    ];
  }
}
