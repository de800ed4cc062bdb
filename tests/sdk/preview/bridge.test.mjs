// bridge.js: the editor's side of a preview. The preview's side is the real one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgePreview, receivePreview } from '../../../static/sdk/preview.js'
import { EDITOR, FakePage, Frame, PREVIEW, Window, World } from './preview_world.mjs'

class Scene {
  world = new World()
  errors = []
  constructor ({ value = { title: 'Hello', list: [1, 2] }, sandbox = 'allow-scripts', ...options } = {}) {
    this.editor = new Window(this.world, EDITOR)
    this.page = new FakePage(value)
    this.frame = new Frame(this.world, this.editor, { src: `${PREVIEW}/page`, sandbox })
    this.bridge = bridgePreview(this.frame, this.page, options, this.world.environment(this.editor))
    this.bridge.on('error', (error) => this.errors.push(error.code))
  }

  /** A page in the frame. */
  load (options = {}, frame = this.frame) {
    const drawn = []
    const pointed = []
    const receiver = receivePreview((value, { patch }) => drawn.push({ value, patch, at: this.world.now }), { from: EDITOR, ...options }, this.world.environment(frame.window))
    receiver.on('focus', (pointer) => pointed.push(pointer))
    this.world.settle()
    return { receiver, drawn, pointed }
  }
}

test('a preview gets the whole value, and then each change', () => {
  const it = new Scene()
  const { receiver, drawn } = it.load()
  it.world.pass(100)
  it.page.set('/title', 'Hi')
  it.world.settle()
  assert.deepEqual(drawn.map(({ value, patch }) => [value.title, patch]), [
    ['Hello', null],
    ['Hi', [{ op: 'replace', path: '/title', value: 'Hi' }]]
  ])
  assert.deepEqual([it.bridge.state, receiver.state, receiver.version], ['connected', 'connected', 2])
})

test('nothing is sent before the page has a value', () => {
  const it = new Scene({ value: null })
  it.page.value = undefined
  const { drawn } = it.load()
  it.world.pass(1_000)
  assert.deepEqual(drawn, [])
  it.page.patch({ op: 'add', path: '', value: { title: 'late' } })
  it.world.settle()
  assert.deepEqual(drawn.map(({ value }) => value), [{ title: 'late' }])
})

test('sixty changes a second are at most twenty messages a second, and the last is the newest', () => {
  const it = new Scene()
  const { drawn } = it.load({ maxFps: 20 })
  for (let n = 1; n <= 120; n++) {
    it.page.set('/title', `${n}`)
    it.world.pass(1000 / 60)
  }
  it.world.pass(1_000)
  const times = drawn.map(({ at }) => at)
  assert.ok(times.every((at, index) => index < 1 || at - times[index - 1] >= 49.9), `${times}`)
  assert.ok(drawn.length > 30 && drawn.length <= 42, `${drawn.length}`)
  assert.deepEqual(drawn.at(-1).value, it.page.value)
})

test('the smaller limit of both sides holds', () => {
  const it = new Scene({ maxFps: 2 })
  const { drawn } = it.load({ maxFps: 50 })
  for (let n = 1; n <= 20; n++) {
    it.page.set('/title', `${n}`)
    it.world.pass(50)
  }
  assert.ok(drawn.length <= 3, `${drawn.length}`)
})

test('a part of the value is previewed alone', () => {
  const it = new Scene({ value: { site: { name: 'A' }, secret: 1 }, pointer: '/site' })
  const { drawn } = it.load()
  it.world.pass(100)
  it.page.set('/secret', 2)
  it.page.set('/site/name', 'B')
  it.world.pass(100)
  assert.deepEqual(drawn.map(({ value }) => value), [{ name: 'A' }, { name: 'B' }])
})

test('a reload of the frame gets a new port and the whole value', () => {
  const it = new Scene()
  const first = it.load()
  it.frame.window.happens('pagehide')
  it.world.settle()
  assert.equal(it.bridge.state, 'waiting')
  const second = it.load()
  it.page.set('/title', 'Hi')
  it.world.pass(1_000)
  assert.equal(first.drawn.length, 1)
  assert.deepEqual(second.drawn.map(({ value }) => value.title), ['Hello', 'Hi'])
})

test('a newer page of the frame takes the port, and the older one ends', () => {
  const it = new Scene()
  const first = it.load()
  const second = it.load()
  it.world.pass(2_000)
  assert.deepEqual([first.receiver.state, second.receiver.state, second.drawn.length], ['closed', 'connected', 1])
})

test('one load of a frame gets one port, also when it says hello twice', () => {
  const it = new Scene()
  const ports = []
  it.frame.window.addEventListener('message', (event) => ports.push(event.ports.length))
  for (let n = 0; n < 3; n++) it.frame.window.parent.postMessage({ weft: 'preview', type: 'hello', protocol: 1, load: 'x' }, EDITOR)
  it.world.settle()
  assert.deepEqual(ports, [1])
})

test('a new load gets its value at once, also when a change for the old one was due', () => {
  const it = new Scene({ maxFps: 1 })
  it.load()
  it.page.set('/title', 'Hi')
  it.frame.window.happens('pagehide')
  const { drawn } = it.load()
  assert.deepEqual(drawn.map(({ value }) => value.title), ['Hi'])
})

