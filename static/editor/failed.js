// What the user sees when the document cannot be opened.

import { advice } from "/sdk/advice.js";
import { AROUND, NO_TOKEN } from "../ui/around.js";
import { h } from "../ui/elements.js";

const NO_NETWORK = "There is no connection, and this browser has not opened the page before.";
/** What to say, by the code of the error. @type {Record<string, string>} */
const WORDS = {
  not_found: "There is no such page. It may have been deleted.",
  forbidden: "You may not open this page. Ask the person who shared it for another link.",
  unauthenticated: "This link has ended. Ask the person who shared it for a new one.",
  no_network: NO_NETWORK,
};

/** What to say now: the network may be away since the last try. @param {string} code */
const wordsOf = (code) =>
  code === "token_failed" ? (AROUND && navigator.onLine ? NO_TOKEN : NO_NETWORK) : WORDS[code];

/** Why there is no token, or why the server is not reached. @param {any} error @returns {string} */
const codeOf = (error) => (error?.code === "token_failed" && error.cause?.code) || error?.code;

/** Say why the page is not there yet. The SDK tries again. @param {any} error @param {import("../ui/token.js").Token} token */
export function late(error, token) {
  const place = document.querySelector(".opening");
  const words = !token.asked && wordsOf(codeOf(error)); // the user may be writing a token
  if (place && words) place.textContent = words;
}

/** @param {any} error @param {import("../ui/token.js").Token} token */
export function failed(error, token) {
  const code = codeOf(error);
  const isToken = code === "unauthenticated" || code === "forbidden";
  if (isToken) token.forget();
  const again = () => location.reload();
  const enter = async () => {
    await token.ask("Enter a token for this page.");
    location.reload();
  };
  document.body.dataset.state = "failed";
  document
    .querySelector("#stage")
    ?.replaceChildren(
      h(
        "div",
        { class: "failed stack", role: "alert" },
        h("h1", {}, "The page cannot be opened"),
        h("p", {}, wordsOf(code) ?? (code ? advice({ code }) : String(error))),
        h(
          "p",
          { class: "row" },
          !AROUND && h("a", { class: "button", href: "/" }, "All pages"),
          h("button", { type: "button", onclick: again }, "Try again"),
          isToken &&
            !AROUND &&
            h("button", { type: "button", class: "primary", onclick: enter }, "Enter a token"),
        ),
      ),
    );
}
