// The SDK of Weft: `connect` opens a document, and returns a page.

import { documents } from "./documents.js";
import { Refusal, WeftError } from "./errors.js";
import { Page } from "./page.js";
import { Session } from "./session.js";
import { browser, follow, tabName } from "./environment.js";

export { documents, Page, Refusal, WeftError };

/** @typedef {import("./session.js").Options} Options */

/** The protocol of this SDK. */
export const PROTOCOL = 1;

/**
 * Opens a document. It connects in the background, and again after each loss of the connection.
 * @param {Options} options
 * @param {Partial<import("./transport.js").Environment>} [environment] for tests: what to use in place of the browser's
 * @returns {Page}
 */
export function connect(options, environment) {
  const { url, document, token } = options ?? {};
  if (!/^https?:\/\/[^/]+/.test(url ?? "") || typeof token !== "function") throw new WeftError("bad_options");
  if (!/^[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}$/.test(document ?? "")) {
    throw new WeftError("bad_options", `'${document}' is no name of a document: use letters, digits and . _ : ~ -`);
  }
  const env = browser(environment);
  const session = new Session({ ...options, url: url.replace(/\/+$/, "") }, env);
  const page = new Page(session);
  follow(session);
  const { name, isNew } = tabName(options.client, env);
  void session.start(name, isNew).catch((error) => session.fail("memory_only", error));
  return page;
}
