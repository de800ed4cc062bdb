// The theme: palettes, colours with their contrast, fonts, and shapes.

import { tokensOf } from "../editor/place_words.js";
import { hex, readColor } from "../page/theme.js";
import { fields, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";
import { change, h, keyed } from "../ui/elements.js";
import { toast } from "../ui/toast.js";
import { icon } from "../ui/icons.js";
import { colorRow } from "./colors.js";
import { colorNamed, fixOf, pairsOf, pairsOfSection, passes, ratioWords } from "./contrast.js";
import { group, segmented } from "./desk.js";
import { fontsGroup } from "./fonts.js";
import { PALETTES } from "./looks.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./contrast.js").Pair} Pair */
/** @typedef {import("./desk.js").Tab} Tab */

const NAMES = /** @type {const} */ (["accent", "background", "text"]);
const LABELS = { accent: "Accent", background: "Background", text: "Text" };

/** @param {Desk} desk @returns {Tab} */
export function themeTab(desk) {
  const spot = desk.spot("theme");
  const rows = NAMES.map((name) => colorRow(desk, name, LABELS[name]));
  const dark = NAMES.map((name) => colorRow(desk, `${name}-dark`, LABELS[name]));
  const mode = segmented(
    "Mode",
    [
      ["light", "Light"],
      ["dark", "Dark"],
      ["auto", "As the visitor"],
    ],
    spot.member("mode"),
    "/theme/mode",
    "light",
  );
  const darkPart = h(
    "div",
    { class: "dark" },
    h("h4", {}, "In dark mode"),
    ...dark.map(({ element }) => element),
  );
  const palettes = palettesPart(desk);
  const contrast = contrastPart(desk);
  const fonts = fontsGroup(desk);
  const shape = shapePart(desk);
  return {
    element: h(
      "div",
      {},
      group("Palettes", palettes.element),
      group("Colours", mode.element, ...rows.map(({ element }) => element), darkPart),
      contrast.element,
      fonts.element,
      shape.element,
    ),
    update() {
      const isBlocked = desk.isBlocked("/theme");
      darkPart.hidden = text(spot.value, "mode") !== "auto";
      mode.update(isBlocked);
      for (const each of [...rows, ...dark]) each.update();
      for (const each of [palettes, fonts, shape]) each.update(isBlocked);
      contrast.update();
    },
    end() {
      for (const each of [...rows, ...dark]) each.end();
      shape.end();
    },
    reveal(pointer) {
      const name = pointer.split("/").at(-1);
      const row = [...rows, ...dark].find((each) => each.name === name);
      if (row) row.input.focus();
      else
        document
          .querySelector(`#site [data-at="${CSS.escape(pointer)}"]`)
          ?.scrollIntoView({ block: "center" });
    },
  };
}

/** @param {Desk} desk */
function palettesPart(desk) {
  /** All colours change in one step. Those of dark mode follow from them. @param {import("./looks.js").Palette} palette */
  const apply = ({ name, colors }) => {
    const spot = desk.spot("theme", "colors");
    desk.page.group(() => {
      for (const each of NAMES) {
        spot.member(each).write(colors[each]);
        spot.member(`${each}-dark`).write(undefined);
      }
    });
    desk.workspace.announce(`Palette ${name} is used.`);
  };
  const buttons = PALETTES.map((palette) => {
    const dots = NAMES.map((each) => {
      const dot = h("i", {});
      dot.style.background = palette.colors[each];
      return dot;
    });
    const drawing = h("span", { class: "dots", "aria-hidden": "true" }, ...dots);
    return h("button", { type: "button", onclick: () => apply(palette) }, drawing, palette.name);
  });
  return {
    element: h("div", { class: "palettes", role: "group", "aria-label": "Palettes" }, ...buttons),
    update(/** @type {boolean} */ isBlocked) {
      const colors = fields(fields(desk.site.value, "theme"), "colors");
      PALETTES.forEach((palette, at) => {
        const isUsed = NAMES.every((name) => text(colors, name).toLowerCase() === palette.colors[name]);
        change(buttons[at], { "aria-pressed": `${isUsed}`, disabled: isBlocked });
      });
    },
  };
}

