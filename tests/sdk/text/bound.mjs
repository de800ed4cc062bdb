// Binds a text to a fake textarea, with a real core and without a server.
import { Binding } from '../../../static/sdk/text/binding.js'
import { Emitter } from '../../../static/sdk/reports/events.js'
import { Driver } from '../core/driver.mjs'

class Target extends EventTarget {
  fire (type, more) {
    const event = Object.assign(new Event(type, { cancelable: true }), more)
    this.dispatchEvent(event)
    return !event.defaultPrevented
  }
}

/** A textarea that a user types in. `focused` is false while another element has the focus. */
export class Field extends Target {
  value = ''
  selectionStart = 0
  selectionEnd = 0
  selectionDirection = 'none'
  readOnly = false
  scrollTop = 0
  focused = true
  ownerDocument = new Target()

  constructor (tagName = 'TEXTAREA') {
    super()
    this.tagName = tagName
  }

  getRootNode () { return { activeElement: this.focused ? this : null } }
  contains (node) { return node === this }

  setSelectionRange (start, end, direction = 'none') {
    [this.selectionStart, this.selectionEnd, this.selectionDirection] = [start, end, direction]
    this.scrollTop = 0 // as browsers may do
  }

  /** As https://html.spec.whatwg.org/#dom-textarea/input-setrangetext with `preserve`. */
  setRangeText (text, start, end) {
    const grown = text.length - (end - start)
    this.value = this.value.slice(0, start) + text + this.value.slice(end)
    const moved = (at, edge) => (at > end ? at + grown : at > start ? edge : at)
    const [from, to] = [moved(this.selectionStart, start), moved(this.selectionEnd, start + text.length)]
    this.selectionStart = from
    this.selectionEnd = to
  }

  // --- what a user does ---

  select (start, end = start, direction) {
    this.setSelectionRange(start, end, direction)
    this.ownerDocument.fire('selectionchange')
  }

  /** Puts a text in place of the selection, or of another part. */
  type (text, { inputType = 'insertText', from = this.selectionStart, to = this.selectionEnd } = {}) {
    if (!this.fire('beforeinput', { inputType, data: text }) || this.readOnly) return
    this.value = this.value.slice(0, from) + text + this.value.slice(to)
    this.selectionStart = this.selectionEnd = from + text.length
    this.fire('input', { inputType, data: text })
  }

  backspace () {
    const [start, end] = [this.selectionStart, this.selectionEnd]
    const size = /[\uDC00-\uDFFF]/.test(this.value[end - 1]) ? 2 : 1
    const from = start < end ? start : Math.max(0, start - size)
    this.type('', { inputType: 'deleteContentBackward', from, to: end })
  }

  /** Begins a composition. The returned function shows a text in it, and with `true` ends it. */
  compose () {
    this.fire('compositionstart')
    const from = this.selectionStart
    let to = this.selectionEnd
    return (text, isEnd = false) => {
      this.type(text, { inputType: 'insertCompositionText', from, to })
      to = from + text.length
      if (isEnd) this.fire('compositionend', { data: text })
    }
  }
}

/** What a binding needs of a page, over a core. */
export class Page extends Emitter {
  mode = 'edit'
  presence = Object.assign(new Emitter(), { others: [], cursor: null, refreshed: 0, refresh () { this.refreshed += 1 } })
  kept = []
  _attention = { keep: (what) => this.kept.push(what) }
  undone = []
  errors = []
  #listeners = []

  constructor (value) {
    super()
    const page = this
    this.driver = new (class extends Driver {
      handle (event) {
        const effects = super.handle(event)
        for (const each of effects) if (each.do === 'show') page.shown(each)
        return effects
      }
    })(value)
    this._session = { core: this.driver.core, emit: (_, error) => this.errors.push(error) }
  }

  get value () { return this.driver.value }
  subscribe (_, listener) { this.#listeners.push(listener); return () => this.#listeners.splice(0) }
  shown ({ value, info, ops }) { for (const each of this.#listeners) each(value, info, ops) }
  patch (ops) { return this.driver.edit(ops) }
  set (path, value) { return this.driver.edit({ op: 'add', path, value }) }
  async undo () { this.undone.push('undo') }
  async redo () { this.undone.push('redo') }
}

export function bound (value, { pointer = '/t', field = new Field(), page = new Page(value) } = {}) {
  const binding = new Binding(page, pointer, field, { carets: false })
  return { page, field, binding, driver: page.driver, core: page.driver.core }
}
