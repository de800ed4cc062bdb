// Dialogs over the page. The browser keeps the focus inside, and Escape closes them.

import { h } from "./elements.js";
import { icon } from "./icons.js";

let isKept = false;

/** When the element with the focus goes, a key has no target. It must not reach the page behind a dialog. */
function keepKeys() {
  if (isKept) return;
  isKept = true;
  const keep = (/** @type {KeyboardEvent} */ event) => {
    const isLost = event.target === document.body && document.querySelector("dialog:modal");
    if (isLost) event.stopImmediatePropagation();
  };
  addEventListener("keydown", keep, { capture: true });
}

/**
 * Open a dialog. Return it; `close()` closes it. `onClose` is called when it has closed.
 *
 * @param {{title: string, body: (Node | string)[], actions?: HTMLElement[], kind?: "dialog" | "sheet" | "wide", onClose?: () => void}} options
 * @returns {HTMLDialogElement}
 */
export function openDialog({ title, body, actions = [], kind = "dialog", onClose = () => {} }) {
  const shown = h(
    "dialog",
    { class: kind, "aria-label": title },
    h(
      "header",
      {},
      h("h2", {}, title),
      h(
        "button",
        { type: "button", class: "quiet", "aria-label": "Close", onclick: () => shown.close() },
        icon("close"),
      ),
    ),
    h("div", { class: "body" }, ...body),
    actions.length > 0 && h("footer", {}, ...actions),
  );
  shown.addEventListener("click", (event) => event.target === shown && shown.close());
  shown.addEventListener("close", () => {
    shown.remove();
    onClose();
  });
  keepKeys();
  document.body.append(shown);
  shown.showModal();
  return shown;
}

/**
 * Ask a question. Resolves to whether the user agreed.
 *
 * @param {{title: string, words: string, yes: string, no?: string, isDanger?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, words, yes, no = "Cancel", isDanger = false }) {
  return new Promise((resolve) => {
    let agreed = false;
    const shown = openDialog({
      title,
      body: [h("p", {}, words)],
      actions: [
        h("button", { type: "button", onclick: () => shown.close() }, no),
        h(
          "button",
          {
            type: "button",
            class: isDanger ? "danger" : "primary",
            onclick: () => ((agreed = true), shown.close()),
          },
          yes,
        ),
      ],
      onClose: () => resolve(agreed),
    });
  });
}
