// A place of the document that stays with its element while items of lists move.

import { escaped, isObject, member } from "../page/values.js";

/** @typedef {import("../sdk/weft.js").Page} Page */
/** @typedef {import("../sdk/reports/change.js").Change} Change */
/** @typedef {{at: string, value: any}} Found the pointer now, and the value there; undefined for no value */

export class Spot {
  /** @param {Page} page @param {() => Found | null} find null when the place is gone @param {Spot | null} [holder] @param {string} [name] */
  constructor(page, find, holder = null, name = "") {
    this.page = page;
    this.find = find;
    this.holder = holder;
    this.name = name;
  }

  get at() {
    return this.find()?.at ?? null;
  }

  get value() {
    return this.find()?.value;
  }

  /** @param {string} name */
  member(name) {
    const find = () => {
      const found = this.find();
      return found && { at: `${found.at}/${escaped(name)}`, value: member(found.value, name) };
    };
    return new Spot(this.page, find, this, name);
  }

  /** An item of the list here. @param {() => number} index */
  item(index) {
    const find = () => {
      const [found, place] = [this.find(), index()];
      return found && place >= 0 ? { at: `${found.at}/${place}`, value: found.value?.[place] } : null;
    };
    return new Spot(this.page, find, this);
  }

  /** Write a value, or with undefined remove it. The same value is no change. With `isTyped`, more of it follows. @param {any} value @param {{isTyped?: boolean}} [how] @returns {Change | undefined} */
  write(value, how) {
    const found = this.find();
    if (!found || JSON.stringify(found.value) === JSON.stringify(value)) return undefined;
    if (value === undefined) return this.page.patch([{ op: "remove", path: found.at }]);
    if (this.#isMissing || (found.value === undefined && Array.isArray(value))) return this.#make(value, how);
    return this.page.set(found.at, value);
  }

  get #isMissing() {
    return this.name !== "" && !isObject(this.holder?.value);
  }

  /** A list comes with its first item, and an object with its first member. @param {any} value @param {{isTyped?: boolean}} [how] @returns {Change | undefined} */
  #make(value, how) {
    const { holder } = this;
    if (holder && this.#isMissing) return holder.#make({ [this.name]: value }, how);
    const change = this.page.set(/** @type {string} */ (this.at), value);
    // When this fails, the user is asked.
    if (!how?.isTyped) this.#join(change).catch(() => {});
    return change;
  }

  /**
   * Two people may make the same object or list at the same time: then the later one replaces the other.
   * Take the own one back, and write what it has into the other one.
   *
   * @param {Change} change
   */
  async #join({ id, durable }) {
    const { version, conflicts } = await durable.catch(() => ({ version: 0, conflicts: [] }));
    if (!conflicts.some(({ theirs }) => isObject(theirs) || Array.isArray(theirs))) return;
    const mine = this.value;
    const { undone } = await this.page.undo(/** @type {any} */ ({ version, isQuiet: true }));
    if (!undone.length) return;
    const settled = () => {
      const item = this.page.attention.find((each) => each.id.startsWith(`${id}/`));
      item?.discard();
      return item !== undefined;
    };
    if (!settled()) {
      const end = this.page.on("attention", () => settled() && end());
    }
    this.page.group(() => this.#fill(mine));
  }

  /** Add the members of an object to the one that is there, and the items of a list to the list. @param {any} value */
  #fill(value) {
    const now = this.value;
    if (isObject(value) && isObject(now))
      for (const [name, each] of Object.entries(value)) this.member(name).#fill(each);
    else if (Array.isArray(value) && Array.isArray(now)) {
      const known = new Set(now.map(idOf).filter(Boolean));
      const added = value.filter((each) => !known.has(idOf(each)));
      const path = (/** @type {number} */ index) => `${this.at}/${now.length + index}`;
      this.page.patch(added.map((each, index) => ({ op: "add", path: path(index), value: each })));
    } else this.write(value);
  }
}

/** @param {any} item */
const idOf = (item) => (typeof item?.id === "string" && item.id ? `id ${item.id}` : "");

/**
 * Names of the items of a list, which stay with the items: their ids, or else what the same item had
 * before. An item that has changed keeps its name when the items around it are the same.
 *
 * @param {any[]} items @param {{items: any[], names: string[]}} before @returns {string[]}
 */
export function namesOf(items, before) {
  const [old, names] = [before.items, before.names];
  const same = (/** @type {any} */ one, /** @type {any} */ other) =>
    one === other || (idOf(one) !== "" && idOf(one) === idOf(other));
  /** @type {string[]} */
  const made = Array(items.length);
  const free = new Set(old.keys());
  /** @param {number} now @param {number} then */
  const keep = (now, then) => ((made[now] = names[then]), free.delete(then));
  let [start, end, last] = [0, items.length, old.length];
  while (start < end && start < last && same(items[start], old[start])) keep(start, start++);
  while (end > start && last > start && same(items[end - 1], old[last - 1])) keep(--end, --last);
  for (let now = start; now < end; now += 1) {
    const then = [...free].find((each) => same(items[now], old[each]));
    if (then !== undefined) keep(now, then);
  }
  // What is left has changed in its place, or is new.
  const left = [...free].filter((each) => idOf(old[each]) === "");
  for (let now = start; now < end; now += 1)
    if (!made[now] && !idOf(items[now]) && left.length) keep(now, /** @type {number} */ (left.shift()));
  const taken = new Set(made);
  for (const [now, item] of items.entries()) {
    if (made[now]) continue;
    let name = idOf(item) || `item ${(counter += 1)}`;
    if (taken.has(name)) name = `item ${(counter += 1)}`;
    taken.add((made[now] = name));
  }
  return made;
}

let counter = 0;
