// The pictures that a tenant keeps at the server. It is loaded by the first call.

/** @typedef {typeof import("../link/http.js").request} Request */
/** @typedef {import("../link/http.js").Caller} Caller */
/** @typedef {{id: string, url: string, type: string, bytes: number, width: number, height: number}} Asset */
/** @typedef {{doc: string, in: "head" | "published" | "version", version: number, name?: string}} Use */
/** @typedef {Asset & {name: string, by: any, at: string, uses: Use[]}} Listed */
/** @typedef {{sent: number, total: number}} Progress in bytes */
/** @typedef {(progress: Progress) => void} OnProgress */

const PATH = "/v1/assets";
const MOST_OF_A_NAME = 200;

/**
 * Uploads a picture.
 * @param {Request} request
 * @param {Caller} caller
 * @param {Blob | BufferSource} file
 * @param {OnProgress} [onProgress] is called while the file is sent
 * @param {{name?: string, signal?: AbortSignal}} [options] the name of the file, and what aborts the upload
 * @returns {Promise<Asset>}
 */
export async function upload(request, caller, file, onProgress = () => {}, { name = nameOf(file), signal } = {}) {
  const body = blobOf(file);
  const query = name ? `?${new URLSearchParams({ name: [...name].slice(0, MOST_OF_A_NAME).join("") })}` : "";
  const headers = { "Content-Type": body.type || "application/octet-stream" };
  /** @type {Asset} */
  let made;
  try {
    made = await request(sending(caller, onProgress, signal), "POST", PATH + query, { body, headers });
  } catch (error) {
    signal?.throwIfAborted();
    throw marked(error);
  }
  if (!globalThis.XMLHttpRequest) onProgress({ sent: body.size, total: body.size });
  return made;
}

/** A page of the tenant's pictures. `next` of the answer leads to the next page. @param {Request} request @param {Caller} caller @param {{limit?: number, cursor?: string}} [options] @returns {Promise<{assets: Listed[], next?: string}>} */
export function list(request, caller, options = {}) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return request(caller, "GET", `${PATH}${given.length ? `?${new URLSearchParams(/** @type {any} */ (given))}` : ""}`);
}

/** Deletes a picture that no document uses. Otherwise the refusal has its `uses`. @param {Request} request @param {Caller} caller @param {string} id @returns {Promise<void>} */
async function remove(request, caller, id) {
  /** @type {any} */
  let answered;
  /** @type {Caller["env"]["fetch"]} */
  const ask = async (...given) => {
    const answer = await caller.env.fetch(...given);
    answered = answer.clone();
    return answer;
  };
  try {
    await request(using(caller, ask), "DELETE", `${PATH}/${encodeURIComponent(id)}`);
  } catch (error) {
    const { uses } = (await answered?.json().catch(() => {})) ?? {};
    throw marked(error, uses && { uses });
  }
}

/** A refusal with what `advice` needs to know. @param {any} error @param {{uses?: Use[]}} [more] */
function marked(error, more) {
  return error.name === "Refusal" ? Object.assign(error, { reason: "asset" }, more) : error;
}

/** @param {Blob | BufferSource} file */
function blobOf(file) {
  if (file instanceof Blob) return file;
  if (file instanceof ArrayBuffer || ArrayBuffer.isView(file)) return new Blob([file]);
  throw new TypeError("`upload` takes a File, a Blob or an ArrayBuffer");
}

/** @param {any} file @returns {string} */
function nameOf(file) {
  return typeof File === "function" && file instanceof File ? file.name : "";
}

/** A caller that sends with another function than `fetch`. @param {Caller} caller @param {Caller["env"]["fetch"]} fetch @returns {Caller} */
function using({ options, env, client }, fetch) {
  return { options, client, env: { ...env, fetch } };
}

/** A caller that tells how much of a body it has sent. `fetch` cannot; it serves where there is no XMLHttpRequest. @param {Caller} caller @param {OnProgress} onProgress @param {AbortSignal} [signal] */
function sending(caller, onProgress, signal) {
  /** @param {any} url @param {any} given */
  const byFetch = (url, given) => caller.env.fetch(url, { ...given, signal });
  /** @param {any} url @param {any} given */
  const byRequest = async (url, given) => {
    signal?.throwIfAborted();
    return sent(url, given, onProgress, signal);
  };
  return using(caller, /** @type {any} */ (globalThis.XMLHttpRequest ? byRequest : byFetch));
}

/** Sends a body with an XMLHttpRequest. Return what `request` reads of an answer. @param {string} url @param {{method: string, headers: Record<string, string>, body: Blob}} given @param {OnProgress} onProgress @param {AbortSignal} [signal] */
function sent(url, { method, headers, body }, onProgress, signal) {
  const http = new XMLHttpRequest();
  const abort = () => http.abort();
  const answered = new Promise((resolve, reject) => {
    http.onload = () => resolve({ status: http.status, ok: http.status < 300, json: async () => JSON.parse(http.responseText) });
    http.onerror = () => reject(new TypeError("the connection was lost"));
    http.onabort = () => reject(new TypeError("the upload was aborted"));
  });
  http.upload.onprogress = ({ loaded, total }) => onProgress({ sent: loaded, total });
  http.open(method, url);
  for (const [name, value] of Object.entries(headers)) http.setRequestHeader(name, value);
  signal?.addEventListener("abort", abort);
  http.send(body);
  return answered.finally(() => signal?.removeEventListener("abort", abort));
}

export { remove as delete };
