// The page format: which fields each type of section has, and which values are allowed.

import { isObject } from "../page/values.js";

/** A JSON Schema without references. @typedef {Record<string, any>} Shape */

/** @type {Promise<Record<string, Shape>> | undefined} */
let loading;

/** The shape of each type of section. @returns {Promise<Record<string, Shape>>} */
export function loadFormat() {
  return (loading ??= fetch("/v1/schemas/landing-page")
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error("no page format"))))
    .then(({ $defs }) => {
      const types = $defs.section.oneOf.map((/** @type {Shape} */ each) => resolved(each, $defs));
      return Object.fromEntries(types.map((/** @type {Shape} */ each) => [each.properties.type.const, each]));
    })
    .catch((error) => {
      loading = undefined;
      throw error;
    }));
}

/** @param {any} part @param {Record<string, Shape>} defs @returns {any} */
function resolved(part, defs) {
  if (Array.isArray(part)) return part.map((each) => resolved(each, defs));
  if (!isObject(part)) return part;
  if (part.$ref) {
    const name = part.$ref.slice(part.$ref.lastIndexOf("/") + 1);
    return { name, ...resolved(defs[name], defs) };
  }
  return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, resolved(each, defs)]));
}

const NEVER = new Set(["id", "type", "anchor", "theme", "hidden"]);

/** A shape for a value that the format does not know, with all its texts. @param {any} value @returns {Shape} */
export function inferred(value) {
  if (typeof value === "string") return { type: "string", contentMediaType: "text/markdown" };
  if (Array.isArray(value)) return { type: "array" };
  if (!isObject(value)) return { type: typeof value };
  const names = Object.keys(value).filter((name) => !NEVER.has(name) && value[name] !== null);
  const properties = Object.fromEntries(names.map((name) => [name, inferred(value[name])]));
  return { type: "object", properties, required: names };
}

/** The smallest value of a shape. @param {Shape} shape @param {() => string} id */
export function fresh(shape, id) {
  if (shape.type === "array") return [];
  if (shape.type !== "object") return shape.enum?.[0] ?? (shape.pattern ? id() : "");
  /** @type {Shape} */
  const made = {};
  for (const name of shape.required ?? [])
    made[name] = name === "id" ? id() : fresh(shape.properties[name], id);
  return made;
}
