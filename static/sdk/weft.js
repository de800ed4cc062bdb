// The SDK of Weft: `connect` opens a document, and returns a page.

import { browser, tabName } from "./link/environment.js";
import { Refusal, WeftError } from "./reports/errors.js";
import { later } from "./link/http.js";
import { Page } from "./page/page.js";
import { PatchError } from "./patch/patch.js";
import { follow } from "./session/follow.js";
import { Session } from "./session/session.js";

export { Page, PatchError, Refusal, WeftError };

/** @typedef {import("./session/session.js").Options} Options */
/** @typedef {import("./link/transport.js").Environment} Environment */
/** @typedef {{list: (options?: {limit?: number, cursor?: string, include?: string, stored?: boolean}) => Promise<{items: any[], cursor?: string}>,
 *   get: (name: string, options?: {stored?: boolean}) => Promise<any>, create: (name: string, value: any, schema?: any) => Promise<any>, delete: (name: string) => Promise<void>,
 *   share: (name: string, options?: {role: "viewer" | "commenter", ttl?: number}) => Promise<{url: string, token: string, id: string}>,
 *   shares: (name: string) => Promise<{id: string, role: string, by: string, created_at: string, expires_at: string}[]>,
 *   unshare: (name: string, id: string) => Promise<void>, activity: (options?: {limit?: number, cursor?: string}) => Promise<{items: any[], cursor?: string}>}} Documents */

const NAME = /^[^\W_][\w.:~-]{0,127}$/;

/**
 * Opens a document. It connects in the background, and again after each loss of the connection.
 * @param {Options} options
 * @param {Partial<Environment>} [environment] for tests: what to use in place of the browser's
 * @returns {Page}
 */
export function connect(options, environment) {
  const { document, client } = options ?? {};
  const server = serverOf(options);
  if (!NAME.test(document ?? "")) {
    throw new WeftError("bad_options");
  }
  const env = browser(environment);
  const session = new Session({ ...options, ...server }, env);
  const page = new Page(session);
  follow(session);
  void session.start(tabName(client, env)).catch((error) => session.fail("memory_only", error));
  return page;
}

/**
 * The documents that a token may see.
 * @param {{url: string, token: () => string | Promise<string>}} options
 * @param {Partial<Environment>} [environment]
 * @returns {Documents}
 */
export function documents(options, environment) {
  const caller = { options: serverOf(options), env: browser(environment) };
  return later(() => import("./page/documents.js"), caller, "list delete create get activity unshare share shares");
}

/** @param {{url: string, token: () => string | Promise<string>}} options */
function serverOf({ url, token } = /** @type {any} */ ({})) {
  if (!/^https?:\/\/[^/]+/.test(url ?? "") || typeof token !== "function") throw new WeftError("bad_options");
  return { url: url.replace(/\/+$/, ""), token };
}
