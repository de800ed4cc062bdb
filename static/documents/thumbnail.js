// A small picture of a page: the page itself, 1280 px wide, scaled down, and without effect.

import { show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { isObject } from "../page/values.js";
import { h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";

const WIDTH = 1280;
const SECTIONS = 4; // more do not fit
const AT_ONCE = 3;

const shared = new CSSStyleSheet();
const styled = fetch(new URL("../page/canvas.css", import.meta.url))
  .then((answer) => answer.text())
  .then((css) => void shared.replaceSync(css))
  .catch(() => {});
const own = new CSSStyleSheet();
own.replaceSync(`:host { width: ${WIDTH}px; transform-origin: 0 0 }`);

/** @type {(() => Promise<void>)[]} */
const queue = [];
let running = 0;

/** Run a few at a time: a screen of cards must not send 20 requests at once. @param {() => Promise<void>} work */
function soon(work) {
  queue.push(work);
  if (running < AT_ONCE) void run();
}

async function run() {
  running += 1;
  for (let work = queue.shift(); work; work = queue.shift()) await work();
  running -= 1;
}

/** @type {WeakMap<Element, Thumbnail>} */
const all = new WeakMap();
const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) all.get(target)?.seen(isIntersecting);
  },
  { rootMargin: "200px" },
);
const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) all.get(target)?.scale(contentRect.width);
});

export class Thumbnail {
  #version = "";
  #drawn = "";
  #isSeen = false;
  /** @type {ShadowRoot | undefined} */
  #root;
  #sheet = new CSSStyleSheet();

  /** @param {() => Promise<unknown>} value loads the document @param {string} base the path of the site @param {{isWhole?: boolean}} [options] with `isWhole`, all sections are drawn */
  constructor(value, base, { isWhole = false } = {}) {
    this.value = value;
    this.isWhole = isWhole;
    this.renderer = new PageRenderer({ base, isCanvas: true });
    this.host = h("div", { inert: true });
    this.element = h("div", { class: "thumbnail", "aria-hidden": "true" }, icon("page"), this.host);
    all.set(this.element, this);
    sight.observe(this.element);
    sizes.observe(this.element);
  }

  /** Show this version, when the thumbnail comes into view. @param {string} version */
  update(version) {
    this.#version = version;
    this.#draw();
  }

  /** @param {boolean} isSeen */
  seen(isSeen) {
    this.#isSeen = isSeen;
    this.#draw();
  }

  /** @param {number} width */
  scale(width) {
    this.host.style.transform = `scale(${width / WIDTH})`;
  }

  #draw() {
    const version = this.#version;
    if (!this.#isSeen || version === this.#drawn) return;
    this.#drawn = version;
    soon(async () => {
      try {
        this.#show(await this.value());
        await styled;
        this.element.dataset.state = "drawn";
      } catch (error) {
        // Without a picture, the card works as before.
        if (this.element.dataset.state !== "drawn") this.element.dataset.state = "failed";
        if (/** @type {any} */ (error).code) this.#drawn = ""; // of the network: again at the next sight
      }
    });
  }

  /** @param {unknown} value */
  #show(value) {
    const made = this.renderer.render(this.isWhole ? value : top(value));
    if (!made) throw new Error("there is no page");
    if (!this.#root) {
      this.#root = this.host.attachShadow({ mode: "open" });
      this.#root.adoptedStyleSheets = [shared, own, this.#sheet];
    }
    this.#sheet.replaceSync(made.style);
    // A shadow root takes the same children as an element.
    show(/** @type {any} */ (this.#root), made.root);
  }
}

/** The document with only the sections that a thumbnail shows. @param {any} value */
function top(value) {
  if (!isObject(value) || !isObject(value.pages)) return value;
  const pages = Object.entries(/** @type {any} */ (value.pages)).map(([key, page]) => [
    key,
    Array.isArray(page?.sections) ? { ...page, sections: page.sections.slice(0, SECTIONS) } : page,
  ]);
  return { ...value, pages: Object.fromEntries(pages) };
}
