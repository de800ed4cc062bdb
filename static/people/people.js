// The people who are in the document with the user, and what they see of the user.

import { colorNumber } from "../ui/avatars.js";
import { Emitter } from "../ui/emitter.js";
import { isolated } from "../ui/words.js";

/** @typedef {{user: string, name: string, section: string, page: string, field: string, isEditing: boolean}} Person with one name in the tool, however many tabs they have */

// Each has 4.5:1 with white letters, and 3:1 on white and on black pages.
const COLORS = "#d22d23 #9c610d #5d7b0a #0a7f52 #0b7b8e #3469da #815bc8 #c4318d".split(" ");

/** A person's colour over a page, which may be light or dark. @param {string} user */
export function colorOn(user) {
  return COLORS[colorNumber(user) - 1];
}

/** What users call a person. @param {{user: string, name?: string}} person */
export function called({ user, name }) {
  return isolated(name || user);
}

/** Emits `changed`. */
export class People extends Emitter {
  /** @type {Person[]} the other people, in the order of their names */
  all = [];

  /** @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(workspace) {
    super();
    this.workspace = workspace;
    const { presence } = workspace.page;
    presence.on("change", () => this.#read());
    for (const name of ["selected", "shown", "editing", "field", "public"])
      workspace.on(name, () => this.#tell());
    this.#tell();
    this.#read();
  }

  /** @param {string} user */
  find(user) {
    return this.all.find((each) => each.user === user);
  }

  /** The people at a section of the shown page. @param {string} id */
  at(id) {
    return this.all.filter(({ section, page }) => section === id && page === this.workspace.key);
  }

  #tell() {
    const { page, selection, editing, key, live } = this.workspace;
    const { id: section = "", pointer = "" } = selection ?? {};
    const field = this.workspace.field ?? pointer;
    const color = colorOn(page.user);
    page.presence.set({ section, field, page: key, editing: editing !== null, color, live });
  }

  #read() {
    const { page } = this.workspace;
    /** @type {Map<string, Person>} */
    const found = new Map();
    for (const { user, name, state } of page.presence.others) {
      if (user === page.user) continue;
      const text = (/** @type {string} */ key) => (typeof state?.[key] === "string" ? state[key] : "");
      const isEditing = state?.editing === true;
      const person = {
        user,
        name,
        section: text("section"),
        page: text("page"),
        field: text("field"),
        isEditing,
      };
      const known = found.get(user);
      // Of several tabs, the one that is at a section tells where the person is.
      if (!known || (person.section && !known.isEditing)) found.set(user, person);
    }
    this.all = [...found.values()].sort((a, b) => called(a).localeCompare(called(b)));
    this.emit("changed");
  }
}
