// A small box that floats beside a part of the page. It closes by Escape, and by a press elsewhere.

import { h } from "../ui/elements.js";

/**
 * Open a box beside a rectangle. Return what closes it.
 *
 * @param {() => DOMRect | undefined} rect where the part is now, in the window
 * @param {{label: string, body: (Node | string)[], onClose?: () => void}} options
 */
export function openPopover(rect, { label, body, onClose = () => {} }) {
  const box = h("div", { class: "popover", role: "dialog", "aria-label": label }, ...body);
  const end = new AbortController();
  const { signal } = end;
  const close = () => {
    if (signal.aborted) return;
    end.abort();
    box.remove();
    onClose();
  };
  document.body.append(box);
  const put = () => float(box, rect());
  put();
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    close();
  });
  addEventListener("pointerdown", (event) => !box.contains(/** @type {Node} */ (event.target)) && close(), {
    signal,
    capture: true,
  });
  for (const name of ["scroll", "resize"]) addEventListener(name, put, { signal, capture: true });
  /** @type {HTMLElement | null} */ (box.querySelector("input, button"))?.focus({ preventScroll: true });
  return close;
}

/** Put a box above or below a rectangle, inside the window. @param {HTMLElement} box @param {DOMRect | undefined} rect @param {boolean} [isAbove] */
export function float(box, rect, isAbove = false) {
  if (!rect) return;
  const { offsetWidth: width, offsetHeight: height } = box;
  const above = rect.top - height - 8;
  const below = rect.bottom + 8;
  const fits = isAbove ? above >= 56 : below + height > innerHeight - 8;
  const left = rect.left + rect.width / 2 - width / 2;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(fits ? above : below, innerHeight - height - 8))}px`;
}
