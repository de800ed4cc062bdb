// Editors made of the code in docs/client.md, typing at once and losing their connections.
//
//   node documented_client.mjs PAGE APPLY CONNECT USE REACT WS-URL SEED TOKEN…   ends with what each of them shows
import * as library from 'immutable-json-patch'
import WebSocket from 'ws'
import { random } from './random_edits.mjs'

const [pageCode, applyCode, connectCode, useCode, reactCode, url, seed, ...tokens] = process.argv.slice(2)
const rng = random(Number(seed))
const below = (most) => Math.floor(rng() * most)
const EDITS = 60

/** What a snippet declares as `name`, when it finds these names outside. */
function run (code, name, outside = {}) {
  const script = code.replace(/^import .*$/m, '')
  return new Function(...Object.keys(outside), `${script}; return ${name}`)(...Object.values(outside))
}

const sockets = new Map()    // the newest socket of each URL
class Socket extends WebSocket {
  constructor (url, protocols) {
    super(url, protocols)
    this.on('error', () => {})    // a close follows
    sockets.set(url, this)
  }
}

const Page = run(pageCode, 'Page')
const apply = run(applyCode, 'apply', library)
const soon = (action) => setTimeout(action, 5 + below(40))
const connect = run(connectCode, 'connect', { WebSocket: Socket, setTimeout: soon })

function editor (token, index) {
  const name = `tab-${index}`
  const address = `${url}?${name}`
  const drafts = []
  let count = 0
  let connections = 0
  let seen
  const { page } = run(useCode, '{ page, reconnect }', {
    Page,
    connect: (page, options) => {
      const accept = index ? ['splice'] : []
      return connect(page, { ...options, opening: { ...options.opening, accept } })
    },
    apply,
    tab: name,
    reload: 0,
    url: address,
    refused: (patches) => drafts.push(...patches),
    onChange: () => {},
    getToken: async () => token,
    received: ({ type }) => { if (type === 'opened') connections += 1 },
    stopped: (code) => { throw new Error(`closed with ${code}`) }
  })
  const useSyncExternalStore = (subscribe, get) => {
    if (get() !== get()) throw new Error('React would render for ever')
    subscribe(() => { seen = get() })
  }
  run(reactCode, 'useShown', { page, useSyncExternalStore })()
  const cut = () => sockets.get(address).terminate()
  const undo = () => page.send({ type: 'undo', id: `${name}.u${++count}` })
  return { page, drafts, cut, undo, splices: index > 0, connections: () => connections, seen: () => seen }
}

function edit ({ page, splices }) {
  const { list } = page.shown
  const at = below(list.length)
  const roll = rng()
  if (roll < 0.25) page.edit([{ op: 'add', path: `/list/${at}`, value: { text: `new ${below(99)}` } }])
  else if (roll < 0.35 && list.length > 2) page.edit([{ op: 'remove', path: `/list/${at}` }])
  else if (roll < 0.5) page.edit([{ op: 'move', from: `/list/${at}`, path: '/list/0' }])
  else {
    const path = `/list/${at}/text`
    const { text } = list[at]
    const offset = below(text.length + 1)
    const value = `${text.slice(0, offset)}x${text.slice(offset)}`
    page.edit([splices ? { op: 'splice', path, offset, insert: 'x' } : { op: 'replace', path, value }])
  }
}

const pause = (most) => new Promise((resolve) => setTimeout(resolve, below(most)))
const editors = tokens.map(editor)
const level = () => new Set(editors.map(({ page }) => page.confirmed.version)).size === 1
const settled = () => editors.every(({ page }) => page.online && !page.own.length) && level()

async function type (one) {
  while (!one.page.online) await pause(10)
  for (let count = 0; count < EDITS; count++) {
    if (count % 25 === 20) one.cut()
    else if (rng() < 0.08) one.undo()
    else edit(one)
    await pause(12)
  }
}

await Promise.all(editors.map(type))
while (!settled()) await pause(20)
console.log(JSON.stringify(editors.map(({ page, connections, seen }) => (
  {
    version: page.confirmed.version,
    confirmed: page.confirmed.value,
    shown: page.shown,
    seen: seen(),
    connections: connections()
  }
))))
process.exit()
