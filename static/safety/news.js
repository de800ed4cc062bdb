// What other people have changed in the document, as this page learns it.
//
// It emits `others` of the workspace, with the changed places of one author: `{by, places}`.

import { differences } from "./differences.js";
import { lasting } from "../editor/place_words.js";

/** @typedef {{user: string, name: string}} Author */
/** @typedef {import("./differences.js").Difference} Difference */

const REMEMBERS = 500;

export class News {
  /** The newest change of each place by another author. @type {Map<string, {by: Author, at: number}>} */
  #newest = new Map();

  /** @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(workspace) {
    this.workspace = workspace;
    this.before = workspace.value;
    workspace.on("value", (info) => this.#changed(info));
    workspace.changedBy = (pointer) => this.#newest.get(lasting(workspace.value, pointer)) ?? null;
  }

  /** @param {import("../sdk/core/values.js").Info} info */
  #changed({ others = [] }) {
    const before = this.before;
    const { value, page } = this.workspace;
    this.before = value;
    const theirs = others.filter(({ by }) => by && !(by.user === page.user && by.client === page.client));
    if (!theirs.length) return;
    /** @type {Map<Author, Difference[]>} */
    const places = new Map();
    for (const each of differences(before, value)) {
      const touches = (/** @type {string} */ path) =>
        `${path}/`.startsWith(`${each.pointer}/`) || `${each.pointer}/`.startsWith(`${path}/`);
      const { by } = theirs.findLast(({ paths }) => paths.some(touches)) ?? theirs[theirs.length - 1];
      places.set(by, [...(places.get(by) ?? []), each]);
      if (each.kind !== "removed") this.#remember(lasting(value, each.pointer), by);
    }
    for (const [by, list] of places) this.workspace.emit("others", { by, places: list, before });
  }

  /** @param {string} place @param {Author} by */
  #remember(place, by) {
    this.#newest.delete(place);
    this.#newest.set(place, { by, at: Date.now() });
    if (this.#newest.size > REMEMBERS) this.#newest.delete(this.#newest.keys().next().value ?? "");
  }
}
