// Which colours of a theme meet on a page, whether people can read them, and the nearest colour that passes.
//
// The colours are those of `page/theme.js` and `page.css`. The numbers are those of WCAG 2.2: 4.5 for text
// (1.4.3), 3 for what one must see to use it (1.4.11).

import { colorsOf, contrast, hex, inkFor, inkOn, linkOn, luminance, readColor } from "../page/theme.js";
/** @typedef {import("../page/theme.js").Color} Color */
/** @typedef {import("../page/values.js").Fields} Fields */
/**
 * Two colours that meet. `names` are the colours of the theme that may be changed to make it pass.
 * @typedef {{id: string, words: string, front: Color, back: Color, ratio: number, needs: number, names: string[]}} Pair
 */

const TEXT = 4.5;
const SHAPE = 3;
const DARK = 0.18; // see `DARK_LUMINANCE` of the theme
/** @type {Color} */
const WHITE = [255, 255, 255];
/** @type {Color} */
const BLACK = [0, 0, 0];

/** A mix as `color-mix(in srgb)` makes it: it is not rounded. @param {Color} one @param {Color} other @param {number} share of the first @returns {Color} */
export function mixed(one, other, share) {
  return /** @type {Color} */ (one.map((each, at) => each * share + other[at] * (1 - share)));
}

/** The pairs of a page, in the order of their weight; with mode `auto`, also those of dark mode. @param {Fields} theme @returns {Pair[]} */
export function pairsOf(theme) {
  const [light, dark] = colorsOf(theme);
  return [...pairsIn(light, ""), ...(dark ? pairsIn(dark, "-dark") : [])];
}

/** @param {[Color, Color, Color]} colors background, text and accent @param {"" | "-dark"} scheme */
function pairsIn([ground, ink, accent], scheme) {
  const isDark = luminance(ground) < DARK;
  // Every other section has a tint.
  const tint = isDark ? ink : accent;
  const soft = mixed(tint, ground, 0.06);
  const link = linkOn(ground, accent);
  const face = mixed(ink, ground, 0.09);
  const onAccent = inkOn(accent);
  const named = (/** @type {string[]} */ ...names) => names.map((name) => name + scheme);
  const [words, accents] = [named("text", "background"), named("accent", "background")];
  return [
    pair(`text${scheme}`, "Text on the background", ink, [ground], TEXT, words),
    pair(
      `quiet${scheme}`,
      "Quiet text, also on cards",
      quietOf(ink, ground),
      [ground, soft, cardOf(ground)],
      TEXT,
      words,
    ),
    pair(`link${scheme}`, "Links, also on cards", link, [ground, soft, cardOf(ground), face], TEXT, accents),
    pair(`button${scheme}`, "Text on buttons and panels", onAccent, [accent], TEXT, named("accent")),
    pair(`shape${scheme}`, "Buttons on the background", accent, [ground], SHAPE, accents),
    pair(`edge${scheme}`, "Outlines of fields", mixed(ink, ground, 0.55), [ground], SHAPE, words),
  ];
}

/** @param {string} id @param {string} words @param {Color} front @param {Color[]} backs the worst one counts @param {number} needs @param {string[]} names @returns {Pair} */
function pair(id, words, front, backs, needs, names) {
  const [back] = [...backs].sort((one, other) => contrast(front, one) - contrast(front, other));
  return { id, words, front, back, ratio: contrast(front, back), needs, names };
}

/** Captions, texts of cards and the like. @param {Color} ink @param {Color} ground */
const quietOf = (ink, ground) => mixed(ink, ground, 0.76);

/** Cards are lighter than the background. @param {Color} ground */
const cardOf = (ground) => mixed(WHITE, ground, luminance(ground) < DARK ? 0.1 : 0.55);

/**
 * The texts of a section with colours of its own; none for other sections. A section without a background
 * of its own has that of the page, in dark mode too.
 *
 * @param {Fields} own the theme of the section @param {Fields} theme of the page @returns {Pair[]}
 */
export function pairsOfSection(own, theme) {
  const [ground, ink] = [readColor(own.background), readColor(own.text)];
  if (!ground && !ink) return [];
  const names = ground ? ["text", "background"] : ["text"];
  const [light, dark] = colorsOf(theme);
  const grounds = ground ? [ground] : [light[0], ...(dark ? [dark[0]] : [])];
  return grounds.flatMap((back, at) => {
    const scheme = at ? "-dark" : "";
    const front = ink ?? inkFor(undefined, back, null);
    const quiet = quietOf(front, back);
    return [
      pair(`text${scheme}`, "Text", front, [back], TEXT, names),
      pair(`quiet${scheme}`, "Quiet text", quiet, [back, cardOf(back)], TEXT, names),
    ];
  });
}

