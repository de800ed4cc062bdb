// Locks of sections and pages: hold one, see those of others, ask for one, give one away.

import { advice } from "/sdk/advice.js";
import { placeWords } from "../editor/place_words.js";
import { escaped } from "../page/values.js";
import { nameOf } from "../templates/sections.js";
import { confirmed } from "../ui/dialog.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { toast } from "../ui/toast.js";
import { called } from "./people.js";

/** @typedef {import("../sdk/people/lock.js").Lock} Lock */
/** @typedef {import("../sdk/people/lock.js").State} State */

export class Locks {
  /** The section that each lock is on. Its pointer is of the newest value of the server, which changes that wait may move. @type {Map<string, string | null>} */
  #sections = new Map();
  /** The locks that this tab holds or asks for, by their scope at first. @type {Set<Lock>} */
  #used = new Set();
  /** @type {any[]} what the marks of locks depend on, as it was */
  #seen = [];
  #due = 0;
  #skew = 0; // how far the clock of the server is ahead, in milliseconds
  /** @type {any} */
  #ticking;

  /** @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(workspace) {
    this.workspace = workspace;
    /** @type {import("../sdk/weft.js").Page} */
    this.page = workspace.page;
    workspace.lockedBy = (id) => {
      const holder = this.#others.find((state) => this.#covers(state, id))?.holder;
      return holder ? { ...holder, name: this.#called(holder) } : null;
    };
    workspace.notices.push(() => this.#notices());
    workspace.moreChoices = (id) => {
      const choice = this.#choice(id);
      return choice ? [choice] : [];
    };
    workspace.on("status", () => this.#look());
    for (const name of ["selected", "shown"]) workspace.on(name, () => this.draw());
    workspace.on("drawn", (moved) => moved && this.draw());
    // After a reload, this tab still has the locks that its waiting changes need.
    for (const { scope, holder } of this.page.locks) if (this.#isMine(holder)) void this.#use(scope);
    this.draw();
  }

  /** @param {{user: string, client: string} | null} holder */
  #isMine(holder) {
    return holder?.user === this.page.user && holder.client === this.page.client;
  }

  /** @param {{user: string, name: string}} person */
  #called(person) {
    return person.user === this.page.user ? `${called(person)} in your other tab` : called(person);
  }

  get #others() {
    return this.page.locks.filter(({ holder }) => holder && !this.#isMine(holder));
  }

  /** The section of a lock; null when it is on more. @param {State} state */
  #sectionOf({ id, scope }) {
    const known = this.#sections.get(id);
    const index = scope.startsWith(`${this.workspace.sectionsAt}/`) ? +scope.split("/")[4] : -1;
    const list = /** @type {any} */ (this.workspace.shown).sections;
    // A change that waits may have moved the section in this tab, but not at the server.
    if (index < 0 || (this.page.pending && known !== undefined)) return known ?? null;
    this.#sections.set(id, list?.[index]?.id ?? null);
    return list?.[index]?.id ?? null;
  }

