// outbox.js: the numbers are the rules of static/sdk/SPEC.md.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../../static/sdk/weft.js'
import { Browser, Clock } from '../fakes.mjs'
import { ModelServer } from '../model_server.mjs'

class Scene {
  server = new ModelServer()
  clock = new Clock(5)
  browser = new Browser(this.clock, this.server)
  errors = []

  constructor ({ value = { a: 1, b: 2, t: 'Hello' } } = {}) {
    this.create = value
    this.clock.chance = () => false    // no fault at random
  }

  async open (tab, { user = 'ada', ms = 3000, ...options } = {}) {
    const page = connect({ url: 'http://model', document: 'home', token: () => user, create: this.create, ...options }, tab.env)
    page.on('error', (error) => this.errors.push(error.code))
    await this.clock.run(ms)
    return page
  }

  tab (options) { return this.browser.tab(options) }
  run (ms) { return this.clock.run(ms) }
}

/** A page that was opened online, then lost the network, and was edited. */
async function offline (scene, tab = scene.tab()) {
  const page = await scene.open(tab)
  tab.unplug()
  await scene.run(100)
  page.set('/a', 5)
  await scene.run(60)
  page.set('/t', 'Hello!')
  await scene.run(1000)
  return { tab, page }
}

test('O2 a reloaded tab shows its edits, and sends them when it is online', async () => {
  const scene = new Scene()
  const { tab } = await offline(scene)
  tab.kill()
  const again = scene.tab({ session: tab.session })
  again.isOnline = false
  const page = await scene.open(again)
  assert.deepEqual([page.value.a, page.value.t, page.pending, page.saved, page.user], [5, 'Hello!', 2, 'unsaved', 'ada'])
  again.isOnline = true
  page.syncNow()
  await scene.run(2000)
  assert.deepEqual([scene.server.value.a, scene.server.value.t, page.pending, page.saved], [5, 'Hello!', 0, 'saved'])
  assert.equal(scene.browser.waiting().length, 0)
})

test('`create` makes a document once: one that was deleted meanwhile stays deleted', async () => {
  for (const isReloaded of [false, true]) {
    const scene = new Scene()
    const { server } = scene
    const tab = scene.tab()
    const page = await scene.open(tab)
    const opens = []
    const receive = server.receive.bind(server)
    server.receive = (link, message) => {
      if (message.type === 'open') opens.push(message.create)
      return receive(link, message)
    }
    if (isReloaded) tab.kill()
    else tab.unplug()
    await scene.run(100)
    Object.assign(server, { epoch: 2, log: [null], values: [{}] })
    if (isReloaded) await scene.open(scene.tab({ session: tab.session }))
    tab.isOnline = true
    if (!isReloaded) page.syncNow()
    await scene.run(3000)
    assert.deepEqual([opens, server.version], [[undefined], 0])
  }
})

test('a document that did not exist at the last visit is made by `create`', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  await scene.open(tab, { create: undefined })
  tab.kill()
  const page = await scene.open(scene.tab({ session: tab.session }))
  assert.deepEqual([page.value, scene.server.version], [{ a: 1, b: 2, t: 'Hello' }, 1])
})

test('O2 U1 an edit of an earlier page can be taken back without a connection', async () => {
  const scene = new Scene()
  const { tab } = await offline(scene)
  tab.kill()
  const again = scene.tab({ session: tab.session })
  again.isOnline = false
  const page = await scene.open(again)
  await page.undo()
  assert.deepEqual([page.value.t, page.value.a], ['Hello', 5])
})

test('O2 a new tab takes the box of a dead one', async () => {
  const scene = new Scene()
  const { tab } = await offline(scene)
  tab.kill()
  const other = scene.tab()
  other.isOnline = false
  const page = await scene.open(other)
  assert.equal(page.value.a, 5)
})

test('O1 O3 a living tab keeps its box; when it dies, another tab sends its edits once', async () => {
  const scene = new Scene()
  const second = scene.tab()
  const page = await scene.open(second)
  const { tab } = await offline(scene)
  await scene.run(10_000)
  assert.equal(scene.server.value.a, 1)
  const heard = []
  page.on('another-tab', () => heard.push('another-tab'))
  tab.kill()
  await scene.run(10_000)
  assert.deepEqual([scene.server.value.a, page.value.a, page.value.t], [5, 5, 'Hello!'])
  assert.equal(scene.server.log.length, 4)
  assert.equal(scene.browser.waiting().length, 0)
  assert.equal([...scene.browser.locks.keys()].length, 1)
})

