// A theme as CSS custom properties, as in `collab/page/theme.py`. Every value is checked. Here, ink is
// the colour of text, and ground is the colour behind it.

import { decimal, fields, number, oneOf, SPACE, strip, text } from "./values.js";

/**
 * @typedef {[number, number, number]} Color red, green and blue, from 0 to 255
 * @typedef {import('./values.js').Fields} Fields
 */

// A page in a document of its own. It has these properties on the root of the document too.
const OWN = { root: ":root,.weft-page", inside: "" };
// A page in the document of an editor. `collab/page/style_sheets.py` explains the selector.
const CANVAS = ":is(.weft-page,#weft#weft#weft)";
/** Where the rules of a page match. @typedef {{root: string, inside: string}} Scope */
export const SCOPES = { own: OWN, canvas: { root: CANVAS, inside: `${CANVAS} ` } };
const HEX = /^#([0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$/;
const READABLE = 4.5; // WCAG 2.2, 1.4.3
const SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
const NAME = "[A-Za-z0-9 _-]{1,60}";
const FAMILY = `(?:'${NAME}'|"${NAME}"|[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*)`;
const MAX_FONTS = 1000; // characters
const FONTS = new RegExp(`^${FAMILY}(?:[${SPACE}]*,[${SPACE}]*${FAMILY}){0,9}$`);

// Factors of the size of headlines, and of the space above and below sections. The first is usual.
/** @type {Record<string, string>} */
const SCALES = { medium: "1", small: ".85", large: "1.15" };
/** @type {Record<string, string>} */
const SPACES = { medium: "1", compact: ".65", airy: "1.4" };

/** @type {Color} */
const BLACK = [16, 18, 20];
/** @type {Color} */
const PURE_BLACK = [0, 0, 0];
/** @type {Color} */
const WHITE = [255, 255, 255];
/** @type {Color} */
const ACCENT = [47, 91, 234];
// Every other section has a tint. page.css mixes a little less of it in than this.
const TINTED = 0.08;
// The share of white in the background of cards on a dark ground.
const LIFTED = 0.1;
const DARK_LUMINANCE = 0.18; // below this luminance, white text has more contrast than black text
/** @type {[Color, Color]} */
const LIGHT = [
  [255, 255, 255],
  [24, 27, 33],
];
/** @type {[Color, Color]} */
const DARK = [
  [19, 22, 27],
  [236, 238, 242],
];

/** Return the custom properties of a page; with mode `auto`, also those for dark mode. @param {Fields} theme @param {Scope} [scope] */
export function stylesheet(theme, { root } = OWN) {
  const [[ground, ink, accent], dark] = colorsOf(theme);
  const scheme = luminance(ground) < DARK_LUMINANCE ? "dark" : "light";
  const rules = `${root}{color-scheme:${scheme};${sizes(theme)}${palette(ground, ink, accent)}}`;
  if (!dark) return rules;
  return `${rules}@media(prefers-color-scheme:dark){${root}{color-scheme:dark;${palette(...dark)}}}`;
}

/** Background, text and accent of a page; with mode `auto`, also those for dark mode. @param {Fields} theme @returns {[[Color, Color, Color], [Color, Color, Color]?]} */
export function colorsOf(theme) {
  const chosen = fields(theme, "colors");
  const mode = oneOf(theme, "mode", "light", "dark", "auto");
  const [plainGround, plainInk] = mode === "dark" ? DARK : LIGHT;
  const ground = readColor(chosen.background) ?? plainGround;
  const ink = inkFor(chosen.text, ground, plainInk);
  const accent = readColor(chosen.accent) ?? ACCENT;
  const light = /** @type {[Color, Color, Color]} */ ([ground, ink, accent]);
  return mode === "auto" ? [light, darkPalette(chosen, ground, ink, accent)] : [light];
}

/** Return the CSS rule of a section; '' when its theme sets no colours. @param {string} name @param {Fields} theme @param {Fields} page the theme of the page @param {Scope} [scope] */
export function sectionRule(name, theme, page, { inside } = OWN) {
  const [ground, ink] = [readColor(theme.background), readColor(theme.text)];
  if (!ground) return ink ? `${inside}.${name}{--ink:${hex(ink)}}` : "";
  const accent = readColor(fields(page, "colors").accent) ?? ACCENT;
  return `${inside}.${name}{${palette(ground, inkFor(theme.text, ground, null), accent)}}`;
}

