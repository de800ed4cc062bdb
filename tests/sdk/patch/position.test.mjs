// position.js
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mapping, Place, without } from '../../../static/sdk/patch/position.js'

const splice = (offset, count, insert, path = '/t') => ({ op: 'splice', path, offset, delete: count, insert })
const version = (t) => ({ value: { t }, path: '/t', text: t })

test('an offset in an own insertion moves with it', () => {
  const own = { id: 'e', ops: [splice(2, 0, 'XY')] }
  const since = [{ ids: [], ops: [splice(0, 1, '')], before: { t: 'abcd' }, after: { t: 'bcd' } }]
  const forth = [{ id: 'e', ops: [splice(1, 0, 'XY')] }]
  const map = mapping(new Place('/t'), version('abXYcd'), version('bXYcd'), { back: [own], since, forth })
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((at) => map(at)), [0, 0, 1, 2, 3, 4])
})

test('an own insertion is found in its answer', () => {
  const own = { id: 'e', ops: [splice(1, 0, 'a')] }
  const since = [
    { ids: [], ops: [splice(0, 0, 'a')], before: { t: 'aa' }, after: { t: 'aaa' } },
    { ids: ['e'], ops: [{ op: 'replace', path: '/t', value: 'aaaa' }], before: { t: 'aaa' }, after: { t: 'aaaa' } },
  ]
  const map = mapping(new Place('/t'), version('aaa'), version('aaaa'), { back: [own], since, forth: [] })
  assert.deepEqual([0, 1, 2, 3].map((at) => map(at)), [0, 2, 3, 4])
})

test('entries that move or replace the text are compared by their texts', () => {
  const back = [{ id: 'e', ops: [{ op: 'replace', path: '', value: {} }] }]
  const map = mapping(new Place('/t'), version('abc'), version('xabc'), { back, since: [], forth: [] })
  assert.equal(map(1), 2)
})

test('the offset before waiting changes is where they were made', () => {
  const waiting = [{ id: 'e', ops: [splice(2, 1, 'XY'), splice(0, 0, '>')] }]
  assert.deepEqual([0, 1, 3, 4, 5, 6].map((at) => without(at, waiting, '/t')), [0, 0, 2, 2, 2, 4])
})

test('a place follows its element by the id, and forgets no removed one', () => {
  const place = new Place('/list/0/t')
  const a = { id: 'a', t: 'A' }
  place.follow(undefined, { list: [a] })
  assert.equal(place.find({ list: [{ id: 'b', t: 'B' }, a] }), '/list/1/t')
  assert.equal(place.find({ list: [] }), null)
  place.follow({ list: [a] }, { list: [] })
  assert.equal(place.find({ list: [{ id: 'b' }, a] }), '/list/1/t')
})

test('without ids a place follows when the list shows where it went, and else stays', () => {
  const place = new Place('/0')
  place.follow(['a', 'b'], ['x', 'a', 'b'])
  assert.equal(place.find([]), '/1')
  place.follow(['x', 'a', 'b'], ['x', 'A', 'b'])
  assert.equal(place.find([]), '/1')
})
