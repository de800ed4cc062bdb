// The documents of a tenant. It is loaded by the first call.

/** @typedef {(method: string, path: string, options?: {body?: any, headers?: Record<string, string>}) => Promise<any>} Request */

/** @param {string} name */
const of = (name) => `/v1/docs/${encodeURIComponent(name)}`;

/** @param {Request} request @param {Record<string, any>} options */
export function list(request, options = {}) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return request("GET", `/v1/docs${given.length ? `?${new URLSearchParams(given)}` : ""}`);
}

/** @param {Request} request @param {string} name @param {any} value */
export function create(request, name, value) {
  return request("PUT", of(name), { body: value, headers: { "If-None-Match": "*" } });
}

/** @param {Request} request @param {string} name */
export function remove(request, name) {
  return request("DELETE", of(name));
}

/** @param {Request} request @param {string} name @param {any} options */
export function share(request, name, options = { role: "viewer" }) {
  return request("POST", `${of(name)}/share`, { body: options });
}

/** @param {Request} request @param {string} name @param {string} id */
export function unshare(request, name, id) {
  return request("DELETE", `${of(name)}/share/${encodeURIComponent(id)}`);
}
