// Which colours of a theme meet on a page, whether people can read them, and the nearest colour that passes.
//
// The colours are those of `page/theme.js` and `page.css`. The numbers are those of WCAG 2.2: 4.5 for text
// (1.4.3), 3 for what one must see to use it (1.4.11).

import {
  colorsOf,
  contrast,
  hex,
  inkFor,
  inkOn,
  luminance,
  mix,
  readable,
  readColor,
  TINTED,
} from "../page/theme.js";
import { fields } from "../page/values.js";

/** @typedef {import("../page/theme.js").Color} Color */
/** @typedef {import("../page/values.js").Fields} Fields */
/**
 * Two colours that meet. `names` are the colours of the theme that may be changed to make it pass.
 * @typedef {{id: string, words: string, front: Color, back: Color, ratio: number, needs: number, names: string[]}} Pair
 */

const TEXT = 4.5;
const SHAPE = 3;
const DARK = 0.18; // see `DARK_LUMINANCE` of the theme

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
  // Every other section has a tint, and cards are lighter.
  const tint = isDark ? ink : accent;
  const soft = mixed(tint, ground, 0.06);
  const card = mixed([255, 255, 255], ground, isDark ? 0.1 : 0.55);
  const quiet = mixed(ink, ground, 0.76);
  const link = readable(accent, mix(ground, tint, TINTED));
  const onAccent = inkOn(accent);
  /** @param {string} id @param {string} words @param {Color} front @param {Color[]} backs the worst one counts @param {number} needs @param {...string} names @returns {Pair} */
  const pair = (id, words, front, backs, needs, ...names) => {
    const [back] = [...backs].sort((one, other) => contrast(front, one) - contrast(front, other));
    const ratio = contrast(front, back);
    return { id: id + scheme, words, front, back, ratio, needs, names: names.map((name) => name + scheme) };
  };
  return [
    pair("text", "Text on the background", ink, [ground], TEXT, "text", "background"),
    pair("quiet", "Quiet text, also on cards", quiet, [ground, soft, card], TEXT, "text", "background"),
    pair("link", "Links", link, [ground, soft], TEXT, "accent", "background"),
    pair("button", "Text on buttons and panels", onAccent, [accent], TEXT, "accent"),
    pair("shape", "Buttons on the background", accent, [ground], SHAPE, "accent", "background"),
    pair("edge", "Outlines of fields", mixed(ink, ground, 0.55), [ground], SHAPE, "text", "background"),
  ];
}

/** The text of a section with colours of its own; null for other sections. @param {Fields} own the theme of the section @param {Fields} theme of the page @returns {Pair | null} */
export function pairOfSection(own, theme) {
  if (!readColor(own.background) && !readColor(own.text)) return null;
  const [[pageGround, pageInk]] = colorsOf(theme);
  const ground = readColor(own.background);
  const front = ground ? inkFor(own.text, ground, null) : (readColor(own.text) ?? pageInk);
  const back = ground ?? pageGround;
  return { id: "", words: "", front, back, ratio: contrast(front, back), needs: TEXT, names: ["text"] };
}

/** @param {Pair} pair */
export const passes = ({ ratio, needs }) => ratio >= needs;

/** A ratio in words. It is rounded down, so that a pair that fails never seems to pass. @param {number} ratio */
export function ratioWords(ratio) {
  return `${(Math.floor(ratio * 100) / 100).toFixed(2)}:1`;
}

/** A theme with another colour. @param {Fields} theme @param {string} name @param {string} value @returns {Fields} */
function withColor(theme, name, value) {
  return { ...theme, colors: { ...fields(theme, "colors"), [name]: value } };
}

/**
 * The change that makes a pair pass: the nearest lightness of one of its colours. A change that breaks
 * no other pair is preferred. Null when no lightness is enough.
 *
 * @param {Fields} theme @param {Pair} pair @returns {{name: string, value: string} | null}
 */
export function fixOf(theme, pair) {
  const good = pairsOf(theme).filter((each) => passes(each) || each.id === pair.id);
  for (const ids of [good.map(({ id }) => id), [pair.id]])
    for (const name of pair.names) {
      const value = nearest(colorNamed(theme, name), (color) => {
        const made = pairsOf(withColor(theme, name, hex(color)));
        return ids.every((id) => made.some((each) => each.id === id && passes(each)));
      });
      if (value) return { name, value: hex(value) };
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
