// Shows elements in the DOM, and changes only the nodes that differ.
//
// A node stays while its element has the same name (`nameOf`). So a caret, a scroll position and an
// opened answer stay too.

/**
 * @typedef {import('./nodes.js').Element} Element
 * @typedef {import('./nodes.js').Child} Child
 */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path"]);

/** The element that each DOM node shows. @type {WeakMap<Node, Child>} */
const shownBy = new WeakMap();

/** The element that a DOM node shows; undefined for other nodes. @param {Node} node */
export function elementOf(node) {
  const shown = shownBy.get(node);
  return typeof shown === "string" ? undefined : shown;
}

/**
 * Show an element in a holder: change the node that is there, or replace it.
 *
 * @param {globalThis.Element} holder
 * @param {Element} wanted
 */
export function show(holder, wanted) {
  const [node, ...others] = holder.childNodes;
  others.forEach((other) => other.remove());
  if (node && fits(node, wanted)) update(node, wanted);
  else holder.replaceChildren(create(wanted));
}

/** @param {Child} wanted @returns {Node} */
function create(wanted) {
  const node = typeof wanted === "string" ? document.createTextNode(wanted) : createElement(wanted);
  shownBy.set(node, wanted);
  return node;
}

/** @param {Element} wanted */
function createElement({ tag, attributes, children }) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const child of children) node.appendChild(create(child));
  return node;
}

/** Whether a node can show an element without being made again. @param {Node} node @param {Child} wanted */
function fits(node, wanted) {
  const shown = shownBy.get(node);
  if (shown === undefined || typeof shown === "string") return typeof shown === typeof wanted;
  return typeof wanted !== "string" && shown.tag === wanted.tag && shown.key === wanted.key;
}

/** @param {Node} node @param {Child} wanted */
function update(node, wanted) {
  const shown = shownBy.get(node);
  if (shown === wanted) return;
  shownBy.set(node, wanted);
  if (typeof wanted === "string") /** @type {Text} */ (node).data = wanted;
  else {
    const before = /** @type {Element} */ (shown);
    setAttributes(/** @type {globalThis.Element} */ (node), before.attributes, wanted.attributes);
    if (wanted.isEdited) return;
    // Something else has written the children of a text that was edited.
    if (before.isEdited) /** @type {globalThis.Element} */ (node).replaceChildren();
    setChildren(node, wanted.children);
  }
}

/** @param {globalThis.Element} node @param {Record<string, string>} before @param {Record<string, string>} wanted */
function setAttributes(node, before, wanted) {
  for (const name of Object.keys(before)) if (!(name in wanted)) node.removeAttribute(name);
  for (const [name, value] of Object.entries(wanted))
    if (before[name] !== value) node.setAttribute(name, value);
}

/** @param {Node} parent @param {Child[]} wanted */
function setChildren(parent, wanted) {
  const before = /** @type {Node[]} */ ([...parent.childNodes]);
  let [start, end] = [0, wanted.length];
  let last = before.length;
  while (start < end && start < last && shownBy.get(before[start]) === wanted[start]) start += 1;
  while (end > start && last > start && shownBy.get(before[last - 1]) === wanted[end - 1])
    [end, last] = [end - 1, last - 1];
  arrange(parent, before.slice(start, last), wanted.slice(start, end), before[last] ?? null);
}

/** Make some children of a node show the wanted elements. @param {Node} parent @param {Node[]} before @param {Child[]} wanted @param {Node | null} next the child after them */
function arrange(parent, before, wanted, next) {
  const nodes = matched(before, wanted);
  const kept = new Set(nodes);
  for (const node of before) if (!kept.has(node)) parent.removeChild(node);
  const still = staying(nodes, before, inUse(parent));
  for (let at = wanted.length - 1; at >= 0; at -= 1) {
    const node = nodes[at];
    const made = node ?? create(wanted[at]);
    if (node) update(node, wanted[at]);
    if (!node || !still.has(node)) parent.insertBefore(made, next);
    next = made;
  }
}

/** Return for each element the node that can show it, or null. @param {Node[]} before @param {Child[]} wanted @returns {(Node | null)[]} */
function matched(before, wanted) {
  /** @type {Map<string, Node[]>} */
  const named = new Map();
  for (const node of [...before].reverse()) {
    const name = nameOf(shownBy.get(node));
    const nodes = named.get(name) ?? [];
    named.set(name, nodes);
    nodes.push(node);
  }
  return wanted.map((child) => named.get(nameOf(child))?.pop() ?? null);
}

/**
 * The name by which we match an element: its tag, with its key, its field or its first class. Elements
 * of one name are matched in their order.
 *
 * @param {Child | undefined} child
 */
function nameOf(child) {
  if (child === undefined) return "another script's node";
  if (typeof child === "string") return "text";
  const { tag, key, at, attributes } = child;
  if (key) return `${tag} id ${key}`;
  return `${tag} ${at ? at.slice(at.lastIndexOf("/")) : (attributes.class ?? "").split(" ", 1)}`;
}

/**
 * Return the child with the focus, or else with the selection: a node that moves loses both.
 *
 * @param {Node} parent
 * @returns {Node | null}
 */
function inUse(parent) {
  const { activeElement } = /** @type {Document} */ (parent.getRootNode());
  for (const inner of [activeElement, document.getSelection()?.anchorNode]) {
    let node = /** @type {Node | null | undefined} */ (inner);
    while (node && node.parentNode !== parent) node = node.parentNode;
    if (node) return node;
  }
  return null;
}

/**
 * Return the nodes that need not move: the longest part of `nodes` that is in its old order. The node
 * `fixed` is one of them.
 *
 * @param {(Node | null)[]} nodes
 * @param {Node[]} before
 * @param {Node | null} fixed
 * @returns {Set<Node>}
 */
function staying(nodes, before, fixed) {
  const places = new Map(before.map((node, place) => [node, place]));
  const at = fixed ? nodes.indexOf(fixed) : -1;
  const fixedPlace = /** @type {number} */ (fixed && places.get(fixed));
  /** @type {{node: Node, place: number, previous: any}[]} */
  const ends = []; // ends[n] is the end of the best run of n + 1 nodes
  for (const [index, node] of nodes.entries()) {
    if (!node) continue;
    const place = /** @type {number} */ (places.get(node));
    if (at >= 0 && Math.sign(index - at) !== Math.sign(place - fixedPlace)) continue;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle].place < place) low = middle + 1;
      else high = middle;
    }
    ends[low] = { node, place, previous: ends[low - 1] };
  }
  /** @type {Set<Node>} */
  const still = new Set();
  for (let run = ends.at(-1); run; run = run.previous) still.add(run.node);
  return still;
}
