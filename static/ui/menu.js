// Menus that open below a button, with the keys that users know.

import { h } from "./elements.js";
import { icon } from "./icons.js";

/**
 * With `isChosen`, it is one of several of which one holds now.
 * @typedef {{words: string, icon?: string, run: () => void, isDanger?: boolean, isChosen?: boolean, disabled?: boolean, note?: string}} Choice
 */

/** @type {(() => void) | null} */
let closeOpen = null;

/** Let a button open a menu. `choices` is called each time that it opens. @param {HTMLElement} button @param {() => (Choice | null)[]} choices null is a line between two groups */
export function menuButton(button, choices) {
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    if (button.getAttribute("aria-expanded") === "true") closeOpen?.();
    else openMenu(button, choices());
  });
  return button;
}

/** Open a menu below an element. @param {HTMLElement} at @param {(Choice | null)[]} choices */
export function openMenu(at, choices) {
  closeOpen?.();
  const menu = h("div", { class: "menu", role: "menu" });
  for (const each of choices) {
    if (!each) {
      menu.append(h("hr"));
      continue;
    }
    const run = () => {
      close();
      each.run();
    };
    const item = h(
      "button",
      {
        type: "button",
        role: each.isChosen === undefined ? "menuitem" : "menuitemradio",
        "aria-checked": each.isChosen?.toString(),
        tabindex: "-1",
        class: each.isDanger && "danger",
        disabled: each.disabled ?? false,
        onclick: run,
      },
      each.icon || each.isChosen ? icon(each.icon ?? "check") : h("span", { class: "icon" }),
      h("span", {}, each.words),
      each.note && h("small", {}, each.note),
    );
    menu.append(item);
  }
  const end = new AbortController();
  const close = () => {
    if (end.signal.aborted) return;
    end.abort();
    closeOpen = null;
    at.setAttribute("aria-expanded", "false");
    const hadFocus = menu.contains(document.activeElement);
    menu.remove();
    if (hadFocus) at.focus();
  };
  closeOpen = close;
  at.setAttribute("aria-expanded", "true");
  (at.closest("dialog") ?? document.body).append(menu);
  place(menu, at);
  const items = /** @type {HTMLButtonElement[]} */ ([...menu.querySelectorAll("button:not(:disabled)")]);
  items[0]?.focus({ preventScroll: true });
  const { signal } = end;
  menu.addEventListener("keydown", (event) => onKey(event, items, close), { signal });
  addEventListener(
    "pointerdown",
    (event) =>
      !menu.contains(/** @type {Node} */ (event.target)) &&
      !at.contains(/** @type {Node} */ (event.target)) &&
      close(),
    { signal, capture: true },
  );
  addEventListener("resize", close, { signal });
  addEventListener("blur", close, { signal });
  return close;
}

/** @param {KeyboardEvent} event @param {HTMLButtonElement[]} items @param {() => void} close */
function onKey(event, items, close) {
  const at = items.indexOf(/** @type {any} */ (document.activeElement));
  const steps = /** @type {Record<string, number>} */ ({
    ArrowDown: at + 1,
    ArrowUp: at - 1 + items.length,
    Home: 0,
    End: items.length - 1,
  });
  if (event.key in steps) items[steps[event.key] % items.length]?.focus();
  else if (event.key === "Escape") close();
  else if (event.key === "Tab") return close();
  else if (event.key.length === 1) {
    const from = [...items.slice(at + 1), ...items];
    from.find((item) => item.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    return;
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Place a menu below an element, or above it where there is more room. @param {HTMLElement} menu @param {HTMLElement} at */
function place(menu, at) {
  const box = at.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(box.left, innerWidth - width - 8));
  const below = box.bottom + 4;
  const top = below + height <= innerHeight - 8 ? below : Math.max(8, box.top - height - 4);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}
