// A browser without time, network and disk of its own: a test moves its clock and kills its tabs.
// The SDK loads this module when it needs it: here it is there at once.
import '../../static/sdk/page/publishing.js'
import { random } from '../node/random_edits.mjs'

globalThis.IDBKeyRange ??= { bound: (low, high) => ({ low, high }) }

/** Virtual time. `step` runs the next timer, and everything that follows from it at once. */
export class Clock {
  now = 0
  #timers = []
  #count = 0

  constructor (seed) {
    this.rng = random(seed)
  }

  below (most) { return Math.floor(this.rng() * most) }
  chance (share) { return this.rng() < share }
  pick (list) { return list[this.below(list.length)] }

  after (ms, action) {
    const timer = { at: this.now + Math.max(0, ms), order: (this.#count += 1), action }
    const place = this.#timers.findLastIndex(({ at }) => at <= timer.at)
    this.#timers.splice(place + 1, 0, timer)
    return timer
  }

  cancel (timer) {
    const at = this.#timers.indexOf(timer)
    if (at >= 0) this.#timers.splice(at, 1)
  }

  async step () {
    await settled()
    const timer = this.#timers.shift()
    if (!timer) return false
    this.now = timer.at
    timer.action()
    await settled()
    return true
  }

  /** Runs until the condition is true, or for `ms`. */
  async run (ms, isDone = () => false) {
    const end = this.now + ms
    await settled()
    while (!isDone() && this.#timers.length && this.#timers[0].at <= end) await this.step()
    if (!isDone()) this.now = Math.max(this.now, end)
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

/** One browser profile: a disk and locks, shared by its tabs. */
export class Browser {
  disk = new Map()
  locks = new Map()

  constructor (clock, server) {
    Object.assign(this, { clock, server })
  }

  tab (options) { return new Tab(this, options) }

  /** The stored entries of a user that have no answer. */
  waiting () {
    return [...this.disk.values()].filter(({ key, entry }) => key[0] === 'entry' && entry.answered === undefined)
  }
}

/** One tab. `kill` ends it in the middle of everything. */
export class Tab {
  isDead = false
  isOnline = true
  sockets = new Set()
  #transactions = []

  constructor (browser, { session = new Map(), hasLocks = true, hasDisk = true } = {}) {
    const { clock } = browser
    Object.assign(this, { browser, session })
    const tab = this
    this.env = {
      WebSocket: class { constructor (url) { return new FakeSocket(tab, url) } },
      fetch: async () => { if (!tab.isOnline) throw new TypeError('no network') },
      setTimeout: (action, ms) => clock.after(ms, () => tab.isDead || action()),
      clearTimeout: (timer) => clock.cancel(timer),
      now: () => clock.now,
      random: () => clock.rng(),
      indexedDB: hasDisk ? { open: () => this.#open() } : undefined,
      locks: hasLocks ? { request: (...all) => this.#lock(...all) } : undefined,
      sessionStorage: { getItem: (key) => session.get(key) ?? null, setItem: (key, value) => session.set(key, value) },
      storage: undefined,
      window: undefined
    }
  }

  /** Ends the tab. Writes that were not completed are completed or lost, in their order. */
  kill () {
    const { clock, locks } = this.browser
    let stored = clock.below(this.#transactions.length + 1)
    for (const { apply, timer } of this.#transactions) {
      clock.cancel(timer)
      if (stored-- > 0) apply()
    }
    this.isDead = true
    for (const [name, tab] of locks) if (tab === this) locks.delete(name)
    for (const socket of this.sockets) socket.lose()
  }

  /** Ends every connection, and refuses new ones until `isOnline` is true again. */
  unplug () {
    this.isOnline = false
    for (const socket of [...this.sockets]) socket.break()
  }

  async #lock (name, options, use) {
    const { locks } = this.browser
    if (locks.has(name)) return use(null)
    locks.set(name, this)
    await use({ name })
    if (locks.get(name) === this) locks.delete(name)
  }

  #open () {
    const request = {}
    const database = {
      createObjectStore () {},
      close () {},
      transaction: (_, mode) => this.#transaction(mode)
    }
    this.env.setTimeout(() => {
      request.result = database
      request.onupgradeneeded?.()
      request.onsuccess()
    }, 1)
    return request
  }

  #transaction (mode) {
    const { clock, disk } = this.browser
    const writes = []
    const reads = []
    const transaction = {
      apply: () => writes.forEach((write) => write()),
      commit () {},
      objectStore: () => ({
        transaction,
        put: (row) => { const copy = structuredClone(row); writes.push(() => disk.set(JSON.stringify(row.key), copy)) },
        delete: (key) => writes.push(() => disk.delete(JSON.stringify(key))),
        get: (key) => answer((request) => { request.result = structuredClone(disk.get(JSON.stringify(key))) }),
        getAll: ({ low }) => answer((request) => { request.result = structuredClone(rowsOf(disk, low)) })
      })
    }
    const answer = (read) => {
      const request = {}
      reads.push(() => { read(request); request.onsuccess() })
      return request
    }
    const before = this.#transactions.at(-1)
    const at = Math.max(clock.now + 1 + clock.below(6), before?.timer.at ?? 0)
    transaction.timer = clock.after(at - clock.now, () => {
      if (this.isDead) return
      for (const read of reads) read()
      transaction.apply()
      this.#transactions.splice(this.#transactions.indexOf(transaction), 1)
      transaction.oncomplete?.()
    })
    this.#transactions.push(transaction)
    return transaction
  }
}

function rowsOf (disk, start) {
  const rows = [...disk.values()].filter(({ key }) => start.every((part, at) => key[at] === part))
  const order = (a, b) => {
    const at = a.key.findIndex((part, index) => part !== b.key[index])
    return at < 0 ? 0 : a.key[at] < b.key[at] ? -1 : 1
  }
  return rows.sort(order)
}

/** A WebSocket to the model server. Messages take time, and keep their order in each direction. */
class FakeSocket {
  readyState = 0
  #toServer = 0
  #toClient = 0

  constructor (tab, url) {
    Object.assign(this, { tab, url })
    const { clock, server } = tab.browser
    tab.sockets.add(this)
    this.link = { send: (message) => this.#deliver(message), close: (code) => this.#later('client', () => this.#closed(code)) }
    clock.after(1 + clock.below(20), () => {
      if (this.readyState !== 0) return
      if (!tab.isOnline || server.isDown) return this.#closed(1006)
      this.readyState = 1
      server.join(this.link)
      this.onopen?.()
    })
  }

  send (text) {
    if (this.readyState !== 1) return
    const { server } = this.tab.browser
    const message = JSON.parse(text)
    server.seen(this.link, message)
    this.#later('server', () => server.receive(this.link, message))
  }

  /** The page closes. */
  close () { this.#end() }
  /** The network breaks. The page learns it; the server does too. */
  break () { this.#closed(1006) }
  /** The tab has died: the server learns it. What was sent may still arrive. */
  lose () { this.#end() }

  #end () {
    if (this.readyState === 3) return
    const { clock, server } = this.tab.browser
    this.readyState = 3
    this.tab.sockets.delete(this)
    clock.after(clock.below(40), () => server.leave(this.link))
  }

  #closed (code) {
    if (this.readyState === 3) return
    this.#end()
    if (!this.tab.isDead) this.onclose?.({ code, reason: '' })
  }

  #deliver (message) {
    const text = JSON.stringify(message)
    this.#later('client', () => { if (this.readyState === 1 && !this.tab.isDead) this.onmessage?.({ data: text }) })
  }

  #later (side, action) {
    const { clock } = this.tab.browser
    const isLost = clock.chance(0.004)
    const before = side === 'server' ? this.#toServer : this.#toClient
    const at = Math.max(before, clock.now + 1 + clock.below(clock.chance(0.05) ? 400 : 30))
    if (side === 'server') this.#toServer = at
    else this.#toClient = at
    clock.after(at - clock.now, () => {
      if (side === 'server' || this.readyState !== 3) isLost && side !== 'client' ? this.break() : action()
    })
  }
}
