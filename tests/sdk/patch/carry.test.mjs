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
