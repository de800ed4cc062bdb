// Short messages at the bottom of the window. Screen readers say them.

import { h } from "./elements.js";
import { icon } from "./icons.js";

const SECONDS = 8;
const MOST = 3;

/**
 * Show a message for some seconds; it stays while the pointer or the focus is on it. Return what closes
 * it. `onClose` is called once, with whether the user chose the action.
 *
 * @param {string} words
 * @param {{action?: string, onAction?: () => void, onClose?: (chosen: boolean) => void, seconds?: number, tone?: "plain" | "warning" | "danger"}} [options]
 * @returns {() => void}
 */
export function toast(words, { action, onAction, onClose, seconds = SECONDS, tone = "plain" } = {}) {
  const region =
    document.querySelector("body > .toasts") ??
    document.body.appendChild(h("div", { class: "toasts", role: "status", "aria-live": "polite" }));
  let isOpen = true;
  /** @param {boolean} chosen */
  const end = (chosen) => {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(timer);
    shown.remove();
    onClose?.(chosen);
    if (chosen) onAction?.();
  };
  const close = () => end(false);
  const shown = h(
    "div",
    { class: `toast ${tone}` },
    h("p", {}, words),
    action && h("button", { type: "button", class: "link", onclick: () => end(true) }, action),
    h(
      "button",
      { type: "button", class: "quiet", "aria-label": "Close this message", onclick: close },
      icon("close"),
    ),
  );
  let timer = setTimeout(close, seconds * 1000);
  const stay = () => clearTimeout(timer);
  const go = () => {
    clearTimeout(timer);
    if (isOpen) timer = setTimeout(close, seconds * 1000);
  };
  for (const name of ["pointerenter", "focusin"]) shown.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) shown.addEventListener(name, go);
  region.append(shown);
  while (region.children.length > MOST)
    region.firstElementChild?.querySelector("button.quiet")?.dispatchEvent(new Event("click"));
  return close;
}
