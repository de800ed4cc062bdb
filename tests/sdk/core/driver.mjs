// Drives a Core as a page and a server do, without time and sockets.
import { Core } from '../../../static/sdk/core/core.js'

export const put = (path, value) => ({ op: 'replace', path, value })
export const add = (path, value) => ({ op: 'add', path, value })
export const remove = (path) => ({ op: 'remove', path })
export const splice = (path, offset, count, insert) => ({ op: 'splice', path, offset, delete: count, insert })

export class Driver {
  core = new Core()
  effects = []
  sent = []
  ended = []
  shown = []
  attention = []
  asked = {}
  now = 0
  #count = 0

  /** @param {any} value with `null`, the core is not opened */
  constructor (value = { a: 1, b: 2, t: 'Hello', list: [{ id: 'x' }, { id: 'y' }] }, { stores = true } = {}) {
    this.stores = stores
    if (value) this.opened({ value })
  }

  handle (event) {
    const effects = this.core.handle(event)
    this.effects.push(...effects)
    for (const effect of effects) {
      if (effect.do === 'send') this.sent.push(effect.message)
      if (effect.do === 'end') this.ended.push([effect.id, effect.state])
      if (effect.do === 'show') this.shown.push(effect.info)
      if (effect.do === 'end' && effect.reason) this.attention.push(effect)
      if (effect.do === 'asked') this.asked[effect.id] = effect.reason ?? effect.result
      if (effect.do === 'store' && effect.put.length && this.stores) this.stored(...effect.put.map(({ id }) => id))
    }
    return effects
  }

  stored (...ids) { this.handle({ type: 'stored', ids }) }
  opened (message) { this.handle({ type: 'opened', epoch: 1, version: 1, ...message }) }
  closed (code) { this.handle({ type: 'closed', code }) }
  change (version, ops, more) { this.handle({ type: 'change', version, ops, kind: 'edit', by: { name: 'Bo' }, ...more }) }
  ack (id, version, more) { this.handle({ type: 'ack', id, version, ...more }) }
  reject (id, code, more) { this.handle({ type: 'reject', id, code, message: code, retryable: false, ...more }) }

  /** Makes an edit a minute after the last one, so that it joins none. Returns its id. */
  edit (ops, { after = 60_000, isTick = true, ...more } = {}) {
    this.now += after
    this.handle({ type: 'edit', id: `e${++this.#count}`, ops: [ops].flat(), now: this.now, ...more })
    const { id } = this.core.queue.at(-1)
    if (isTick) this.handle({ type: 'tick' })
    return id
  }

  undo (id, more) { this.handle({ type: 'undo', id, redo: false, now: this.now, ...more }) }
  redo (id, more) { this.handle({ type: 'undo', id, redo: true, now: this.now, ...more }) }
  get value () { return this.core.value }
  get last () { return this.sent.at(-1) }
}
