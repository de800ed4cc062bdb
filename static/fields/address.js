// An address: where a link or a button leads, with the sections and pages of the site to choose from.

import { completed, targets } from "../editor/targets.js";
import { safeImage, safeLink } from "../page/links.js";
import { Site } from "../page/site.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { typedField } from "./field.js";

/** @param {import("./field.js").Given} given @returns {import("./field.js").Field} */
export function addressField(given) {
  const { spot, shape, workspace } = given;
  const pattern = new RegExp(shape.pattern ?? "", "u");
  const isPicture = spot.name === "src";
  const isRight = (/** @type {string} */ address) =>
    pattern.test(address) && (isPicture ? safeImage(address) : safeLink(address)) !== "";
  const input = h("input", { type: "text", inputmode: "url", spellcheck: "false", autocomplete: "off" });
  const choose = h(
    "button",
    { type: "button", class: "quiet", "aria-label": `${given.label}: choose a section or a page` },
    icon("chevron"),
  );
  menuButton(choose, () =>
    targets(workspace, spot.at ?? "").map((each) => ({
      words: each.words,
      note: each.address,
      run() {
        input.value = each.address;
        field.commit();
      },
    })),
  );
  const field = typedField(given, input, {
    beside: isPicture ? [] : [choose],
    read(typed) {
      const found = completed(typed);
      if (!isRight(found)) throw "Use an address such as https://example.com, /page or #section.";
      if ([...found].length > (shape.maxLength ?? Infinity)) throw "This address is too long.";
      return found;
    },
    about(value) {
      if (!/^#./.test(value ?? "")) return "";
      const site = new Site(workspace.value, "");
      const to = site.pageWith(
        value.slice(1),
        site.pages.find(({ key }) => key === workspace.key),
      );
      if (!to) return "This site has no section with this name.";
      return to.key === workspace.key ? "" : `It leads to the page ${to.title || to.key}.`;
    },
  });
  return {
    ...field,
    update(isBlocked) {
      field.update(isBlocked);
      change(choose, { disabled: isBlocked });
    },
  };
}
