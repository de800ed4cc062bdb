// Follow a person: the page scrolls to where they are, until the user does something else.

import { h } from "../ui/elements.js";
import { isCalm } from "./overlay.js";
import { called, colorOn } from "./people.js";

export class Follow {
  /** @type {string | null} the user whom the page follows */
  user = null;
  #was = "";

  /** @param {import("./people.js").People} people @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(people, workspace) {
    this.people = people;
    this.workspace = workspace;
    this.words = h("span", {});
    const stop = h("button", { type: "button", class: "link", onclick: () => this.stop() }, "Stop");
    this.frame = h("div", { class: "following", hidden: true }, h("p", {}, this.words, " · ", stop));
    const stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
    stage.before(this.frame);
    people.on("changed", () => this.#go());
    const end = () => this.stop();
    for (const name of ["wheel", "touchmove", "pointerdown"])
      stage.addEventListener(name, end, { passive: true });
    addEventListener("keydown", ({ key }) => !["Tab", "Shift"].includes(key) && end());
  }

  /** @param {string} user */
  start(user) {
    const person = this.people.find(user);
    if (!person) return;
    this.user = user;
    this.#was = "";
    this.words.textContent = `Following ${called(person)}`;
    this.frame.style.setProperty("--color", colorOn(user));
    this.frame.hidden = false;
    this.workspace.announce(`Following ${called(person)}. Escape stops.`);
    this.#go();
  }

  stop() {
    if (this.user === null) return;
    this.user = null;
    this.frame.hidden = true;
    this.workspace.announce("You follow no one any more.");
  }

  #go() {
    if (this.user === null) return;
    const { workspace } = this;
    const person = this.people.find(this.user);
    if (!person) return this.stop();
    const place = `${person.page} ${person.section} ${person.field}`;
    if (place === this.#was) return;
    this.#was = place;
    if (person.page && person.page !== workspace.key) {
      workspace.show(person.page);
      const end = workspace.on("drawn", () => {
        end();
        this.#scroll(person);
      });
    } else this.#scroll(person);
  }

  /** @param {import("./people.js").Person} person */
  #scroll({ section, field }) {
    const node = this.workspace.nodeOf(section);
    const target = (field && this.workspace.nodeAt(field)) || node;
    const block = target && target.clientHeight > innerHeight / 2 ? "start" : "center";
    target?.scrollIntoView({ block, behavior: isCalm() ? "auto" : "smooth" });
  }
}
