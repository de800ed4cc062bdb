// A filter for the addresses that a page may link to or load, as in `collab/page/links.py`. It first
// cleans the text, so it checks the same address that the page will contain.

const LINKS = new Set(["http", "https", "mailto", "tel"]);
const PICTURES = new Set(["http", "https"]);
const MAX_LENGTH = 2048;

// Characters that HTML does not allow, and bidirectional controls.
// eslint-disable-next-line no-control-regex
const ODD =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const SCHEME = /^([^:/?#]*):/;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Cs}\p{Co}\p{Zl}\p{Zp}\\]|(?! )\p{Zs}/u;
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
