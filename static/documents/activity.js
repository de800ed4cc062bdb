// Who changed which page, newest first.

import { avatar } from "../ui/avatars.js";
import { h, keyed } from "../ui/elements.js";
import { ago } from "../ui/words.js";

/** @typedef {{doc: string, title: string, user: string, name: string, action: string, at: string, since: string, deleted?: boolean}} Done */

const MOST = 30;
/** @type {Record<string, string>} */
const VERBS = {
  create: "created",
  edit: "edited",
  restore: "restored a version of",
  import: "imported",
  publish: "published",
  unpublish: "took down",
  delete: "deleted",
};
const DAY = 86_400_000;

/** The day of a time: `Today`, `Yesterday` or `Earlier`. @param {string} time */
function dayOf(time) {
  const midnight = new Date().setHours(0, 0, 0, 0);
  const then = new Date(time).getTime();
  return then >= midnight ? "Today" : then >= midnight - DAY ? "Yesterday" : "Earlier";
}

export class Activity {
  /** @param {HTMLElement} place @param {import("./library.js").Library} library */
  constructor(place, library) {
    this.place = place;
    this.library = library;
    place.hidden = true;
  }

  async load() {
    try {
      const { items } = await this.library.call(() => this.library.documents.activity({ limit: MOST }));
      this.draw(items);
    } catch {} // what is shown stays
  }

  /** @param {Done[]} items */
  draw(items) {
    this.place.hidden = items.length === 0;
    const days = ["Today", "Yesterday", "Earlier"]
      .map((name) => ({ name, items: items.filter(({ at }) => dayOf(at) === name) }))
      .filter((each) => each.items.length > 0);
    if (!this.place.firstChild) this.place.append(h("h2", {}, "Recent activity"), h("div", {}));
    keyed(/** @type {Element} */ (this.place.lastElementChild), days, {
      key: ({ name }) => name,
      make: ({ name }) => h("section", {}, h("h3", {}, name), h("ol", {})),
      update: (element, day) =>
        keyed(element.lastElementChild, day.items, {
          key: (each) => `${each.doc} ${each.user} ${each.action} ${each.since}`,
          make: () => h("li", {}),
          update: (row, each) => row.replaceChildren(...this.words(each)),
        }),
    });
  }

  /** @param {Done} done */
  words({ doc, title, user, name, action, at, deleted }) {
    const page = title || doc;
    const isMe = user === this.library.who.user;
    return [
      avatar({ user, name }),
      h(
        "p",
        {},
        h("strong", {}, isMe ? "You" : name),
        ` ${VERBS[action] ?? "changed"} `,
        deleted ? h("span", {}, page) : h("a", { href: `/edit/${encodeURIComponent(doc)}` }, page),
        h("time", { datetime: at }, ago(at)),
      ),
    ];
  }
}
