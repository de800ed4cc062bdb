// Editors made of the class in docs/client.md, typing at once and losing their connections.
//
//   node documented_client.mjs CODE WS-URL SEED TOKEN…   ends with what each of them shows
import WebSocket from 'ws'
import { random } from './random_edits.mjs'

const [code, url, seed, ...tokens] = process.argv.slice(2)
const Page = new Function(`${code}; return Page`)()
const rng = random(Number(seed))
const below = (most) => Math.floor(rng() * most)
const EDITS = 60

const keys = (path) => path.split('/').slice(1)

function within (value, [key, ...rest], change) {
  const copy = Array.isArray(value) ? [...value] : { ...value }
  if (rest.length) copy[key] = within(copy[key], rest, change)
  else change(copy, Array.isArray(copy) ? Number(key) : key)
  return copy
}

function apply (value, ops) {
  return ops.reduce((value, { op, path, from, ...is }) => {
    if (path === '') return is.value
    if (op === 'move') {
      const moved = keys(from).reduce((value, key) => value[key], value)
      return apply(value, [{ op: 'remove', path: from }, { op: 'add', path, value: moved }])
    }
    return within(value, keys(path), (held, key) => {
      if (op === 'splice') {
        const end = is.offset + (is.delete ?? 0)
        held[key] = held[key].slice(0, is.offset) + (is.insert ?? '') + held[key].slice(end)
      } else if (!Array.isArray(held)) op === 'remove' ? delete held[key] : (held[key] = is.value)
      else held.splice(key, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [is.value]))
    })
  }, value)
}

function editor (token, index) {
  let socket
  let count = 0
  let connections = 0
  const name = `tab-${index}`
  const page = new Page({
    apply,
    nextId: () => `${name}.${++count}`,
    refused: (patches) => drafts.push(...patches),
    send (message) {
      if (socket.readyState !== WebSocket.OPEN) return false
      socket.send(JSON.stringify(message))
      return true
    }
  })
  const drafts = []
  function connect () {
    connections += 1
    socket = new WebSocket(url, ['weft.v1'])
    socket.on('open', () => {
      const { epoch, version } = page.told
      const since = epoch === null ? undefined : { epoch, version }
      const accept = index ? ['splice'] : []
      socket.send(JSON.stringify({ type: 'open', token, client: name, accept, since }))
    })
    socket.on('message', (frame) => {
      for (const message of [JSON.parse(frame)].flat()) page[message.type]?.(message)
    })
    socket.on('error', () => {})   // a close follows
    socket.on('close', () => { page.online = false; setTimeout(connect, 5 + below(40)) })
  }
  connect()
  const cut = () => socket.terminate()
  const undo = () => page.online && socket.send(JSON.stringify({ type: 'undo', id: `${name}.u${++count}` }))
  return { page, drafts, cut, undo, splices: index > 0, connections: () => connections }
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
const level = () => new Set(editors.map(({ page }) => page.told.version)).size === 1
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
console.log(JSON.stringify(editors.map(({ page, connections }) => (
  { version: page.told.version, told: page.told.value, shown: page.shown, connections: connections() }
))))
process.exit()
