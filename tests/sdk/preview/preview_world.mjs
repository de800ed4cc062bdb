// An editor and its frames without a browser: windows, ports and timers that the test drives.
import { apply } from '../../../static/sdk/patch/patch.js'

/** Time, and messages that wait for their delivery. */
export class World {
  now = 0
  #timers = []
  #queue = []
  #count = 0

  post (deliver) { this.#queue.push(deliver) }

  /** Delivers all messages. */
  settle () {
    while (this.#queue.length) this.#queue.shift()()
  }

  /** Runs the timers of the next milliseconds, with all messages. */
  pass (ms) {
    const end = this.now + ms
    this.settle()
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (!next) break
      this.now = next.at
      this.clear(next)
      next.action()
      this.settle()
    }
    this.now = end
  }

  clear (timer) { this.#timers = this.#timers.filter((each) => each !== timer) }

  environment (window) {
    const world = this
    return {
      window,
      now: () => this.now,
      random: () => ((this.#count += 1) * 0.137) % 1,
      setTimeout: (action, ms) => {
        const timer = { action, at: this.now + ms }
        this.#timers.push(timer)
        return timer
      },
      clearTimeout: (timer) => this.clear(timer),
      MessageChannel: class {
        constructor () {
          this.port1 = new Port(world)
          this.port2 = new Port(world)
          this.port1.other = this.port2
          this.port2.other = this.port1
        }
      }
    }
  }
}

class Port {
  isOpen = true
  onmessage = null
  constructor (world) { this.world = world }

  postMessage (data) {
    const copy = structuredClone(data)
    if (this.isOpen) this.world.post(() => this.other.isOpen && this.other.onmessage?.({ data: copy }))
  }

  close () { this.isOpen = false }
}

/** A window. `of(sender)` is this window as the code of another window sees it. */
export class Window {
  #listeners = []
  constructor (world, origin, parent) {
    this.world = world
    this.origin = origin
    this.location = { origin, href: `${origin}/page` }
    this.parent = parent ? parent.of(this) : this
  }

  addEventListener (name, listener) { this.#listeners.push({ name, listener }) }
  removeEventListener (name, listener) {
    this.#listeners = this.#listeners.filter((each) => each.name !== name || each.listener !== listener)
  }

  happens (name, event = {}) {
    for (const each of [...this.#listeners]) if (each.name === name) each.listener(event)
  }

  /** One object for each sender, as windows compare by identity. */
  #views = new Map()
  of (sender) {
    if (!this.#views.has(sender)) this.#views.set(sender, { postMessage: (...message) => this.#post(sender, ...message) })
    return this.#views.get(sender)
  }

  #post (sender, data, target, ports = []) {
    const copy = structuredClone(data)
    this.world.post(() => {
      const isMeant = target === '*' || target === this.origin
      if (isMeant) this.happens('message', { source: sender.of(this), origin: sender.origin, data: copy, ports })
    })
  }
}

/** An iframe of the editor. `load` replaces its page, but not its window. */
export class Frame {
  constructor (world, editor, { src, sandbox }) {
    this.world = world
    this.editor = editor
    this.src = src
    this.sandbox = { contains: (word) => (sandbox ?? '').split(' ').includes(word) }
    this.attributes = sandbox === undefined ? ['src'] : ['src', 'sandbox']
    const isOpaque = sandbox !== undefined && !this.sandbox.contains('allow-same-origin')
    this.window = new Window(world, isOpaque ? 'null' : new URL(src).origin, editor)
    this.contentWindow = this.window.of(editor)
  }

  hasAttribute (name) { return this.attributes.includes(name) }
}

/** A page of `connect`, as far as the bridge uses it. */
export class FakePage {
  #listeners = new Set()
  constructor (value) { this.value = value }
  subscribe (_pointer, listener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  patch (...ops) {
    this.value = apply(this.value, ops)
    for (const listener of [...this.#listeners]) listener()
  }

  set (path, value) { this.patch({ op: 'replace', path, value }) }
  get listeners () { return this.#listeners.size }
}

export const EDITOR = 'https://editor.example'
export const PREVIEW = 'https://preview.example'
