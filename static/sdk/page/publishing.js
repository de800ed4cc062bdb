// What a page asks about its public version. It is loaded by the first call.

/** @typedef {typeof import("../link/http.js").request} Request */
/** @typedef {import("../link/http.js").Caller & {options: {document: string}}} Caller */

/** @param {Caller} caller */
const path = ({ options }) => `/v1/docs/${options.document}/publish`;

/** @param {Request} request @param {Caller} caller @param {{version?: number, expectedPublished?: number | null, dryRun?: boolean}} options */
export function publish(request, caller, { version, expectedPublished, dryRun }) {
  if (dryRun) return request(caller, "GET", `${path(caller)}/findings${version === undefined ? "" : `?version=${version}`}`);
  return request(caller, "POST", path(caller), { body: { version, expected_published: expectedPublished } });
}

/** @param {Request} request @param {Caller} caller */
export function unpublish(request, caller) {
  return request(caller, "DELETE", path(caller));
}

/** @param {Request} request @param {Caller} caller */
export function published(request, caller) {
  return request(caller, "GET", `${path(caller)}?missing=null`);
}
