// Requests over HTTP, with the page's token.

import { Refusal, WeftError } from "../reports/errors.js";
import { textOf } from "./transport.js";

/** @typedef {{options: {url: string, token: () => string | Promise<string>}, env: import("./transport.js").Environment, client?: string}} Caller */

/**
 * Sends a request, and returns the JSON of the answer. A refusal is a `Refusal`.
 * @param {Caller} caller
 * @param {string} method
 * @param {string} path
 * @param {{body?: any, headers?: Record<string, string>}} [options] a `body` is a file or JSON
 * @returns {Promise<any>}
 */
export async function request(caller, method, path, { body, headers } = {}) {
  const send = async () => {
    const token = await textOf(caller.options.token);
    const named = caller.client ? { "Weft-Client": caller.client } : {};
    const typed = body === undefined ? {} : { "Content-Type": "application/json" };
    /** @type {any} */
    const all = { Authorization: `Bearer ${token}`, ...named, ...typed, ...headers };
    const content = body instanceof Blob ? body : JSON.stringify(body);
    return caller.env.fetch(caller.options.url + path, { method, headers: all, body: content }).catch((error) => {
      throw new WeftError("offline", undefined, error);
    });
  };
  let answer = await send();
  if (answer.status === 401) answer = await send(); // the token has just expired
  if (answer.status === 204) return undefined;
  const json = await answer.json().catch(() => ({}));
  if (answer.ok) return json;
  const { code = `http_${answer.status}`, detail, title = code } = json;
  throw new Refusal({ ...json, code, message: detail ?? title });
}

/**
 * Functions of a module that the first call of one of them loads. Each gets `request` and the caller
 * before its own arguments.
 * @param {() => Promise<any>} load
 * @param {Caller} caller
 * @param {string} names with spaces between them
 * @returns {any}
 */
export const later = (load, caller, names) =>
  Object.fromEntries(names.split(" ").map((name) => [name, async (/** @type {any[]} */ ...given) => (await load())[name](request, caller, ...given)]));

/** Sends a request about the document of a session. @param {Caller & {options: {document: string}}} session @param {string} method @param {string} path @param {any} [body] */
export function ask(session, method, path, body) {
  return request(session, method, `/v1/docs/${session.options.document}${path}`, { body });
}
