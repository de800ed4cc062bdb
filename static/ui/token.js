// The user's token: from the page around ours, from the fragment of the address, from an earlier load, a
// guest's, or from a form.

import { AROUND, tokenFromAround } from "./around.js";
import { openDialog } from "./dialog.js";
import { h } from "./elements.js";

const PLACE = "weft.token";
const GUEST = `${PLACE}.guest`;
const SHARED = 60_000; // milliseconds

/** What a token says about its user; nothing for a wrong one. @param {string} token @returns {{sub?: string, name?: string, role?: string, tid?: string, docs?: string[], exp?: number}} */
export function claimsOf(token) {
  try {
    const letters = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(letters, (each) => each.charCodeAt(0))));
  } catch {
    return {};
  }
}

export class Token {
  newest = ""; // of `fresh`
  #kept = ""; // also where the browser stores nothing
  #last = ""; // of a guest
  #until = 0;
  /** @type {Promise<string> | undefined} */
  #getting;

  constructor() {
    this.take();
    // A new link in the same tab is a new user.
    addEventListener("hashchange", () => this.take() && location.reload());
  }

  /** As `get`, for many requests: the same token until it ends soon. @returns {Promise<string>} */
  async fresh() {
    if ((claimsOf(this.newest).exp ?? 0) * 1000 > Date.now() + 90_000) return this.newest;
    this.#getting ??= this.get().finally(() => (this.#getting = undefined));
    return (this.newest = await this.#getting);
  }

  /** Get another token: the server has refused the newest one. */
  async replace() {
    this.forget();
    this.newest = await this.get("Your token is wrong, or its time is over. Enter another one.");
  }

  /** The token for the server. Without one: in demo mode a guest's, else the user is asked. @param {string} [words] @returns {Promise<string>} */
  async get(words = "This page needs a token. Enter the one that you were given.") {
    if (AROUND) return (this.newest = await tokenFromAround());
    const kept = this.kept();
    if (kept) return kept;
    // Requests soon after each other share the token of a guest: the server makes few of them.
    if (Date.now() < this.#until) return this.#last;
    // A guest stays the same person when their token ends, and in other tabs of this browser.
    const earlier = this.#last || stored("local", "get", GUEST);
    const headers = /** @type {HeadersInit} */ (earlier ? { Authorization: `Bearer ${earlier}` } : {});
    const answer = await fetch("/v1/demo/token", { method: "POST", headers });
    if (answer.ok) {
      const { token } = await answer.json();
      // Another tab may have become a guest meanwhile.
      return this.#guest((!earlier && stored("local", "get", GUEST)) || token);
    }
    if (answer.status === 404) return this.ask(words);
    throw Object.assign(new Error("no guest's token"), { code: "rate_limited" });
  }

  /** Ask the user for a token, and keep it. @param {string} words @returns {Promise<string>} */
  ask(words) {
    return (this.asked ??= new Promise((resolve) => {
      const field = h("input", { id: "token", autocomplete: "off", spellcheck: "false", required: true });
      const form = h(
        "form",
        { method: "dialog", class: "stack" },
        h("p", {}, words),
        h("label", { for: "token" }, "Token"),
        field,
        h("button", { class: "primary" }, "Continue"),
      );
      const shown = openDialog({ title: "Sign in", body: [form] });
      shown.addEventListener("cancel", (event) => event.preventDefault());
      form.addEventListener("submit", () => {
        this.keep(field.value.trim());
        this.asked = undefined;
        resolve(field.value.trim());
      });
    }));
  }

  /** @type {Promise<string> | undefined} */
  asked;

  /** Take the token out of the address: other people can see it, and the browser's history keeps it. */
  take() {
    const found = new URLSearchParams(location.hash.slice(1)).get("token");
    if (found === null) return false;
    history.replaceState(null, "", location.pathname + location.search);
    this.keep(found);
    return true;
  }

  kept() {
    return stored("session", "get", PLACE) || this.#kept;
  }

  /** @param {string} token */
  keep(token) {
    this.#kept = token;
    stored("session", "set", PLACE, token);
  }

  forget() {
    this.#until = 0;
    this.#kept = "";
    stored("session", "remove", PLACE);
  }

  /** @param {string} token */
  #guest(token) {
    this.#last = token;
    this.#until = Date.now() + SHARED;
    stored("local", "set", GUEST, token);
    return token;
  }
}

/** Use a storage of the browser, which may have none. @param {"local" | "session"} kind @param {"get" | "set" | "remove"} what @param {...string} given @returns {string} */
export function stored(kind, what, ...given) {
  try {
    return /** @type {any} */ (window)[`${kind}Storage`][`${what}Item`](...given) ?? "";
  } catch {
    return ""; // this browser keeps nothing
  }
}
