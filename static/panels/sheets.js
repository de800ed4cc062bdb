// On a narrow screen, the panels are sheets from below. Buttons at the bottom open them.

import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";

const FAR = 80; // pixels that the handle is dragged before the sheet closes or grows

/** @param {Record<"outline" | "inspector", HTMLElement>} panels @param {import("../editor/workspace.js").Workspace} workspace */
export function makeSheets(panels, workspace) {
  /** @type {{name: "outline" | "inspector", words: string, icon: string}[]} */
  const kinds = [
    { name: "outline", words: "Sections", icon: "layers" },
    { name: "inspector", words: "Edit", icon: "settings" },
  ];
  const buttons = kinds.map(({ name, words, icon: drawing }) =>
    h(
      "button",
      { type: "button", class: "quiet", "aria-controls": name, onclick: () => toggle(name) },
      icon(drawing),
      h("span", {}, words),
    ),
  );
  const add = h(
    "button",
    { type: "button", class: "quiet", onclick: () => workspace.emit("gallery") },
    icon("add"),
    h("span", {}, "Add"),
  );
  const dock = h("nav", { id: "dock", "aria-label": "Tools" }, buttons[0], buttons[1], add);
  document.body.append(dock);
  /** @type {"outline" | "inspector" | null} */
  let open = null;

  /** @param {typeof open} name */
  const show = (name) => {
    const before = open;
    open = name;
    kinds.forEach((kind, at) => {
      change(panels[kind.name], { "data-open": kind.name === name, "data-tall": null });
      change(buttons[at], { "aria-expanded": `${kind.name === name}` });
    });
    // The focus goes back to the button, unless it is elsewhere by now.
    if (before && !name && panels[before].contains(document.activeElement))
      buttons[kinds.findIndex((kind) => kind.name === before)].focus();
    if (name) panels[name].focus({ preventScroll: true });
  };
  /** @param {"outline" | "inspector"} name */
  const toggle = (name) => show(open === name ? null : name);

  for (const { name, words } of kinds) {
    const panel = panels[name];
    const grip = h("div", { class: "sheet-grip", "aria-hidden": "true" });
    const close = h(
      "button",
      {
        type: "button",
        class: "quiet sheet-close",
        "aria-label": `Close ${words.toLowerCase()}`,
        onclick: () => show(null),
      },
      icon("close"),
    );
    panel.tabIndex = -1;
    panel.prepend(h("div", { class: "sheet-top" }, grip, close));
    panel.addEventListener("keydown", (event) => event.key === "Escape" && open === name && show(null));
    grip.addEventListener("pointerdown", (event) => pull(event, panel));
  }

  /** Follow the finger on the handle. @param {PointerEvent} event @param {HTMLElement} panel */
  const pull = (event, panel) => {
    const grip = /** @type {HTMLElement} */ (event.currentTarget);
    grip.setPointerCapture(event.pointerId);
    const end = new AbortController();
    const { signal } = end;
    let far = 0;
    const move = (/** @type {PointerEvent} */ moved) => {
      far = moved.clientY - event.clientY;
      panel.style.transform = `translateY(${Math.max(0, far)}px)`;
    };
    const done = () => {
      end.abort();
      panel.style.transform = "";
      if (far > FAR) show(null);
      else if (Math.abs(far) > FAR / 2) change(panel, { "data-tall": far < 0 });
    };
    grip.addEventListener("pointermove", move, { signal });
    for (const name of ["pointerup", "pointercancel"]) grip.addEventListener(name, done, { signal });
  };
  // A section that the user selects on the page can be edited at once.
  workspace.on("selected", () => change(buttons[1], { "data-ready": workspace.selection !== null }));
}
