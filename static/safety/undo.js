// Undo and redo, which say what they took back and show where.

import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { toast } from "../ui/toast.js";
import { listed } from "../ui/words.js";
import { differences } from "./differences.js";
import { placeWords } from "../editor/place_words.js";

/** @typedef {{undone: {pointers: string[]}[], skipped: string[]}} Taken */

const SECONDS = 5;

export class Undo {
  /** @type {() => void} closes the newest message */
  #close = () => {};

  /** @param {HTMLElement} place @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(place, workspace) {
    this.workspace = workspace;
    const { page } = workspace;
    const isMac = /Mac|iP/.test(navigator.platform);
    const button = (/** @type {"undo" | "redo"} */ kind, /** @type {string} */ keys) => {
      const words = kind === "undo" ? "Undo" : "Redo";
      const title = `${words} (${isMac ? "⌘" : "Ctrl+"}${keys})`;
      return h(
        "button",
        { type: "button", class: "quiet", "aria-label": words, title, onclick: () => this.ask(kind) },
        icon(kind),
      );
    };
    this.buttons = { undo: button("undo", "Z"), redo: button("redo", isMac ? "⇧Z" : "Shift+Z") };
    place.append(this.buttons.undo, this.buttons.redo);
    // A text field asks the page itself. What became of it is told, too.
    for (const kind of /** @type {const} */ (["undo", "redo"])) {
      const ask = page[kind].bind(page);
      page[kind] = (what) => this.#told(kind, ask, what);
    }
    document.addEventListener("keydown", (event) => this.#key(event));
    workspace.on("status", () => this.draw());
    this.draw();
  }

  draw() {
    const { page } = this.workspace;
    change(this.buttons.undo, { disabled: !page.canUndo });
    change(this.buttons.redo, { disabled: !page.canRedo });
  }

  /** @param {"undo" | "redo"} kind */
  ask(kind) {
    const { page } = this.workspace;
    if (page.mode === "edit") page[kind]().catch((error) => this.#say(error.message, "danger"));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key, ctrlKey, metaKey, altKey, shiftKey, target } = event;
    const letter = key.toLowerCase();
    const isUndo = letter === "z" && !shiftKey;
    if (!(ctrlKey || metaKey) || altKey || event.defaultPrevented) return;
    if (letter !== "z" && !(letter === "y" && !shiftKey)) return;
    const field = "input, textarea, select, [contenteditable]:not([contenteditable='false']), dialog";
    if (target instanceof Element && target.closest(field)) return;
    event.preventDefault();
    this.ask(isUndo ? "undo" : "redo");
  }

  /** @param {"undo" | "redo"} kind @param {(what?: any) => Promise<Taken>} ask @param {any} [what] */
  async #told(kind, ask, what) {
    const { workspace } = this;
    const { value: before, page } = workspace;
    const isPossible = kind === "undo" ? page.canUndo : page.canRedo;
    const taken = await ask(what);
    if (what?.isQuiet) return taken; // the tool asks, and does something in its place
    const isAny = taken.undone.length > 0;
    if (isAny && kind === "undo") workspace.emit("undone", taken.undone);
    if (isAny) this.#show(kind, before, taken);
    else if (!what && !taken.skipped.length) this.#say(nothing(kind, isPossible, page.link === "online"));
    for (const pointer of taken.skipped.slice(0, 1)) {
      const who = workspace.changedBy(pointer)?.by;
      const name = who?.name || who?.user || "Another person";
      this.#say(
        `${name} changed ${placeWords(workspace.value, pointer)} after you, so it stays.`,
        "plain",
        isAny,
      );
    }
    return taken;
  }

  /** @param {"undo" | "redo"} kind @param {any} before @param {Taken} taken */
  #show(kind, before, taken) {
    const { workspace } = this;
    let places = differences(before, workspace.value);
    // While other changes wait, the page may show the result later.
    if (!places.length)
      places = taken.undone.flatMap(({ pointers }) =>
        pointers.map((pointer) => ({ pointer, kind: "changed" })),
      );
    const names = places.map((each) =>
      placeWords(each.kind === "removed" ? before : workspace.value, each.pointer),
    );
    this.#say(`${kind === "undo" ? "Undid" : "Done again"}: ${listed([...new Set(names)])}`);
    const shown = places.find((each) => each.kind !== "removed");
    // Somebody who types stays in their text.
    if (shown && shown.pointer !== workspace.editing) workspace.goTo(shown.pointer);
  }

  /** @param {string} words @param {"plain" | "danger"} [tone] @param {boolean} [isMore] whether the last message stays */
  #say(words, tone = "plain", isMore = false) {
    if (!isMore) this.#close();
    this.#close = toast(words, { tone, seconds: SECONDS });
  }
}

/** Why nothing was taken back. @param {"undo" | "redo"} kind @param {boolean} isPossible @param {boolean} isOnline */
function nothing(kind, isPossible, isOnline) {
  if (!isOnline) return `Without a connection, you can ${kind} only what is not sent yet.`;
  // The page could ask, and the server found only places that others have changed.
  return `There is nothing to ${kind}${isPossible ? ": other people changed the same places after you" : ""}.`;
}
