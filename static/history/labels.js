// Which sections a sitting changed. The server tells the places by their numbers in the list, and a
// place has another number when sections were added or moved later. So some names need an old version.

import { at, capital, tokensOf } from "../editor/place_words.js";
import { fields, member, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";
import { compared, pagesOf } from "./compare.js";
import { first, movesSections } from "./story.js";

/** @typedef {import("./story.js").Row} Row */
/** @typedef {import("./story.js").Sitting} Sitting */
/** @typedef {"" | "added" | "removed" | "moved" | "hidden" | "shown" | "back"} Shape what happened to a section as a whole; `back` is a section that came back */
/** @typedef {{key: string, name: string, shape: Shape}} Label `key` is `page id` of a section */
/** @typedef {Record<string, {title: string, sections: {id: string, name: string}[]}>} Plan the sections of each page, by its key */

const MOST_PLANS = 300;
// A sitting with more moves of sections is compared as a whole: this costs two old versions.
const MOST_COMPARED = 6;
/** What each shape is called, and what each is called that was taken back or made again. @type {Record<Shape, [string, string]>} */
const WORDS = {
  "": ["", ""],
  added: ["new ", "adding "],
  removed: ["deleted ", "deleting "],
  moved: ["moved ", "moving "],
  hidden: ["hidden ", "hiding "],
  shown: ["shown ", "showing "],
  back: ["put back ", "adding "],
};
/** What a change was before it was taken back. @type {Partial<Record<Shape, Shape>>} */
const INVERSE = { added: "removed", back: "removed", removed: "added", hidden: "shown", shown: "hidden" };

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
  const label = (/** @type {string} */ of, /** @type {string} */ name) => ({
    key: of,
    name,
    shape: /** @type {Shape} */ (""),
  });
  if (root !== "pages" || key === undefined) return label(root ?? "", root === "theme" ? "theme" : "site");
  const page = fields(plan, key);
  const section = list === "sections" ? /** @type {any} */ (member(page, "sections"))?.[index] : undefined;
  return section?.id
    ? label(`${key} ${section.id}`, section.name)
    : label(key, `page ${text(page, "title") || key}`);
}

/** The labels of what differs between two versions. @param {any} before @param {any} after @returns {Label[]} */
export function labelsBetween(before, after) {
  const { parts, elsewhere } = compared(before, after);
  const plan = planOf(after);
  return [
    ...parts.map(({ page, id, kind, name }) => ({
      ...{ key: `${page} ${id}`, name },
      shape: /** @type {Shape} */ (kind === "changed" ? "" : kind),
    })),
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
    /** The labels of each section, newest first. @type {Map<string, Label[]>} */
    const found = new Map();
    for (const row of rows) {
      const known = this.#known.get(row) ?? this.#named(row);
      if (!known) return null;
      for (const each of known) found.set(each.key, [...(found.get(each.key) ?? []), each]);
    }
    return [...found.values()].flatMap((labels) => joined(labels) ?? []);
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
        this.#known.set(row, isFirst ? [] : ofRow(row, labelsBetween(before, after)));
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
    for (const row of others) this.#known.set(row, []);
  }

  /** @param {number} version @param {any} value */
  #keep(version, value) {
    this.#plans.set(version, planOf(value));
    if (this.#plans.size > MOST_PLANS)
      this.#plans.delete(/** @type {number} */ (this.#plans.keys().next().value));
  }
}

/** What an undo brings is not new. @param {Row} row @param {Label[]} labels */
function ofRow({ kind }, labels) {
  const isBack = /^(undo|redo)$/.test(kind);
  return labels.map((each) =>
    isBack && each.shape === "added" ? { ...each, shape: /** @type {Shape} */ ("back") } : each,
  );
}

/** What became of one section in a sitting; null when nothing did. @param {Label[]} labels newest first @returns {Label | null} */
function joined(labels) {
  const [{ key, name }] = labels;
  const shapes = labels.map(({ shape }) => shape);
  const exists = shapes.filter((each) => /^(added|back|removed)$/.test(each));
  const [last, first] = [exists[0], exists.at(-1)];
  const made = (/** @type {Shape} */ shape) => ({ key, name, shape });
  // It was not there before the sitting.
  if (first && first !== "removed") return last === "removed" ? null : made(first);
  if (last === "removed") return made(last);
  if (last === "added") return made("");
  const seen = shapes.filter((each) => /^(hidden|shown)$/.test(each));
  // An even number of changes between hidden and shown leaves it as it was.
  if (seen.length % 2) return made(seen[0]);
  if (shapes.includes("")) return made("");
  return shapes.includes("moved") ? made("moved") : null;
}

/** @param {Label} label @param {string} kind of the sitting */
function told({ name, shape }, kind) {
  // `Restored: new Gallery` says one thing twice.
  if (kind === "restore") return shape === "removed" ? `without ${name}` : name;
  if (kind === "edit") return WORDS[shape][0] + name;
  return WORDS[kind === "undo" ? (INVERSE[shape] ?? shape) : shape][1] + name;
}

/** `Hero, new Pricing and 2 more`; what was taken back, or made again: `deleting Hero`. @param {Label[]} labels @param {string} [kind] of the sitting */
export function words(labels, kind = "edit") {
  const all = [...new Set(labels.map((each) => told(each, kind)))];
  const rest = all.length > 4 ? ` and ${all.length - 3} more` : "";
  const named = (rest ? all.slice(0, 3) : all).join(", ") + rest;
  return kind === "edit" ? capital(named) : named;
}
