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
    /** @type {Record<string, string>} */
    const all = { Authorization: `Bearer ${token}` };
    if (caller.client) all["Weft-Client"] = caller.client;
    if (body !== undefined) all["Content-Type"] = "application/json";
    const content = body instanceof Blob ? body : JSON.stringify(body);
    try {
      return await caller.env.fetch(caller.options.url + path, { method, headers: { ...all, ...headers }, body: content });
    } catch (error) {
      throw new WeftError("offline", undefined, error);
    }
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
 * @param {string[]} names
 * @returns {any}
 */
export const later = (load, caller, names) =>
  Object.fromEntries(names.map((name) => [name, async (/** @type {any[]} */ ...given) => (await load())[name](request, caller, ...given)]));

/** Sends a request about the document of a session. @param {Caller & {options: {document: string}}} session @param {string} method @param {string} path @param {any} [body] */
export function ask(session, method, path, body) {
  return request(session, method, `/v1/docs/${session.options.document}${path}`, { body });
}
