// typing.js
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typed, wellFormed } from '../../../static/sdk/text/typing.js'

const splice = (offset, count, insert) => ({ op: 'splice', path: '', offset, delete: count, insert })

test('the caret tells which of equal letters was typed or deleted', () => {
  assert.deepEqual(typed('aaa', 'aaaa', 2), splice(1, 0, 'a'))
  assert.deepEqual(typed('aaa', 'aa', 1), splice(1, 1, ''))
  assert.deepEqual(typed('abab', 'ababab', 4), splice(2, 0, 'ab'))
})

test('without a caret, or with one that does not fit, both texts are compared', () => {
  assert.deepEqual(typed('one two', 'one 2', undefined), splice(4, 3, '2'))
  assert.deepEqual(typed('abc', 'xbcy', 1), splice(0, 3, 'xbcy'))
  assert.deepEqual(typed('ab', 'ab', 1), splice(1, 0, ''))
})

test('a replacement has only what changed, although the caret is behind it', () => {
  assert.deepEqual(typed('teh cat', 'the cat', 7), splice(1, 2, 'he'))
})

test('a splice splits no surrogate pair', () => {
  assert.deepEqual(typed('😀', '😁', 2), splice(0, 2, '😁'))
  assert.deepEqual(typed('a😀b', 'ab', 1), splice(1, 2, ''))
  assert.deepEqual(typed('😀', '😁😀', 3), splice(0, 0, '😁'))
})

test('letters from right to left are one by one', () => {
  assert.deepEqual(typed('שלום', 'שלוום', 4), splice(3, 0, 'ו'))
})

test('halves of surrogate pairs are taken out', () => {
  assert.equal(wellFormed('a\ud83db\ude00c😀'), 'abc😀')
})
