// Links in a preview: pages of the site are shown here, other pages in a tab of their own.

export class Navigation {
  /**
   * @param {import("./drawing.js").Drawing} drawing
   * @param {string} base the path of the site
   */
  constructor(drawing, base) {
    this.drawing = drawing;
    this.base = base;
    drawing.slug = this.slug;
    drawing.onFirst = scrollToFragment;
    /** Tells the editor what the user points at. @type {(pointer: string) => void} */
    this.onPoint = () => {};
    document.addEventListener("click", (event) => this.clicked(event));
    addEventListener("popstate", () => this.follow());
  }

  /** The slug of the page in the address. */
  get slug() {
    return decoded(location.pathname.slice(this.base.length + 1));
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {globalThis.Element} */ (event.target);
    const pointer = this.drawing.pointerOf(target);
    if (pointer !== null) this.onPoint(pointer);
    const link = target.closest("a");
    if (!link || event.metaKey || event.ctrlKey || event.button !== 0) return;
    if (link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    this.open(link);
  }

  /** @param {HTMLAnchorElement} link */
  open({ href }) {
    const { origin, pathname, hash } = new URL(href);
    if (origin !== location.origin || !`${pathname}/`.startsWith(`${this.base}/`))
      return void open(href, "_blank", "noopener");
    history.pushState(null, "", pathname + location.search + hash);
    this.follow();
  }

  /** Shows the page in the address. */
  follow() {
    const { drawing, slug } = this;
    if (slug !== drawing.slug) scrollTo(0, 0);
    drawing.slug = slug;
    if (drawing.value !== undefined) drawing.drawNow();
    scrollToFragment();
  }
}

function scrollToFragment() {
  document.getElementById(decoded(location.hash.slice(1)))?.scrollIntoView();
}

/** A part of an address as text. @param {string} part */
export function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
