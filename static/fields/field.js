// A field with its label and a sentence below it, and the fields whose value is written as a whole.

import { readColor } from "../page/theme.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";

/** @typedef {import("./spot.js").Spot} Spot */
/** @typedef {import("./format.js").Shape} Shape */
/** @typedef {import("../editor/workspace.js").Workspace} Workspace */
/**
 * A part of the form. `update` shows the value of the document, `end` lets go of it, and `find` returns
 * the element of a place inside, which it opens.
 *
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {(isBlocked: boolean) => void} update
 * @property {() => void} [end]
 * @property {(path: string[]) => HTMLElement | null} [find]
 */
/** @typedef {{spot: Spot, shape: Shape, label: string, isRequired: boolean, workspace: Workspace, scroller?: HTMLElement}} Given */
/** @typedef {Field & {fields: Map<string, Field>}} Form */
/** @typedef {(spot: Spot, shape: Shape, workspace: Workspace, options?: {holder?: string, names?: string[], scroller?: HTMLElement}) => Form} MakeForm */

let counter = 0;

/** A button that takes a value out of the page. @param {string} label @param {Spot} spot */
export function removeButton(label, spot) {
  const remove = () => spot.write(undefined);
  const words = { "aria-label": `Remove ${label}`, title: "Remove" };
  return h("button", { type: "button", class: "quiet", ...words, onclick: remove }, icon("trash"));
}

/** A control with its label. @param {string} label @param {HTMLElement} control @param {...(HTMLElement | false)} others beside it */
export function labelled(label, control, ...others) {
  counter += 1;
  const id = `weft-field-${counter}`;
  const note = h("p", { class: "note", id: `${id}-note`, hidden: true, "aria-live": "polite" });
  change(control, { id });
  const row = others.length ? h("div", { class: "beside" }, control, ...others) : control;
  const element = h("div", { class: "field" }, h("label", { for: id }, label), row, note);
  /** Say what is wrong, or with '' that nothing is. @param {string} words @param {boolean} [isWrong] */
  const tell = (words, isWrong = words !== "") => {
    change(note, { textContent: words, hidden: words === "", class: isWrong ? "note wrong" : "note" });
    change(control, { "aria-invalid": isWrong ? "true" : null, "aria-describedby": words ? note.id : null });
  };
  return { element, tell };
}

/**
 * A field that writes its value when the user has finished. A wrong value stays in the field, with a
 * sentence, and is not sent.
 *
 * @param {Given} given
 * @param {HTMLInputElement} input
 * @param {{read: (typed: string) => any, show?: (value: any) => string, about?: (value: any) => string, beside?: HTMLElement[]}} how `read` throws a sentence
 * @returns {Field & {commit: () => void}}
 */
export function typedField({ spot, label, isRequired }, input, { read, show = String, about, beside = [] }) {
  const { element, tell } = labelled(label, input, ...beside);
  let shown = "";
  const value = () => (spot.value === undefined ? "" : show(spot.value));
  const commit = () => {
    if (input.value === shown && !input.validity.badInput) return;
    try {
      const typed = input.value.trim();
      if (typed === "" && isRequired) throw "This is needed.";
      if (input.validity.badInput) throw "Write a number.";
      spot.write(typed === "" ? undefined : read(typed));
      input.value = shown = value();
      tell(about?.(spot.value) ?? "", false);
    } catch (problem) {
      tell(typeof problem === "string" ? problem : "This cannot be saved here.");
    }
  };
  input.addEventListener("change", commit);
  input.addEventListener("keydown", ({ key }) => {
    if (key === "Enter") commit();
    if (key !== "Escape" || input.value === shown) return;
    input.value = shown;
    tell("");
  });
  return {
    element,
    commit,
    update(isBlocked) {
      change(input, { disabled: isBlocked });
      const now = value();
      // What the user has typed stays until it is right.
      if (input.value === shown && !input.validity.badInput) input.value = now;
      shown = now;
    },
  };
}

