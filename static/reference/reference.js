// The page of the API at `/docs`: the search, copies of the examples, and forms that send a request.

import { h } from "../ui/elements.js";
import { Attempt } from "./attempt.js";
import { Search } from "./search.js";
import { Session } from "./session.js";
import { Trial } from "./trial.js";

const session = new Session();
new Search(part("search"), part("none"));
new Trial(part("trial"), session, document.body.dataset.demo === "yes");

for (const figure of document.querySelectorAll(".samples figure:first-child")) {
  const copy = h("button", { type: "button", class: "quiet copy", onclick: () => void copied(copy) }, "Copy");
  figure.querySelector("figcaption")?.append(copy);
}
for (const article of document.querySelectorAll("article:has(.samples)")) {
  const place = article.querySelector(".samples");
  const name = article.querySelector("h3")?.textContent ?? article.id;
  const start = h(
    "button",
    { type: "button", class: "try", "aria-label": `Try it: ${name}`, onclick: () => void tried() },
    "Try it",
  );
  const tried = async () => {
    start.disabled = true;
    try {
      const attempt = new Attempt(await session.operation(article.id), session);
      start.replaceWith(attempt.element);
      attempt.focus();
    } catch {
      start.disabled = false;
      start.textContent = "The description could not be loaded. Try again";
    }
  };
  place?.firstElementChild?.after(start);
}

/** @param {HTMLButtonElement} button */
async function copied(button) {
  const words = button.closest("figure")?.querySelector("code")?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(words);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select the text, and copy it"; // a page without https may not write there
  }
}

/** @param {string} id */
function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