  /** @param {State} state @param {string} id of a section of the shown page */
  #covers(state, id) {
    return `${this.workspace.sectionsAt}/`.startsWith(`${state.scope}/`) || this.#sectionOf(state) === id;
  }

  /** @param {State} state */
  #words(state) {
    const id = this.#sectionOf(state);
    const found = id === null ? null : this.workspace.sectionAt(id);
    return found ? nameOf(found.section) : placeWords(this.workspace.value, state.scope);
  }

  // --- what the user does ------------------------------------------------------------------------

  /** Lock a part, or use the lock that is there. @param {string} scope @returns {Promise<Lock | null>} */
  async #use(scope) {
    try {
      const lock = await this.page.lock(scope);
      if (this.#used.has(lock)) return lock;
      this.#used.add(lock);
      for (const [name, run] of Object.entries(this.#events(lock))) lock.on(name, run);
      this.draw();
      return lock;
    } catch (error) {
      toast(advice(/** @type {any} */ (error)), { tone: "warning" });
      return null;
    }
  }

  /** @param {Lock} lock @returns {Record<string, () => unknown>} */
  #events(lock) {
    const words = () => this.#words(lock.state);
    /** @type {{user: string, name: string} | null} who asked: the end of a lock is told before its new holder */
    let asker = null;
    return {
      asked: () => {
        asker = lock.askedBy;
        void this.#asked(lock);
      },
      lost: () => {
        const holder = lock.holder ?? (lock.state.reason === "taken_over" ? asker : null);
        toast(
          holder
            ? `${this.#called(holder)} has ${words()} now. What you changed is kept.`
            : `Your lock of ${words()} has ended.`,
          { tone: "warning" },
        );
      },
      kept: () => {
        if (lock.holder) toast(`${this.#called(lock.holder)} keeps ${words()} for now.`);
      },
      held: () => toast(`You have ${words()} now. Others cannot change it.`),
      // After a take-over, the lock of the new holder follows.
      free: () => lock.state.reason !== "taken_over" && toast(`${words()} is free now.`),
    };
  }

  /** @param {string} scope */
  async #lock(scope) {
    const lock = await this.#use(scope);
    if (!lock) return;
    if (lock.mine) toast(`You have locked ${this.#words(lock.state)}. Others cannot change it.`);
    else void this.#ask(lock.state);
  }

  /** @param {State} state of another person's lock */
  async #ask({ scope, holder, id }) {
    if (!holder) return;
    const name = this.#called(holder);
    const agreed = await confirmed({
      title: `Ask ${name} to let go?`,
      words: `${name} is asked, and can keep it. When ${name} does not answer, you take over. What ${name} has typed is kept.`,
      yes: "Ask to take over",
    });
    const state = this.page.locks.find((each) => each.id === id);
    if (!agreed) return;
    const lock = await this.#use(state?.scope ?? scope);
    if (!lock || lock.mine) return;
    try {
      await lock.takeOver();
      if (lock.holder && !lock.mine) toast(`${name} is asked.`);
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      toast(code === "locked" ? "Another person has asked before you." : advice(/** @type {any} */ (error)), {
        tone: "warning",
      });
    }
  }

  /** @param {State} state */
  #release(state) {
    const lock = [...this.#used].find((each) => each.state.id === state.id);
    const words = this.#words(state);
    const isMine = lock?.mine;
    lock?.release().then(
      () => {
        this.#used.delete(lock);
        toast(isMine ? `${words} is unlocked.` : `You do not ask for ${words} any more.`);
        this.draw();
      },
      (error) => toast(advice(error), { tone: "warning" }),
    );
  }

  // --- what the user sees ------------------------------------------------------------------------

  /** The lock on exactly this part. @param {string | null} id of a section; null for the page */
  #stateOf(id) {
    const pageAt = `/pages/${escaped(this.workspace.key)}`;
    return this.page.locks.find((state) =>
      id === null
        ? state.scope === pageAt
        : this.#sectionOf(state) === id && state.scope.split("/").length === 5,
    );
  }

  /** What one can do about the lock of a part. @param {string | null} id @returns {import("../ui/menu.js").Choice | null} */
  #choice(id) {
    const scope = id === null ? `/pages/${escaped(this.workspace.key)}` : this.workspace.sectionAt(id)?.at;
    const state = this.#stateOf(id) ?? this.#others.find((each) => id !== null && this.#covers(each, id));
    const what = id === null ? "page" : "section";
    if (this.page.mode !== "edit" || scope === undefined) return null;
    if (!state) return { words: `Lock ${what}`, icon: "lock", run: () => void this.#lock(scope) };
    if (this.#isMine(state.holder))
      return { words: `Unlock ${what}`, icon: "lock", run: () => this.#release(state) };
    const name = this.#called(/** @type {any} */ (state.holder));
    if (state.claimed_by && this.#isMine(state.claimed_by))
      return { words: `Waiting for ${name}: cancel`, icon: "lock", run: () => this.#release(state) };
    return { words: "Ask to take over", icon: "lock", note: name, run: () => void this.#ask(state) };
  }

  /** The choice of the bar's menu. */
  pageChoice() {
    return this.#choice(null);
  }

  /** Most events of the page change no lock. A letter that waits changes none, and a section that moves may. */
  #look() {
    const { locks, mode } = this.page;
    const now = [locks, mode, ...locks.map((state) => this.#sectionOf(state))];
    if (now.length === this.#seen.length && now.every((each, index) => each === this.#seen[index])) return;
    this.#seen = now;
    this.workspace.emit("locks");
    this.draw();
  }

  /** Draw at the next frame of the screen: then the rows of new sections are there. */
  draw() {
    this.#due ||= requestAnimationFrame(() => {
      this.#due = 0;
      this.#draw();
    });
  }

  #draw() {
    for (const place of document.querySelectorAll("[data-place=lock]")) {
      const isRow = Boolean(place.closest("#outline"));
      if (isRow && !this.page.locks.length && !place.firstChild) continue;
      const id = place.closest("[data-section]")?.getAttribute("data-section") ?? "";
      this.#show(/** @type {HTMLElement} */ (place), id, isRow);
    }
  }

  /** @param {HTMLElement} place @param {string} id @param {boolean} isRow */
  #show(place, id, isRow) {
    const choice = this.#choice(id);
    const holder = this.workspace.lockedBy(id);
    const isMine = choice?.words.startsWith("Unlock");
    const words = holder
      ? `${holder.name} has locked this section`
      : isMine
        ? "You have locked this section"
        : "";
    const key = JSON.stringify([id, choice?.words, words]); // the button of the bar is for one section
    if (place.dataset.shows === key) return;
    place.dataset.shows = key;
    place.replaceChildren();
    if (isRow && words)
      place.append(
        h("span", { class: "locked", role: "img", "aria-label": words, title: words }, icon("lock")),
      );
    if (isRow || !choice) return;
    const button = h(
      "button",
      { type: "button", class: "quiet", onclick: () => this.#choice(id)?.run() },
      icon("lock"),
      holder ? choice.words : "",
    );
    change(button, { "aria-label": choice.words, title: choice.words, "aria-pressed": isMine });
    place.append(...(holder ? [h("span", { class: "locked" }, words)] : []), button);
  }

  /** @returns {import("../safety/notices.js").Notice[]} */
  #notices() {
    /** @type {import("../safety/notices.js").Notice[]} */
    const all = [];
    const state = this.#stateOf(null);
    const choice = state && this.#choice(null);
    if (state?.holder && choice)
      all.push({
        key: `page ${state.id} ${choice.words}`,
        words: this.#isMine(state.holder)
          ? "You have locked this page."
          : `${this.#called(state.holder)} has locked this page.`,
        action: choice.words,
        run: choice.run,
        stays: true,
      });
    for (const lock of this.#used) {
      const { askedBy, mine } = lock;
      if (!mine || !askedBy) continue;
      const left = Math.max(
        0,
        Math.round((Date.parse(lock.state.yields_at ?? "") - Date.now() - this.#skew) / 1000),
      );
      all.push({
        key: `asked ${lock.state.id} ${askedBy.client}`,
        tone: "warning",
        words: `${this.#called(askedBy)} would like to edit ${this.#words(lock.state)}, ${left} s`,
        action: "Let go",
        run: () => this.#release(lock.state),
        other: ["Keep", () => void lock.keep().catch((error) => toast(advice(error), { tone: "warning" }))],
        stays: true,
      });
    }
    return all;
  }

  /** Another person wants a lock of this tab. @param {Lock} lock */
  async #asked(lock) {
    const { askedBy } = lock;
    if (askedBy)
      this.workspace.announce(
        `${this.#called(askedBy)} would like to edit ${this.#words(lock.state)}. Let go, or keep it?`,
      );
    const answer = await fetch("/healthz", { method: "HEAD", cache: "no-store" }).catch(() => null);
    const date = Date.parse(answer?.headers.get("date") ?? "");
    if (date) this.#skew = date + 500 - Date.now(); // the header has whole seconds
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => {
      if (![...this.#used].some((each) => each.mine && each.askedBy)) clearInterval(this.#ticking);
      this.workspace.emit("locks");
    }, 1000);
    this.workspace.emit("locks");
  }
}
