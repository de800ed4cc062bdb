// SEO and sharing: what search engines and networks show of a page, and the fields behind it.

import { tokensOf } from "../editor/place_words.js";
import { form as makeForm } from "../fields/form.js";
import { clean, safeImage } from "../page/links.js";
import { fields, text } from "../page/values.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { atOf } from "./changes.js";
import { freshName, group } from "./desk.js";
import {
  cut,
  firstWords,
  FITS,
  isHidden,
  lengthWords,
  robotsFor,
  searchHints,
  shareHints,
  titleOf,
  widthOf,
} from "./measure.js";
import { slugField } from "./pages.js";

/** @typedef {import("./desk.js").Desk} Desk */
/** @typedef {import("./desk.js").Page} Page */
/** @typedef {import("./desk.js").Tab} Tab */

/** @param {Desk} desk @returns {Tab} */
export function searchTab(desk) {
  const select = h("select", { "aria-label": "Page", onchange: () => desk.workspace.show(select.value) });
  const holder = h("div", {});
  /** @type {(ReturnType<typeof seoForm> & {key: string}) | null} */
  let made = null;
  const update = () => {
    const page = desk.shown;
    drawPages(desk, select);
    if (made?.key !== page?.key) {
      made?.end();
      made = page ? { key: page.key, ...seoForm(desk, page.key) } : null;
      holder.replaceChildren(made?.element ?? h("p", { class: "nothing" }, "This site has no page yet."));
    }
    if (page) made?.update(page);
  };
  return {
    element: h("div", {}, h("div", { class: "group page-choice" }, select), holder),
    update,
    end: () => made?.end(),
    reveal(pointer) {
      const [pages, key, , name] = tokensOf(pointer);
      if (pages !== "pages") return;
      desk.workspace.show(key);
      update();
      if (name) made?.reveal(name);
    },
  };
}

/** @param {Desk} desk @param {HTMLSelectElement} select */
function drawPages(desk, select) {
  const wanted = desk.site.pages.map((page) => [page.key, desk.nameOf(page)]);
  const now = [...select.options].map((each) => [each.value, each.text]);
  if (JSON.stringify(wanted) !== JSON.stringify(now))
    select.replaceChildren(...wanted.map(([key, words]) => new Option(words, key)));
  change(select, { value: desk.workspace.key });
}

/** @param {Desk} desk @param {string} key of the page */
function seoForm(desk, key) {
  const at = `${atOf(key)}/seo`;
  const spot = desk.spot("pages", key, "seo");
  const form = makeForm(spot, desk.format.seo, desk.workspace, {
    holder: "seo",
    names: ["title", "description", "image", "canonical", "keywords"],
    scroller: desk.frame.scroller,
  });
  /** @param {string} name */
  const field = (name) => {
    const { element } = /** @type {import("../fields/field.js").Field} */ (form.fields.get(name));
    element.dataset.at = `${at}/${name}`;
    return element;
  };
  const [title, description, image] = [field("title"), field("description"), field("image")];
  const counts = { title: h("p", { class: "note count" }), description: h("p", { class: "note count" }) };
  title.append(counts.title);
  description.append(counts.description);
  const suggest = h(
    "button",
    {
      type: "button",
      class: "link",
      onclick() {
        const page = desk.shown;
        if (page) spot.member("description").write(firstWords(page));
        description.querySelector("textarea")?.focus();
      },
    },
    "Take the first words of the page",
  );
  description.append(suggest);
  const robots = spot.member("robots");
  const isUnfollowed = () => text(spot.value, "robots").endsWith("nofollow");
  const shownSwitch = toggle("Show it in search results", (isOn) =>
    robots.write(robotsFor(!isOn, isUnfollowed())),
  );
  const followSwitch = toggle("Let search engines follow its links", (isOn) =>
    robots.write(robotsFor(isHidden(fields(desk.shown?.fields, "seo")), !isOn)),
  );
  const slug = slugField(desk);
  const result = searchPreview();
  const card = sharePreview();
  const [searching, sharing] = [hintList(), hintList()];
  const rest = h(
    "details",
    { class: "part" },
    h("summary", {}, "Advanced"),
    h("div", { class: "fields" }, followSwitch.element, field("canonical"), field("keywords")),
  );
  return {
    element: h(
      "div",
      {},
      group(
        "In search results",
        result.element,
        searching.element,
        h("div", { class: "fields" }, title, description, slug.element, shownSwitch.element),
      ),
      group("When it is shared", card.element, sharing.element, image),
      rest,
    ),
    /** @param {Page} page */
    update(page) {
      const isBlocked = desk.isBlocked(at);
      const seo = fields(page.fields, "seo");
      form.update(isBlocked);
      slug.update(page);
      const words = { title: titleOf(desk.site, page), description: text(seo, "description") };
      for (const name of /** @type {const} */ (["title", "description"])) {
        const own = text(seo, name);
        change(counts[name], {
          textContent: own
            ? lengthWords(own, FITS[name])
            : name === "title" && words.title
              ? `Without one, it is ${words.title}`
              : "",
          class: widthOf(own) > FITS[name] ? "note count bad" : "note count",
        });
      }
      title.querySelector("input, textarea")?.setAttribute("placeholder", clean(page.title));
      const first = firstWords(page);
      change(suggest, { hidden: words.description !== "" || !first, disabled: isBlocked });
      shownSwitch.update(!isHidden(seo), isBlocked);
      followSwitch.update(!isUnfollowed(), isBlocked);
      const site = { ...words, name: clean(text(desk.site.about, "name")), isHidden: isHidden(seo) };
      result.update({ ...site, address: publicAddress(desk, page), first });
      card.update({ ...site, image: fields(seo, "image"), host: publicHost() });
      searching.update(searchHints(desk.site, page));
      sharing.update(shareHints(page));
    },
    end: () => form.end?.(),
    /** @param {string} name */
    reveal(name) {
      if (name === "canonical" || name === "keywords") rest.setAttribute("open", "");
      const found = name === "robots" ? shownSwitch.element : (form.find?.([name]) ?? null);
      found?.scrollIntoView({ block: "center" });
      /** @type {HTMLElement | null} */ (found?.querySelector("input, textarea"))?.focus({
        preventScroll: true,
      });
    },
  };
}

