// The line below the page: what is wrong with the connection, or else with the page.

import { advice } from "/sdk/advice.js";

export const WORDS = {
  waiting: "Connecting to the page.",
  lost: "There is no connection. You see the page as it was.",
  offline: "There is no connection.",
  closed: "The editor has closed this preview.",
  ended: "You see the page as it was: this link no longer shows its changes.",
  deleted: "You see the page as it was: the document was deleted.",
  none: "This page is not in the document.",
  failed: "One section cannot be shown as it is. The rest of the page is right.",
  version: "This version is not in the history of the page.",
  token: "Open this preview with the link that its editor gave you.",
  framed: "An older version cannot be shown here. Open the preview in a tab of its own.",
  address: "The address of this preview is not complete: `from` must be the origin of the editor.",
  busy: "The server has too much to do. Reload this page in a minute.",
};
/** What to say when there is nothing to show, by the code of the error. @type {Record<string, string>} */
const SENTENCES = {
  bad_options: WORDS.address,
  malformed: WORDS.version,
  unknown_version: WORDS.version,
  unauthenticated: WORDS.token,
  token_failed: WORDS.offline, // there was no answer to the request for a guest's token
  rate_limited: WORDS.busy,
  storage_unavailable: WORDS.busy,
};

export class StateLine {
  /** @param {HTMLElement} line */
  constructor(line) {
    this.line = line;
    this.link = "";
    this.page = "";
  }

  /** Says what is wrong with the connection; '' when nothing is. @param {string} words */
  tellLink(words) {
    this.link = words;
    this.show();
  }

  /** Says what is wrong with the page; '' when nothing is. @param {string} words */
  tellPage(words) {
    this.page = words;
    this.show();
  }

  show() {
    this.line.textContent = this.link || this.page;
    this.line.hidden = !this.line.textContent;
  }
}

/** What to say about an error. @param {any} error @returns {string} */
export function sentence({ code, cause }) {
  const own = code === "token_failed" && cause?.code ? cause.code : code;
  return SENTENCES[own] ?? advice({ code: own });
}