/** @param {Color} ground @param {Color} ink @param {Color} accent */
function palette(ground, ink, accent) {
  const isDark = luminance(ground) < DARK_LUMINANCE;
  const tint = isDark ? ink : accent;
  const values = {
    ground: hex(ground),
    ink: hex(ink),
    accent: hex(accent),
    "on-accent": hex(inkOn(accent)),
    link: hex(linkOn(ground, accent)),
    tint: hex(tint),
    lift: isDark ? `${LIFTED * 100}%` : "55%",
  };
  return Object.entries(values)
    .map(([name, value]) => `--${name}:${value};`)
    .join("");
}

/** The colour of text: the author's colour, or a fallback with enough contrast, or black or white. @param {unknown} value @param {Color} ground @param {Color | null} fallback @returns {Color} */
export function inkFor(value, ground, fallback) {
  const chosen = readColor(value);
  if (chosen) return chosen;
  return fallback && contrast(fallback, ground) >= READABLE ? fallback : inkOn(ground);
}

/** Background, text and accent for dark mode. @param {Fields} chosen @param {Color} ground @param {Color} ink @param {Color} accent @returns {[Color, Color, Color]} */
function darkPalette(chosen, ground, ink, accent) {
  let darkGround = readColor(chosen["background-dark"]) ?? mix(ink, BLACK, 0.6);
  if (luminance(darkGround) > 0.05) darkGround = DARK[0];
  let darkInk = readColor(chosen["text-dark"]) ?? mix(ground, WHITE, 0.2);
  if (contrast(darkInk, darkGround) < READABLE) darkInk = DARK[1];
  return [darkGround, darkInk, readColor(chosen["accent-dark"]) ?? readable(accent, darkGround)];
}

/** @param {Fields} theme */
function sizes(theme) {
  const given = fields(theme, "fonts");
  const radius = number(theme, "radius");
  const rounded = radius === null ? 10 : Math.min(Math.max(radius, 0), 64);
  const [heading, body] = ["heading", "body"].map((key) =>
    text(given, key).length <= MAX_FONTS && FONTS.test(text(given, key)) ? text(given, key) : SANS,
  );
  const scale = SCALES[oneOf(given, "scale", ...Object.keys(SCALES))];
  const space = SPACES[oneOf(theme, "spacing", ...Object.keys(SPACES))];
  return `--heading:${heading};--body:${body};--radius:${decimal(rounded)}px;--scale:${scale};--space:${space};`;
}

// --- colours ----------------------------------------------------------------------------------

/** Parse `#rgb` or `#rrggbb`. An alpha channel is ignored. @param {unknown} value @returns {Color | null} */
export function readColor(value) {
  const match = typeof value === "string" ? HEX.exec(strip(value)) : null;
  if (!match) return null;
  const digits = match[1].length < 6 ? match[1].replace(/./g, "$&$&") : match[1];
  return /** @type {Color} */ ([0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16)));
}

/** @param {Color} color */
export function hex(color) {
  return `#${color.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {Color} one @param {Color} other @param {number} share @returns {Color} */
export function mix(one, other, share) {
  return /** @type {Color} */ (one.map((each, at) => Math.floor(each + (other[at] - each) * share + 0.5)));
}

/** The relative luminance, as WCAG 2.2 defines it. @param {Color} color */
export function luminance(color) {
  const [red, green, blue] = color.map((each) => linear(each / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {number} channel */
function linear(channel) {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
}

/** @param {Color} one @param {Color} other */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** White or a soft black: the colour with more contrast on this ground. @param {Color} ground */
export function inkOn(ground) {
  const best = contrast(BLACK, ground) > contrast(WHITE, ground) ? BLACK : WHITE;
  return contrast(best, ground) >= READABLE ? best : PURE_BLACK;
}

/** The accent as the colour of links: it can be read on tinted sections and, on a dark ground, on cards. @param {Color} ground @param {Color} accent */
export function linkOn(ground, accent) {
  const isDark = luminance(ground) < DARK_LUMINANCE;
  return readable(accent, isDark ? mix(ground, WHITE, LIFTED) : mix(ground, accent, TINTED));
}

/** The ink, mixed with black or white until its contrast on the ground is enough. @param {Color} ink @param {Color} ground */
export function readable(ink, ground) {
  const goal = inkOn(ground);
  for (let tenths = 0; tenths <= 10; tenths += 1) {
    const found = mix(ink, goal, tenths / 10);
    if (contrast(found, ground) >= READABLE) return found;
  }
  return goal;
}
