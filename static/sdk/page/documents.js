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

/** @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export function list(request, caller, options = {}) {
  return request(caller, "GET", `/v1/docs${query(options)}`);
}

/** @param {Request} request @param {Caller} caller @param {Record<string, any>} options */
export function activity(request, caller, options = {}) {
  return request(caller, "GET", `/v1/activity${query(options)}`);
}

/** The value. @param {Request} request @param {Caller} caller @param {string} name */
export function get(request, caller, name) {
  return request(caller, "GET", of(name));
}

/** @param {Request} request @param {Caller} caller @param {string} name @param {any} value */
export function create(request, caller, name, value) {
  return request(caller, "PUT", of(name), { body: value, headers: { "If-None-Match": "*" } });
}

/** @param {Request} request @param {Caller} caller @param {string} name */
function remove(request, caller, name) {
  return request(caller, "DELETE", of(name));
}

/** @param {Request} request @param {Caller} caller @param {string} name @param {any} schema */
export function setSchema(request, caller, name, schema) {
  return request(caller, "PUT", `${of(name)}/schema`, { body: schema });
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
 * What this browser has of the documents, without a connection: for the last user of each document.
 * @param {Request} _ @param {Caller} caller @param {string} [name] @returns {Promise<any>} the names; with a name, the value or undefined
 */
export async function stored(_, { options: { url }, env: { indexedDB } }, name) {
  /** @param {any} asked @returns {Promise<any>} */
  const result = (asked) =>
    new Promise((resolve, reject) => {
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  /** @type {any} */
  let database;
  try {
    const opening = indexedDB.open("weft", 1);
    opening.onupgradeneeded = () => opening.transaction.abort(); // there is nothing yet
    database = await result(opening);
    const rows = database.transaction("rows").objectStore("rows");
    const users = await result(rows.getAll(IDBKeyRange.bound(["user"], ["user", []])));
    const keys = users
      .filter((/** @type {any} */ { key }) => key[1].startsWith(`${url}|`))
      .map((/** @type {any} */ { key, user }) => ["value", key[1], user]);
    const at = (/** @type {any} */ key) => key[1].slice(url.length + 1);
    const all = name === undefined ? keys : keys.filter((/** @type {any} */ key) => at(key) === name);
    const found = [];
    for (const key of all) {
      const reads = database.transaction("rows").objectStore("rows");
      if (name !== undefined) return (await result(reads.get(key)))?.value.value;
      if (await result(reads.getKey(key))) found.push(at(key));
    }
    return name === undefined ? found : undefined;
  } catch {
    return name === undefined ? [] : undefined;
  } finally {
    database?.close();
  }
}

export { remove as delete };
