// Shows where other people's changes land: a soft flash, a chip at the edge, a note at a text.

import { placeWords } from "../editor/place_words.js";
import { nameOf } from "../templates/sections.js";
import { h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { listed } from "../ui/words.js";
import { isCalm } from "./overlay.js";
import { called, colorOn } from "./people.js";

/** @typedef {import("../safety/differences.js").Difference} Difference */
/** @typedef {{user: string, name: string}} Author */

/** What was done to a whole section or page. @type {Record<string, string>} */
const VERBS = { added: "added", removed: "deleted" };
const FLASHES_EVERY = 1_000;
const CHIP_STAYS = 6_000;
const SAYS_EVERY = 5_000;
const NOTE_STAYS = 8_000;
// A note tells of a change of the last half minute; without a connection, of a longer time.
const RECENT = 30_000;
const RECENT_OFFLINE = 600_000;

export class Changes {
  /** @type {Map<string, number>} the time of the newest flash of each section */
  #flashed = new Map();
  /** @type {Map<string, HTMLElement>} */
  #chips = new Map();
  /** @type {Map<string, Set<string>>} what each person has changed, added and deleted since the last sentence */
  #unsaid = new Map();
  /** @type {any} */
  #saying;
  #endNote = () => {};

  /** @param {import("./overlay.js").Overlay} overlay @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(overlay, workspace) {
    this.overlay = overlay;
    this.workspace = workspace;
    this.holder = document.body.appendChild(h("div", { class: "chips" }));
    workspace.on("others", (news) => this.#changed(news));
    workspace.on("editing", (pointer) => this.#note(pointer));
    workspace.on("entered", ([pointer, field]) => this.#note(pointer, field));
  }

  /** @param {{by: Author, places: Difference[], before: any}} news */
  #changed({ by, places, before }) {
    const { workspace } = this;
    /** @type {Map<string, string>} the place to show, by its section */
    const shown = new Map();
    for (const { pointer, kind } of places) {
      const words = placeWords(kind === "removed" ? before : workspace.value, pointer);
      const section = workspace.sections.find(({ id }) =>
        `${pointer}/`.startsWith(`${workspace.sectionAt(id)?.at}/`),
      );
      // A move is said where the order of the sections is shown.
      const isWhole = /^\/pages\/[^/]+(\/sections\/\d+)?$/.test(pointer);
      const verb = (isWhole && VERBS[kind]) || "changed";
      if (kind !== "moved") this.#say(by, verb, section && kind !== "removed" ? nameOf(section) : words);
      if (kind === "removed") continue;
      if (!section)
        this.#chip(
          by,
          words,
          1,
          () => workspace.goTo(pointer) || workspace.emit("screen", { name: "site", pointer }),
        );
      else
        shown.set(
          section.id,
          shown.has(section.id) ? /** @type {string} */ (workspace.sectionAt(section.id)?.at) : pointer,
        );
    }
    // The canvas draws at the next frame.
    if (shown.size)
      requestAnimationFrame(() =>
        requestAnimationFrame(() => shown.forEach((pointer, id) => this.#flash(by, id, pointer))),
      );
  }

  /** @param {Author} by @param {string} id of the section @param {string} pointer */
  #flash(by, id, pointer) {
    const { workspace, overlay } = this;
    const section = workspace.sectionAt(id)?.section;
    const node = workspace.nodeOf(id);
    if (!section || !node) return;
    const side = overlay.side(node);
    if (side)
      return this.#chip(by, nameOf(section), side, () =>
        node.scrollIntoView({ block: "center", behavior: isCalm() ? "auto" : "smooth" }),
      );
    const now = Date.now();
    if (isCalm() || now - (this.#flashed.get(id) ?? 0) < FLASHES_EVERY) return;
    this.#flashed.set(id, now);
    const element = h("div", { class: "flash", "data-flash": id });
    element.style.setProperty("--color", colorOn(by.user));
    const end = overlay.add(element, () => workspace.nodeAt(pointer) ?? node);
    element.addEventListener("animationend", end);
  }

  /** A small button at the edge of the page, for a change out of sight. @param {Author} by @param {string} where @param {number} side @param {() => void} go */
  #chip(by, where, side, go) {
    const key = `${by.user} ${where}`;
    const close = () => {
      chip.remove();
      this.#chips.delete(key);
    };
    this.#chips.get(key)?.remove();
    const chip = h(
      "button",
      { type: "button", class: "chip", onclick: () => (close(), go()) },
      icon(side < 0 ? "arrowUp" : "arrowDown"),
      `${called(by)} changed ${where}`,
    );
    chip.style.setProperty("--color", colorOn(by.user));
    this.#chips.set(key, chip);
    this.holder.append(chip);
    while (this.holder.children.length > 3) this.holder.firstElementChild?.remove();
    setTimeout(() => this.#chips.get(key) === chip && close(), CHIP_STAYS);
  }

  /** @param {Author} by @param {string} verb @param {string} where */
  #say(by, verb, where) {
    const deed = `${called(by)} ${verb}`;
    this.#unsaid.set(deed, (this.#unsaid.get(deed) ?? new Set()).add(where));
    this.#saying ??= setTimeout(() => {
      this.#saying = undefined;
      const said = [...this.#unsaid].map(([deed, places]) => `${deed} ${listed([...places])}.`);
      this.#unsaid.clear();
      this.workspace.announce(said.join(" "));
    }, SAYS_EVERY);
  }

  /** A note beside what the user begins to edit, when it has just changed. @param {string | null} pointer @param {Element} [field] of the inspector */
  #note(pointer, field) {
    const { workspace } = this;
    this.#endNote();
    const change = pointer === null ? null : workspace.changedBy(pointer);
    const age = Date.now() - (change?.at ?? 0);
    if (!change || pointer === null || age > (workspace.page.link === "online" ? RECENT : RECENT_OFFLINE))
      return;
    const seconds = Math.max(1, Math.round(age / 1000));
    const ago = seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
    const words = `${called(change.by)} changed ${field ? "this" : "this text"} ${ago} ago`;
    const note = h("p", { class: "recent", role: "status" }, words);
    note.style.setProperty("--color", colorOn(change.by.user));
    if (field) {
      field.append(note);
      this.#endNote = () => note.remove();
    } else {
      const around = h("div", { class: "note" }, note);
      this.#endNote = this.overlay.add(around, () => workspace.nodeAt(workspace.editing ?? pointer));
    }
    setTimeout(this.#endNote, NOTE_STAYS);
  }
}
