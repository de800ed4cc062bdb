// What all tabs of the screen use: the site as it is now, who may change what, and who is where.

import { Spot } from "../fields/spot.js";
import { clean } from "../page/links.js";
import { Site } from "../page/site.js";
import { avatar } from "../ui/avatars.js";
import { h, keyed } from "../ui/elements.js";

/** @typedef {import("../editor/commands.js").Parts} Parts */
/** @typedef {import("../page/site.js").Page} Page */
/** @typedef {{user: string, name: string}} Person */
/** A part of the screen. `reveal` shows the field of a place. @typedef {{element: HTMLElement, update: () => void, end?: () => void, reveal?: (pointer: string) => void}} Tab */
/** @typedef {{scroller: HTMLElement, open: (pointer: string) => void, close: () => void}} Frame */

export class Desk {
  /** @type {unknown} */
  #value;
  site = new Site({}, "");

  /** @param {Parts} parts @param {any} format the parts of the page format @param {Frame} frame the screen around the tabs */
  constructor({ workspace, commands, document: name }, format, frame) {
    this.workspace = workspace;
    this.commands = commands;
    this.document = name;
    this.format = format;
    this.frame = frame;
    this.page = workspace.page;
    this.root = new Spot(workspace.page, () => ({ at: "", value: workspace.value }));
    this.refresh();
  }

  /** Read the pages of the site again when the document has changed. */
  refresh() {
    const { value } = this.workspace;
    if (value === this.#value) return;
    this.#value = value;
    this.site = new Site(value, "");
  }

  /** The page on the canvas. @returns {Page | undefined} */
  get shown() {
    return this.site.pages.find(({ key }) => key === this.workspace.key);
  }

  /** What users call a page. @param {Page} page */
  nameOf(page) {
    return clean(page.title) || page.key;
  }

  /** A place of the document. @param {...string} names @returns {Spot} */
  spot(...names) {
    return names.reduce((spot, name) => spot.member(name), this.root);
  }

  /** Who has locked a place for the user; null when they may change it. With `isWhole`, all inside it counts, too. @param {string} pointer @param {boolean} [isWhole] @returns {Person | null} */
  holderOf(pointer, isWhole = false) {
    const { user, client, locks } = this.page;
    const found = locks.find(
      ({ scope, holder }) =>
        holder &&
        !(holder.user === user && holder.client === client) &&
        (`${pointer}/`.startsWith(`${scope}/`) || (isWhole && scope.startsWith(`${pointer}/`))),
    );
    return found?.holder ?? null;
  }

  /** Whether the user may not change a place now. @param {string} pointer */
  isBlocked(pointer) {
    return !this.workspace.canEdit || this.holderOf(pointer) !== null;
  }

  /** The others for whom a test of their state is true, each once. @param {(state: any) => boolean} test @returns {Person[]} */
  people(test) {
    const { presence, user } = this.page;
    const found = presence.others.filter((each) => each.user !== user && each.state && test(each.state));
    return [...new Map(found.map(({ user: id, name }) => [id, { user: id, name: name ?? "" }])).values()];
  }

  /** Show faces in a place. @param {Element} place @param {Person[]} people @param {(name: string) => string} words */
  faces(place, people, words) {
    if (!people.length && !place.firstChild) return;
    keyed(place, people, {
      key: ({ user }) => user,
      make: (person) => avatar(person, words(person.name || person.user)),
    });
  }

  /** Say what happened, with a way back. @param {string} words @param {import("../sdk/reports/change.js").Change} change */
  told(words, change) {
    this.workspace.announce(words);
    this.commands.offer(words, change);
  }
}

/** A part of a tab with a heading. @param {string} title @param {...import("../ui/elements.js").Child} children */
export function group(title, ...children) {
  return h("section", { class: "group" }, h("h3", {}, title), ...children);
}

let counter = 0;

/** A name that no other control has. */
export const freshName = () => `weft-site-${(counter += 1)}`;

/**
 * Choose one of a few words. With the usual one, the document has no value.
 *
 * @param {string} label @param {[string, string][]} choices value and words @param {Spot} spot @param {string} at its pointer, for others @param {string} [usual]
 */
export function segmented(label, choices, spot, at, usual = "medium") {
  const name = freshName();
  const inputs = choices.map(([value]) =>
    h("input", {
      type: "radio",
      name,
      value,
      class: "unseen",
      onchange: () => spot.write(value === usual ? undefined : value),
    }),
  );
  const element = h(
    "fieldset",
    { class: "segmented", "data-at": at },
    h("legend", {}, label),
    ...choices.map(([, words], index) => h("label", {}, inputs[index], h("span", {}, words))),
  );
  return {
    element,
    update(/** @type {boolean} */ isBlocked) {
      const value = choices.some(([each]) => each === spot.value) ? spot.value : usual;
      for (const each of inputs) {
        each.checked = each.value === value;
        each.disabled = isBlocked;
      }
    },
  };
}
