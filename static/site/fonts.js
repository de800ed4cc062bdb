// Fonts of the theme: pairs that suit each other, one choice for headlines and one for texts, and the size.

import { fields } from "../page/values.js";
import { change, h } from "../ui/elements.js";
import { freshName, group, segmented } from "./desk.js";
import { familiesOf, fontName, FONTS, PAIRINGS } from "./looks.js";

/** @typedef {import("./desk.js").Desk} Desk */

const USUAL = FONTS[0][0];

/** @param {Desk} desk */
export function fontsGroup(desk) {
  const fontsAt = desk.spot("theme", "fonts");
  /** The usual font has no value in the document. @param {string} name */
  const valueOf = (name) => (name === USUAL ? undefined : familiesOf(name));
  const selects = [fontSelect(desk, "heading", "Headlines"), fontSelect(desk, "body", "Texts")];
  const tiles = PAIRINGS.map(({ name, heading, body }) => {
    const sample = h("span", { class: "sample", "aria-hidden": "true" }, "Aa");
    const words = h("span", {}, name);
    sample.style.fontFamily = familiesOf(heading);
    words.style.fontFamily = familiesOf(body);
    const apply = () => {
      desk.page.group(() => {
        fontsAt.member("heading").write(valueOf(heading));
        fontsAt.member("body").write(valueOf(body));
      });
      desk.workspace.announce(`Fonts ${name} are used.`);
    };
    return h("button", { type: "button", onclick: apply }, sample, words);
  });
  const scale = segmented(
    "Size of headlines",
    [
      ["small", "Small"],
      ["medium", "Medium"],
      ["large", "Large"],
    ],
    fontsAt.member("scale"),
    "/theme/fonts/scale",
  );
  return {
    element: group(
      "Fonts",
      h("div", { class: "pairings", role: "group", "aria-label": "Fonts that suit each other" }, ...tiles),
      h("div", { class: "two" }, ...selects.map(({ element }) => element)),
      scale.element,
    ),
    update(/** @type {boolean} */ isBlocked) {
      const given = fields(fields(desk.site.value, "theme"), "fonts");
      const [heading, body] = [fontName(given.heading), fontName(given.body)];
      PAIRINGS.forEach((pairing, at) => {
        const isUsed = pairing.heading === heading && pairing.body === body;
        change(tiles[at], { "aria-pressed": `${isUsed}`, disabled: isBlocked });
      });
      for (const each of selects) each.update(isBlocked);
      scale.update(isBlocked);
    },
  };
}

/** @param {Desk} desk @param {"heading" | "body"} name @param {string} label */
function fontSelect(desk, name, label) {
  const spot = desk.spot("theme", "fonts", name);
  const id = freshName();
  const own = new Option("", "own");
  const select = h("select", {
    id,
    onchange() {
      if (select.value !== "own") spot.write(select.value === USUAL ? undefined : familiesOf(select.value));
    },
  });
  for (const [font, families] of FONTS) {
    const option = new Option(font, font);
    option.style.fontFamily = families;
    select.append(option);
  }
  return {
    element: h(
      "div",
      { class: "field", "data-at": `/theme/fonts/${name}` },
      h("label", { for: id }, label),
      select,
    ),
    update(/** @type {boolean} */ isBlocked) {
      const font = fontName(spot.value);
      const isKnown = FONTS.some(([each]) => each === font);
      // A font that a program or another editor has chosen stays as it is.
      if (isKnown) own.remove();
      else if (own.textContent !== font || !own.isConnected) {
        own.textContent = font;
        select.append(own);
      }
      change(select, { value: isKnown ? font : "own", disabled: isBlocked });
    },
  };
}
