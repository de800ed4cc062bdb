// What lies over the shown page: a frame with a name for each section that differs, a card that says who
// wrote the place under the pointer or the focus, and a face beside each text in sight.

import { avatar, colorNumber } from "../ui/avatars.js";
import { change, h } from "../ui/elements.js";
import { called, moment } from "./entries.js";

/** @typedef {import("./viewer.js").Viewer} Viewer */
/** @typedef {import("./viewer.js").Framed} Framed */
/** @typedef {import("./blame.js").Found | import("./blame.js").Older | null} Who */

/** What happened to a section, in a step and compared with the page now. @type {Record<string, [string, string]>} */
const WORDS = {
  added: ["new", "not on the page now"],
  removed: ["deleted", "added later"],
  moved: ["moved", "at another place now"],
  changed: ["changed", "differs now"],
  hidden: ["hidden", "shown now"],
  shown: ["shown again", "hidden now"],
};
/** What the author of a frame did. @type {Record<string, string>} */
const VERBS = {
  added: "added this section",
  removed: "deleted this section",
  moved: "moved this section",
  changed: "changed this section",
  hidden: "hid this section",
  shown: "showed this section",
};
/** @type {Record<string, string>} */
const DEEDS = { undo: "took this back", redo: "did this again", restore: "restored this" };
/** @type {Record<string, string>} */
const FIRST = { create: "made this page", import: "brought this page in", repair: "repaired the page" };

const PAUSE = 100; // milliseconds
const AT_ONCE = 4;
const MOST_KNOWN = 2000;

export class Frames {
  /** @type {{frame: HTMLElement, node: HTMLElement}[]} */
  #all = [];
  #asked = 0;
  /** What the card is about. @type {Element | null} */
  #about = null;
  #asks = false; // who wrote each text?
  #isSaved = true; // the server has all that is shown
  #round = 0;
  /** Who wrote each text, by its place and its words. @type {Map<string, Who>} */
  #writers = new Map();
  /** @type {any} */
  #soon;

  /**
   * @param {Viewer} viewer @param {HTMLElement} board
   * @param {{who: (place: string, framed?: Framed) => Promise<Who>, say: (words: string) => void, restore: (framed: Framed) => (() => void) | null, isOwn: (framed: Framed) => boolean}} how
   */
  constructor(viewer, board, how) {
    this.viewer = viewer;
    this.how = how;
    this.layer = board.appendChild(h("div", { class: "marks" }));
    this.faces = board.appendChild(h("div", { class: "writers", "aria-hidden": "true" }));
    this.card = board.appendChild(h("div", { class: "author", hidden: true }));
    new ResizeObserver(() => this.place()).observe(viewer.host);
    const { root, stage } = viewer;
    for (const name of ["pointerover", "focusin", "pointerdown"])
      root.addEventListener(name, ({ target }) => {
        const spot = viewer.spotOf(target);
        if (spot) void this.#tell(spot.node, () => this.how.who(spot.place), name === "focusin");
        else this.hide();
      });
    root.addEventListener("focusout", () => this.hide());
    // A finger leaves when it is lifted.
    viewer.host.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && this.hide());
    const scrolled = () => {
      this.#placeCard();
      clearTimeout(this.#soon);
      this.#soon = setTimeout(() => void this.#write(), PAUSE);
    };
    stage.addEventListener("scroll", scrolled, { passive: true });
  }

