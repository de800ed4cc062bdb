// The documents of a tenant. It is loaded by the first call.

/** @typedef {typeof import("../link/http.js").request} Request */
/** @typedef {import("../link/http.js").Caller} Caller */

/** @param {string} name */
const of = (name) => `/v1/docs/${encodeURIComponent(name)}`;

/** @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export function list(request, caller, options = {}) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return request(caller, "GET", `/v1/docs${given.length ? `?${new URLSearchParams(given)}` : ""}`);
}

/** @param {Request} request @param {Caller} caller @param {string} name @param {any} value */
export function create(request, caller, name, value) {
  return request(caller, "PUT", of(name), { body: value, headers: { "If-None-Match": "*" } });
}

/** @param {Request} request @param {Caller} caller @param {string} name */
function remove(request, caller, name) {
  return request(caller, "DELETE", of(name));
}

/** @param {Request} request @param {Caller} caller @param {string} name @param {any} options */
export function share(request, caller, name, options = { role: "viewer" }) {
  return request(caller, "POST", `${of(name)}/share`, { body: options });
}

/** @param {Request} request @param {Caller} caller @param {string} name @param {string} id */
export function unshare(request, caller, name, id) {
  return request(caller, "DELETE", `${of(name)}/share/${encodeURIComponent(id)}`);
}

export { remove as delete };
