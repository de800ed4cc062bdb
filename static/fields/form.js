// The form of an object of the page format: a field for each of its members, in all depths.

import { icon } from "../ui/icons.js";
import { change, h } from "../ui/elements.js";
import { newId } from "../templates/ids.js";
import { addressField } from "./address.js";
import { choiceField, colorField, numberField, removeButton, switchField, wordField } from "./field.js";
import { fresh } from "./format.js";
import { iconField } from "./icon.js";
import { imageField } from "./image.js";
import { listField } from "./list.js";
import { textField } from "./text.js";
import { choiceOf, labelOf } from "./words.js";

/** @typedef {import("./field.js").Field} Field */
/** @typedef {import("./field.js").Given} Given */
/** @typedef {import("./spot.js").Spot} Spot */
/** @typedef {import("./format.js").Shape} Shape */

/**
 * The fields of an object. `holder` is what it belongs to, for the labels. `scroller` scrolls while an
 * item of a list is dragged.
 *
 * @param {Spot} spot @param {Shape} shape @param {Given["workspace"]} workspace
 * @param {{holder?: string, names?: string[], scroller?: HTMLElement}} [options]
 * @returns {Field & {fields: Map<string, Field>}}
 */
export function form(
  spot,
  shape,
  workspace,
  { holder = spot.name, names = Object.keys(shape.properties), scroller } = {},
) {
  /** @type {Map<string, Field>} */
  const fields = new Map();
  for (const name of names) {
    const inner = shape.properties[name];
    if (!inner || name === "id" || inner.const !== undefined) continue;
    const isRequired = shape.required?.includes(name) ?? false;
    const label = labelOf(name, holder);
    fields.set(
      name,
      fieldOf({ spot: spot.member(name), shape: inner, label, isRequired, workspace, scroller }),
    );
  }
  const all = [...fields.values()];
  return {
    fields,
    element: h("div", { class: "fields" }, ...all.map((each) => each.element)),
    update: (isBlocked) => all.forEach((each) => each.update(isBlocked)),
    end: () => all.forEach((each) => each.end?.()),
    find([name, ...rest]) {
      const field = fields.get(name);
      return field ? (field.find?.(rest) ?? field.element) : null;
    },
  };
}

/** @param {Given} given @returns {Field} */
function fieldOf(given) {
  const field = kindOf(given);
  const { element } = field;
  element.addEventListener("focusin", ({ target }) => {
    // A field may have others inside.
    if (/** @type {Element} */ (target).closest(".field") === element)
      given.workspace.emit("entered", [given.spot.at, element]);
  });
  return field;
}

/** @param {Given} given @returns {Field} */
function kindOf(given) {
  const { shape } = given;
  const { name } = given.spot;
  if (shape.enum) return choiceField(given, (value) => choiceOf(name, value));
  if (shape.type === "array") return listField(given, fieldOf);
  if (shape.type === "object") return objectField(given);
  if (shape.type === "boolean") return switchField(given, { isOff: name === "hidden" });
  if (shape.type === "number" || shape.type === "integer") return numberField(given);
  if (shape.format === "color") return colorField(given);
  if (shape.format === "uri-reference") return addressField(given);
  if (name === "icon") return iconField(given);
  if (shape.pattern || shape["x-weft"] === "atomic") return wordField(given);
  return textField(given);
}

/** An object: a picture, an item of a list, or a part that can be added and removed. @param {Given} given @returns {Field} */
function objectField(given) {
  const { spot, shape, label, workspace, isRequired } = given;
  if (shape.properties.src && shape.properties.alt) return imageField(given, form);
  if (isRequired) return form(spot, shape, workspace, { holder: spot.name || spot.holder?.name });
  /** @type {Field | null} */
  let inner = null;
  const add = h(
    "button",
    { type: "button", class: "add", onclick: () => spot.write(fresh(shape, () => newId(spot.name))) },
    icon("add"),
    `Add ${label.toLowerCase()}`,
  );
  const remove = removeButton(label, spot);
  const head = h("div", { class: "group-head" }, h("span", { class: "label" }, label), remove);
  const body = h("div", {});
  return {
    element: h("div", { class: "field group" }, head, body, add),
    update(isBlocked) {
      const isThere = spot.value !== undefined;
      if (isThere !== Boolean(inner)) {
        inner?.end?.();
        inner = isThere ? form(spot, shape, workspace) : null;
        body.replaceChildren(...(inner ? [inner.element] : []));
      }
      inner?.update(isBlocked);
      change(add, { hidden: isThere, disabled: isBlocked });
      change(remove, { hidden: !isThere, disabled: isBlocked });
    },
    end: () => inner?.end?.(),
    find: (path) => inner?.find?.(path) ?? null,
  };
}
