// The icon of a card: one of the icons that the page knows.

import { ICONS, OTHER_ICON } from "../page/icons.js";
import { change, h, svg } from "../ui/elements.js";

/** @param {string} name */
function drawing(name) {
  const path = svg("path", { d: ICONS.get(name) ?? OTHER_ICON });
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, path);
}

/** @param {import("./field.js").Given} given @returns {import("./field.js").Field} */
export function iconField({ spot, label }) {
  const choice = (/** @type {string} */ name) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        title: name || "No icon",
        "aria-label": name || "No icon",
        "data-icon": name,
        onclick: () => spot.write(name || undefined),
      },
      name ? drawing(name) : "–",
    );
  const choices = ["", ...ICONS.keys()].map(choice);
  const shown = h("span", { class: "shown" });
  const details = h(
    "details",
    { class: "icons" },
    h("summary", {}, h("span", { class: "label" }, label), shown),
    h("div", { class: "choices", role: "group", "aria-label": label }, ...choices),
  );
  return {
    element: h("div", { class: "field" }, details),
    update(isBlocked) {
      const name = typeof spot.value === "string" ? spot.value : "";
      if (shown.dataset.icon !== name) {
        shown.dataset.icon = name;
        shown.replaceChildren(...(name ? [drawing(name)] : []), name || "none");
      }
      for (const each of choices)
        change(each, { disabled: isBlocked, "aria-pressed": `${each.dataset.icon === name}` });
    },
    find: () => ((details.open = true), details),
  };
}
