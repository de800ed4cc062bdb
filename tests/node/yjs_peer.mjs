// Unmodified y-websocket clients, driven by JSON lines: {"n", "peer", "do", ...} → {"n", "ok"}.
// A peer is one Y.Doc with one WebsocketProvider; a process holds any number of them.
import { createInterface } from 'node:readline'
import { isDeepStrictEqual } from 'node:util'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import * as layout from './layout.mjs'
import { edit, random } from './random_edits.mjs'

const peers = new Map()
const warnings = []
console.warn = (text) => {
  warnings.push(String(text))
  for (const peer of peers.values()) peer.changed()
}

class Peer {
  constructor ({ client_id: id, state }) {
    this.doc = new Y.Doc()
    if (id) this.doc.clientID = id
    if (state) Y.applyUpdate(this.doc, Buffer.from(state, 'base64'))
    this.content = this.doc.getMap('content')
    this.provider = null
    this.closed = null
    this.seen = [] // every value that this client has ever shown
    this.watching = false
    this.waiters = new Set()
    this.doc.on('update', () => {
      if (this.watching) this.seen.push(layout.toJSON(this.content))
      this.changed()
    })
  }

  connect ({ url, doc, params, state = {} }) {
    this.provider = new WebsocketProvider(url, doc, this.doc, {
      params, WebSocketPolyfill: WebSocket, disableBc: true, maxBackoffTime: 400, connect: false
    })
    this.provider.awareness.setLocalState(state)
    for (const event of ['sync', 'status']) this.provider.on(event, () => this.changed())
    this.provider.on('connection-close', (event) => {
      if (event) this.closed = { code: event.code, reason: event.reason }
      this.changed()
    })
    this.provider.awareness.on('change', () => this.changed())
    this.provider.connect()
  }

  changed () {
    for (const waiter of [...this.waiters]) waiter()
  }

  // Resolves with what `look` finds, once that is something.
  wait (look, seconds) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.delete(waiter)
        reject(new Error(`nothing came: ${JSON.stringify(layout.toJSON(this.content))}`))
      }, seconds * 1000)
      const waiter = () => {
        const found = look()
        if (found === undefined || found === false) return
        clearTimeout(timer)
        this.waiters.delete(waiter)
        resolve(found)
      }
      this.waiters.add(waiter)
      waiter()
    })
  }

  states () {
    return Object.fromEntries(this.provider.awareness.getStates())
  }

  // A snippet that sees this peer's document, as a client's own code would be written.
  compile (code) {
    const names = ['Y', 'layout', 'peer', 'doc', 'content', 'at', 'states', 'warnings', 'same']
    const inner = new Function(...names, code)
    const at = (pointer) => layout.at(this.content, pointer)
    return () => inner(
      Y, layout, this, this.doc, this.content, at, this.provider && this.states(), warnings,
      isDeepStrictEqual
    )
  }

  async randomEdits ({ seed, count, name, pause }) {
    const rng = random(seed)
    for (let index = 0; index < count; index++) {
      edit(this.doc, rng, name)
      await new Promise((resolve) => setTimeout(resolve, rng() * pause))
    }
  }
}

const commands = {
  new: (_, message) => { peers.set(message.peer, new Peer(message)) },
  connect: (peer, message) => peer.connect(message),
  disconnect: (peer) => peer.provider.disconnect(),
  reconnect: (peer) => peer.provider.connect(),
  cut: (peer) => peer.provider.ws?.terminate(),
  destroy: (peer, message) => {
    peer.provider?.destroy()
    peer.doc.destroy()
    peers.delete(message.peer)
  },
  synced: (peer, { seconds }) => peer.wait(() => peer.provider.synced, seconds),
  closed: (peer, { seconds }) => peer.wait(() => peer.closed ?? undefined, seconds),
  read: (peer) => layout.toJSON(peer.content),
  state: (peer) => Buffer.from(Y.encodeStateAsUpdate(peer.doc)).toString('base64'),
  run: (peer, { code }) => peer.compile(`return doc.transact(() => { ${code} })`)(),
  until: (peer, { code, seconds }) => peer.wait(peer.compile(`return (${code})`), seconds),
  random: (peer, message) => peer.randomEdits(message)
}

async function answer (message) {
  try {
    const ok = await commands[message.do](peers.get(message.peer), message)
    return { n: message.n, ok: ok ?? null }
  } catch (error) {
    return { n: message.n, error: String(error) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  answer(JSON.parse(line)).then((reply) => console.log(JSON.stringify(reply)))
}
process.exit(0)
