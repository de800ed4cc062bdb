// patch.js, invert.js and record.js: vectors shared with Python, and random drafts.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { invert } from './invert.mjs'
import { apply, same, toSplice } from '../../../static/sdk/patch/patch.js'
import { diff, record, textOp } from '../../../static/sdk/patch/record.js'
import { random } from '../../node/random_edits.mjs'

const read = (path) => JSON.parse(readFileSync(path, 'utf8'))
const attempt = (work) => { try { return { value: work() } } catch (error) { return { error } } }

test('each vector of the Python code gives the same value or refusal', () => {
  for (const { value, ops, expected, refused, inverse } of read(new URL('patch_vectors.json', import.meta.url))) {
    const before = JSON.stringify(value)
    const got = attempt(() => apply(value, ops))
    const told = JSON.stringify({ value, ops, got: got.value })
    assert.equal(JSON.stringify(value), before)
    if (refused) {
      assert.ok(got.error, told)
      assert.equal(got.error.op, refused.op, told)
      continue
    }
    assert.ok(!got.error, `${told} ${got.error?.message}`)
    assert.ok(same(got.value, expected), told)
    assert.ok(same(apply(expected, inverse), value), told)
    assert.ok(same(apply(expected, invert(value, ops)), value), told)
  }
})

test('the public JSON Patch cases give their expected results', { skip: !process.env.PATCH_CASES && 'no public cases' }, () => {
  let count = 0
  for (const name of ['tests', 'spec_tests']) {
    for (const { doc, patch, disabled, error, ...rest } of read(`${process.env.PATCH_CASES}/${name}.json`)) {
      if (!patch || disabled) continue
      count += 1
      const got = attempt(() => apply(doc, patch))
      assert.equal(Boolean(got.error), Boolean(error), JSON.stringify(patch))
      if (error) continue
      if ('expected' in rest) assert.ok(same(got.value, rest.expected), JSON.stringify(patch))
      assert.ok(same(apply(got.value, invert(doc, patch)), doc), JSON.stringify(patch))
    }
  }
  assert.equal(count, 108)
})

test('parts that a patch does not touch are shared', () => {
  const value = { a: { deep: [1] }, b: { deep: [2] } }
  const after = apply(value, [{ op: 'replace', path: '/a/deep/0', value: 9 }])
  assert.equal(after.b, value.b)
  assert.notEqual(after.a, value.a)
  assert.equal(apply(value, [{ op: 'replace', path: '/a/deep', value: [1] }]), value)
})

test('a recorded draft leads to the same value, and its inverse leads back', () => {
  const rng = random(17)
  const below = (most) => Math.floor(rng() * most)
  const element = (index) => [{ id: `e${index}`, t: `x${index}` }, below(3), { n: below(3) }][below(3)]
  for (let round = 0; round < 3000; round++) {
    const value = { list: Array.from({ length: below(8) }, (_, index) => element(index)), o: { a: 1, s: 'hello world' } }
    let drafted
    const ops = record(value, (draft) => {
      const { list, o } = draft
      const edits = [
        () => list.splice(below(list.length + 1), 0, { id: `n${below(99)}` }),
        () => list.splice(below(list.length + 1), 1),
        () => list.splice(below(list.length + 1), 0, ...list.splice(below(list.length + 1), 1)),
        () => list.reverse(),
        () => { o.s = o.s ? o.s.replace('world', 'brave world') : 'new' },
        () => { delete o.a },
        () => { if (list.length) list[below(list.length)] = { id: 'e0', t: 'changed' } }
      ]
      for (let count = below(5); count >= 0; count--) edits[below(edits.length)]()
      drafted = JSON.parse(JSON.stringify(draft))
    })
    const after = apply(value, ops)
    assert.deepEqual(after, drafted, JSON.stringify({ value, ops }))
    assert.deepEqual(apply(after, invert(value, ops)), value, JSON.stringify({ value, ops }))
  }
})

test('a recorded patch is minimal', () => {
  const four = { l: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }] }
  assert.deepEqual(record(four, ({ l }) => l.push(l.shift())), [{ op: 'move', from: '/l/0', path: '/l/3' }])
  assert.deepEqual(record(four, ({ l }) => l.splice(1, 2)), [{ op: 'remove', path: '/l/2' }, { op: 'remove', path: '/l/1' }])
  assert.deepEqual(record(four, ({ l }) => { l[2].t = 'x' }), [{ op: 'add', path: '/l/2/t', value: 'x' }])
  assert.deepEqual(record(four, () => {}), [])
  assert.deepEqual(record([{ a: 1 }, { a: 1 }], (list) => { list[0].a = 2 }), [{ op: 'replace', path: '/0/a', value: 2 }])
  assert.deepEqual(record([{ a: 1 }, { a: 2 }], (list) => { list.reverse() }), [{ op: 'move', from: '/0', path: '/1' }])
  assert.deepEqual(diff({ a: 1, b: 2 }, { b: 3 }), [{ op: 'remove', path: '/a' }, { op: 'replace', path: '/b', value: 3 }])
})

test('an async function is no change', () => {
  assert.throws(() => record({}, async () => {}), /not async/)
})

test('typing is a splice, and a new text is a replace', () => {
  assert.equal(textOp('/t', 'Hell', 'Hello').op, 'splice')
  assert.equal(textOp('/t', 'Hello', 'Hllo').op, 'splice')
  assert.equal(textOp('/t', 'Hello', 'Welcome').op, 'replace')
  assert.equal(textOp('/t', '', 'x').op, 'replace')
  assert.deepEqual(toSplice('/t', 'a😀b', 'a😁b'), { op: 'splice', path: '/t', offset: 1, delete: 2, insert: '😁' })
})
