// O4: changes of one user are never sent by another user, to another document or to another tenant.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../../static/sdk/weft.js'
import { Browser, Clock } from '../fakes.mjs'
import { ModelServer } from '../model_server.mjs'

const CREATE = { ada: 0, bo: 0, t: 'Hello' }

class Scene {
  server = new ModelServer()
  clock = new Clock(5)
  browser = new Browser(this.clock, this.server)
  patches = []      // [user, ops] of each patch that a client sends

  constructor () {
    this.clock.chance = () => false    // no fault at random
    const receive = this.server.receive.bind(this.server)
    this.server.receive = (link, message) => {
      if (message.type === 'patch') this.patches.push([this.server.links.get(link)?.user, message.ops[0].path])
      return receive(link, message)
    }
  }

  async open (tab, user, options = {}) {
    const page = connect({ url: 'http://model', document: 'home', token: () => user, create: CREATE, ...options }, tab.env)
    await this.clock.run(3000)
    return page
  }

  /** A tab of a user that has an edit offline, and dies. */
  async leave (user, pointer, tab = this.browser.tab()) {
    const page = await this.open(tab, user)
    tab.unplug()
    page.set(pointer, 5)
    await this.clock.run(1000)
    assert.equal(page.pending, 1)
    tab.kill()
  }

  run (ms) { return this.clock.run(ms) }
  tab (options) { return this.browser.tab(options) }
}

for (const guest of ['guest-1', 'bo']) {
  test(`O4 after ada comes ${guest}, in the same tab or a new one: ada's edit waits for ada`, async () => {
    for (const isReloaded of [true, false]) {
      const scene = new Scene()
      const tab = scene.tab()
      await scene.leave('ada', '/ada', tab)
      const next = scene.tab(isReloaded ? { session: tab.session } : {})
      const page = await scene.open(next, guest)
      page.set('/bo', 1)
      await scene.run(10_000)
      assert.deepEqual([scene.patches, page.pending, page.value.ada], [[[guest, '/bo']], 0, 0])
      next.kill()
      await scene.open(scene.tab(), 'ada')
      await scene.run(10_000)
      assert.deepEqual(scene.patches, [[guest, '/bo'], ['ada', '/ada']])
      assert.equal(scene.server.value.ada, 5)
    }
  })
}

test('O4 a page adopts the dead tabs of its own user only', async () => {
  const scene = new Scene()
  const first = await scene.open(scene.tab(), 'bo')
  await scene.leave('ada', '/ada', scene.tab({ session: new Map([['weft.tab', 'tab-ada']]) }))
  await scene.leave('bo', '/bo', scene.tab({ session: new Map([['weft.tab', 'tab-bo']]) }))
  await scene.run(20_000)
  assert.deepEqual([scene.patches, first.value.bo, first.value.ada], [[['bo', '/bo']], 5, 0])
})

test('O4 edits wait for their user when another user signs in without a reload', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  let user = 'ada'
  const page = await scene.open(tab, '', { token: () => user })
  tab.unplug()
  page.set('/ada', 5)
  await scene.run(1000)
  user = 'bo'
  tab.isOnline = true
  page.syncNow()
  await scene.run(3000)
  assert.deepEqual([page.user, page.value.ada, page.pending, page.saved], ['bo', 0, 0, 'saved'])
  page.set('/bo', 1)
  await scene.run(10_000)
  assert.deepEqual(scene.patches, [['bo', '/bo']])
  user = 'ada'
  tab.kill()
  await scene.open(scene.tab(), 'ada')
  await scene.run(10_000)
  assert.deepEqual(scene.patches, [['bo', '/bo'], ['ada', '/ada']])
})

test('O4 the same name in another tenant is another user', async () => {
  const scene = new Scene()
  await scene.leave('ada', '/ada')
  scene.server.tenant = 'harbor'
  await scene.open(scene.tab(), 'ada')
  await scene.run(10_000)
  assert.deepEqual(scene.patches, [])
})

