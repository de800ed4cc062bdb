// What a page asks about its public version and its files. It is loaded by the first call.

/** @typedef {import("./history.js").Ask} Ask */
/** @typedef {import("./documents.js").Request} Request */

/** @param {Ask} ask @param {{version?: number, expectedPublished?: number | null}} options */
export function publish(ask, { version, expectedPublished }) {
  return ask("POST", "/publish", { version, expected_published: expectedPublished });
}

/** @param {Ask} ask */
export function unpublish(ask) {
  return ask("DELETE", "/publish");
}

/** @param {Ask} ask */
export async function published(ask) {
  try {
    return await ask("GET", "/publish");
  } catch (error) {
    if (/** @type {any} */ (error).code !== "not_found") throw error;
    return { published: null };
  }
}

/** @param {Request} request @param {Blob} file @param {(done: number) => void} [onProgress] */
export async function upload(request, file, onProgress) {
  const made = await request("POST", "/v1/assets", { body: file, headers: { "Content-Type": file.type || "application/octet-stream" } });
  onProgress?.(1);
  return made;
}
