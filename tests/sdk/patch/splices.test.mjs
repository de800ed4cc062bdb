// splices.js
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { after, compare, mapping, splicesOf } from '../../../static/sdk/patch/splices.js'

const splice = (offset, count, insert) => ({ offset, delete: count, insert })

test('a splice moves offsets behind it, and those in it to its end', () => {
  const at = splice(2, 3, 'xy')
  assert.deepEqual([0, 2, 3, 5, 6].map((each) => after(each, at)), [0, 2, 4, 4, 5])
  assert.deepEqual([after(2, splice(2, 0, 'x')), after(2, splice(2, 0, 'x'), true)], [2, 3])
})

test('two texts are compared place by place', () => {
  const apply = (text, splices) => splices.reduce((each, { offset, delete: count, insert }) => each.slice(0, offset) + insert + each.slice(offset + count), text)
  assert.deepEqual(compare('one two three', '1 one two 3'), [
    { offset: 0, delete: 0, insert: '1 ' },
    { offset: 10, delete: 5, insert: '3' },
  ])
  for (const [old, now] of [['abc', 'abc'], ['', 'x'], ['x', ''], ['abcd', 'xbyd'], ['kitten', 'sitting'], ['aXbYc', 'XY']]) {
    assert.equal(apply(old, compare(old, now)), now)
  }
})

test('the operations tell the place among equal letters, when they make the new text', () => {
  const op = { op: 'splice', path: '/t', ...splice(0, 0, 'a') }
  const elsewhere = { ...op, path: '/u' }
  assert.deepEqual(splicesOf([elsewhere, op], '/t', 'aa', 'aaa'), [op])
  assert.equal(mapping(splicesOf([op], '/t', 'aa', 'aaa'))(1), 2)
  assert.deepEqual(splicesOf([op], '/t', 'aa', 'aab'), [splice(2, 0, 'b')])
})

test('changes at both ends of a long text are found where they are', () => {
  const words = Array.from({ length: 900 }, (_, index) => `word${index} `).join('')
  for (const text of [words, words.replaceAll('0 ', '0.\n').repeat(4)]) {
    const now = `${text.replace('word1 ', 'wold1 ')}!`
    assert.deepEqual(compare(text, now).map(({ offset, insert }) => [offset, insert]), [[text.indexOf('word1') + 2, 'l'], [text.length, '!']])
  }
  assert.equal(compare(words, words.toUpperCase()).length, 1)
})

test('very long texts are not searched for places', () => {
  const long = 'ab'.repeat(60_000)
  assert.equal(compare(`x${long}y`, `X${long}Y`).length, 1)
  const short = long.slice(0, 9000)
  assert.equal(compare(`x${short}y`, `X${short}Y`).length, 2)
})

test('a splice has whole characters', () => {
  assert.deepEqual(compare('a😀b😁c', 'xa😂b😁cx'), [splice(0, 0, 'x'), splice(2, 2, '😂'), splice(8, 0, 'x')])
})
