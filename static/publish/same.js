// What an element shows: it is made again only when that changes, so focus and scroll stay.

/** @type {WeakMap<Element, string>} */
const texts = new WeakMap();

/** Whether an element shows this already. From now on, it does. @param {Element} element @param {string} text */
export function isSame(element, text) {
  if (texts.get(element) === text) return true;
  texts.set(element, text);
  return false;
}
