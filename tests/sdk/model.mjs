// The model test: pages of the SDK and a model server, with faults at random.
import assert from 'node:assert/strict'
import { connect } from '../../static/sdk/weft.js'
import { Browser, Clock } from './fakes.mjs'
import { ModelServer } from './model_server.mjs'

const ACCEPTED = ['durable', 'merged', 'overwritten']
const EDITS = 120

export class Model {
  ends = new Map()       // id → states; a page that dies may not store what it has told
  unstored = new Set()   // ids that a killed tab may have lost
  tabs = []
  errors = []
  #count = 0

  constructor (seed) {
    this.clock = new Clock(seed)
    this.server = new ModelServer()
    this.server.check = (state, message, view) => this.#checkFrame(state, message, view)
    this.server.refuses = () => this.#refusal()
    this.faults = true
    this.made = new Set()        // ids of all changes
    this.hasLocks = seed % 4 > 0
    this.hasDisk = seed % 3 > 0
    this.hasBackups = seed % 5 === 0
    this.maxFps = [undefined, undefined, 20, 0.5][seed % 4]
    // Half of the servers have another protocol: a newer one, or an older one.
    this.server.protocol = [1, 1, 2, 0][Math.floor(seed / 4) % 4]
    this.server.later = (ms, action) => this.clock.after(ms, action)
    const homes = ['ada', 'bo'].map(() => new Browser(this.clock, this.server))
    this.homes = homes
    this.users = [['ada', homes[0]], ['ada', homes[0]], ['bo', homes[1]]]
  }

  async run () {
    const { clock } = this
    for (let place = 0; place < 3; place++) this.#open(place)
    await clock.run(3000, () => this.tabs.every(({ page }) => page.value !== undefined))
    for (let count = 0; count < EDITS; count++) {
      this.#act()
      await clock.run(clock.pick([0, 3, 20, 60, 400]))
    }
    this.faults = false
    this.server.isDown = this.server.isNextTooLarge = false
    this.server.hold(false)
    for (const { tab, page } of this.tabs) { tab.isOnline = true; page.syncNow() }
    await clock.run(400_000, () => this.isSettled)
    this.#verify()
    for (const { page } of this.tabs) void page.close()
    await clock.run(1000)
  }

  get isSettled () {
    const { version } = this.server
    const isLevel = this.tabs.every(({ page }) => page.version === version && page.saved === 'saved' && page.link === 'online')
    return isLevel && this.homes.every((home) => !home.waiting().length)
  }

  #open (place, session) {
    const [user, home] = this.users[place]
    const tab = home.tab({ session, hasLocks: this.hasLocks, hasDisk: place < 2 || this.hasDisk })
    const create = { list: [{ id: 'x', t: 'Hello' }, { id: 'y', t: 'World' }], title: 'Title', n: 0 }
    const page = connect({ url: 'http://model', document: 'home', token: () => this.#token(user), create, maxFps: place === 1 ? this.maxFps : undefined }, tab.env)
    const at = { tab, page, changes: new Map(), warnings: 0 }
    const states = new Map()
    const { changes } = page._session
    const forget = changes.delete.bind(changes)
    changes.delete = (id) => { // a change that ends
      const { state } = changes.get(id)
      assert.ok(!states.has(id), `${id} ended as ${states.get(id)} and as ${state}`)
      states.set(id, state)
      this.ends.set(id, (this.ends.get(id) ?? new Set()).add(state))
      return forget(id)
    }
    page.on('error', (error) => {
      this.errors.push(error)
      at.warnings += Number(error.code === 'protocol')
    })
    this.tabs[place] = at
    return at
  }

  #token (user) {
    if (this.faults && this.clock.chance(0.03)) throw new Error('the backend is down')
    return user
  }

