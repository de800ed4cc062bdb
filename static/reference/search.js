// The search: an article stays when each word of the user begins one of its words, or nearly does.

import { h } from "../ui/elements.js";
import { nearest, split, stem } from "./words.js";

const SUGGESTED = ["undo", "lock", "publish"];
/** What the server does not have, and the word for what it has instead. @type {[RegExp, string, string][]} */
const INSTEAD = [
  [
    /web ?hook|callback/,
    "The server calls no other server. A program hears of each change over a socket.",
    "websocket",
  ],
  [/comment/, "The server keeps no comments yet.", "history"],
];

/** @typedef {{element: HTMLElement, words: string[]}} Article */

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
    /** @type {Article[]} */
    this.articles = [...document.querySelectorAll("article")].map((element) => ({
      element,
      words: split(element.dataset.words ?? ""),
    }));
    this.known = new Set(this.articles.flatMap(({ words }) => words));
    document.addEventListener("keydown", (event) => {
      const isTyping = /** @type {Element} */ (event.target).closest("input, textarea, select");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.field.focus();
    });
    addEventListener("hashchange", () => this.#reveal());
    this.field.value = new URLSearchParams(location.search).get("q") ?? "";
    if (this.field.value) this.find();
  }

  get first() {
    return this.articles.find(({ element }) => !element.hidden)?.element;
  }

  find() {
    const given = this.field.value.trim();
    const { found, words } = this.#found(given);
    for (const { element } of this.articles) element.hidden = !found.has(element);
    for (const section of document.querySelectorAll("main > section"))
      /** @type {HTMLElement} */ (section).hidden = !section.querySelector("article:not([hidden])");
    for (const link of document.querySelectorAll("nav li")) this.#showLink(/** @type {any} */ (link));
    for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".intro, #trial")))
      each.hidden = given !== "";
    this.#say(given, words);
    const address = new URL(location.href);
    if (given) address.searchParams.set("q", given);
    else address.searchParams.delete("q");
    if (given) address.hash = ""; // a reload stays at the search
    history.replaceState(null, "", address);
  }

  /** The articles for some words, and how they were found. @param {string} given @returns {{found: Set<Element>, words: string}} */
  #found(given) {
    const asked = stem(given);
    const of = (/** @type {string[]} */ words) => this.#matching(words, words.length);
    const exact = of(asked);
    if (exact.size) return { found: exact, words: `${exact.size} found for “${given}”. ` };
    const meant = asked.map((word) => nearest(word, this.known) ?? word);
    const near = of(meant);
    const none = `Nothing here is called “${given}”. `;
    if (near.size) return { found: near, words: `${none}${near.size} found for “${meant.join(" ")}”. ` };
    // A sentence has words that no article has. The best articles have most of its words.
    for (let least = meant.length - 1; least > 0; least -= 1) {
      const some = this.#matching(meant, least);
      if (some.size) return { found: some, words: `${none}${some.size} found for some of these words. ` };
    }
    return { found: near, words: "" };
  }

  /** The articles with at least so many of the words. @param {string[]} asked @param {number} least */
  #matching(asked, least) {
    const has = (/** @type {Article} */ { words }) =>
      asked.filter((each) => words.some((word) => word.startsWith(each))).length >= least;
    return new Set(this.articles.filter(has).map(({ element }) => element));
  }

  /** A link leads to its place, also when the search has hidden it. */
  #reveal() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.closest("[hidden]")) return;
    this.field.value = "";
    this.find();
    target.scrollIntoView();
  }

  /** A link stays while its article, or an article of its group, is shown. @param {HTMLElement} item */
  #showLink(item) {
    const shown = [...item.querySelectorAll("a")].some((link) => {
      const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      return target?.closest("main > section, article")?.matches(":not([hidden])");
    });
    item.hidden = !shown;
  }

  /** @param {string} given @param {string} words how much was found; '' for nothing */
  #say(given, words) {
    this.said.hidden = !given;
    const clear = h("button", { type: "button", class: "link", onclick: () => this.ask("") }, "Show all");
    if (words) {
      this.said.replaceChildren(words, clear);
      return;
    }
    const [, why, word] = INSTEAD.find(([names]) => names.test(given.toLowerCase())) ?? [];
    const others = (word ? [word] : SUGGESTED).flatMap((each) => [
      h("button", { type: "button", class: "link", onclick: () => this.ask(each) }, each),
      " ",
    ]);
    const none = `Nothing here is called “${given}”. ${why ? `${why} ` : ""}Try another word: `;
    this.said.replaceChildren(none, ...others, clear);
  }

  /** @param {string} words */
  ask(words) {
    this.field.value = words;
    this.field.focus();
    this.find();
  }
}
