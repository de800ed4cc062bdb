// What a person can do about an error, in a sentence to show at the page.
//
// It is a file of its own: a page that has its own sentences, or another language, loads none of it.

const KEEP = "Keep this tab open until everything is saved.";
const KEPT = "Your changes are kept, and sent later.";
const RELOAD = "Something is wrong with this page. Reload it, or tell the people who run it.";
const REFUSED = "Your change was not saved.";

/** @type {Record<string, string>} by code */
const SENTENCES = {
  offline: "Try again when there is a connection.",
  no_network: `There is no connection. ${KEPT}`,
  token_failed: `You could not be signed in just now. ${KEPT}`,
  unauthenticated: `Sign in again. ${KEPT}`,
  memory_only: `This browser stores nothing for this page. ${KEEP}`,
  storage_full: `This device has no space left. ${KEEP}`,
  read_only: "You can read this document, but not change it.",
  not_found: "This document does not exist.",
  forbidden: "You may not open this document.",
  protocol: "This page is out of date: reload it.",
  cannot_reapply: "The place of your change is gone. Copy what you wrote, and put it elsewhere.",
};

const locked = (/** @type {string} */ who) => `${who} is working on this part. Try again later.`;

/** @type {Record<string, (who: string, why: string) => string>} what happened to a change, by code */
const CHANGES = {
  overwritten: (who) => `You wrote over a change of ${who}.`,
  locked: (who) => `${REFUSED} ${locked(who)}`,
  stale_lock: (who) => `${REFUSED} ${locked(who)}`,
  conflict: (who) => `${REFUSED} ${who} changed the same part.`,
  lost: (who) => `${REFUSED} ${who} removed the text that you were writing.`,
  forbidden: () => `${REFUSED} You may not change this part.`,
  too_large: () => `${REFUSED} It is too large. Make it in smaller parts.`,
  invalid_document: (_, why) => `Your change was not saved: ${why}.`, // of the schema
};

/** @type {Record<string, string>} why a picture was refused, by code */
const PICTURES = {
  too_large: "This picture is too large.",
  unsupported_media_type: "This file is not a picture. Choose a PNG, JPEG, WebP, AVIF, GIF or SVG.",
  invalid_asset: "This picture cannot be used.",
  quota_exceeded: "There is no room for more pictures. Delete pictures that you do not need.",
  storage_full: "There is no room for this picture now. Tell the people who run this page.",
  rate_limited: "You have sent many pictures. Try again later.",
  forbidden: "You may not do this with pictures.",
  in_use: "A document uses this picture. Remove the picture from it first.",
};

/**
 * A sentence for the person at the page. The `message` of an error is for developers.
 * @param {{code?: string, name?: string, message?: string, reason?: string, by?: {name?: string} | null}} error of the SDK, or an item of `page.attention`
 * @returns {string}
 */
export function advice({ code = "", name, message = "", reason = "", by }) {
  if (reason === "asset") {
    const why = code === "invalid_asset" && message ? ` The reason: ${message}.` : "";
    return (PICTURES[code] ?? "The picture was refused. Try again later.") + why;
  }
  // A server refuses a single change with the same codes as a connection.
  const isChange = reason !== "" || (name === "Refusal" && code !== "read_only");
  if (!isChange) return SENTENCES[code] ?? RELOAD;
  return CHANGES[reason || code]?.(by?.name ?? "Another user", message) ?? `${REFUSED} What you wrote is kept.`;
}