test('an editor that goes to another page ends the connection at once', () => {
  const it = new Scene()
  const { receiver } = it.load()
  const states = []
  receiver.on('state', (state) => states.push(state))
  it.editor.happens('pagehide')
  it.world.settle()
  assert.equal(states[0], 'waiting')
})

test('a frame that shows another page loses its port', () => {
  const it = new Scene()
  it.load()
  it.frame.window.happens('pagehide') // the next page does not know the bridge
  it.world.pass(5_000)
  it.page.set('/title', 'Hi')
  assert.deepEqual([it.bridge.state, it.errors], ['waiting', []])
})

test('a preview that stops without a word is found by its missing beats', () => {
  const it = new Scene()
  const { receiver } = it.load()
  it.frame.window.happens = () => {}
  receiver.close()
  it.world.pass(7_000)
  assert.equal(it.bridge.state, 'waiting')
})

test('two frames have two ports, and each bridge hears only its own', () => {
  const it = new Scene()
  const other = new Frame(it.world, it.editor, { src: `${PREVIEW}/other`, sandbox: 'allow-scripts' })
  const bridge = bridgePreview(other, new FakePage({ title: 'Other' }), {}, it.world.environment(it.editor))
  const one = it.load()
  const two = it.load({}, other)
  assert.deepEqual([one.drawn[0].value.title, two.drawn[0].value.title], ['Hello', 'Other'])
  assert.equal(bridge.state, 'connected')
})

test('a frame with another origin gets no port, and the editor is told once', () => {
  const it = new Scene({ sandbox: undefined })
  it.frame.window.origin = 'https://evil.example'
  const { drawn } = it.load()
  it.world.pass(4_000)
  assert.deepEqual([drawn, it.errors, it.bridge.state], [[], ['preview_origin'], 'waiting'])
})

test('a frame without a sandbox is known by the origin of its address', () => {
  const it = new Scene({ sandbox: undefined })
  assert.equal(it.load().drawn.length, 1)
})

test('a message of another window is ignored', () => {
  const it = new Scene()
  const stranger = new Window(it.world, 'null', it.editor)
  stranger.parent.postMessage({ weft: 'preview', type: 'hello', protocol: 1, load: 'x' }, EDITOR)
  it.world.settle()
  assert.equal(it.bridge.state, 'waiting')
})

test('a hello of the frame with wrong fields gets no answer and stops nothing', () => {
  const it = new Scene()
  const answers = []
  it.frame.window.addEventListener('message', (event) => answers.push(event.data))
  const wrong = [null, 7, 'hello', [], { weft: 'preview' }, { weft: { toString: 1 }, type: 'hello' }]
  const fields = [{}, { load: { toString: 1 } }, { load: 'x'.repeat(1e6) }, { load: 'x', protocol: '1' }, { load: 'x', protocol: { valueOf: 1 } }]
  for (const each of fields) wrong.push({ weft: 'preview', type: 'hello', ...each })
  for (const each of wrong) it.frame.window.parent.postMessage(each, EDITOR)
  it.world.settle()
  assert.deepEqual([answers, it.errors, it.bridge.state], [[], [], 'waiting'])
  assert.equal(it.load().drawn.length, 1)
})

test('a preview of an older protocol is told so, and the editor too', () => {
  const it = new Scene()
  const answers = []
  it.frame.window.addEventListener('message', ({ data, ports }) => answers.push([data.type, data.protocol, ports.length]))
  for (let n = 0; n < 3; n++) it.frame.window.parent.postMessage({ weft: 'preview', type: 'hello', protocol: 0, load: 'x' }, EDITOR)
  it.world.settle()
  assert.deepEqual(answers[0], ['hello-ack', 1, 0])
  assert.deepEqual([it.errors, it.bridge.state], [['preview_protocol'], 'waiting'])
})

test('each side can point at a part, and a reloaded preview is told again', () => {
  const it = new Scene()
  const { receiver, pointed } = it.load()
  const told = []
  it.bridge.on('focus', (pointer) => told.push(pointer))
  receiver.focus('/title')
  it.bridge.focus('/list/0')
  it.world.settle()
  assert.deepEqual([told, pointed], [['/title'], ['/list/0']])
  it.frame.window.happens('pagehide')
  assert.deepEqual(it.load().pointed, ['/list/0'])
})

test('a pointer of the preview that is none is ignored', () => {
  const it = new Scene()
  const { receiver } = it.load()
  const told = []
  it.bridge.on('focus', (pointer) => told.push(pointer))
  for (const pointer of ['title', 7, { a: 1 }, `/${'x'.repeat(5_000)}`, null]) receiver.focus(pointer)
  it.world.settle()
  assert.deepEqual(told, [null])
})

test('a closed editor ends the connection, and the preview keeps its value and asks again', () => {
  const it = new Scene()
  const { receiver } = it.load()
  it.bridge.close()
  it.world.settle()
  assert.deepEqual([it.bridge.state, receiver.state, receiver.value.title], ['closed', 'waiting', 'Hello'])
  assert.equal(it.page.listeners, 0)
  bridgePreview(it.frame, new FakePage({ title: 'Next' }), {}, it.world.environment(it.editor))
  it.world.pass(600)
  assert.deepEqual([receiver.state, receiver.value.title], ['connected', 'Next'])
})

test('a bridge without an iframe or a page says what it needs', () => {
  assert.throws(() => bridgePreview(null, new FakePage(1)), { code: 'bad_options' })
  assert.throws(() => bridgePreview({ contentWindow: null }, {}), { code: 'bad_options' })
})
