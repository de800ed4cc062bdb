// The pages of the site: show, add, rename, copy and delete them, and choose the first one.

import { tokensOf } from "../editor/place_words.js";
import { form as makeForm } from "../fields/form.js";
import { text } from "../page/values.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { toast } from "../ui/toast.js";
import { addPage, atOf, deleteFault, deletePage, duplicatePage, makeHome, moveTo } from "./changes.js";
import { freshName, group } from "./desk.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Page} Page */
/** @typedef {import("./desk.js").Tab} Tab */

/** @param {Desk} desk @returns {Tab} */
export function pagesTab(desk) {
  const openDialog = async () => {
    try {
      const { openAddPage } = await import("../add_page/add_page.js");
      await openAddPage(desk, (given) => addPage(desk, given));
    } catch (error) {
      console.warn(error);
      toast("This part could not be loaded. Check the connection, and try again.", { tone: "danger" });
    }
  };
  const list = h("ul", { role: "list", class: "pages", "aria-label": "Pages" });
  const add = h(
    "button",
    { type: "button", class: "add", onclick: () => void openDialog() },
    icon("add"),
    "Add page",
  );
  const about = makeForm(desk.spot("site"), desk.format.site, desk.workspace, {
    names: ["name", "logo"],
  });
  const language = languageField(desk);
  for (const [name, field] of about.fields) field.element.dataset.at = `/site/${name}`;
  const own = ownFields(desk);
  return {
    element: h(
      "div",
      {},
      h("div", { class: "group" }, list, add),
      own.element,
      group("Site", about.element, language.element),
    ),
    update() {
      const { pages } = desk.site;
      keyed(list, pages, {
        key: ({ key }) => key,
        make: ({ key }) => row(desk, key, own.focus),
        update: (element, page) => show(desk, element, page),
      });
      change(add, { disabled: !desk.workspace.canEdit });
      own.update();
      about.update(desk.isBlocked("/site"));
      language.update();
    },
    end() {
      own.end();
      about.end?.();
    },
    reveal(pointer) {
      const [root, key, name] = tokensOf(pointer);
      const place = `#site [data-at="${CSS.escape(pointer)}"]`;
      if (root === "site") document.querySelector(place)?.scrollIntoView({ block: "center" });
      if (root !== "pages" || !key) return;
      desk.workspace.show(key);
      this.update();
      if (name === "title" || name === "slug") own.focus(name);
    },
  };
}

const LANGUAGES = "en de fr es it nl pt pl cs da sv nb fi el tr uk ru ar he fa ja ko zh".split(" ");

/** The language of the texts, for browsers and screen readers. @param {Desk} desk */
function languageField(desk) {
  const spot = desk.spot("site", "language");
  const id = freshName();
  const select = h("select", { id, onchange: () => spot.write(select.value) });
  /** @param {string} code */
  const add = (code) => {
    const name = new Intl.DisplayNames([code], { type: "language", fallback: "code" }).of(code) ?? code;
    select.append(new Option(name.charAt(0).toLocaleUpperCase(code) + name.slice(1), code));
  };
  LANGUAGES.forEach(add);
  return {
    element: h(
      "div",
      { class: "field", "data-at": "/site/language" },
      h("label", { for: id }, "Language"),
      select,
    ),
    update() {
      const value = text(desk.site.about, "language") || "en";
      // A program may have written another one, such as `pt-BR`.
      if (![...select.options].some((each) => each.value === value))
        try {
          add(value);
        } catch {
          select.append(new Option(value, value)); // no language
        }
      change(select, { value, disabled: desk.isBlocked("/site/language") });
    },
  };
}

/** @param {Desk} desk @param {string} key @param {(name: "title" | "slug") => void} focus */
function row(desk, key, focus) {
  const pick = h(
    "button",
    { type: "button", class: "pick", onclick: () => desk.workspace.show(key) },
    icon("page"),
    h("span", { class: "words" }, h("b", {}), h("small", {})),
  );
  const more = h("button", { type: "button", class: "quiet" }, icon("more"));
  menuButton(more, () => {
    const page = desk.site.pages.find((each) => each.key === key);
    return page ? choices(desk, page, focus) : [];
  });
  return h("li", { "data-page": key }, pick, h("span", { class: "avatars" }), more);
}

/** @param {Desk} desk @param {Element} element @param {Page} page */
function show(desk, element, page) {
  const [pick, faces, more] = /** @type {any} */ (element.children);
  const isHome = page === desk.site.home;
  const name = desk.nameOf(page);
  const [title, address] = pick.lastChild.children;
  if (pick.dataset.home !== `${isHome}`) {
    pick.dataset.home = `${isHome}`;
    pick.firstChild.replaceWith(icon(isHome ? "home" : "page"));
  }
  const isDouble =
    page.slug !== "" && desk.site.pages.some((each) => each !== page && each.slug === page.slug);
  const words = isHome ? "/ · the first page" : page.slug ? `/${page.slug}` : "No address";
  change(title, { textContent: name });
  change(address, {
    textContent: isDouble ? `${words} · another page has it, too` : words,
    class: isDouble || !page.slug ? "bad" : null,
  });
  change(pick, { "aria-current": page.key === desk.workspace.key ? "page" : null });
  change(more, { "aria-label": `More for ${name}`, title: "More" });
  desk.faces(
    faces,
    desk.people((state) => state.page === page.key),
    (person) => `${person} is on this page`,
  );
}

