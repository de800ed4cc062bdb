// Yjs clients that know nothing of Weft, driven over stdin: one JSON command a line, one answer.
//
//   {"do":"edit","peer":0}           a random transaction; answers its update
//   {"do":"apply","peer":0,"update"} another's update
//   {"do":"vector","peer":0}         the state vector
//   {"do":"diff","peer":0,"vector"}  what a state vector lacks
//   {"do":"read","peer":0}           `content` as JSON
import readline from 'node:readline'
import * as Y from 'yjs'
import { elementKeys, insertElement, moveElement, removeElement } from './layout.mjs'
import { random } from './random_edits.mjs'

const [seed, count] = process.argv.slice(2).map(Number)
const rng = random(seed)
const pick = (list) => list[Math.floor(rng() * list.length)]
const below = (most) => Math.floor(rng() * most)
const peers = Array.from({ length: count }, (_, index) => {
  const doc = new Y.Doc()
  doc.clientID = 5000 + index
  return doc
})
const WORDS = ['', 'x', 'Buy now', 'héllo', '😀 smile', 'lorem ipsum']
const KEYS = ['a', 'b', 'c', 'id', '@order', '@@value', 'é/~', 'list']

function made (depth) {
  const roll = rng()
  if (depth && roll < 0.2) return new Y.Map([[pick(KEYS), made(depth - 1)], [pick(KEYS), made(0)]])
  if (depth && roll < 0.35) return Y.Array.from([made(depth - 1), made(0)])
  if (depth && roll < 0.45) {
    return new Y.Map([['@array', true], ['e1', new Y.Map([['@order', 'a1'], ['@value', made(0)]])]])
  }
  if (roll < 0.65) return new Y.Text(pick(WORDS))
  if (roll < 0.72) {
    const element = new Y.XmlElement('p')
    element.setAttribute('a', '1')
    const fragment = new Y.XmlFragment()
    fragment.insert(0, [element, new Y.XmlText('hi')])
    return fragment
  }
  return pick([1, -7, 2.5, 1e20, true, null, 'plain', { a: [1, { b: 'x' }] }, [1, 'two'], {}, []])
}

function edit (held, depth) {
  if (held instanceof Y.XmlFragment) return held.insert(held.length, [new Y.XmlElement('b')])
  if (held instanceof Y.Text) return editText(held)
  if (held instanceof Y.Array) return editList(held, depth)
  return editMap(held, depth)
}

function editMap (map, depth) {
  const keys = [...map.keys()].sort()
  const inner = keys.length ? map.get(pick(keys)) : null
  if (inner instanceof Y.AbstractType && depth < 6 && rng() < 0.65) return edit(inner, depth + 1)
  if (map.get('@array') === true && rng() < 0.8) return editKeyed(map)
  if (keys.length && (rng() < 0.2 || keys.length > 8)) return map.delete(pick(keys))
  map.set(pick(KEYS), made(2))
}

function editKeyed (map) {
  const shown = elementKeys(map).filter((key) => map.get(key) instanceof Y.Map)
  const all = elementKeys(map)
  const roll = rng()
  if (shown.length === all.length && all.length > 1 && roll < 0.4) {
    moveElement(map, below(all.length), below(all.length))
  } else if (shown.length === all.length && all.length && roll < 0.6) {
    removeElement(map, below(all.length))
  } else {
    insertElement(map, below(all.length + 1), `k${below(1e6)}`, pick(['t', { t: 'u' }, [1], 5]))
  }
}

function editList (list, depth) {
  const at = below(list.length + 1)
  const inner = list.get(at)
  if (inner instanceof Y.AbstractType && depth < 6 && rng() < 0.6) return edit(inner, depth + 1)
  if (at < list.length && (rng() < 0.4 || list.length > 6)) return list.delete(at, 1)
  list.insert(at, [made(1)])
}

function editText (text) {
  const plain = text.toString()
  let from = below(plain.length + 1)
  if (/[\uDC00-\uDFFF]/.test(plain[from] ?? '')) from-- // never inside a surrogate pair
  const roll = rng()
  if (plain.length !== text.length) return text.delete(0, text.length)
  if (roll < 0.08) return text.insertEmbed(from, { image: 'x' })
  if (roll < 0.16) return text.format(0, from, { bold: true })
  if (roll < 0.6 || from === plain.length) return text.insert(from, pick(WORDS))
  text.delete(from, /[\uD800-\uDBFF]/.test(plain[from]) ? 2 : 1)
}

const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'))

const commands = {
  edit: ({ peer }) => {
    const doc = peers[peer]
    const before = Y.encodeStateVector(doc)
    doc.transact(() => {
      for (let left = pick([1, 1, 2, 4]); left; left--) edit(doc.getMap('content'), 0)
    })
    return base64(Y.encodeStateAsUpdate(doc, before))
  },
  apply: ({ peer, update }) => Y.applyUpdate(peers[peer], bytes(update)),
  vector: ({ peer }) => base64(Y.encodeStateVector(peers[peer])),
  diff: ({ peer, vector }) => base64(Y.encodeStateAsUpdate(peers[peer], bytes(vector))),
  read: ({ peer }) => peers[peer].getMap('content').toJSON()
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  console.log(JSON.stringify(commands[command.do](command) ?? null))
}
