// What a user can do with sections. Each command is one step of undo.

import { isObject, member } from "../page/values.js";
import { withNewIds } from "../templates/ids.js";
import { nameOf } from "../templates/sections.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */
/** @typedef {import("../page/values.js").Fields} Fields */
/**
 * What each part of the tool gets.
 * @typedef {{workspace: Workspace, commands: Commands, document: string, token: import("../ui/token.js").Token, errors: string[]}} Parts
 */

export class Commands {
  /** @param {Workspace} workspace */
  constructor(workspace) {
    this.workspace = workspace;
  }

  /** Insert a section, and select it. @param {Fields} section with any ids: they become new ones @param {number} [index] by default after the selected section, or at the end */
  insert(section, index = this.#afterSelected) {
    const { workspace } = this;
    const made = withNewIds(section);
    const { key, page, sectionsAt, shown } = workspace;
    // A document that another program has made may have no list of sections, and no page.
    if (Array.isArray(shown.sections))
      page.patch([{ op: "add", path: `${sectionsAt}/${index}`, value: made }]);
    else if (key) page.set(sectionsAt, [made]);
    else {
      const home = { title: "Home", slug: "home", sections: [made] };
      if (isObject(member(workspace.value, "pages"))) page.set("/pages/home", home);
      else page.set("/pages", { home });
    }
    workspace.select(made.id, null, { scroll: true });
    const { sections } = workspace;
    const place = sections.findIndex((each) => each.id === made.id) + 1;
    workspace.announce(`${nameOf(made)} added, section ${place} of ${sections.length}.`);
    return made.id;
  }

  /** @param {string} id */
  duplicate(id) {
    const found = this.workspace.sectionAt(id);
    return found && this.insert(found.section, found.index + 1);
  }

  /** Delete a section. A message offers to take it back. @param {string} id */
  remove(id) {
    const { workspace } = this;
    const found = workspace.sectionAt(id);
    if (!found || this.#isLocked(found.section)) return;
    const next = workspace.sections[found.index + 1] ?? workspace.sections[found.index - 1];
    const change = workspace.page.patch([{ op: "remove", path: found.at }]);
    workspace.select(next?.id ?? null);
    workspace.announce(`${nameOf(found.section)} deleted.`);
    this.offer(`${nameOf(found.section)} deleted`, change);
  }

  /** Move a section to another place among the sections that have an id. @param {string} id @param {number} to @returns {boolean} whether it moved */
  move(id, to) {
    const others = this.workspace.sections.filter((each) => each.id !== id);
    return this.moveBefore(id, others[Math.max(0, to)]?.id ?? null);
  }

  /** Move a section up or down. @param {string} id @param {number} by */
  step(id, by) {
    return this.move(id, this.workspace.sections.findIndex((each) => each.id === id) + by);
  }

  /** Put a section before another one, or with null at the end. @param {string} id @param {string | null} before @returns {boolean} whether it moved */
  moveBefore(id, before) {
    const { workspace } = this;
    const found = workspace.sectionAt(id);
    const next = before === null ? null : workspace.sectionAt(before);
    if (!found || (before !== null && !next) || this.#isLocked(found.section)) return false;
    // The place in a move is the one without the section. The list may have sections without an id.
    const end = /** @type {any} */ (workspace.shown).sections.length - 1;
    const to = next ? next.index - (next.index > found.index ? 1 : 0) : end;
    if (to === found.index) return false;
    workspace.page.move(found.at, `${workspace.sectionsAt}/${to}`);
    const { sections } = workspace;
    const place = sections.findIndex((each) => each.id === id) + 1;
    workspace.announce(`${nameOf(found.section)} moved to place ${place} of ${sections.length}.`);
    return true;
  }

  /** Show or hide a section on the page. @param {string} id */
  toggleHidden(id) {
    const found = this.workspace.sectionAt(id);
    if (!found || this.#isLocked(found.section)) return;
    const path = `${found.at}/hidden`;
    if (found.section.hidden === true) this.workspace.page.patch([{ op: "remove", path }]);
    else this.workspace.page.set(path, true);
  }

  /** Whether another person has locked a section; then the user is told. @param {Fields} section */
  #isLocked(section) {
    const holder = this.workspace.lockedBy(section.id);
    if (holder) toast(`${holder.name || holder.user} has locked ${nameOf(section)}.`);
    return holder !== null;
  }

  get #afterSelected() {
    const { selection, shown } = this.workspace;
    const found = selection && this.workspace.sectionAt(selection.id);
    return found ? found.index + 1 : (/** @type {any} */ (shown).sections?.length ?? 0);
  }

  /** Tell of a change, and offer to take it back as long as that is possible. @param {string} words @param {import("../sdk/reports/change.js").Change} change */
  offer(words, change) {
    /** @type {number | undefined} */
    let stored;
    const onAction = () => void this.takeBack(change);
    const close = toast(words, { action: "Undo", onAction, onClose: () => end() });
    const end = this.workspace.on(
      "undone",
      (steps) => stored && steps.some((/** @type {any} */ { version }) => version === stored) && close(),
    );
    change.durable.then(
      ({ version }) => (change.state === "undone" ? close() : (stored = version)),
      () => {},
    );
  }

  /** Take one change back, also when the user has made others since. @param {import("../sdk/reports/change.js").Change} change */
  async takeBack(change) {
    const { page } = this.workspace;
    try {
      // What is not sent yet leaves the queue. It may wait there for days, without a connection.
      const { undone } = await page.undo({ change: change.id });
      if (undone.length) return;
      const { version } = await change.durable;
      const taken = change.state === "undone" ? null : await page.undo({ version });
      if (!taken?.undone.length && !taken?.skipped.length) toast("This was taken back already.");
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { tone: "danger" });
    }
  }
}
