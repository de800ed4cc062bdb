// The versions of a document.

/** @typedef {(method: string, path: string, body?: any) => Promise<any>} Ask a request about the document */

/** @param {Ask} ask */
export const historyOf = (ask) => ({
  /** A page of the history, newest first. `cursor` of the answer leads to the next page. @param {{limit?: number, cursor?: string, each?: 1, from?: number, to?: number}} [options] @returns {Promise<{items: any[], cursor?: string}>} */
  list: (options = {}) => ask("GET", `/versions${query(options)}`),

  /** The value at a version. @param {number} version @returns {Promise<any>} */
  at: (version) => ask("GET", `/versions/${version}`),

  /** A patch from one version to another. @param {number} from @param {number} to @returns {Promise<import("../patch/patch.js").Op[]>} */
  diff: (from, to) => ask("GET", `/diff${query({ from, to })}`),

  /** Names a version. It is then kept for ever. @param {number} version @param {string} name @returns {Promise<any>} */
  name: (version, name) => ask("POST", "/versions", { version, name }),

  /** Makes an older version, or a part of it, current again. @param {number} version @param {string} [pointer] @returns {Promise<{version: number}>} */
  restore: (version, pointer) => ask("POST", "/restore", { version, pointer }),
});

/** The fields that are defined, as a query. @param {Record<string, any>} fields */
const query = (fields) => `?${new URLSearchParams(JSON.parse(JSON.stringify(fields)))}`;
