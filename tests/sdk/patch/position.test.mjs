// position.js
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Place } from '../../../static/sdk/patch/position.js'

test('a place follows its element by the id, and forgets no removed one', () => {
  const place = new Place('/list/0/t')
  const a = { id: 'a', t: 'A' }
  place.follow({ list: [a] })
  assert.equal(place.find({ list: [{ id: 'b', t: 'B' }, a] }), '/list/1/t')
  assert.equal(place.find({ list: [] }), null)
  place.follow({ list: [] })
  assert.equal(place.find({ list: [{ id: 'b' }, a] }), '/list/1/t')
})

test('without ids a place follows when the list shows where it went, and else stays', () => {
  const place = new Place('/0')
  place.follow(['a', 'b'])
  place.follow(['x', 'a', 'b'])
  assert.equal(place.find([]), '/1')
  place.follow(['x', 'A', 'b'])
  assert.equal(place.find([]), '/1')
})
