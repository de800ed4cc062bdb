// What is public, what would become public, and what differs: the model of the screen.
//
// It emits `changed`. It asks the server when it starts, when the draft changed, and while it is open.

import { Emitter } from "../ui/emitter.js";
import { Authors } from "./authors.js";
import { changesBetween, countOf } from "./changes.js";
import { hints, told, weights } from "./findings.js";
import { sizeOf, weigh } from "./weigh.js";

/** @typedef {{version: number, by: {user: string, name: string}, at: string}} Live the public version */
/** @typedef {{version: number, value: unknown, name: string, at: string}} Older an older version that may be published */
/** @typedef {{live: Live | null, before: Live | null, groups: import("./changes.js").Group[]}} News what became public meanwhile, and what it changed for visitors */

const DRAWS_AFTER = 150;
const CHECKS_AFTER = 800;
const READS_AFTER = 1000;
const ASKS_EACH = 5000;

export class Publication extends Emitter {
  /** The public version; null when there is none, undefined when it is not known yet. @type {Live | null | undefined} */
  live;
  /** @type {unknown} the public value; null when there is none */
  liveValue = null;
  /** The version that would be published, when it is not the newest. @type {Older | null} */
  older = null;
  /** The newest version that the changes show. */
  version = 0;
  /** @type {import("./changes.js").Group[]} */
  groups = [];
  /** @type {import("./findings.js").Told[]} */
  checks = [];
  /** The version that `checks` are of; 0 when there are none yet. */
  checked = 0;
  /** @type {Authors | null} */
  authors = null;
  /** What another person published meanwhile. @type {News | null} */
  news = null;
  url = "";
  /** What this user has made public last: the version, or 0 for none. @type {number | undefined} */
  #mine;
  // An answer that comes after that of a later question is old.
  #asked = 0;
  #answered = 0;
  /** @type {any} the error of the last question */
  error = null;
  #end = new AbortController();
  /** @type {any} */
  #drawing;
  /** @type {any} */
  #checking;
  /** @type {any} */
  #reading;
  #wanted = ""; // what is being checked

  /** @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(workspace) {
    super();
    this.workspace = workspace;
    this.page = workspace.page;
  }

  get count() {
    return countOf(this.groups);
  }

  /** What would be published. */
  get value() {
    return this.older ? this.older.value : this.workspace.value;
  }

  get candidate() {
    return this.older ? this.older.version : this.version;
  }

  /** Whether the public version is the one that would be published. */
  get isNewest() {
    return Boolean(this.live) && this.live?.version === this.candidate && !this.page.pending;
  }

