// One random edit of a Yjs client on a landing page: text, fields, sections, and foreign shapes.
import * as Y from 'yjs'
import * as layout from './layout.mjs'

export const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const WORDS = ['hero ', 'é', '日本', 'Buy now ', '🚀', 'x', ' ', 'teal']

export function edit (doc, rng, name) {
  const content = doc.getMap('content')
  const pick = (list) => list[Math.floor(rng() * list.length)]
  const below = (count) => Math.floor(rng() * count)
  const sections = content.get('sections')
  const keys = layout.elementKeys(sections)
  const section = () => sections.get(pick(keys))
  const edits = [
    () => type(content.get('title'), rng, pick),
    () => keys.length && type(section().get('headline'), rng, pick),
    () => keys.length && type(section().get('headline'), rng, pick),
    () => content.set('width', below(2000)),
    () => content.set(pick(['a', 'b']), pick([1.5, true, null, 'plain', [1, { deep: 'x' }]])),
    () => content.delete(pick(['a', 'b'])),
    () => keys.length && section().set('color', `#${below(4096).toString(16)}`),
    () => keys.length > 1 && layout.moveElement(sections, below(keys.length), below(keys.length)),
    () => keys.length < 30 && layout.insertElement(
      sections, below(keys.length + 1), `${name}-${below(1e9)}`,
      { type: 'card', headline: pick(WORDS), tags: ['new'] }
    ),
    () => keys.length > 3 && layout.removeElement(sections, below(keys.length)),
    () => natural(content, rng, pick),
    () => doc.getXmlFragment('default').insert(0, [new Y.XmlText(pick(WORDS))])
  ]
  doc.transact(() => pick(edits)())
}

function type (text, rng, pick) {
  if (!(text instanceof Y.Text)) return
  const plain = text.toString()
  let from = Math.floor(rng() * (plain.length + 1))
  if (/[\uDC00-\uDFFF]/.test(plain[from] ?? '')) from-- // never inside a surrogate pair
  if (rng() < 0.65 || from === plain.length) text.insert(from, pick(WORDS))
  else text.delete(from, /[\uD800-\uDBFF]/.test(plain[from]) ? 2 : 1)
}

// A Y.Array, as a client that knows nothing of the layout writes it.
function natural (content, rng, pick) {
  const list = content.get('natural')
  if (!(list instanceof Y.Array)) content.set('natural', Y.Array.from([1, 'two']))
  else if (list.length && rng() < 0.4) list.delete(Math.floor(rng() * list.length), 1)
  else {
    const one = pick([3, 'three', null, new Y.Map([['k', new Y.Text('deep')]])])
    list.insert(Math.floor(rng() * (list.length + 1)), [one])
  }
}
