// caret.js
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Carets } from '../../../static/sdk/text/caret.js'

const same = (at) => at
const peer = (session, cursor) => ({ session, user: session, name: session, state: { cursor } })
const places = ({ list }) => list.map(({ peer: { session }, at, other }) => [session, at, other])
const made = (...peers) => {
  const it = new Carets({})
  it.update(peers, '/t', same)
  return it
}

test('only carets in this text with an offset are taken', () => {
  const it = made(peer('a', { path: '/t', offset: 2 }), peer('b', { path: '/u', offset: 1 }), peer('c', { path: '/t' }),
    { session: 'd', state: {} }, peer('e', { path: '/t', offset: 5, length: -3 }))
  assert.deepEqual(places(it), [['a', 2, 2], ['e', 5, 2]])
})

test('a caret moves with changes, until its user sends another', () => {
  const a = peer('a', { path: '/t', offset: 2 })
  const it = made(a)
  it.move([{ offset: 0, delete: 0, insert: 'abc' }], { session: 'b' })
  it.update([a], '/t', same)
  assert.deepEqual(places(it), [['a', 5, 5]])
  it.update([peer('a', { path: '/t', offset: 1 })], '/t', (at) => at + 10)
  assert.deepEqual(places(it), [['a', 11, 11]])
})

test('the caret of an author goes to the end of the change', () => {
  const it = made(peer('a', { path: '/t', offset: 2 }))
  it.move([{ offset: 2, delete: 0, insert: 'xy' }], { session: 'a' })
  assert.deepEqual(places(it), [['a', 4, 4]])
})

test('a user who leaves has no caret', () => {
  const it = made(peer('a', { path: '/t', offset: 2 }))
  it.update([], '/t', same)
  assert.deepEqual(places(it), [])
})
