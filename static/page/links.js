// A filter for the addresses that a page may link to or load, as in `collab/page/links.py`. It first
// cleans the text, so it checks the same address that the page will contain.

const LINKS = new Set(["http", "https", "mailto", "tel"]);
const PICTURES = new Set(["http", "https"]);
const MAX_LENGTH = 2048;
// The server makes a smaller form of an asset in each of these widths.
export const ASSET_WIDTHS = [480, 960, 1920];

// Characters that HTML does not allow, and bidirectional controls.
// eslint-disable-next-line no-control-regex
const ODD =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const SCHEME = /^([^:/?#]*):/;
const ASSET = /^\/v1\/assets\/[a-z0-9][a-z0-9-]{0,62}\/[0-9a-f]{64}$/;
// Characters that a reader does not see, and `\`: see `collab/page/links.py`. The planes end with two
// code points that are no characters.
const UNSEEN = new RegExp(
  "[\\x00-\\x1f\\x7f-\\xa0\\\\\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000" +
    "\\xad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u180e\\u200b-\\u200f\\u202a-\\u202e" +
    "\\u2060-\\u206f\\ufeff\\ufff0-\\ufffb\\u{110bd}\\u{110cd}\\u{13430}-\\u{1345f}" +
    "\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e00ff}\\u{e01f0}-\\u{e0fff}" +
    "\\ud800-\\uf8ff\\u{f0000}-\\u{10ffff}\\ufdd0-\\ufdef" +
    Array.from(
      { length: 15 },
      (_, plane) => `\\u{${plane.toString(16)}fffe}\\u{${plane.toString(16)}ffff}`,
    ).join("") +
    "]",
  "u",
);
const HOST = /^\/\/[^/?#]/;

/** Return a text without the characters that a page never contains. @param {string} words */
export function clean(words) {
  return words.replace(ODD, "");
}

/** Return the address when a page may link to it, or else ''. @param {unknown} value */
export function safeLink(value) {
  return safe(value, LINKS);
}

/** Return the address when a page may load a picture from it, or else ''. @param {unknown} value */
export function safeImage(value) {
  return safe(value, PICTURES);
}

/** Whether an address is that of an asset: a path, or the same path at the public origin. @param {string} address @param {string} publicUrl */
export function isAsset(address, publicUrl) {
  return ASSET.test(address.startsWith(publicUrl) ? address.slice(publicUrl.length) : address);
}

/** @param {unknown} value @param {Set<string>} schemes */
function safe(value, schemes) {
  if (typeof value !== "string" || isLong(value)) return "";
  const address = clean(value).replace(/^ +| +$/g, "");
  if (UNSEEN.test(address)) return "";
  const scheme = SCHEME.exec(address);
  if (!scheme) return address.startsWith("//") ? "" : address.replaceAll(" ", "%20");
  const name = scheme[1].toLowerCase();
  if (!schemes.has(name)) return "";
  if (name.startsWith("http") && !HOST.test(address.slice(scheme[0].length))) return "";
  return address.replaceAll(" ", "%20");
}

/** Whether a text has more characters than an address may have. @param {string} value */
function isLong(value) {
  return value.length > MAX_LENGTH && [...value].length > MAX_LENGTH;
}
