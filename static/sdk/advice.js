// What a person can do about an error, in a sentence to show at the page.
//
// It is a file of its own: a page that has its own sentences, or another language, loads none of it.

const KEEP = "Keep this tab open until everything is saved.";
const KEPT = "Your changes are kept, and sent later.";
const RELOAD = "Something is wrong with this page. Reload it, or tell the people who run it.";
const REFUSED = "Your change was not accepted. What you wrote is kept.";

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

/**
 * A sentence for the person at the page. The `message` of an error is for developers.
 * @param {{code?: string, name?: string}} error of the SDK
 * @returns {string}
 */
export function advice({ code = "", name }) {
  // A server refuses a single change with the same codes as a connection.
  const isChange = name === "Refusal" && code !== "read_only";
  return isChange ? REFUSED : (SENTENCES[code] ?? RELOAD);
}
