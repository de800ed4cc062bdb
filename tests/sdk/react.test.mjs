// react.js with a React of the test: which store each hook reads, and when it is the same.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hooks } from '../../static/sdk/react.js'
import { get } from '../../static/sdk/patch/patch.js'
import { Emitter } from '../../static/sdk/reports/events.js'

/** Draws one component. `memo` keeps what useMemo and useCallback keep. */
class FakeReact {
  kept = []
  stores = []
  removals = []
  draw (component) {
    let at = 0
    const useMemo = (make, of) => {
      const before = this.kept[at]
      const isSame = before?.of.length === of.length && of.every((each, index) => Object.is(each, before.of[index]))
      if (!isSame) this.kept[at] = { value: make(), of }
      at += 1
      return this.kept[at - 1].value
    }
    this.stores = []
    const React = {
      useMemo,
      useCallback: (action, of) => useMemo(() => action, of),
      useEffect: (effect, of) => useMemo(() => { this.removals.push(effect()) }, of),
      useSyncExternalStore: (subscribe, read) => {
        this.stores.push({ subscribe, read })
        return read()
      }
    }
    return component(hooks(React))
  }

  remove () { for (const removal of this.removals.splice(0)) removal() }
}

class FakePage extends Emitter {
  value = { title: 'Hello', 'a/b': 1, list: ['x'] }
  locks = []
  user = 'ada'
  client = 'tab'
  link = 'online'
  saved = 'saved'
  presence = Object.assign(new Emitter(), { others: [], shown: [], set (state) { this.shown.push(state) } })
  asked = []
  subscriptions = []
  subscribe (pointer, listener) {
    this.subscriptions.push(pointer)
    return () => { this.subscriptions = this.subscriptions.filter((each) => each !== pointer) }
  }

  set (pointer, value) { return { pointer, value } }
  async lock (scope) {
    this.asked.push(`acquire ${scope}`)
    const say = (what) => async () => { this.asked.push(what) }
    return { mine: true, takeOver: say('takeOver'), keep: say('keep'), release: say('release') }
  }
}

test('useDocument and useField read the value and its parts', () => {
  const page = new FakePage()
  const react = new FakeReact()
  const read = react.draw(({ useDocument, useField }) => [
    useDocument(page), ...['/title', '/a~1b', '/list/0', '/list/9', '/toString'].map((each) => useField(page, each)[0])
  ])
  assert.deepEqual(read, [page.value, 'Hello', 1, 'x', undefined, undefined])
  assert.equal(get(page.value, '/a~1b'), read[2])
  const stop = react.stores[1].subscribe(() => {})
  assert.deepEqual(page.subscriptions, ['/title'])
  stop()
  assert.deepEqual(page.subscriptions, [])
})

test('a page without a value reads as undefined', () => {
  const page = new FakePage()
  page.value = undefined
  assert.equal(new FakeReact().draw(({ useField }) => useField(page, '/a/b')[0]), undefined)
})

test('the function of useField writes a value, or what a function makes of it', () => {
  const page = new FakePage()
  const [, set] = new FakeReact().draw(({ useField }) => useField(page, '/title'))
  assert.deepEqual(set('Hi'), { pointer: '/title', value: 'Hi' })
  assert.equal(set((title) => `${title}!`).value, 'Hello!')
})

test('hooks keep their functions over renders, so effects do not run again', () => {
  const page = new FakePage()
  const react = new FakeReact()
  const draw = () => react.draw(({ useField, usePresence, useStatus, useLock }) =>
    [useField(page, '/title')[1], usePresence(page)[1], useStatus(page), useLock(page, '/title'), ...react.stores.map(({ subscribe }) => subscribe)])
  const first = draw()
  assert.ok(draw().every((each, index) => each === first[index]))
})

test('useStatus is a new object only when a member changes', () => {
  const page = new FakePage()
  const react = new FakeReact()
  const first = react.draw(({ useStatus }) => useStatus(page))
  const [{ read, subscribe }] = react.stores
  assert.equal(read(), first)
  page.saved = 'saving'
  assert.deepEqual([read() === first, read().saved, read() === read()], [false, 'saving', true])
  let told = 0
  const stop = subscribe(() => { told += 1 })
  page.emit('status')
  page.emit('attention')
  stop()
  page.emit('status')
  assert.equal(told, 2)
})

test('usePresence reads the others, and shows a state', () => {
  const page = new FakePage()
  page.presence.others = [{ name: 'Bo' }]
  const [others, set] = new FakeReact().draw(({ usePresence }) => usePresence(page))
  set({ cursor: 1 })
  assert.deepEqual([others, page.presence.shown], [[{ name: 'Bo' }], [{ cursor: 1 }]])
})

test('useLock finds the lock on a part or around it', () => {
  const page = new FakePage()
  const holder = { user: 'ada', client: 'tab', name: 'Ada' }
  const lockOn = (scope) => {
    page.locks = [{ id: '1', scope, holder }]
    return new FakeReact().draw(({ useLock }) => useLock(page, '/list/0'))
  }
  assert.deepEqual(['/list/0', '/list', '', '/list/01', '/li'].map((scope) => lockOn(scope).mine), [true, true, true, false, false])
  holder.client = 'another tab'
  assert.deepEqual([lockOn('/list').mine, lockOn('/list').holder.name], [false, 'Ada'])
})

test('a removed component releases its lock, but not in a strict double render', async () => {
  const page = new FakePage()
  const react = new FakeReact()
  const lock = react.draw(({ useLock }) => useLock(page, '/title'))
  await lock.acquire()
  await lock.acquire()
  const [begun] = react.kept.filter(({ value }) => value?.begin)
  react.remove()
  react.removals.push(begun.value.begin())
  await new Promise(setImmediate)
  assert.deepEqual(page.asked, ['acquire /title'])
  react.remove()
  await new Promise(setImmediate)
  assert.deepEqual(page.asked, ['acquire /title', 'release'])
})

test('a lock that comes after its component was removed is released', async () => {
  const page = new FakePage()
  const react = new FakeReact()
  const lock = react.draw(({ useLock }) => useLock(page, '/title'))
  const acquired = lock.acquire()
  react.remove()
  await acquired
  await new Promise(setImmediate)
  assert.deepEqual(page.asked, ['acquire /title', 'release'])
})

test('a removed component keeps no lock that it acquires later', async () => {
  const page = new FakePage()
  const react = new FakeReact()
  const lock = react.draw(({ useLock }) => useLock(page, '/title'))
  react.remove()
  await lock.acquire()
  await new Promise(setImmediate)
  assert.deepEqual(page.asked, ['acquire /title', 'release'])
})

test('to take over, a component first asks for the lock', async () => {
  const page = new FakePage()
  const lock = new FakeReact().draw(({ useLock }) => useLock(page, '/title'))
  await lock.takeOver()
  await lock.keep()
  assert.deepEqual(page.asked, ['acquire /title', 'takeOver', 'keep'])
})
