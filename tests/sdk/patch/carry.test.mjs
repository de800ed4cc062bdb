// carry.js
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carry } from '../../../static/sdk/patch/carry.js'
import { splice } from '../core/driver.mjs'

test('V5 typing between changes of two others is carried, and in one of them is not', () => {
  const old = { t: '0123456789 abcdefghij klmno' }
  const now = { t: '>0123456789 abcdefghij klmno!' }
  assert.deepEqual(carry([splice('/t', 12, 1, 'X')], old, now).ops, [splice('/t', 13, 1, 'X')])
  const near = { t: '0123456789 aBcDefghij klmno' }
  assert.equal(carry([splice('/t', 13, 0, 'X')], old, near), null)
})

test('V5 typing among equal letters is carried only where the change of another certainly is not', () => {
  const [old, now] = [{ t: 'b aaa 12345678 c' }, { t: 'b aaaa 12345678 c' }]
  assert.equal(carry([splice('/t', 3, 0, 'X')], old, now, null), null)
  assert.equal(carry([splice('/t', 2, 2, '')], old, now, null), null)
  assert.deepEqual(carry([splice('/t', 2, 0, 'X')], old, now, null).ops, [splice('/t', 2, 0, 'X')])
  assert.deepEqual(carry([splice('/t', 5, 0, 'X')], old, now, null).ops, [splice('/t', 6, 0, 'X')])
  assert.equal(carry([splice('/t', 4, 0, 'X')], now, old, null), null)
  assert.deepEqual(carry([splice('/t', 7, 0, 'X')], now, old, null).ops, [splice('/t', 6, 0, 'X')])
})
