// The list of changes: what each of them is, who made it, and its fields with both values.

import { avatar } from "../ui/avatars.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { typeIcon } from "../ui/type_icons.js";
import { counted } from "../ui/words.js";
import { isSame } from "./same.js";
import { byWords, called, KINDS } from "./words.js";

/** @typedef {import("./changes.js").Entry} Entry */
/** @typedef {import("./field_changes.js").Field} Field */
/** @typedef {import("./authors.js").Author} Author */
/** @typedef {{authors: Author[], me: string, go: (pointer: string) => void}} Around */

const MOST_FIELDS = 5;
const FACES = 3;
const ICONS = {
  page: "page",
  settings: "search",
  navigation: "link",
  site: "settings",
  theme: "drop",
  other: "more",
};

/**
 * Show the changes, page by page. What stays the same keeps its elements.
 *
 * @param {HTMLElement} place
 * @param {import("./changes.js").Group[]} groups
 * @param {{me: string, authorsOf: (entry: Entry) => Author[], go: (pointer: string) => void}} given
 */
export function drawGroups(place, groups, { authorsOf, ...given }) {
  keyed(place, groups, {
    key: ({ key }) => key,
    make: () => h("section", {}, h("h4", {}), h("ul", { class: "entries" })),
    update: (element, group) => {
      const [title, list] = element.children;
      change(title, { textContent: group.title });
      keyed(list, group.entries, {
        key: ({ key, kind }) => `${kind} ${key}`,
        make: () => h("li", { class: "entry" }),
        update: (item, entry) => {
          const around = { ...given, authors: authorsOf(entry) };
          const text = JSON.stringify([entry, byWords(around.authors, around.me)]);
          if (isSame(item, text)) return;
          item.dataset.kind = entry.kind;
          item.replaceChildren(...drawn(entry, around));
        },
      });
    },
  });
}

/** The inside of the element of an entry. @param {Entry} entry @param {Around} around @returns {Node[]} */
function drawn(entry, { authors, me, go }) {
  const { what, kind, name, about, type, pointer, moved, fields, sections } = entry;
  const inside = [
    what === "section" ? typeIcon(type) : icon(ICONS[what]),
    h("span", { class: "what" }, h("strong", {}, name), about && h("span", {}, about)),
    h("span", { class: `badge ${kind}` }, KINDS[kind]),
  ];
  const head = pointer
    ? h(
        "button",
        { type: "button", class: "head", title: "Show it on the page", onclick: () => go(pointer) },
        ...inside,
      )
    : h("div", { class: "head" }, ...inside);
  const faces = authors.slice(0, FACES).map((each) => avatar(each, called(each, me)));
  const by = byWords(authors, me);
  const lines = fields.map((field) => line(field, go));
  return [
    head,
    by && h("p", { class: "by" }, h("span", { class: "avatars", "aria-hidden": "true" }, ...faces), by),
    moved && h("p", { class: "told" }, moved),
    sections.length > 0 && chips(sections),
    lines.length > 0 && h("ul", { class: "lines" }, ...lines.slice(0, MOST_FIELDS)),
    lines.length > MOST_FIELDS &&
      h(
        "details",
        {},
        h("summary", {}, `${counted(lines.length - MOST_FIELDS, "more field")}`),
        h("ul", { class: "lines" }, ...lines.slice(MOST_FIELDS)),
      ),
    kind === "changed" && !lines.length && h("p", { class: "told" }, "A detail that has no words"),
  ].flatMap((each) => each || []);
}

/** @param {{name: string, type: string}[]} sections */
function chips(sections) {
  return h(
    "ul",
    { class: "contents", "aria-label": "Sections" },
    ...sections.map(({ name, type }) => h("li", {}, typeIcon(type), name)),
  );
}

/** @param {Field} field @param {(pointer: string) => void} go */
function line({ words, pointer, kind, before, after, parts }, go) {
  const name = pointer
    ? h(
        "button",
        { type: "button", class: "link", title: "Show it on the page", onclick: () => go(pointer) },
        words,
      )
    : h("span", {}, words);
  return h(
    "li",
    {},
    name,
    h("div", { class: kind === "picture" ? "shots" : kind }, ...shown(kind, before, after, parts)),
  );
}

/** @param {Field["kind"]} kind @param {string} before @param {string} after @param {Field["parts"]} parts @returns {Node[]} */
function shown(kind, before, after, parts) {
  const arrow = h("span", { class: "arrow", role: "img", "aria-label": "is now" }, "→");
  if (kind === "moved") return [h("span", {}, "in another place")];
  if (kind === "text")
    return parts.map(({ words, mark }) =>
      mark === "new" ? h("ins", {}, words) : mark === "old" ? h("del", {}, words) : h("span", {}, words),
    );
  const one = kind === "picture" ? thumb : swatch;
  return [before ? one(before, "before") : none(), arrow, after ? one(after, "now") : none()];
}

const none = () => h("em", {}, "none");

/** @param {string} src an address that a page may load @param {string} words */
function thumb(src, words) {
  return h("img", { src, alt: `The picture ${words}`, loading: "lazy", decoding: "async" });
}

/** @param {string} color */
function swatch(color) {
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  dot.style.background = color;
  return h("span", { class: "swatch" }, dot, color);
}