test('O4 another user does not send the edits of the last one', async () => {
  const scene = new Scene()
  const { tab } = await offline(scene)
  tab.kill()
  const page = await scene.open(scene.tab(), { user: 'bo' })
  await scene.run(10_000)
  assert.deepEqual([scene.server.value.a, page.value.a, page.user], [1, 1, 'bo'])
  void page.close()
  await scene.run(100)
  await scene.open(scene.tab(), { user: 'ada' })
  await scene.run(10_000)
  assert.equal(scene.server.value.a, 5)
})

test('O5 without IndexedDB the page works, and says so', async () => {
  const scene = new Scene()
  const page = await scene.open(scene.tab({ hasDisk: false }))
  page.set('/a', 5)
  await scene.run(1000)
  assert.equal(scene.server.value.a, 5)
  assert.deepEqual(scene.errors, ['memory_only'])
})

test('O5 when IndexedDB hangs or breaks, the page works, and says so', async () => {
  const broken = { objectStore: () => { throw new Error('broken') } }
  const opens = () => {
    const request = { result: { transaction: () => broken } }
    setImmediate(() => request.onsuccess?.())
    return request
  }
  for (const open of [() => ({}), opens, () => { throw new Error('SecurityError') }]) {
    const scene = new Scene()
    const tab = scene.tab()
    tab.env.indexedDB = { open }
    const page = await scene.open(tab, { ms: 6000 })
    page.set('/a', 5)
    await scene.run(1000)
    assert.equal(scene.server.value.a, 5)
    assert.deepEqual(scene.errors, ['memory_only'])
  }
})

test('O5 with a full disk the change is sent, and the page says so', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  const page = await scene.open(tab)
  page._session.outbox.rows.write = async () => { throw new Error('QuotaExceededError') }
  for (const a of [5, 6, 7]) {
    page.set('/a', a)
    await scene.run(1000)
    assert.equal(scene.server.value.a, a)
  }
  assert.deepEqual(scene.errors, ['storage_full'])
})

test('O6 without Web Locks a box is free when its tab was not alive for 150 seconds', async () => {
  const scene = new Scene()
  const { tab } = await offline(scene, scene.tab({ hasLocks: false }))
  const page = await scene.open(scene.tab({ hasLocks: false }))
  await scene.run(200_000)
  assert.equal(page.value.a, 1)
  tab.kill()
  await scene.run(100_000)
  assert.equal(page.value.a, 1)
  await scene.run(60_000)
  assert.equal(page.value.a, 5)
})

test('O8 a refused change stays in attention across a reload, with both values', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  const page = await scene.open(tab)
  scene.server.refuses = () => ({ code: 'invalid_document' })
  const error = page.set('/t', 'too long').durable.catch((error) => error)
  await scene.run(1000)
  assert.deepEqual([(await error).yours, (await error).theirs, page.value.t], ['too long', 'Hello', 'Hello'])
  tab.kill()
  scene.server.refuses = () => null
  const again = await scene.open(scene.tab())
  const [item] = again.attention
  assert.deepEqual([item.reason, item.yours, item.theirs, item.path], ['invalid_document', 'too long', 'Hello', '/t'])
  item.reapply()
  await scene.run(1000)
  assert.deepEqual([scene.server.value.t, again.attention.length], ['too long', 0])
  tab.kill()
  assert.equal((await scene.open(scene.tab())).attention.length, 0)
})

test('O8 an item on which the user has decided does not come back from the disk', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  const page = await scene.open(tab)
  scene.server.refuses = () => ({ code: 'invalid_document' })
  page.set('/t', 'too long')
  await scene.run(1000)
  tab.kill()
  scene.server.refuses = () => null
  const again = await scene.open(scene.tab({ session: tab.session }), { ms: 0 })
  while (!again.attention.length) await scene.clock.step()
  again._session.emit('opened', again._session.opened ?? { locks: [], presence: [] }) // reads the list
  again.attention[0].discard()
  await scene.run(3000)
  assert.deepEqual(again.attention, [])
})

test('O8 their value of a refused change is in the document already', async () => {
  const scene = new Scene()
  const page = await scene.open(scene.tab())
  scene.server.refuses = () => ({ code: 'invalid_document' })
  page.set('/t', 'too long')
  await scene.run(1000)
  scene.server.refuses = () => null
  page.set('/t', 'written later')
  await scene.run(1000)
  assert.equal(page.attention[0].takeTheirs(), undefined)
  await scene.run(1000)
  assert.deepEqual([scene.server.value.t, page.attention.length], ['written later', 0])
})

