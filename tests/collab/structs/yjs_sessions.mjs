// Random sessions of real Yjs clients: node yjs_sessions.mjs SEED COUNT
// Prints one JSON line per session: the updates that the server gets, and the document after them.
import { createRequire } from 'node:module'

const require = createRequire(new URL('../../node/package.json', import.meta.url))
const Y = require('yjs')

const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const hex = (bytes) => Buffer.from(bytes).toString('hex')
const WORDS = ['hero', 'é', '日本', 'a', 'Buy now', '😀', 'x🚀y', ' ']

class Client {
  constructor (id, rng) {
    this.doc = new Y.Doc({ gc: rng() < 0.8 })
    this.doc.clientID = id
    this.rng = rng
    this.pick = (list) => list[Math.floor(rng() * list.length)]
    this.outbox = []
    this.text = this.doc.getText('t')
    this.content = this.doc.getMap('content')
    this.list = this.doc.getArray('l')
    this.xml = this.doc.getXmlFragment('x')
    this.undo = new Y.UndoManager([this.text, this.content], { captureTimeout: 0 })
    this.doc.on('update', (update, origin) => { if (origin !== 'remote') this.outbox.push(update) })
  }

  boundary () { // never inside a surrogate pair
    const plain = this.text.toString()
    const at = Math.floor(this.rng() * (plain.length + 1))
    return at > 0 && /[\uD800-\uDBFF]/.test(plain[at - 1]) ? at - 1 : at
  }

  edit () {
    const { text, content, list, xml, pick, rng } = this
    const edits = [
      () => text.insert(this.boundary(), pick(WORDS)),
      () => text.insert(this.boundary(), pick(WORDS), { bold: pick([true, null]), link: { href: 'x' } }),
      () => {
        const [a, b] = [this.boundary(), this.boundary()].sort((x, y) => x - y)
        text.delete(a, b - a)
      },
      () => text.format(0, this.boundary(), { italic: pick([true, null]) }),
      () => content.set(pick(['a', 'b']), pick([1, -0, 2 ** 40, 1.5, null, true, undefined, 's', [1, { a: 'b' }], {}, new Uint8Array([1, 2])])),
      () => content.set(pick(['n', 'o']), pick([new Y.Map([['k', new Y.Text('deep')]]), Y.Array.from([1, 'x']), new Y.XmlText('xt')])),
      () => content.delete(pick(['a', 'n'])),
      () => list.insert(Math.floor(rng() * (list.length + 1)), [pick([1, 'x', new Y.Map(), [2]]), 3]),
      () => { if (list.length) list.delete(Math.floor(rng() * list.length), 1) },
      () => {
        const element = new Y.XmlElement('p')
        element.setAttribute('class', pick(['k', 'l']))
        element.insert(0, [new Y.XmlText('words')])
        xml.insert(0, [element])
      },
      () => { if (xml.length > 2) xml.delete(1, 2) },
      () => this.undo.undo(),
      () => this.undo.redo()
    ]
    this.doc.transact(() => pick(edits.slice(0, 11))())
    if (rng() < 0.2) pick(edits.slice(11))()
  }

  // The updates that a provider sends: each by itself, several merged, or the answer to a step 1.
  send (server) {
    const updates = this.outbox.splice(0)
    const roll = this.rng()
    if (roll < 0.5) return updates
    if (roll < 0.7) return updates.length ? [Y.mergeUpdates(updates)] : []
    if (roll < 0.85) return [Y.encodeStateAsUpdate(this.doc, Y.encodeStateVector(server))]
    if (roll < 0.95) return [Y.diffUpdate(Y.encodeStateAsUpdate(this.doc), Y.encodeStateVector(server))]
    return [Y.encodeStateAsUpdate(this.doc)]
  }
}

function session (seed) {
  const rng = random(seed)
  const server = new Y.Doc({ gc: false })
  const clients = [7, 4_000_000_000, 12345].map((id) => new Client(id, rng))
  const log = []
  const flush = (client) => {
    for (const update of client.send(server)) {
      log.push([client.doc.clientID, hex(update)])
      Y.applyUpdate(server, update)
    }
  }
  for (let i = 0; i < 30; i++) {
    const client = clients[Math.floor(rng() * clients.length)]
    client.edit()
    if (rng() < 0.5) flush(client)
    if (rng() < 0.5) {
      flush(client)
      Y.applyUpdate(client.doc, Y.encodeStateAsUpdate(server, Y.encodeStateVector(client.doc)), 'remote')
    }
  }
  clients.forEach(flush)
  return {
    log,
    text: server.getText('t').toString(),
    xml: server.getXmlFragment('x').toString(),
    state: Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(server)))
  }
}

const [seed, count] = process.argv.slice(2).map(Number)
for (let i = 0; i < count; i++) console.log(JSON.stringify(session(seed + i)))