test('O4 an edit waits for its document, and for its server', async () => {
  for (const other of [{ document: 'other' }, { url: 'http://model:81' }]) {
    const scene = new Scene()
    await scene.leave('ada', '/ada')
    const page = await scene.open(scene.tab(), 'ada', other)
    await scene.run(10_000)
    assert.deepEqual([scene.patches, page.value.ada, page.pending], [[], 0, 0])
  }
})

test('O4 O8 another user sees no refused change, and cannot send it', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  const page = await scene.open(tab, 'ada')
  scene.server.refuses = () => ({ code: 'invalid_document' })
  page.set('/ada', 5)
  await scene.run(1000)
  assert.equal(page.attention.length, 1)
  tab.kill()
  const other = scene.tab({ session: tab.session })
  const lists = []
  const bo = connect({ url: 'http://model', document: 'home', token: () => 'bo' }, other.env)
  bo.on('attention', (list) => lists.push(list.length))
  await scene.run(3000)
  assert.deepEqual([bo.user, bo.attention], ['bo', []])
  other.kill()
  assert.equal((await scene.open(scene.tab(), 'ada')).attention.length, 1)
})

test('O4 U5 an undo without an answer is not asked for another user', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  let user = 'ada'
  const page = await scene.open(tab, '', { token: () => user })
  const bo = await scene.open(scene.tab(), 'bo')
  bo.set('/bo', 1)
  page.set('/ada', 5)
  await scene.run(1000)
  scene.server.refuses = () => ({ code: 'storage_unavailable', retryable: true, retry_after_ms: 60_000 })
  const asked = page.undo()
  await scene.run(1000)
  tab.unplug()
  user = 'bo'
  scene.server.refuses = () => null
  tab.isOnline = true
  page.syncNow()
  await scene.run(3000)
  let told
  void asked.then((result) => { told = result })
  await scene.run(1000)
  assert.deepEqual([told, scene.server.value.bo, page.saved], [{ version: undefined, undone: [], skipped: [] }, 1, 'saved'])
})

test('a page can publish after it has left the edits of another user', async () => {
  const scene = new Scene()
  await scene.leave('ada', '/ada')
  const tab = scene.tab()
  tab.env.fetch = async () => ({ ok: true, status: 200, json: async () => ({ published: 1 }) })
  const page = await scene.open(tab, 'bo')
  let told
  void page.publish().then((result) => { told = result })
  await scene.run(1000)
  assert.deepEqual(told, { published: 1 })
})

test('O4 users take turns in one tab: each edit is sent, by its user', async () => {
  const scene = new Scene()
  let tab = scene.tab()
  for (const [turn, user] of ['ada', 'bo', 'ada', 'bo'].entries()) {
    const page = await scene.open(tab, user)
    tab.unplug()
    page.set(`/${user}${turn}`, turn)
    await scene.run(1000)
    tab.kill()
    tab = scene.tab({ session: tab.session })
  }
  await scene.run(1000)
  for (const user of ['ada', 'bo']) {
    tab = scene.tab({ session: tab.session })
    await scene.open(tab, user)
    await scene.run(20_000)
    tab.kill()
  }
  const sent = [['ada', '/ada0'], ['ada', '/ada2'], ['bo', '/bo1'], ['bo', '/bo3']]
  assert.deepEqual([scene.patches.sort(), scene.browser.waiting()], [sent, []])
})

test('O2 O4 after another user, a reload without a connection shows the edits of that user', async () => {
  const scene = new Scene()
  const tab = scene.tab()
  await scene.leave('ada', '/ada', tab)
  const second = scene.tab({ session: tab.session })
  const page = await scene.open(second, 'bo')
  second.unplug()
  page.set('/bo', 5)
  await scene.run(1000)
  second.kill()
  const third = scene.tab({ session: tab.session })
  third.isOnline = false
  const again = await scene.open(third, 'bo')
  assert.deepEqual([again.user, again.value.bo, again.value.ada, again.pending], ['bo', 5, 0, 1])
})
