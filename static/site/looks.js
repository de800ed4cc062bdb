// Palettes and fonts to choose from.

/** @typedef {{name: string, colors: Record<"accent" | "background" | "text", string>}} Palette */

/** @param {string} name @param {string} accent @param {string} background @param {string} text @returns {Palette} */
const palette = (name, accent, background, text) => ({ name, colors: { accent, background, text } });

/** All pairs of each of them pass, also in dark mode. */
export const PALETTES = [
  palette("Ink", "#2f5bea", "#ffffff", "#181b21"),
  palette("Forest", "#2f6f4f", "#fbfaf5", "#22302a"),
  palette("Terracotta", "#b3402a", "#fdf9f3", "#2b211c"),
  palette("Plum", "#7a3b8f", "#fcf9fd", "#2a2030"),
  palette("Lagoon", "#0b6e7c", "#f6fbfb", "#12292d"),
  palette("Graphite", "#2b2d33", "#f7f7f5", "#17181b"),
  palette("Rose", "#b5295e", "#fff8f9", "#2e1b22"),
  palette("Midnight", "#8fb4ff", "#10141f", "#e9edf7"),
];

/** Families that a computer may have. None is loaded from elsewhere. @type {[string, string][]} */
export const FONTS = [
  ["System", "system-ui, sans-serif"],
  ["Grotesque", "Inter, Roboto, 'Helvetica Neue', 'Arial Nova', 'Nimbus Sans', Arial, sans-serif"],
  ["Humanist", "Seravek, 'Gill Sans Nova', Ubuntu, Calibri, 'DejaVu Sans', sans-serif"],
  ["Geometric", "Avenir, Montserrat, Corbel, 'URW Gothic', sans-serif"],
  ["Rounded", "ui-rounded, 'Hiragino Maru Gothic ProN', Quicksand, Comfortaa, Manjari, sans-serif"],
  ["Book serif", "'Iowan Old Style', 'Palatino Linotype', 'URW Palladio L', P052, serif"],
  ["News serif", "Charter, 'Bitstream Charter', 'Sitka Text', Cambria, serif"],
  ["Georgia", "Georgia, 'Iowan Old Style', serif"],
  ["Fashion serif", "Didot, 'Bodoni MT', 'Noto Serif Display', 'URW Palladio L', P052, serif"],
  ["Slab", "Rockwell, 'Rockwell Nova', 'Roboto Slab', 'DejaVu Serif', serif"],
  ["Typewriter", "ui-monospace, 'Cascadia Code', 'Source Code Pro', Menlo, Consolas, monospace"],
];

/** Fonts of headlines and of texts that suit each other, by their names. @type {{name: string, heading: string, body: string}[]} */
export const PAIRINGS = [
  { name: "Plain", heading: "System", body: "System" },
  { name: "Editorial", heading: "Georgia", body: "System" },
  { name: "Classic", heading: "Book serif", body: "News serif" },
  { name: "Modern", heading: "Geometric", body: "Humanist" },
  { name: "Friendly", heading: "Rounded", body: "Humanist" },
  { name: "Technical", heading: "Typewriter", body: "Grotesque" },
];

/** The families of a font. @param {string} name */
export function familiesOf(name) {
  return FONTS.find(([each]) => each === name)?.[1] ?? FONTS[0][1];
}

/** What users call the families of a theme: the name of a font here, or else its first family. @param {unknown} families */
export function fontName(families) {
  if (typeof families !== "string" || !families.trim()) return "System";
  const found = FONTS.find(([, each]) => each === families);
  return found ? found[0] : families.split(",")[0].replace(/['"]/g, "").trim();
}
