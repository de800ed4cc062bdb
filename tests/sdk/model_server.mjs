// A model of the server on the patch lane, with all of docs/wire.md that the SDK relies on.
import assert from 'node:assert/strict'
import { carry } from '../../static/sdk/patch/carry.js'
import { invert } from './patch/invert.mjs'
import { apply, same } from '../../static/sdk/patch/patch.js'

const KEPT = 12    // versions that a client may be behind

export class ModelServer {
  isDown = false
  role = 'editor'
  tenant = 'demo'
  limits = {}
  epoch = 1
  values = [{}]                    // by version
  log = [null]                     // by version: {version, id, user, ops, kind}
  overwrote = new Set()            // ids of patches that have overwritten values of others
  accepted = new Map()             // by user and id: {content, ack}
  links = new Map()                // link → {user, client, own: [{id, ops, version}], base}
  refuses = () => null             // (message) → reject fields, or null
  check = () => {}                 // (state of the link, message, view) when a patch is sent
  isNextTooLarge = false           // the next new patch is answered with a close
  forgotten = new Set()            // ids that a backup does not have
  protocol = 1                     // a newer server also sends fields and messages that the SDK does not know
  later = () => {}                 // (ms, action): runs the action after this time
  counts = { paced: 0, acksInChanges: 0, patches: 0, duplicates: 0, merged: 0, overwritten: 0, refused: 0, resyncs: 0, undos: 0 }

  get version () { return this.log.length - 1 }
  get value () { return this.values[this.version] }

  join (link) { this.links.set(link, { user: null, own: [], base: 0 }) }
  leave (link) { this.links.delete(link) }

  restart () { this.closeAll(1012) }

  closeAll (code) {
    for (const link of this.links.keys()) link.close(code)
    this.links.clear()
  }

  hold (isHeld) {
    for (const link of this.links.keys()) link.send({ type: 'backpressure', direction: 'in', state: isHeld ? 'on' : 'clear' })
  }

  /** Restores a backup: the newest versions are gone, and there is a new epoch. */
  restore (lost) {
    const version = Math.max(1, this.version - lost)
    for (const [key, { ack }] of this.accepted) {
      if (ack.version <= version) continue
      this.accepted.delete(key)
      this.forgotten.add(key.split('/')[1])
    }
    this.log.length = this.values.length = version + 1
    this.epoch += 1
    this.closeAll(1012)
  }