/** @typedef {{pointer: string, value: string}} Write */
/** A pair with its place, and what makes it pass. @typedef {Pair & {at: string, fix: () => Write[] | null}} Row */

/** Which colours can be read on each other. @param {Desk} desk */
function contrastPart(desk) {
  const summary = h("p", { class: "verdict", role: "status" });
  const list = h("ul", { role: "list", class: "pairs" });
  const all = h("button", { type: "button", class: "link", onclick: () => fixAll() }, "Fix all");
  /** @type {any[]} */
  let seen = [];

  /**
   * The pairs of the page, or of a section.
   *
   * @param {string} at the colours @param {(colors: import("./contrast.js").Colors) => Pair[]} pairs @param {(name: string) => import("../page/theme.js").Color} colorOf @param {string} [of] the section
   * @returns {Row[]}
   */
  const rowsAt = (at, pairs, colorOf, of = "") =>
    pairs({}).map((pair) => ({
      ...pair,
      id: of + pair.id,
      at,
      words: pair.id.endsWith("-dark") ? `${pair.words}, in dark mode` : pair.words,
      fix() {
        const found = fixOf(pair.id, pairs, colorOf);
        return found && Object.entries(found).map(([name, value]) => ({ pointer: `${at}/${name}`, value }));
      },
    }));

  /** @returns {Row[]} */
  const rowsNow = () => {
    const theme = fields(desk.site.value, "theme");
    const page = rowsAt(
      "/theme/colors",
      (colors) => pairsOf({ ...theme, colors: { ...fields(theme, "colors"), ...colors } }),
      (name) => colorNamed(theme, name),
    );
    const sections = desk.workspace.sections.flatMap((section) => {
      const own = fields(section, "theme");
      // The words of a call to action are on its panel, in the accent colour.
      const at = section.type === "callToAction" ? null : desk.workspace.sectionAt(section.id)?.at;
      const [first] = at ? pairsOfSection(own, theme) : [];
      if (!first) return [];
      const pairs = (/** @type {import("./contrast.js").Colors} */ colors) =>
        pairsOfSection({ ...own, ...colors }, theme).map((pair) => ({
          ...pair,
          words: `${pair.words} of ${nameOf(section)}`,
        }));
      const colorOf = (/** @type {string} */ name) =>
        (name === "background" && readColor(own.background)) || first.front;
      return rowsAt(`${at}/theme`, pairs, colorOf, `${section.id} `);
    });
    return [...page, ...sections];
  };

  /** @param {Write[]} writes */
  const write = (writes) => {
    if (writes.some(({ pointer }) => desk.isBlocked(pointer))) return;
    for (const { pointer, value } of writes) {
      const [root, ...rest] = tokensOf(pointer);
      if (root === "theme") desk.spot(root, ...rest).write(value);
      else desk.page.set(pointer, value);
    }
  };

  /** One fix may mend other pairs, too. All of them are one step of undo. */
  const fixAll = () => {
    const tried = new Set();
    const next = () => {
      desk.refresh();
      return rowsNow().find((each) => !passes(each) && !tried.has(each.id));
    };
    desk.page.group(() => {
      for (let pair = next(); pair; pair = next()) {
        tried.add(pair.id);
        write(pair.fix() ?? []);
      }
    });
    desk.workspace.announce("The colours are fixed as far as possible.");
    summary.focus();
  };

  /** @param {Row} pair */
  const make = (pair) => {
    const verdict = h("b", {});
    const sample = h("span", { class: "sample" });
    const fix = h("button", { type: "button" }, "Fix");
    const words = h("span", { class: "words" }, h("span", {}), h("small", {}, h("span", {}), " ", verdict));
    const row = h("li", { "data-pair": pair.id }, sample, words, fix);
    fix.addEventListener("click", () => {
      const found = rowsNow()
        .find(({ id }) => id === pair.id)
        ?.fix();
      if (!found) return void toast("No lightness is enough here. Choose another background.");
      desk.page.group(() => write(found));
      desk.workspace.announce(`${pair.words}: fixed with ${found.map(({ value }) => value).join(" and ")}.`);
      // The button goes with the problem.
      /** @type {HTMLElement} */ (
        row.parentElement?.querySelector("button:not([hidden])") ?? summary
      ).focus();
    });
    return row;
  };

  /** @param {Element} row @param {Row} pair */
  const show = (row, pair) => {
    const isGood = passes(pair);
    const [sample, words, fix] = /** @type {any} */ (row.children);
    sample.style.color = hex(rounded(pair.front));
    sample.style.background = hex(rounded(pair.back));
    change(sample, { "data-kind": pair.needs < 4 ? pair.id.replace("-dark", "") : null });
    change(words.firstChild, { textContent: pair.words });
    change(words.lastChild.firstChild, { textContent: ratioWords(pair.ratio) });
    const does = pair.needs < 4 ? "see" : "read";
    const verdict = isGood ? `Easy to ${does}` : `Hard to ${does}, needs ${pair.needs}:1`;
    change(words.lastChild.lastChild, { textContent: verdict, class: isGood ? "good" : "bad" });
    change(fix, { hidden: isGood, disabled: desk.isBlocked(pair.at), "aria-label": `Fix: ${pair.words}` });
  };

  return {
    element: group("Contrast", h("div", { class: "summary" }, summary, all), list),
    update() {
      const { workspace, page, site } = desk;
      // They are measured again only when something changed that they depend on.
      const now = [site.value.theme, workspace.sections, workspace.canEdit, page.locks].flat();
      if (now.length === seen.length && now.every((each, at) => each === seen[at])) return;
      seen = now;
      const rows = rowsNow();
      keyed(list, rows, { key: ({ id }) => id, make, update: show });
      const bad = rows.filter((each) => !passes(each)).length;
      const words = bad
        ? `${bad} of ${rows.length} pairs ${bad === 1 ? "is" : "are"} hard to see.`
        : `All ${rows.length} pairs are easy to see.`;
      change(summary, { textContent: words, class: bad ? "verdict bad" : "verdict good", tabindex: "-1" });
      change(all, { hidden: bad < 2, disabled: !workspace.canEdit });
    },
  };
}

