// preview.js: which options make which preview.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receivePreview } from '../../static/sdk/preview.js'
import { EDITOR, Frame, PREVIEW, Window, World } from './preview/preview_world.mjs'

const direct = { url: 'http://127.0.0.1:1', document: 'home', token: () => 'none' }

function frame () {
  const world = new World()
  return { world, ...new Frame(world, new Window(world, EDITOR), { src: PREVIEW, sandbox: 'allow-scripts' }) }
}

test('the origin of the editor must be an origin', () => {
  const it = frame()
  for (const from of [undefined, '*', 'null', 'editor.example', `${EDITOR}/`, `${EDITOR}/page`]) {
    assert.throws(() => receivePreview(() => {}, { from }, it.world.environment(it.window)), { code: 'bad_options' }, `${from}`)
  }
})

test('a page in no iframe needs a server', () => {
  const world = new World()
  const env = world.environment(new Window(world, PREVIEW))
  assert.throws(() => receivePreview(() => {}, { from: EDITOR }, env), { code: 'preview_alone' })
})

test('a page in an iframe with a known editor opens no connection', async () => {
  const it = frame()
  const sockets = []
  const env = { ...it.world.environment(it.window), WebSocket: class { constructor (url) { sockets.push(url) } } }
  const receiver = receivePreview(() => {}, { from: EDITOR, ...direct }, env)
  await import('../../static/sdk/weft.js')
  for (let n = 0; n < 5; n++) await new Promise(setImmediate)
  assert.deepEqual([sockets, receiver.state], [[], 'waiting'])
})

test('a page in no iframe asks the server as a reader', async () => {
  const world = new World()
  const window = new Window(world, PREVIEW)
  let receiver
  const opened = new Promise((resolve) => {
    const WebSocket = class {
      constructor (url) { resolve(url) }
      close () {}
    }
    const fetch = () => Promise.reject(new Error('no network'))
    const env = { ...world.environment(window), WebSocket, fetch, clearTimeout, setTimeout: (action, ms) => setTimeout(action, ms).unref() }
    receiver = receivePreview(() => {}, direct, env)
  })
  assert.equal(await opened, 'ws://127.0.0.1:1/v1/docs/home/live')
  receiver.close()
})
