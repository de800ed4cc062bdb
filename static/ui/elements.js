// Makes the elements of the tool.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {Node | string | null | undefined | false} Child
 * @typedef {Record<string, any>} Props
 */

/**
 * Return a new element. `class`, `data-…`, `aria-…` and other names with a text are attributes, `onclick`
 * and the like are listeners. A property that is null, undefined or false is left out; true is an empty
 * attribute. `value`, `checked`, `disabled` and `textContent` are set as properties.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  change(made, props);
  made.append(
    .../** @type {(Node | string)[]} */ (children.filter((each) => each != null && each !== false)),
  );
  return made;
}

const PROPERTIES = new Set(["value", "checked", "disabled", "textContent", "hidden", "inert"]);

/** Set properties of an element, as `h` does. @param {Element} element @param {Props} props */
export function change(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (PROPERTIES.has(name)) {
      if (/** @type {any} */ (element)[name] !== value) /** @type {any} */ (element)[name] = value;
    } else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value == null || value === false) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value))
      element.setAttribute(name, value === true ? "" : value);
  }
}

/** Return an SVG element. @param {string} tag @param {Record<string, string>} attributes @param {...Element} children */
export function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Show a list as the children of `parent`, one for each item. An item keeps its element while it has the
 * same key, so focus, scroll and running animations stay.
 *
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {{key: (item: T) => string, make: (item: T) => Element, update?: (element: any, item: T, index: number) => void}} how
 */
export function keyed(parent, items, { key, make, update = () => {} }) {
  const before = new Map([...parent.children].map((each) => [/** @type {any} */ (each).weftKey, each]));
  /** @type {Map<string, number>} items with the same key are told apart by their order */
  const met = new Map();
  const wanted = items.map((item, index) => {
    const own = key(item);
    const count = met.get(own) ?? 0;
    met.set(own, count + 1);
    const name = count ? `${own}\n${count}` : own;
    const element = before.get(name) ?? make(item);
    before.delete(name);
    /** @type {any} */ (element).weftKey = name;
    update(element, item, index);
    return element;
  });
  for (const gone of before.values()) gone.remove();
  // An element with the focus is not moved, because it would lose it. The others move around it.
  const fixed = wanted.find((element) => element.contains(document.activeElement));
  /** @type {Element | null} */
  let next = null;
  for (const element of wanted.reverse()) {
    const isThere = element.parentNode === parent && element.nextSibling === next;
    if (element !== fixed && !isThere) parent.insertBefore(element, next);
    next = element;
  }
}
