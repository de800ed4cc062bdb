// A text of the page in a field: two people may type in it at once.

import { change, h } from "../ui/elements.js";
import { labelled } from "./field.js";

/** @typedef {import("./field.js").Field} Field */

const LINE = 300; // longer texts have several lines

/** @param {import("./field.js").Given} given @returns {Field} */
export function textField({ spot, shape, label, isRequired, workspace }) {
  const { page } = workspace;
  const isLong = shape.contentMediaType !== undefined || (shape.maxLength ?? LINE) > LINE;
  const maxlength = shape.maxLength;
  const rows = (shape.maxLength ?? 0) > 1000 ? 3 : 1;
  const input = isLong
    ? h("textarea", { rows, maxlength, "data-rich": shape.contentMediaType && "" })
    : h("input", { type: "text", maxlength, autocomplete: "off" });
  const { element, tell } = labelled(label, input);
  /** @type {import("../sdk/text/binding.js").Binding | null} */
  let bound = null;
  let isEmptying = false; // the user has emptied the text in a step of undo that is still open

  const settle = () => {
    if (!isEmptying) return;
    isEmptying = false;
    // Without a text, an optional field is not there.
    if (spot.value === "") spot.write(undefined);
    page.resume();
  };
  // This comes before the binding makes the change.
  input.addEventListener(
    "input",
    () => {
      if (!bound && input.value) {
        spot.write(input.value, { isTyped: true });
        bind();
      }
      if (input.value !== "") {
        if (isEmptying) page.resume();
        isEmptying = false;
      } else if (!isRequired && !isEmptying && spot.value) {
        isEmptying = true;
        page.pause();
      }
    },
    { capture: true },
  );
  input.addEventListener("blur", settle);
  input.addEventListener("keydown", (event) => {
    const { key, isComposing } = /** @type {KeyboardEvent} */ (event);
    if (key === "Enter" && !isLong && !isComposing) input.blur();
  });
  /** An absent text is bound only while the user is in the field. */
  const bind = () => {
    const { at, value } = spot.find() ?? { at: null, value: undefined };
    const isHere = document.activeElement === input;
    // The object around it may be absent, too: it comes with the first letter.
    const isGone = at === null || (value === undefined && !(isHere && spot.holder?.value !== undefined));
    // After its removal, a text may come again: then the binding needs to begin again, too.
    if (bound && (isGone || bound.pointer !== at || (bound.isLost && value === undefined))) {
      bound.unbind();
      bound = null;
    }
    if (isGone) input.value = "";
    else bound ??= page.text(at).bind(input);
    tell(value != null && typeof value !== "string" ? "This is not a text." : "", false);
  };
  input.addEventListener("focus", bind);
  return {
    element,
    update(isBlocked) {
      bind();
      change(input, { disabled: isBlocked });
    },
    end() {
      settle();
      bound?.unbind();
    },
  };
}