  /** Checks a message when the client sends it: the client's frame must be what the server computes. */
  seen (link, message) {
    const state = this.links.get(link)
    if (message.type === 'patch' && state?.user) this.check(state, message, () => this.#view(state, message.base))
  }

  receive (link, message) {
    const state = this.links.get(link)
    if (!state) return
    if (message.type === 'ping') return link.send({ type: 'pong' })
    if (message.type === 'open') return this.#open(link, state, message)
    if (!['patch', 'undo', 'redo'].includes(message.type)) return
    const key = `${state.user}/${message.id}`
    const content = JSON.stringify([message.type, message.ops])
    const known = this.accepted.get(key)
    if (known) {
      assert.equal(known.content, content, `${message.id} was sent with other content`)
      this.counts.duplicates += 1
      if (message.type === 'patch') this.#note(state, message, known.ack.version)
      return link.send({ ...known.ack, duplicate: true })
    }
    // A patch that is too large was never accepted before.
    if (this.isNextTooLarge && message.type === 'patch') {
      this.isNextTooLarge = false
      this.links.delete(link)
      return link.close(1009)
    }
    try {
      const refusal = this.refuses(message)
      if (refusal) throw Object.assign(new Error(refusal.code), refusal)
      const before = this.version
      const ack = message.type === 'patch' ? this.#patch(state, message) : this.#turn(state, message)
      this.accepted.set(key, { content, ack })
      if (state.due && this.version > before) state.acks.push(ack)
      else {
        this.#catchUp(link, state)
        link.send({ ...ack, ...this.#unknown })
      }
    } catch (error) {
      if (!error.code || error.code === 'ERR_ASSERTION') throw error
      this.counts.refused += 1
      const { code, retryable = false, retry_after_ms: wait } = error
      link.send({ type: 'reject', id: message.id, code, message: code, retryable, retry_after_ms: wait, version: this.version })
    }
  }

  get #unknown () { return this.protocol > 1 ? { tomorrow: [1], hints: { a: 1 } } : {} }

  #open (link, state, { client, token, since, create, max_fps: fps }) {
    Object.assign(state, { user: token, client, gap: fps ? 1000 / fps : 0, due: 0, acks: [] })
    if (!this.version && create) this.#commit({ user: token, ops: [{ op: 'replace', path: '', value: create }], kind: 'create' })
    const opened = { type: 'opened', protocol: this.protocol, ...this.#unknown, user: token, name: token, tenant: this.tenant, role: this.role, epoch: this.epoch, version: this.version, presence: [], locks: [], limits: this.limits, session: client }
    const canResume = since && since.epoch === this.epoch && since.version <= this.version && since.version >= this.version - KEPT
    if (since && !canResume) this.counts.resyncs += 1
    if (canResume) link.send({ ...opened, changes: this.log.slice(since.version + 1).map((entry) => this.#change(entry, token)) })
    else link.send({ ...opened, value: this.value, resync: Boolean(since) })
    state.isOpen = true
    if (this.protocol > 1) link.send({ type: 'tomorrow', of: 1 })
  }

  #view (state, base) {
    const own = base < state.base ? [] : state.own.filter(({ version }) => version > base)
    return own.reduce((value, { ops }) => apply(value, ops), this.values[base])
  }

  #note (state, { base, ops }, version) {
    if (base < state.base) state.own = []
    state.base = base
    state.own = [...state.own.filter((each) => each.version > base), ...(version > base ? [{ ops, version }] : [])]
  }

  #patch (state, message) {
    const { base, ops, id } = message
    this.counts.patches += 1
    if (ops.length > this.limits.max_ops) throw Object.assign(new Error(), { code: 'too_large' })
    if (base > this.version || base < this.version - KEPT) throw Object.assign(new Error(), { code: 'unknown_version' })
    const view = this.#view(state, base)
    assert.doesNotThrow(() => apply(view, ops), `${id} does not fit its base`)
    const certain = carry(ops, view, this.value)
    const carried = certain ?? carry(ops, view, this.value, true)
    if (!carried) throw Object.assign(new Error(), { code: 'conflict' })
    const ack = { type: 'ack', id }
    if (JSON.stringify(carried.ops) !== JSON.stringify(ops)) ack.ops = carried.ops
    if (carried.merged.length) ack.merged = carried.merged
    if (!certain) ack.conflicts = [{ path: ops[0].path, base: null, theirs: null, yours: null }]
    this.counts.merged += Number(Boolean(ack.merged))
    this.counts.overwritten += Number(!certain)
    if (!certain) this.overwrote.add(id)
    if (same(carried.to, this.value)) ack.version = this.version
    else ack.version = this.#commit({ id, user: state.user, ops: carried.ops, kind: 'edit' }, state)
    this.#note(state, message, ack.version)
    return ack
  }

  #turn (state, { id, type }) {
    const entry = this.log.findLast((each) => each?.user === state.user && each.kind === 'edit' && !each.isUndone)
    const back = entry && carry(invert(this.values[entry.version - 1], entry.ops), this.values[entry.version], this.value)
    if (type === 'redo' || !back) throw Object.assign(new Error(), { code: 'nothing_to_undo' })
    this.counts.undos += 1
    entry.isUndone = true
    const undone = [{ version: entry.version, pointers: back.ops.map(({ path }) => path) }]
    const version = same(back.to, this.value) ? this.version : this.#commit({ id, user: state.user, ops: back.ops, kind: 'undo' }, state)
    return { type: 'ack', id, version, ops: back.ops, undone, skipped: [] }
  }

  #commit (entry, author) {
    const version = this.version + 1
    this.values.push(apply(this.value, entry.ops))
    this.log.push({ ...entry, version })
    for (const [link, state] of this.links) {
      if (state !== author && state.isOpen) this.#tell(link, state, version)
    }
    return version
  }

  #tell (link, state, version) {
    if (!state.gap) return link.send(this.#change(this.log[version], state.user))
    if (state.due) return
    state.due = version
    this.later(state.gap, () => { if (this.links.get(link) === state) this.#catchUp(link, state) })
  }

  /** Sends all versions since `due` as one change, with the acks of the client's own requests in it. */
  #catchUp (link, state) {
    const { due, acks } = state
    if (!due) return
    Object.assign(state, { due: 0, acks: [] })
    const last = this.#change(this.log[this.version], state.user)
    if (due === this.version) return link.send(last)
    this.counts.paced += 1
    this.counts.acksInChanges += acks.length
    const ops = this.log.slice(due).flatMap((entry) => entry.ops)
    link.send({ ...last, from: due, ops, id: undefined, acks: acks.length ? acks : undefined })
  }

  #change ({ version, id, user, ops, kind }, reader) {
    return { ...this.#unknown, type: 'change', version, ops, kind, by: { user, name: user }, id: user === reader ? id : undefined }
  }
}
