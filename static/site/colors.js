// A colour of the theme: a swatch, its hex digits, and who else is changing it.

import { hex, readColor } from "../page/theme.js";
import { fields } from "../page/values.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { colorNamed } from "./contrast.js";
import { freshName } from "./desk.js";

/** @typedef {import("./desk.js").Desk} Desk */

const DIGITS = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i;

/** A colour as users write it, with six digits; null when it is none. @param {string} typed */
export function typedColor(typed) {
  const digits = DIGITS.exec(typed.trim())?.[1];
  const color = digits ? readColor(`#${digits}`) : null;
  return color && hex(color);
}

/** @param {Desk} desk @param {string} name of the colour @param {string} short its label */
export function colorRow(desk, name, short) {
  const { page } = desk;
  const rest = name.endsWith("-dark") ? " in dark mode" : "";
  const label = short + rest;
  const spot = desk.spot("theme", "colors", name);
  const id = freshName();
  let isChoosing = false;
  let shown = "";
  let used = ""; // the colour that the page shows
  const done = () => {
    if (isChoosing) page.resume();
    isChoosing = false;
    change(swatch, { value: used });
  };
  const swatch = h("input", {
    type: "color",
    "aria-label": `${label}: choose`,
    oninput() {
      // All colours that the pointer passes are one step of undo.
      if (!isChoosing) page.pause();
      isChoosing = true;
      spot.write(swatch.value);
    },
    onchange: done,
    onblur: done,
  });
  const note = h("p", { class: "note", id: `${id}-note`, hidden: true, "aria-live": "polite" });
  const tell = (/** @type {string} */ words, isWrong = words !== "") => {
    change(note, { textContent: words, hidden: !words, class: isWrong ? "note wrong" : "note" });
    change(input, { "aria-invalid": isWrong ? "true" : null, "aria-describedby": words ? note.id : null });
  };
  const commit = () => {
    const typed = input.value.trim();
    if (typed === shown) return tell("");
    const color = typedColor(typed);
    if (typed && !color) return tell("Use a colour such as #2f6f4f.");
    tell("");
    spot.write(color ?? undefined);
    input.value = shown = spot.value ?? "";
  };
  const input = h("input", {
    id,
    type: "text",
    class: "hex",
    placeholder: "Automatic",
    spellcheck: "false",
    autocomplete: "off",
    maxlength: 9,
    onchange: commit,
    onkeydown(/** @type {KeyboardEvent} */ event) {
      if (event.key === "Enter") commit();
      if (event.key !== "Escape" || input.value === shown) return;
      event.preventDefault(); // the first Escape takes the typed text back
      input.value = shown;
      tell("");
    },
  });
  const clear = h(
    "button",
    {
      type: "button",
      class: "quiet",
      "aria-label": `${label}: choose automatically`,
      title: "Automatic",
      onclick() {
        spot.write(undefined);
        input.focus();
      },
    },
    icon("close"),
  );
  const who = h("span", { class: "who" });
  const at = `/theme/colors/${name}`;
  return {
    name,
    input,
    element: h(
      "div",
      { class: "color", "data-at": at },
      swatch,
      h("label", { for: id }, short, h("span", { class: "unseen" }, rest)),
      who,
      input,
      clear,
      note,
    ),
    update() {
      const isBlocked = desk.isBlocked(at);
      const { value } = spot;
      used = hex(colorNamed(fields(desk.site.value, "theme"), name));
      const now = typeof value === "string" ? value : "";
      // What the user has typed stays until it is right.
      if (input.value === shown) input.value = now;
      else if (document.activeElement !== input) commit();
      shown = now;
      change(input, { disabled: isBlocked });
      // While the user chooses, the browser's own field is theirs.
      if (!isChoosing) change(swatch, { value: used });
      change(swatch, { disabled: isBlocked, class: now ? null : "automatic" });
      change(clear, { disabled: isBlocked, hidden: !now });
      const chosen = readColor(now);
      if (!note.classList.contains("wrong"))
        tell(
          chosen && hex(chosen) !== used
            ? `The page shows ${used} in its place, so that one can read it.`
            : "",
          false,
        );
      const people = desk.people(({ field }) => field === at);
      desk.faces(who, people, (person) => `${person} is changing this colour`);
    },
    end: done,
  };
}
