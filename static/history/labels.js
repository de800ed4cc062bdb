// Which sections a sitting changed. The server tells the places by their numbers in the list, and a
// place has another number when sections were added or moved later. So some names need an old version.

import { at, capital, tokensOf } from "../editor/place_words.js";
import { fields, member, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";
import { compared, pagesOf } from "./compare.js";
import { first, movesSections } from "./story.js";

/** @typedef {import("./story.js").Row} Row */
/** @typedef {import("./story.js").Sitting} Sitting */
/** @typedef {{key: string, words: string}} Label `key` is `page id` of a section */
/** @typedef {Record<string, {title: string, sections: {id: string, name: string}[]}>} Plan the sections of each page, by its key */

const MOST_PLANS = 300;
// A sitting with more moves of sections is compared as a whole: this costs two old versions.
const MOST_COMPARED = 6;
/** @type {Record<string, string>} */
const WORDS = { added: "new ", removed: "deleted ", moved: "moved ", hidden: "hidden ", shown: "shown " };

/** @param {any} value @returns {Plan} */
export function planOf(value) {
  const pages = pagesOf(value).map(({ key, title }) => {
    const list = member(at(value, ["pages", key]), "sections");
    const all = Array.isArray(list) ? list : [];
    return [key, { title, sections: all.map((each) => ({ id: text(each, "id"), name: nameOf(each) })) }];
  });
  return Object.fromEntries(pages);
}

/** The label of a place outside the sections, or of a section. @param {Plan} plan @param {string} pointer @returns {Label} */
export function labelOf(plan, pointer) {
  const [root, key, list, index] = tokensOf(pointer);
  if (root !== "pages" || key === undefined)
    return { key: root ?? "", words: root === "theme" ? "theme" : "site" };
  const page = fields(plan, key);
  const section = list === "sections" ? /** @type {any} */ (member(page, "sections"))?.[index] : undefined;
  return section?.id
    ? { key: `${key} ${section.id}`, words: section.name }
    : { key, words: `page ${text(page, "title") || key}` };
}

/** The labels of what differs between two versions. @param {any} before @param {any} after @returns {Label[]} */
export function labelsBetween(before, after) {
  const { parts, elsewhere } = compared(before, after);
  const plan = planOf(after);
  return [
    ...parts.map(({ page, id, kind, name }) => ({ key: `${page} ${id}`, words: (WORDS[kind] ?? "") + name })),
    ...elsewhere.map(({ pointer }) => labelOf(plan, pointer)),
  ];
}

export class Labels {
  /** @type {WeakMap<Row, Label[]>} */
  #known = new WeakMap();
  /** @type {Map<number, Plan>} */
  #plans = new Map();

  /** @param {import("./versions.js").Versions} versions */
  constructor(versions) {
    this.versions = versions;
  }

  /** The labels of a sitting, newest first; null when they are not known yet. @param {Sitting} sitting @returns {Label[] | null} */
  of({ rows }) {
    /** @type {Map<string, Label>} */
    const found = new Map();
    for (const row of rows) {
      const known = this.#known.get(row) ?? this.#named(row);
      if (!known) return null;
      // A section that was added and then changed is a new one.
      for (const each of known)
        if (!found.has(each.key) || /^new /.test(each.words)) found.set(each.key, each);
    }
    return [...found.values()];
  }

  /** @param {Row} row */
  #named(row) {
    const plan = this.#plans.get(row.frame ?? 0);
    if (movesSections(row) || !plan) return null;
    const labels = row.pointers.map((each) => labelOf(plan, each));
    this.#known.set(row, labels);
    return labels;
  }

  /** Load what the labels of a sitting need. @param {Sitting} sitting */
  async learn(sitting) {
    const { rows } = sitting;
    const moving = rows.filter((row) => movesSections(row) && !this.#known.has(row));
    if (moving.length > MOST_COMPARED) return this.#learnWhole(sitting);
    for (const row of rows) {
      if (this.#known.has(row)) continue;
      if (movesSections(row)) {
        const isFirst = /^(create|import)$/.test(row.kind);
        const [before, after] = await Promise.all([
          isFirst ? {} : this.versions.at(first(row) - 1),
          this.versions.at(row.version),
        ]);
        this.#known.set(row, isFirst ? [] : labelsBetween(before, after));
        this.#keep(first(row) - 1, before);
      } else if (!this.#named(row)) {
        const frame = row.frame ?? row.version;
        this.#keep(frame, await this.versions.at(frame));
      }
    }
  }

  /** Compare the start of a sitting with its end: what others did meanwhile counts, too. @param {Sitting} sitting */
  async #learnWhole({ from, to, rows }) {
    const [before, after] = await Promise.all([this.versions.at(from - 1), this.versions.at(to)]);
    const [newest, ...others] = rows;
    this.#known.set(newest, labelsBetween(before, after));
    for (const row of others) if (!this.#known.has(row)) this.#known.set(row, []);
  }

  /** @param {number} version @param {any} value */
  #keep(version, value) {
    this.#plans.set(version, planOf(value));
    if (this.#plans.size > MOST_PLANS)
      this.#plans.delete(/** @type {number} */ (this.#plans.keys().next().value));
  }
}

/** `Hero, new Pricing and 2 more`. @param {Label[]} labels */
export function words(labels) {
  const all = [...new Set(labels.map((each) => each.words))];
  const rest = all.length > 4 ? ` and ${all.length - 3} more` : "";
  return capital((rest ? all.slice(0, 3) : all).join(", ") + rest);
}
