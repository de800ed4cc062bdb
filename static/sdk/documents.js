// The documents of a tenant.

import { WeftError } from "./errors.js";
import { query } from "./history.js";
import { request } from "./http.js";
import { browser } from "./environment.js";

/**
 * The documents that a token may see.
 * @param {{url: string, token: () => string | Promise<string>}} options
 * @param {Partial<import("./transport.js").Environment>} [environment]
 */
export function documents({ url, token }, environment) {
  if (!/^https?:\/\/[^/]+/.test(url ?? "") || typeof token !== "function") throw new WeftError("bad_options");
  const caller = { options: { url: url.replace(/\/+$/, ""), token }, env: browser(environment) };
  const of = (/** @type {string} */ name) => `/v1/docs/${encodeURIComponent(name)}`;
  return {
    /** @param {{limit?: number, cursor?: string, include?: string}} [options] @returns {Promise<{items: any[], cursor?: string}>} */
    list: (options = {}) => request(caller, "GET", `/v1/docs${query(options)}`),
    /** @param {string} name @param {any} value the first value @returns {Promise<any>} */
    create: (name, value) => request(caller, "PUT", of(name), { body: value, headers: { "If-None-Match": "*" } }),
    /** @param {string} name @returns {Promise<void>} */
    delete: (name) => request(caller, "DELETE", of(name)),
    /** @param {string} name @param {{role: "viewer" | "commenter", ttl?: number}} options @returns {Promise<{url: string, token: string, id: string}>} */
    share: (name, options) => request(caller, "POST", `${of(name)}/share`, { body: options }),
    /** @param {string} name @param {string} id @returns {Promise<void>} */
    unshare: (name, id) => request(caller, "DELETE", `${of(name)}/share/${encodeURIComponent(id)}`),
  };
}