/** @param {Pair} pair */
export const passes = ({ ratio, needs }) => ratio >= needs;

/** A ratio in words. It is rounded down, so that a pair that fails never seems to pass. @param {number} ratio */
export function ratioWords(ratio) {
  return `${(Math.floor(ratio * 100) / 100).toFixed(2)}:1`;
}

/** @typedef {Record<string, string>} Colors as hex digits, by their names */

/**
 * The colours that make a pair pass: the nearest lightness of one of its colours, or else of both. A
 * change that breaks no other pair is preferred. Null when no lightness is enough.
 *
 * @param {string} id of the pair @param {(colors: Colors) => Pair[]} pairs the pairs with other colours @param {(name: string) => Color} colorOf a colour now @returns {Colors | null}
 */
export function fixOf(id, pairs, colorOf) {
  const now = pairs({});
  const wrong = now.find((each) => each.id === id);
  if (!wrong) return null;
  const { names } = wrong;
  const good = now.filter((each) => passes(each) || each.id === id).map((each) => each.id);
  const before = names.map(colorOf);
  // A colour that stays may be one that the page chooses by itself.
  const changes = (/** @type {Color[]} */ colors) =>
    Object.fromEntries(
      names.flatMap((name, at) => (colors[at] === before[at] ? [] : [[name, hex(colors[at])]])),
    );
  for (const ids of [good, [id]]) {
    const found = mended(before, (colors) => {
      const made = pairs(changes(colors));
      return ids.every((each) => made.some((other) => other.id === each && passes(other)));
    });
    if (found) return changes(found);
  }
  return null;
}

/** The colours of the nearest lightness that are good together: one of them is another one, or both are. @param {Color[]} colors @param {(colors: Color[]) => boolean} isGood @returns {Color[] | null} */
function mended(colors, isGood) {
  for (const at of colors.keys()) {
    /** @param {Color} color */
    const changed = (color) => colors.map((each, index) => (index === at ? color : each));
    const found = nearest(colors[at], (color) => isGood(changed(color)));
    if (found) return changed(found);
  }
  const [front, back] = colors;
  // The ground is in the middle: it goes as far as black or white text needs it, and the text then less far.
  for (const end of back ? [inkOn(back), WHITE, BLACK] : []) {
    const ground = nearest(back, (color) => isGood([end, color]));
    const ink = ground && nearest(front, (color) => isGood([color, ground]));
    if (ground && ink) return [ink, ground];
  }
  return null;
}

/** The colour that the page shows for a name, also when the theme has none. @param {Fields} theme @param {string} name @returns {Color} */
export function colorNamed(theme, name) {
  const [light, dark] = colorsOf(theme);
  const isDark = name.endsWith("-dark");
  const colors = (isDark ? dark : light) ?? light;
  return colors[["background", "text", "accent"].indexOf(name.replace("-dark", ""))];
}

/** The colour of the nearest lightness that is good; null without one. @param {Color} color @param {(color: Color) => boolean} isGood @returns {Color | null} */
export function nearest(color, isGood) {
  if (isGood(color)) return color;
  const [hue, saturation, lightness] = toHsl(color);
  for (let step = 1; step <= 510; step += 1)
    for (const sign of [-1, 1]) {
      const next = lightness + (sign * step) / 510;
      if (next < 0 || next > 1) continue;
      const found = fromHsl(hue, saturation, next);
      if (isGood(found)) return found;
    }
  return null;
}

/** Hue in degrees, saturation and lightness from 0 to 1. @param {Color} color @returns {[number, number, number]} */
export function toHsl(color) {
  const [red, green, blue] = color.map((each) => each / 255);
  const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const [lightness, span] = [(most + least) / 2, most - least];
  if (!span) return [0, 0, lightness];
  const saturation = span / (1 - Math.abs(2 * lightness - 1));
  const sixth =
    most === red
      ? ((green - blue) / span + 6) % 6
      : most === green
        ? (blue - red) / span + 2
        : (red - green) / span + 4;
  return [sixth * 60, saturation, lightness];
}

/** @param {number} hue @param {number} saturation @param {number} lightness @returns {Color} */
export function fromHsl(hue, saturation, lightness) {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  return /** @type {Color} */ (
    [0, 8, 4].map((turn) => {
      const at = (turn + hue / 30) % 12;
      return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
    })
  );
}
