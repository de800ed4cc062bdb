// Names of new sections and items.

/** @param {string} kind */
export function newId(kind) {
  const letters = crypto.getRandomValues(new Uint8Array(8));
  return `${kind.toLowerCase()}-${[...letters].map((each) => (each % 36).toString(36)).join("")}`;
}

/** A copy in which each object with an `id` has a new one. @param {any} value @returns {any} */
export function withNewIds(value) {
  if (Array.isArray(value)) return value.map(withNewIds);
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withNewIds(each)]));
  if (typeof copy.id === "string") copy.id = newId(value.type ?? "item");
  return copy;
}
