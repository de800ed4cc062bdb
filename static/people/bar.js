// Who is here, in the bar: faces that one can follow, and a list of all people.

import { avatar } from "../ui/avatars.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { nameOf } from "../templates/sections.js";
import { counted } from "../ui/words.js";
import { called } from "./people.js";

const MOST = 5;

export class Bar {
  /** @param {HTMLElement} place @param {{people: import("./people.js").People, follow: import("./follow.js").Follow, locks: import("./locks.js").Locks, workspace: import("../editor/workspace.js").Workspace}} parts */
  constructor(place, { people, follow, locks, workspace }) {
    this.people = people;
    this.follow = follow;
    this.locks = locks;
    this.workspace = workspace;
    this.faces = h("div", { class: "avatars faces" });
    this.more = h("span", {});
    this.button = menuButton(h("button", { type: "button", class: "quiet" }, icon("people"), this.more), () =>
      this.#choices(),
    );
    place.append(this.faces, this.button);
    people.on("changed", () => this.draw());
    this.draw();
  }

  draw() {
    const { all } = this.people;
    keyed(this.faces, all.slice(0, MOST), {
      key: ({ user }) => user,
      make: (person) => {
        const title = `Follow ${called(person)}`;
        return h(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": title,
            title,
            onclick: () => this.follow.start(person.user),
          },
          avatar(person, title),
        );
      },
    });
    const words = all.length ? `${counted(all.length + 1, "person", "people")} here` : "Only you are here";
    change(this.button, { "aria-label": words, title: words });
    change(this.more, { textContent: all.length > MOST ? `+${all.length - MOST}` : "" });
  }

  /** @returns {(import("../ui/menu.js").Choice | null)[]} */
  #choices() {
    const { page } = this.workspace;
    const you = { words: `${page.name || page.user} (you)`, disabled: true, run: () => {} };
    const others = this.people.all.map((person) => ({
      words: called(person),
      icon: "eye",
      note: this.#where(person),
      run: () => this.follow.start(person.user),
    }));
    const lock = this.locks.pageChoice();
    return [you, ...others, ...(lock ? [null, lock] : [])];
  }

  /** @param {import("./people.js").Person} person */
  #where({ section, page }) {
    const found = page === this.workspace.key ? this.workspace.sectionAt(section) : null;
    return found ? nameOf(found.section) : page && page !== this.workspace.key ? "Another page" : "";
  }
}