  /** @param {boolean} isNow whether the page is compared with the page now @param {{asks: boolean, isSaved: boolean}} state `asks`: who wrote each text? */
  show(isNow, { asks, isSaved }) {
    this.#asks = asks;
    this.#isSaved = isSaved;
    const focused = document.activeElement?.closest(".marks > *");
    this.#all = this.viewer.framed.map((framed) => {
      const { part, node, notes } = framed;
      const by = isNow || this.how.isOwn(framed) ? "" : " by others";
      const words = `${part.name} ${WORDS[part.kind][isNow ? 1 : 0]}${by}`;
      const ask = (/** @type {Event} */ { type }) =>
        void this.#tell(
          what,
          () => this.how.who("", framed),
          type === "focus",
          VERBS[isNow ? "changed" : part.kind],
        );
      const what = h(
        "button",
        {
          ...{ type: "button", class: "link", onfocus: ask, onpointerenter: ask, onclick: ask },
          ...{ onblur: () => this.hide(), onpointerleave: () => this.hide() },
        },
        words,
      );
      const restore = this.how.restore(framed);
      const tag = h(
        "div",
        { class: "tag" },
        what,
        notes.length > 0 && h("small", { title: notes.join(", ") }, notes.join(", ")),
        restore &&
          h(
            "button",
            {
              ...{ type: "button", onclick: restore, "aria-label": `Restore ${part.name}` },
              title: "Bring back its content and its place",
            },
            part.kind === "removed" && !isNow ? "Put back" : "Restore",
          ),
      );
      return { frame: h("div", { class: `mark ${part.kind}`, "data-section": part.id }, tag), node };
    });
    const had = focused && this.layer.contains(focused) && focused.getAttribute("data-section");
    this.layer.replaceChildren(...this.#all.map(({ frame }) => frame));
    const again = had && this.#all.find(({ frame }) => frame.dataset.section === had);
    if (again) again.frame.querySelector("button")?.focus({ preventScroll: true });
    this.hide();
    this.place();
  }

  place() {
    const origin = this.layer.getBoundingClientRect();
    const boxes = this.#all.map(({ frame, node }) => ({ frame, box: node.getBoundingClientRect() }));
    for (const { frame, box } of boxes) {
      const { style } = frame;
      style.left = `${box.left - origin.left}px`;
      style.top = `${box.top - origin.top}px`;
      style.width = `${box.width}px`;
      style.height = `${box.height}px`;
    }
    void this.#write();
  }

  // --- who wrote each text -----------------------------------------------------------------------

  /** Ask who wrote the texts in sight, and show each answer as it comes. */
  async #write() {
    const mine = (this.#round += 1);
    const texts = this.#asks ? this.#inSight() : [];
    this.#draw(texts);
    const waiting = texts.filter(({ key }) => !this.#writers.has(key));
    const next = async () => {
      for (let each = waiting.shift(); each && mine === this.#round; each = waiting.shift()) {
        const found = await this.how.who(each.place).catch(() => undefined);
        if (found === undefined) continue;
        if (this.#writers.size > MOST_KNOWN) this.#writers.clear();
        this.#writers.set(each.key, found);
        if (mine === this.#round) this.#draw(texts);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  /** The texts in sight, each with all its paragraphs. */
  #inSight() {
    const { top, bottom } = this.viewer.stage.getBoundingClientRect();
    /** @type {Map<string, {place: string, key: string, nodes: HTMLElement[]}>} */
    const found = new Map();
    for (const { place, node } of this.viewer.spots.values()) {
      const known = found.get(place) ?? { place, key: place, nodes: [] };
      known.nodes.push(node);
      known.key += `\n${node.textContent}${this.#isSaved ? "" : "\n?"}`;
      found.set(place, known);
    }
    return [...found.values()].filter(({ nodes }) => {
      const [first, last] = [nodes[0], nodes[nodes.length - 1]].map((each) => each.getBoundingClientRect());
      return last.bottom > top && first.top < bottom;
    });
  }

  /** @param {{key: string, nodes: HTMLElement[]}[]} texts */
  #draw(texts) {
    const origin = this.faces.getBoundingClientRect();
    let [last, box] = ["", new DOMRect()];
    const drawn = texts.flatMap(({ key, nodes }) => {
      const found = this.#writers.get(key);
      const [first, final] = [nodes[0], nodes[nodes.length - 1]].map((each) => each.getBoundingClientRect());
      if (!found || !first.width) return [];
      const by = "by" in found ? found.by : null;
      const bar = h("span", { class: `bar ${by ? `person-${colorNumber(by.user)}` : ""}` });
      const at = Math.max(first.left - origin.left - 12, 2);
      place(bar, at, first.top - origin.top, final.bottom - first.top);
      // One face is enough for texts of one person below or beside one another.
      const isBelow = Math.abs(first.left - box.left) < 2 && first.top - box.bottom < 48;
      const isBeside = first.top < box.bottom && Math.abs(first.left - box.right) < 48;
      const isMore = by?.user === last && (isBelow || isBeside);
      [last, box] = [by?.user ?? "", final];
      if (!by || isMore) return [bar];
      const face = avatar(by);
      place(face, Math.max(at - 26, 0), first.top - origin.top, 0);
      return [bar, face];
    });
    this.faces.replaceChildren(...drawn);
  }

  // --- the card ------------------------------------------------------------------------------------

  hide() {
    this.#asked += 1;
    change(this.card, { hidden: true });
  }

  /** @param {HTMLElement} node @param {() => Promise<Who>} ask @param {boolean} isSaid to screen readers @param {string} [verb] */
  async #tell(node, ask, isSaid, verb) {
    const mine = (this.#asked += 1);
    // A pointer on its way passes by many places.
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (mine !== this.#asked) return;
    const found = await ask().catch(() => undefined);
    if (mine !== this.#asked || !node.isConnected) return;
    const words = sentence(found, verb);
    this.card.replaceChildren(
      ...(found && "by" in found ? [avatar(found.by), h("b", {}, called(found.by))] : []),
      h("span", {}, words),
    );
    change(this.card, { hidden: false });
    this.#about = node;
    this.#placeCard();
    if (isSaid) this.how.say(`${found && "by" in found ? `${called(found.by)} ` : ""}${words}`);
  }

  /** Put the card beside what it is about. */
  #placeCard() {
    if (this.card.hidden || !this.#about) return;
    const box = this.#about.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.card;
    const above = box.top - height - 8;
    const left = Math.max(8, Math.min(box.left, innerWidth - width - 8));
    const stage = this.viewer.stage.getBoundingClientRect();
    this.card.style.left = `${left}px`;
    this.card.style.top = `${above > stage.top ? above : Math.min(box.bottom + 8, innerHeight - height - 8)}px`;
  }
}

/** @param {Who | undefined} found @param {string} [verb] */
function sentence(found, verb = "wrote this") {
  if (!found) return "It is not known now who wrote this.";
  if ("before" in found) return `This was written before ${moment(Date.parse(found.before))}.`;
  const { kind, at } = found;
  return `${FIRST[kind] ?? DEEDS[kind] ?? verb} · ${moment(Date.parse(at))}`;
}

/** @param {HTMLElement} element @param {number} left @param {number} top @param {number} height 0 keeps its own */
function place({ style }, left, top, height) {
  style.left = `${left}px`;
  style.top = `${top}px`;
  if (height) style.height = `${height}px`;
}