test('a closed page says so, and answers every question', async () => {
  const scene = new Scene()
  const page = await scene.open(scene.tab())
  const links = []
  page.on('link', ({ link, error }) => links.push([link, error.code]))
  page.set('/a', 2)
  await scene.run(1000)
  const asked = page.undo().catch((error) => error.code)
  page.close()
  const later = [page.undo(), page.redo(), page.lock('/a')].map((each) => each.catch((error) => error.code))
  await scene.run(1000)
  assert.deepEqual(await Promise.all([asked, ...later]), ['closed', 'closed', 'closed', 'offline'])
  assert.deepEqual([page.link, links], ['closed', [['closed', 'closed']]])
  assert.throws(() => page.set('/a', 3), { code: 'closed' })
})

test('a page that is closed before its first value is never ready', async () => {
  const scene = new Scene()
  const page = await scene.open(scene.tab(), { ms: 0 })
  page.close()
  await assert.rejects(page.ready, { code: 'closed' })
})

test('a wrong pointer, and a value that JSON does not have, are refused at once', async () => {
  const scene = new Scene()
  const page = await scene.open(scene.tab())
  for (const wrong of [() => page.subscribe('t', () => {}), () => page.text('t'), () => page.set('t', 1)]) {
    assert.throws(wrong, { code: 'invalid_patch', message: /must be empty or start with/ })
  }
  for (const value of [NaN, -Infinity, { deep: [Infinity] }, { at: new Date(0) }]) {
    assert.throws(() => page.set('/a', value), { code: 'invalid_patch', message: /^JSON has no value/ })
  }
  assert.equal(page.value.a, 1)
  assert.throws(() => page.on('attentions', () => {}), /the events are .*attention/)
})

test('E1 a change in a write that never completed is not sent', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  const page = await scene.open(tab)
  page.set('/a', 5)
  await new Promise((resolve) => setImmediate(resolve))
  scene.clock.below = () => 0
  tab.kill()
  await scene.open(scene.tab())
  await scene.run(10_000)
  assert.equal(scene.server.value.a, 1)
})

test('a viewer is told why nothing can be changed', async () => {
  const scene = new Scene()
  await scene.open(scene.tab())
  scene.server.role = 'viewer'
  const page = await scene.open(scene.tab(), { user: 'vi' })
  assert.deepEqual([page.mode, page.canUndo], ['read-only', false])
  assert.throws(() => page.set('/a', 5), {
    name: 'Refusal',
    code: 'read_only',
    message: 'the token only reads: get one with the role editor',
    path: '/a',
    theirs: 1
  })
  assert.equal(page.value.a, 1)
})

test('the browser is asked to keep the storage, when there is one', async () => {
  for (const hasDisk of [true, false]) {
    const scene = new Scene()
    const tab = scene.tab({ hasDisk })
    let count = 0
    tab.env.storage = { persist: async () => { count += 1 } }
    await scene.open(tab)
    assert.equal(count, Number(hasDisk))
  }
})

test('E3 after a reload without a connection, edits are joined up to the limits of the last visit', async () => {
  const scene = new Scene()
  scene.server.limits = { max_ops: 20 }
  const tab = scene.tab()
  await scene.open(tab)
  tab.kill()
  const again = scene.tab({ session: tab.session })
  again.isOnline = false
  const page = await scene.open(again)
  for (let count = 0; count < 50; count++) page.set(`/k${count}`, count)
  await scene.run(100)
  again.isOnline = true
  page.syncNow()
  await scene.run(5000)
  assert.deepEqual([page.saved, page.attention.length, scene.server.value.k49, scene.server.counts.patches], ['saved', 0, 49, 3])
})

test('O8 an edit above limits that are lower now needs a decision, and stops no other edit', async () => {
  const scene = new Scene()
  const { tab, page } = await offline(scene)
  page.change((draft) => { for (let count = 0; count < 50; count++) draft[`k${count}`] = count })
  await scene.run(1000)
  page.set('/b', 7)
  scene.server.limits = { max_ops: 20 }
  tab.isOnline = true
  page.syncNow()
  await scene.run(5000)
  const { a, b, t, k0 } = scene.server.value
  assert.deepEqual([a, b, t, k0, page.saved, page.pending], [5, 7, 'Hello!', undefined, 'saved', 0])
  assert.deepEqual(page.attention.map(({ reason, ops }) => [reason, ops.length]), [['too_large', 50]])
})