/** @param {Desk} desk @param {Page} page @param {(name: "title" | "slug") => void} focus */
function choices(desk, page, focus) {
  const { workspace } = desk;
  const canEdit = workspace.canEdit;
  const fault = deleteFault(desk, page);
  const here = (/** @type {() => void} */ run) => () => {
    workspace.show(page.key);
    run();
  };
  return [
    { words: "Rename", icon: "settings", disabled: !canEdit, run: here(() => focus("title")) },
    {
      words: "SEO and sharing",
      icon: "search",
      run: here(() => desk.frame.open(`${atOf(page.key)}/seo`)),
    },
    { words: "Duplicate", icon: "copy", disabled: !canEdit, run: () => duplicatePage(desk, page) },
    {
      words: "Make it the first page",
      icon: "home",
      disabled: !canEdit || page === desk.site.home || desk.isBlocked("/site"),
      run: () => makeHome(desk, page),
    },
    null,
    {
      words: "Delete",
      icon: "trash",
      isDanger: true,
      disabled: !canEdit || fault !== "",
      note: fault ? (desk.site.pages.length > 1 ? "locked" : "the only page") : undefined,
      run: () => deletePage(desk, page),
    },
  ];
}

/** Title and address of the page on the canvas. @param {Desk} desk */
function ownFields(desk) {
  const holder = h("div", {});
  const heading = h("h3", {});
  const slug = slugField(desk);
  /** @type {{key: string, form: import("../fields/field.js").Form} | null} */
  let made = null;
  const element = h("section", { class: "group" }, heading, holder, slug.element);
  const update = () => {
    const page = desk.shown;
    element.hidden = !page;
    if (!page) return;
    if (made?.key !== page.key) {
      made?.form.end?.();
      const shape = { properties: { title: desk.format.title }, required: ["title"] };
      const form = makeForm(desk.spot("pages", page.key), shape, desk.workspace, { holder: "page" });
      form.element.dataset.at = `${atOf(page.key)}/title`;
      holder.replaceChildren(form.element);
      made = { key: page.key, form };
    }
    change(heading, { textContent: text(page.fields, "title") ? "This page" : "This page has no title" });
    made.form.update(desk.isBlocked(atOf(page.key)));
    slug.update(page);
  };
  /** @param {"title" | "slug"} name */
  const focus = (name) => {
    desk.refresh();
    update();
    const input = name === "slug" ? slug.input : holder.querySelector("input");
    input?.focus();
    input?.select();
  };
  const end = () => {
    made?.form.end?.();
    made = null;
  };
  return { element, update, focus, end };
}

/** The address of a page inside the site. Links follow it. @param {Desk} desk */
export function slugField(desk) {
  const id = freshName();
  let shown = "";
  /** @type {Page | null} */
  let page = null;
  const note = h("p", { class: "note", id: `${id}-note`, "aria-live": "polite", hidden: true });
  const tell = (/** @type {string} */ words, isWrong = words !== "") => {
    change(note, { textContent: words, hidden: !words, class: isWrong ? "note wrong" : "note" });
    change(input, { "aria-invalid": isWrong ? "true" : null, "aria-describedby": words ? note.id : null });
  };
  const commit = () => {
    if (!page || input.value === shown) return;
    const fault = moveTo(desk, page.key, input.value.trim());
    tell(fault);
    if (!fault) input.value = shown = input.value.trim();
  };
  const input = h("input", {
    id,
    type: "text",
    class: "address",
    spellcheck: "false",
    autocomplete: "off",
    onchange: commit,
    onkeydown(/** @type {KeyboardEvent} */ event) {
      if (event.key === "Enter") commit();
      if (event.key !== "Escape" || input.value === shown) return;
      event.preventDefault();
      input.value = shown;
      tell("");
    },
  });
  const row = h("div", { class: "slug" }, h("span", { "aria-hidden": "true" }, "/"), input);
  const element = h("div", { class: "field" }, h("label", { for: id }, "Address"), row, note);
  return {
    element,
    input,
    /** @param {Page} now */
    update(now) {
      const isOther = now.key !== page?.key;
      if (isOther && page) commit();
      page = now;
      element.dataset.at = `${atOf(now.key)}/slug`;
      if (isOther || input.value === shown) input.value = now.slug;
      shown = now.slug;
      const isHome = now === desk.site.home;
      if (isOther) tell("");
      if (!note.classList.contains("wrong"))
        tell(isHome ? "The first page also has the address of the site." : "", false);
      change(input, { disabled: desk.isBlocked(atOf(now.key)) });
    },
  };
}
