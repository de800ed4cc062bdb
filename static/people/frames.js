// Where the other people are: a frame with a name around their section, and a face in its row.

import { avatar } from "../ui/avatars.js";
import { h, keyed } from "../ui/elements.js";
import { called, colorOn } from "./people.js";

/** @typedef {import("./people.js").People} People */
/** @typedef {import("./people.js").Person} Person */

export class Frames {
  /** @type {Map<string, {element: HTMLElement, end: () => void}>} the frame of each section */
  #frames = new Map();

  /** @param {import("./overlay.js").Overlay} overlay @param {People} people @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(overlay, people, workspace) {
    this.overlay = overlay;
    this.people = people;
    this.workspace = workspace;
    people.on("changed", () => this.draw());
    for (const name of ["drawn", "shown"]) workspace.on(name, () => this.draw());
    this.draw();
  }

  draw() {
    const { people, workspace } = this;
    const sections = new Set(
      people.all.filter(({ page }) => page === workspace.key).map(({ section }) => section),
    );
    for (const [id, { end }] of this.#frames)
      if (!sections.has(id)) {
        end();
        this.#frames.delete(id);
      }
    for (const id of sections) if (id) this.#frame(id, people.at(id));
    for (const place of document.querySelectorAll("#outline [data-place=people]")) {
      const here = people.at(place.closest("li")?.dataset.section ?? "");
      if (!here.length && !place.firstChild) continue;
      keyed(place, here, {
        key: ({ user }) => user,
        make: (person) => avatar(person, `${called(person)} is here`),
      });
    }
  }

  /** @param {string} id @param {Person[]} here */
  #frame(id, here) {
    let frame = this.#frames.get(id);
    if (!frame) {
      const element = h(
        "div",
        { class: "person-frame", "aria-hidden": "true" },
        h("div", { class: "names" }),
      );
      frame = { element, end: this.overlay.add(element, () => this.workspace.nodeOf(id)) };
      this.#frames.set(id, frame);
    }
    frame.element.style.setProperty("--color", colorOn(here[0].user));
    keyed(/** @type {Element} */ (frame.element.firstChild), here, {
      key: ({ user }) => user,
      make: (person) => {
        const tag = h("span", {}, called(person));
        tag.style.setProperty("--color", colorOn(person.user));
        return tag;
      },
    });
  }
}
