// The versions of a document.

import { ask } from "../link/http.js";

export class History {
  #session;

  /** @param {import("../session/session.js").Session} session */
  constructor(session) {
    this.#session = session;
  }

  /** A page of the history, newest first. `cursor` of the answer leads to the next page. @param {{limit?: number, cursor?: string, each?: 1, from?: number, to?: number}} [options] @returns {Promise<{items: any[], cursor?: string}>} */
  list(options = {}) {
    return ask(this.#session, "GET", `/versions${query(options)}`);
  }

  /** The value at a version. @param {number} version @returns {Promise<any>} */
  at(version) {
    return ask(this.#session, "GET", `/versions/${version}`);
  }

  /** A patch from one version to another. @param {number} from @param {number} to @returns {Promise<import("../patch/patch.js").Op[]>} */
  diff(from, to) {
    return ask(this.#session, "GET", `/diff${query({ from, to })}`);
  }

  /** Names a version. It is then kept for ever. @param {number} version @param {string} name @returns {Promise<any>} */
  name(version, name) {
    return ask(this.#session, "POST", "/versions", { version, name });
  }

  /** Makes an older version, or a part of it, current again. @param {number} version @param {string} [pointer] @returns {Promise<{version: number}>} */
  restore(version, pointer) {
    return ask(this.#session, "POST", "/restore", { version, pointer });
  }
}

/** @param {Record<string, any>} fields */
export function query(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}