/** @param {import("../page/theme.js").Color} color @returns {import("../page/theme.js").Color} */
const rounded = (color) => /** @type {any} */ (color.map(Math.round));

/** Corners and spaces. @param {Desk} desk */
function shapePart(desk) {
  const { page } = desk;
  const spot = desk.spot("theme", "radius");
  let isSliding = false;
  const done = () => {
    if (isSliding) page.resume();
    isSliding = false;
  };
  const output = h("output", {});
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 64,
    step: 1,
    id: "weft-site-radius",
    oninput() {
      if (!isSliding) page.pause();
      isSliding = true;
      spot.write(Number(slider.value));
    },
    onchange: done,
    onblur: done,
  });
  const spacing = segmented(
    "Space around sections",
    [
      ["compact", "Compact"],
      ["medium", "Medium"],
      ["airy", "Airy"],
    ],
    desk.spot("theme", "spacing"),
    "/theme/spacing",
  );
  return {
    element: group(
      "Shape",
      h(
        "div",
        { class: "slider", "data-at": "/theme/radius" },
        h("label", { for: "weft-site-radius" }, "Corners"),
        output,
        slider,
      ),
      spacing.element,
    ),
    update(/** @type {boolean} */ isBlocked) {
      const value = typeof spot.value === "number" ? Math.min(64, Math.max(0, spot.value)) : 10;
      change(slider, { value: `${Math.round(value)}`, disabled: isBlocked });
      change(output, { textContent: `${Math.round(value)} px` });
      spacing.update(isBlocked);
    },
    end: done,
  };
}
