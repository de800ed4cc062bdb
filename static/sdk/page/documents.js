// The documents of a tenant. It is loaded by the first call.

/** @typedef {typeof import("../link/http.js").request} Request */
/** @typedef {import("../link/http.js").Caller} Caller */

/** @param {any} options */
const query = (options) => {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return given.length ? `?${new URLSearchParams(/** @type {any} */ (given))}` : "";
};

/** @param {string} name */
const of = (name) => `/v1/docs/${encodeURIComponent(name)}`;

/** With `stored`, those that this browser has. @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export async function list(request, caller, { stored, ...options } = {}) {
  if (!stored) return request(caller, "GET", `/v1/docs${query(options)}`);
  return { items: (await read(caller, undefined)).map((/** @type {any} */ { doc }) => ({ doc })) };
}

/** @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export function activity(request, caller, options = {}) {
  return request(caller, "GET", `/v1/activity${query(options)}`);
}

/** The value; with `stored`, the newest one that this browser has, or nothing. @param {Request} request @param {Caller} caller @param {string} name @param {{stored?: boolean}} options */
export async function get(request, caller, name, { stored } = {}) {
  return stored ? (await read(caller, name))[0]?.value : request(caller, "GET", of(name));
}

/** @param {Request} request @param {Caller} caller @param {string} name @param {any} value @param {any} [schema] */
export async function create(request, caller, name, value, schema) {
  const made = await request(caller, "PUT", of(name), { body: value, headers: { "If-None-Match": "*" } });
  if (schema) await request(caller, "PUT", `${of(name)}/schema`, { body: schema });
  return made;
}

/** @param {Request} request @param {Caller} caller @param {string} name */
function remove(request, caller, name) {
  return request(caller, "DELETE", of(name));
}

/** @param {Request} request @param {Caller} caller @param {string} name @param {any} options */
export function share(request, caller, name, options = { role: "viewer" }) {
  return request(caller, "POST", `${of(name)}/share`, { body: options });
}

/** @param {Request} request @param {Caller} caller @param {string} name */
export async function shares(request, caller, name) {
  return (await request(caller, "GET", `${of(name)}/share`)).items;
}

/** @param {Request} request @param {Caller} caller @param {string} name @param {string} id */
export function unshare(request, caller, name, id) {
  return request(caller, "DELETE", `${of(name)}/share/${encodeURIComponent(id)}`);
}

/**
 * The documents that this browser can open without a connection, as their last users; one with a name.
 * @param {Caller} caller @param {string | undefined} name @returns {Promise<{doc: string, value?: any}[]>} `value` is there with a name
 */
async function read({ options: { url }, env: { indexedDB } }, name) {
  /** @param {any} asked @returns {Promise<any>} */
  const result = (asked) =>
    new Promise((resolve, reject) => {
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  const found = [];
  /** @type {any} */
  let database;
  try {
    const opening = indexedDB.open("weft", 1);
    opening.onupgradeneeded = () => opening.transaction.abort(); // there is nothing yet
    database = await result(opening);
    const rows = () => database.transaction("rows").objectStore("rows");
    for (const { key, user } of await result(rows().getAll(IDBKeyRange.bound(["user"], ["user", []])))) {
      const scope = key[1];
      const doc = scope.slice(url.length + 1);
      if (scope !== `${url}|${doc}` || (name ?? doc) !== doc) continue;
      const at = ["value", scope, user];
      if (name) found.push({ doc, value: (await result(rows().get(at)))?.value.value });
      else if (await result(rows().getKey(at))) found.push({ doc });
    }
  } catch {
    // The browser keeps nothing.
  }
  database?.close();
  return found;
}

export { remove as delete };
