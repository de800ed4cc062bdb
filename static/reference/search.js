// The search: an article stays when each word of the user begins one of its words.

import { h } from "../ui/elements.js";

const SUGGESTED = ["undo", "lock", "publish"];

export class Search {
  /** @param {HTMLElement} place @param {HTMLElement} said says how many were found */
  constructor(place, said) {
    this.said = said;
    this.field = h("input", {
      type: "search",
      placeholder: "Search, for example: undo",
      "aria-label": "Search the API",
      autocomplete: "off",
      oninput: () => this.find(),
      onkeydown: (/** @type {KeyboardEvent} */ event) =>
        event.key === "Enter" && this.first?.scrollIntoView(),
    });
    place.append(this.field);
    this.articles = [...document.querySelectorAll("article")].map((element) => ({
      element,
      words: split(element.dataset.words ?? ""),
    }));
    document.addEventListener("keydown", (event) => {
      const isTyping = /** @type {Element} */ (event.target).closest("input, textarea, select");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.field.focus();
    });
    this.field.value = new URLSearchParams(location.search).get("q") ?? "";
    if (this.field.value) this.find();
  }

  get first() {
    return this.articles.find(({ element }) => !element.hidden)?.element;
  }

  find() {
    const given = this.field.value.trim();
    const asked = split(given).map(singular);
    let found = 0;
    for (const { element, words } of this.articles) {
      element.hidden = !asked.every((each) => words.some((word) => word.startsWith(each)));
      if (!element.hidden) found += 1;
    }
    for (const section of document.querySelectorAll("main > section"))
      /** @type {HTMLElement} */ (section).hidden = !section.querySelector("article:not([hidden])");
    for (const link of document.querySelectorAll("nav li")) this.#showLink(/** @type {any} */ (link));
    for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".intro, #trial")))
      each.hidden = given !== "";
    this.#say(given, found);
    const address = new URL(location.href);
    if (given) address.searchParams.set("q", given);
    else address.searchParams.delete("q");
    history.replaceState(null, "", address);
  }

  /** A link stays while its article, or an article of its group, is shown. @param {HTMLElement} item */
  #showLink(item) {
    const shown = [...item.querySelectorAll("a")].some((link) => {
      const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      return target?.closest("main > section, article")?.matches(":not([hidden])");
    });
    item.hidden = !shown;
  }

  /** @param {string} given @param {number} found */
  #say(given, found) {
    this.said.hidden = !given;
    const clear = h("button", { type: "button", class: "link", onclick: () => this.ask("") }, "Show all");
    if (found) {
      this.said.replaceChildren(`${found} found for “${given}”. `, clear);
      return;
    }
    const words = SUGGESTED.flatMap((each) => [
      h("button", { type: "button", class: "link", onclick: () => this.ask(each) }, each),
      " ",
    ]);
    this.said.replaceChildren(`Nothing here is called “${given}”. Try another word: `, ...words, clear);
  }

  /** @param {string} words */
  ask(words) {
    this.field.value = words;
    this.field.focus();
    this.find();
  }
}

/** @param {string} text */
function split(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** `locks` finds `lock`. @param {string} word */
function singular(word) {
  return word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}