  #act () {
    const { clock, server } = this
    const place = clock.below(3)
    const { tab, page } = this.tabs[place]
    const roll = clock.rng()
    if (roll < 0.03) this.#kill(place)
    else if (roll < 0.07) tab.unplug()
    else if (roll < 0.12) tab.isOnline = true
    else if (roll < 0.13) { server.isDown = true; server.restart() } else if (roll < 0.16) server.isDown = false
    else if (roll < 0.17) page.syncNow()
    else if (roll < 0.18) server.hold(clock.chance(0.5))
    else if (roll < 0.185) {
      const code = clock.pick([4401, 1009, 1006, 4508])
      if (code === 1009) server.isNextTooLarge = true
      else server.closeAll(code)
    } else if (roll < 0.19 && this.hasBackups) server.restore(clock.below(6))
    else if (roll < 0.2) void page.undo().catch(() => {})
    else if (roll < 0.22) void page.redo().catch(() => {})
    else if (page.value !== undefined) this.#edit(place)
  }

  #kill (place) {
    const { tab, changes } = this.tabs[place]
    tab.kill()
    for (const id of changes.keys()) if (!this.#isStored(id)) this.unstored.add(id)
    this.#open(place, this.clock.chance(0.5) ? tab.session : undefined)
  }

  #isStored (id) {
    return this.homes.some((home) => [...home.disk.values()].some(({ entry }) => entry?.id === id))
  }

  #edit (place) {
    const { clock } = this
    const { page, changes } = this.tabs[place]
    const { list } = page.value
    const mark = `<${(this.#count += 1)}>`
    const at = clock.below(list.length)
    const grow = () => page.patch([{ op: 'add', path: `/list/${clock.below(list.length + 1)}`, value: { id: mark, t: '' } }])
    const text = () => {
      if (!list.length) return grow() // pages with old values may have removed all elements
      const { t } = list[at]
      const offset = clock.below(t.length + 1)
      return page.set(`/list/${at}/t`, t.slice(0, offset) + mark + t.slice(offset))
    }
    const edits = [
      text, text, text,
      () => page.set(`/list/${clock.below(list.length + 1)}`, { id: mark, t: mark }),
      grow,
      () => page.set('/title', mark),
      () => page.change((draft) => { draft.n += 1; draft.list.reverse() }),
      () => (list.length ? page.move(`/list/${at}`, '/list/0') : grow()),
      () => (list.length > 3 ? page.patch([{ op: 'remove', path: `/list/${at}` }]) : text()),
      () => page.group(() => { page.set('/n', this.#count); return page.set('/title', mark) })
    ]
    const change = clock.pick(edits)()
    changes.set(change.id, change)
    this.made.add(change.id)
  }

  #refusal () {
    const { clock } = this
    if (!this.faults || !clock.chance(0.08)) return null
    return clock.pick([
      { code: 'rate_limited', retryable: true, retry_after_ms: 200 },
      { code: 'storage_unavailable', retryable: true, retry_after_ms: 100 },
      { code: 'locked', retryable: true },
      { code: 'invalid_document' },
      { code: 'forbidden' }
    ])
  }

  /** The value on which the client made the patch is the one that the server computes from `base`. */
  #checkFrame (state, message, view) {
    for (const { page } of this.tabs) {
      const { core } = page._session
      if (page.client !== state.client) continue
      const entry = core.queue.find(({ id }) => id === message.id)
      if (entry && core.isExact) assert.deepEqual(core.before(entry), view(), `${message.id} has another frame`)
    }
  }

  #verify () {
    const { server } = this
    assert.ok(this.isSettled, `not settled: ${JSON.stringify(this.tabs.map(({ page }) => [page.version, page.saved, page.link, page.pending]))} of ${server.version}`)
    for (const { page, warnings } of this.tabs) {
      assert.deepEqual(page.value, server.value)
      assert.equal(warnings, Number(server.protocol !== 1), 'a page hears once of another protocol')
    }
    const applied = server.log.filter((entry) => entry?.id).map(({ id }) => id)
    assert.equal(new Set(applied).size, applied.length, 'an id was applied twice')
    const accepted = new Set([...server.accepted.keys()].map((key) => key.split('/')[1]))
    for (const [id, states] of this.ends) {
      if (server.forgotten.has(id)) continue
      // Before a backup was restored, the server may have accepted a change whose answer was lost.
      if (this.hasBackups && accepted.has(id)) continue
      // After an answer that tells it, no other end is possible. A refusal of a retry tells nothing.
      if (accepted.has(id)) assert.equal(states.has('overwritten'), server.overwrote.has(id), `${id} ended as ${[...states]}`)
      for (const state of states) assert.equal(accepted.has(id), ACCEPTED.includes(state), `${id} ended as ${state}`)
    }
    const items = this.homes.flatMap((home) => [...home.disk.values()]).filter(({ item }) => item).map(({ item }) => item.id)
    const shown = this.tabs.flatMap(({ page }) => page.attention).map(({ id }) => id)
    const kept = new Set([...items, ...shown])
    for (const id of this.made) {
      const isThere = accepted.has(id) || kept.has(id) || server.forgotten.has(id) || this.unstored.has(id)
      assert.ok(isThere || this.ends.get(id)?.has('undone'), `${id} is lost`)
    }
  }
}