/** A text that is no sentence: a name for links, a currency. @param {Given} given */
export function wordField(given) {
  const { shape } = given;
  const pattern = shape.pattern && new RegExp(shape.pattern, "u");
  const rule = shape.pattern?.includes("A-Z")
    ? "Use three capital letters, as in EUR."
    : "Use small letters, digits and hyphens.";
  return typedField(given, h("input", { type: "text", spellcheck: "false", autocomplete: "off" }), {
    read(typed) {
      const word = shape.pattern?.includes("A-Z") ? typed.toUpperCase() : typed;
      if (pattern && !pattern.test(word)) throw rule;
      if ([...word].length > (shape.maxLength ?? Infinity))
        throw `Use at most ${shape.maxLength} characters.`;
      return word;
    },
  });
}

/** @param {Given} given */
export function numberField(given) {
  const { minimum: least, maximum: most, type } = given.shape;
  const isWhole = type === "integer";
  const input = h("input", { type: "number", min: least, max: most, step: isWhole ? 1 : "any" });
  const range =
    most === undefined ? `Use a number from ${least} on.` : `Use a number from ${least} to ${most}.`;
  return typedField(given, input, {
    read(typed) {
      const number = Number(typed);
      if (!Number.isFinite(number)) throw "Write a number.";
      if (isWhole && !Number.isInteger(number)) throw "Use a whole number.";
      if (number < (least ?? -Infinity) || number > (most ?? Infinity)) throw range;
      return number;
    },
  });
}

/** @param {Given} given @param {(value: string) => string} words */
export function choiceField({ spot, shape, label, isRequired }, words) {
  const select = h("select", { onchange: () => spot.write(select.value || undefined) });
  if (!isRequired) select.append(new Option("Automatic", ""));
  for (const value of shape.enum) select.append(new Option(words(value), value));
  const { element } = labelled(label, select);
  return {
    element,
    update: (/** @type {boolean} */ disabled) =>
      change(select, { disabled, value: shape.enum.includes(spot.value) ? spot.value : "" }),
  };
}

/** A switch. Off is no value. @param {Given} given @param {{isOff?: boolean}} [options] with `isOff`, the switch is on when the value is not true */
export function switchField({ spot, label }, { isOff = false } = {}) {
  const box = h("input", {
    type: "checkbox",
    role: "switch",
    onchange: () => spot.write(box.checked !== isOff ? true : undefined),
  });
  const { element } = labelled(label, box);
  element.classList.add("switch");
  return {
    element,
    update: (/** @type {boolean} */ disabled) =>
      change(box, { disabled, checked: (spot.value === true) !== isOff }),
  };
}

/** @param {Given} given @returns {Field} */
export function colorField(given) {
  const { spot, workspace } = given;
  let isChoosing = false;
  const done = () => {
    if (isChoosing) workspace.page.resume();
    isChoosing = false;
  };
  const swatch = h("input", {
    type: "color",
    "aria-label": `${given.label}: choose`,
    oninput() {
      // All colours that the pointer passes are one step of undo.
      if (!isChoosing) workspace.page.pause();
      isChoosing = true;
      spot.write(swatch.value);
    },
    onchange: done,
    onblur: done,
  });
  const input = h("input", {
    type: "text",
    placeholder: "Automatic",
    spellcheck: "false",
    autocomplete: "off",
  });
  const field = typedField(given, input, {
    beside: [swatch],
    read(typed) {
      const color = typed.startsWith("#") ? typed : `#${typed}`;
      if (!readColor(color)) throw "Use a colour such as #2f6f4f.";
      return color;
    },
  });
  return {
    ...field,
    update(isBlocked) {
      field.update(isBlocked);
      const rgb = readColor(spot.value);
      const value = rgb ? `#${rgb.map((each) => each.toString(16).padStart(2, "0")).join("")}` : "#ffffff";
      change(swatch, { disabled: isBlocked, value, class: rgb ? null : "none" });
    },
  };
}
