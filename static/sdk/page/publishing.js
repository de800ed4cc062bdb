// What a page asks about its public version. It is loaded by the first call.

/** @typedef {import("./history.js").Ask} Ask */

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
