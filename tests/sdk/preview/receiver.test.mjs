// receiver.js: the preview's side. The test is the editor.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receivePreview } from '../../../static/sdk/preview.js'
import { EDITOR, Frame, PREVIEW, Window, World } from './preview_world.mjs'

class Scene {
  world = new World()
  hellos = []
  drawn = []
  errors = []
  heard = []
  constructor (options = {}) {
    this.editor = new Window(this.world, EDITOR)
    this.editor.addEventListener('message', ({ data, origin }) => this.hellos.push({ ...data, origin, at: this.world.now }))
    this.frame = new Frame(this.world, this.editor, { src: PREVIEW, sandbox: 'allow-scripts' })
    this.env = this.world.environment(this.frame.window)
    this.receiver = receivePreview((value) => this.drawn.push(value), { from: EDITOR, ...options }, this.env)
    this.receiver.on('error', (error) => this.errors.push(error.code))
    this.world.settle()
  }

  answer (fields = {}, sender = this.editor, hasPort = true) {
    const { port1, port2 } = new this.env.MessageChannel()
    port1.onmessage = ({ data }) => this.heard.push(data)
    this.frame.window.of(sender).postMessage({ weft: 'preview', type: 'hello-ack', protocol: 1, load: this.hellos.at(-1)?.load, ...fields }, '*', hasPort ? [port2] : [])
    this.world.settle()
    this.port = port1
  }

  send (...messages) {
    for (const message of messages) this.port.postMessage(message)
    this.world.settle()
  }

  asked (type) { return this.heard.filter((message) => message.type === type).length }
}

const put = (version, path, value) => ({ type: 'PATCH_CONFIG', version, patch: [{ op: 'replace', path, value }] })

test('it says hello every half second until the answer, to the editor only', () => {
  const it = new Scene({ maxFps: 20 })
  it.world.pass(1_600)
  it.answer()
  it.world.pass(2_000)
  assert.deepEqual(it.hellos.map(({ at }) => at), [0, 500, 1_000, 1_500])
  const [{ type, protocol, capabilities, max_fps: fps, origin }] = it.hellos
  assert.deepEqual([type, protocol, capabilities, fps, origin], ['hello', 1, ['patch', 'focus'], 20, 'null'])
})

test('another parent gets no hello, and an error says why after five seconds', () => {
  const it = new Scene({ from: 'https://other.example' })
  it.world.pass(6_000)
  assert.deepEqual([it.hellos.length, it.errors, it.receiver.state], [0, ['preview_unanswered'], 'waiting'])
})

test('an answer of another window or origin is ignored', () => {
  const it = new Scene()
  it.answer({}, new Window(it.world, EDITOR))
  it.editor.origin = 'https://evil.example'
  it.answer()
  assert.equal(it.receiver.state, 'waiting')
})

test('an answer without a port, or with fields of another type, changes nothing', () => {
  const it = new Scene()
  it.answer({}, it.editor, false)
  for (const fields of [{ protocol: '1' }, { protocol: { toString: 1 } }, { load: { toString: 1 } }, { load: null }]) it.answer(fields)
  it.world.pass(600)
  assert.deepEqual([it.receiver.state, it.hellos.length], ['waiting', 2])
  it.answer()
  assert.equal(it.receiver.state, 'connected')
})

test('an answer to an earlier load is ignored', () => {
  const it = new Scene()
  it.answer({ load: 'earlier' })
  assert.equal(it.receiver.state, 'waiting')
})

test('an editor of another protocol ends the hellos with an error', () => {
  const it = new Scene()
  it.answer({ protocol: 2 })
  it.world.pass(3_000)
  assert.deepEqual([it.receiver.state, it.errors, it.hellos.length], ['refused', ['preview_protocol'], 1])
})

test('after a gap it asks for the whole value once, and ignores patches until it comes', () => {
  const it = new Scene()
  it.answer()
  it.send({ type: 'UPDATE_CONFIG', data: { n: 1 }, version: 1 }, put(3, '/n', 3), put(4, '/n', 4))
  assert.deepEqual([it.drawn, it.asked('resend')], [[{ n: 1 }], 1])
  it.send({ type: 'UPDATE_CONFIG', data: { n: 4 }, version: 5 }, put(6, '/n', 6))
  assert.deepEqual(it.drawn, [{ n: 1 }, { n: 4 }, { n: 6 }])
})

test('a patch that does not fit is a gap', () => {
  const it = new Scene()
  it.answer()
  it.send({ type: 'UPDATE_CONFIG', data: { n: 1 }, version: 1 }, put(2, '/missing/n', 3))
  assert.deepEqual([it.drawn.length, it.asked('resend')], [1, 1])
})

test('on a new port, a patch before the whole value is ignored', () => {
  const it = new Scene()
  it.answer()
  it.send({ type: 'UPDATE_CONFIG', data: { n: 1 }, version: 1 }, { type: 'bye' })
  it.answer()
  it.send(put(2, '/n', 2))
  assert.deepEqual([it.drawn, it.asked('resend')], [[{ n: 1 }], 0])
})

test('the first event `pageshow` of a page changes nothing', () => {
  const it = new Scene()
  it.frame.window.happens('pageshow')
  it.world.settle()
  assert.equal(it.hellos.length, 1)
})

test('an error in the function of the page does not stop the preview', (context) => {
  const reported = []
  globalThis.reportError = (error) => reported.push(error.message)
  context.after(() => { delete globalThis.reportError })
  const it = new Scene()
  it.receiver.render = (value) => { if (value.n === 1) throw new Error('drawing failed'); it.drawn.push(value) }
  it.answer()
  it.send({ type: 'UPDATE_CONFIG', data: { n: 1 }, version: 1 }, put(2, '/n', 2))
  assert.deepEqual([it.drawn, reported], [[{ n: 2 }], ['drawing failed']])
})

test('when the editor is gone, it keeps its value and says hello again', () => {
  const it = new Scene()
  it.answer()
  it.send({ type: 'UPDATE_CONFIG', data: { n: 1 }, version: 1 })
  it.world.pass(7_000)
  assert.deepEqual([it.receiver.state, it.receiver.value], ['waiting', { n: 1 }])
  assert.notEqual(it.hellos.at(-1).load, it.hellos[0].load)
})

test('a page from the cache of the back button says hello again', () => {
  const it = new Scene()
  it.answer()
  it.frame.window.happens('pagehide')
  it.world.pass(2_000)
  assert.equal(it.hellos.length, 1)
  it.frame.window.happens('pageshow')
  it.world.settle()
  it.answer()
  assert.equal(it.receiver.state, 'connected')
})

test('a closed preview says nothing more', () => {
  const it = new Scene()
  it.answer()
  it.receiver.close()
  it.world.pass(3_000)
  assert.deepEqual([it.receiver.state, it.asked('bye'), it.hellos.length], ['closed', 1, 1])
})