  async start() {
    const ends = ["value", "status"].map((name) => this.workspace.on(name, () => this.#later()));
    ends.push(this.workspace.on("public", () => void this.ask()));
    const timer = setInterval(() => document.visibilityState === "visible" && void this.ask(), ASKS_EACH);
    const { signal } = this.#end;
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      clearTimeout(this.#drawing);
      clearTimeout(this.#checking);
      clearTimeout(this.#reading);
      for (const end of ends) end();
    });
    addEventListener("focus", () => void this.ask(), { signal });
    await this.ask();
  }

  stop() {
    this.#end.abort();
  }

  /** Ask which version is public. When it is another one, the changes are compared with it. @param {number} [mine] what this user has just published; 0 when they took it down */
  async ask(mine = this.#mine) {
    this.#mine = mine;
    const question = (this.#asked += 1);
    try {
      const found = await this.page.published;
      if (this.#end.signal.aborted || question < this.#answered) return;
      this.#answered = question;
      await this.#know(found.published === null ? null : { ...found, version: found.published });
      this.error = null;
      // The checks may have failed when the connection was lost.
      if (!this.checked && !this.#wanted) void this.check();
    } catch (error) {
      this.error = error;
    }
    if (!this.#end.signal.aborted) this.emit("changed");
  }

  /** @param {any} found the public version, with `by` and `at` */
  async #know(found) {
    const before = this.live;
    const isMine = this.#mine === (found?.version ?? 0) && (!found || found.by.user === this.page.user);
    if (isMine) this.news = null;
    const isSame =
      before !== undefined && (before?.version ?? 0) === (found?.version ?? 0) && before?.at === found?.at;
    if (isSame) return;
    if (!isMine) this.#mine = undefined;
    const was = this.liveValue;
    const value = found ? await this.page.history.at(found.version) : null;
    // Another question may have had its answer meanwhile.
    if (this.#end.signal.aborted || this.live !== before) return;
    this.live = found && { version: found.version, by: found.by, at: found.at };
    this.liveValue = value;
    this.authors = null;
    if (before !== undefined && !isMine)
      this.news = { live: this.live ?? null, before, groups: changesBetween(was, value) };
    this.workspace.emit("published");
    this.#draw();
  }

  /** Show what publishing an older version would change; null shows the newest. @param {Older | null} older */
  choose(older) {
    this.older = older;
    this.checks = [];
    this.checked = 0;
    this.#draw();
    this.emit("changed");
  }

  #later() {
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#draw();
      this.emit("changed");
    }, DRAWS_AFTER);
  }

  /** Compare at once. */
  #draw() {
    if (this.live === undefined) return;
    this.version = this.page.version;
    this.groups = changesBetween(this.liveValue, this.value);
    clearTimeout(this.#checking);
    this.#checking = setTimeout(() => void this.#check(), this.checked ? CHECKS_AFTER : 0);
    // While others type, there is a version for each word.
    this.#reading ??= setTimeout(
      () => {
        this.#reading = undefined;
        if (!this.older && this.page.link === "online") void this.#readAuthors();
      },
      this.authors ? READS_AFTER : 0,
    );
  }

  /** The draft as it is now. Nothing waits to be drawn. */
  refresh() {
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    this.#draw();
  }

  #authorsUpto = 0;
  #isReading = false;

  async #readAuthors() {
    if (this.#isReading) return;
    const { page } = this;
    const authors = (this.authors ??= this.#newAuthors());
    const [from, to] = [this.#authorsUpto, this.version];
    if (to <= from) return;
    this.#isReading = true;
    try {
      // A value with changes that are not sent yet would name their places wrongly.
      const value = page.pending || page.version !== to ? await page.history.at(to) : page.value;
      await authors.read(from, to, value);
      if (authors === this.authors) this.#authorsUpto = to;
    } catch (error) {
      console.warn(error);
    } finally {
      this.#isReading = false;
    }
    this.emit("changed");
    if (authors !== this.authors) void this.#readAuthors();
  }

  #newAuthors() {
    this.#authorsUpto = this.live?.version ?? 0;
    return new Authors(this.page.history);
  }

  async #check() {
    const { candidate: version, older } = this;
    if (this.#wanted !== `${version} ${older?.version ?? ""}` || !this.checked) await this.check();
  }

  /** Ask the server what is wrong with the version that would be published. */
  async check() {
    const { candidate: version, value, page, older } = this;
    const name = `${version} ${older?.version ?? ""}`;
    this.#wanted = name;
    const isGone = () => this.#end.signal.aborted || this.#wanted !== name;
    try {
      const [found] = await Promise.all([page.publish({ dryRun: true, version }), weigh(value)]);
      if (isGone()) return;
      const { refusals = [], warnings = [], url } = /** @type {any} */ (found);
      // Both lists name places of the checked version. The draft may be newer by what is not sent yet.
      const all = [
        ...refusals.map((/** @type {any} */ each) => told(each, "stop", value)),
        ...warnings.map((/** @type {any} */ each) => told(each, "warning", value)),
        ...hints(value),
        ...weights(value, sizeOf),
      ];
      // Two links in one text may have the same fault.
      this.checks = [
        ...new Map(all.map((each) => [`${each.tone} ${each.key} ${each.words}`, each])).values(),
      ];
      this.url = url;
      this.checked = version;
    } catch (error) {
      if (isGone()) return;
      this.#wanted = "";
      this.error = error;
    }
    this.emit("changed");
  }
}