/** @param {string} label @param {(isOn: boolean) => void} write */
function toggle(label, write) {
  const id = freshName();
  const box = h("input", { type: "checkbox", role: "switch", id, onchange: () => write(box.checked) });
  return {
    element: h("div", { class: "field switch" }, h("label", { for: id }, label), box),
    update: (/** @type {boolean} */ checked, /** @type {boolean} */ disabled) =>
      change(box, { checked, disabled }),
  };
}

/** The host where visitors find the site: that of the server's public address, or of this window. */
function publicHost() {
  const given = document.querySelector('meta[name="weft-public-url"]')?.getAttribute("content");
  return given ? new URL(given).host : location.host;
}

/** Where visitors find the page, as search results show it: `example.com › about`. @param {Desk} desk @param {Page} page */
function publicAddress(desk, page) {
  const path = `/p/${desk.page.tenant}/${desk.document}${desk.site.address(page)}`;
  return [publicHost(), ...path.split("/").filter(Boolean)].join(" › ");
}

/** A result of a search engine. */
function searchPreview() {
  const [site, address, title, words] = [h("b", {}), h("small", {}), h("p", { class: "title" }), h("p", {})];
  const off = h("p", { class: "off" }, icon("eyeOff"), "Not in search results");
  const element = h(
    "div",
    { class: "result", role: "group", "aria-label": "How a search result looks" },
    off,
    h(
      "div",
      { class: "from" },
      h("span", { class: "globe", "aria-hidden": "true" }, icon("page")),
      h("span", {}, site, address),
    ),
    title,
    words,
  );
  return {
    element,
    /** @param {{title: string, description: string, name: string, isHidden: boolean, address: string, first: string}} given */
    update(given) {
      change(site, { textContent: given.name || given.address.split(" › ")[0] });
      change(address, { textContent: given.address });
      change(title, { textContent: cut(clean(given.title), FITS.title) || given.address });
      change(words, {
        textContent: cut(clean(given.description || given.first), FITS.description) || "No words yet.",
        class: given.description ? null : "guessed",
      });
      change(off, { hidden: !given.isHidden });
      change(element, { "data-off": given.isHidden });
    },
  };
}

/** A card of a network. Without a picture, it has only words. */
function sharePreview() {
  const picture = h("img", { alt: "" });
  const [host, title, words] = [h("small", {}), h("b", {}), h("p", {})];
  const element = h(
    "div",
    { class: "share-card", role: "group", "aria-label": "How the page looks when it is shared" },
    picture,
    h("div", {}, host, title, words),
  );
  return {
    element,
    /** @param {{title: string, description: string, image: import("../page/values.js").Fields, host: string}} given */
    update({ title: name, description, image, host: from }) {
      const src = safeImage(text(image, "src"));
      change(picture, { src: src || null, hidden: !src });
      change(host, { textContent: from });
      change(title, { textContent: cut(clean(name), 70) });
      change(words, { textContent: cut(clean(description), 110), hidden: !description });
    },
  };
}

/** Sentences about what could be better. */
function hintList() {
  const element = h("ul", { role: "list", class: "hints" });
  let before = "";
  return {
    element,
    /** @param {import("./measure.js").Hint[]} hints */
    update(hints) {
      const now = JSON.stringify(hints);
      if (now === before) return;
      before = now;
      change(element, { hidden: !hints.length });
      element.replaceChildren(
        ...hints.map(({ words, tone }) =>
          h("li", { class: tone }, icon(tone === "warning" ? "alert" : "check"), words),
        ),
      );
    },
  };
}
