// core/: the numbers are the rules of static/sdk/SPEC.md.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { itemsOf } from '../../../static/sdk/reports/items.js'
import { add, Driver, put, remove, splice } from './driver.mjs'

test('V1 an edit is shown at once, and shares what did not change', () => {
  const it = new Driver()
  const { list } = it.value
  it.edit(put('/a', 5))
  assert.equal(it.value.a, 5)
  assert.equal(it.value.list, list)
})

test('V2 when a version is missing, the whole value is loaded again', () => {
  const it = new Driver()
  const effects = it.handle({ type: 'change', message: { version: 3, ops: [put('/a', 3)] } })
  assert.deepEqual(effects.map((each) => each.do), ['reload'])
  assert.equal(it.value.a, 1)
})

test('V3 the value has the changes of others after the next answer', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.change(2, [put('/b', 9)])
  assert.equal(it.value.b, 2)
  it.edit(put('/a', 6))
  it.ack(id, 3)
  assert.deepEqual([it.value.a, it.value.b], [6, 9])
  assert.deepEqual([it.last.base, it.last.ops], [3, [put('/a', 6)]])
  // The answer to an own edit brings the change of Bo, and says so.
  assert.deepEqual(it.shown.at(-1).others, [{ version: 2, by: { name: 'Bo' }, paths: ['/b'] }])
})

test('V3 V5 an unsent entry follows its element', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.edit(add('/list/1/name', 'Y'))
  it.change(2, [add('/list/0', { id: 'new' })])
  it.ack(id, 3)
  assert.deepEqual(it.last.ops, [add('/list/2/name', 'Y')])
  assert.equal(it.value.list[2].name, 'Y')
})

test('V4 an entry that cannot be carried keeps its base', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.edit(put('/b', 7))
  it.change(2, [put('/b', 9)])
  it.ack(id, 3)
  assert.deepEqual([it.last.base, it.last.ops, it.value.b], [1, [put('/b', 7)], 7])
  const conflicts = [{ path: '/b', base: 2, theirs: 9, yours: 7, resolution: 'yours' }]
  it.ack(it.last.id, 4, { conflicts })
  assert.deepEqual(it.ended.at(-1), ['e2', 'overwritten'])
  const { result } = it.effects.find((each) => each.do === 'end' && each.id === 'e2')
  assert.equal(result.conflicts[0].by.name, 'Bo')
})

test('V5 typing moves behind the text of another author, and is merged', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.edit(splice('/t', 5, 0, '!'))
  it.change(2, [splice('/t', 0, 0, 'Oh ')])
  it.ack(id, 3)
  assert.equal(it.value.t, 'Oh Hello!')
  assert.equal(it.last.ops[0].offset, 8)
  it.ack('e2', 4)
  assert.deepEqual(it.ended.at(-1), ['e2', 'merged'])
})

test('V5 a place in a list without ids is certain only beside equal elements', () => {
  for (const [theirs, isCarried] of [[add('/n/0', 9), true], [put('/n/0', 9), true], [put('/n', [7, 8]), false]]) {
    const it = new Driver({ a: 1, n: [1, 2, 3] })
    const id = it.edit(put('/a', 5))
    it.edit(put('/n/2', 4))
    it.change(2, [theirs])
    it.ack(id, 3)
    assert.equal(it.last.base, isCarried ? 3 : 1)
  }
})

test('V6 after a reload on another version, new entries wait for the stored ones', () => {
  const it = new Driver(null)
  const entry = { id: 'old', epoch: 1, base: 4, ops: [put('/a', 5)], time: 0, sent: true }
  it.handle({ type: 'load', last: { epoch: 1, version: 6, value: { a: 1, b: 2 } }, entries: [entry] })
  assert.equal(it.value.a, 5)
  it.edit(put('/b', 3))
  it.opened({ version: 7, changes: [{ version: 7, ops: [add('/c', 1)], kind: 'edit' }] })
  assert.deepEqual([it.last.id, it.last.base], ['old', 4])
  it.ack('old', 8)
  assert.deepEqual([it.last.ops, it.last.base], [[put('/b', 3)], 8])
  assert.deepEqual(it.value, { a: 5, b: 3, c: 1 })
})

test('V6 a stored entry without a base ends, also after an answered entry with a base', () => {
  for (const b of [2, 9]) {
    const it = new Driver(null)
    const answered = { id: 'old', epoch: 1, base: 6, ops: [put('/a', 5)], time: 0, sent: true, answered: 7 }
    const later = { id: 'new', epoch: 1, base: null, ops: [put('/b', 3)], time: 0, sent: false }
    it.handle({ type: 'load', last: { epoch: 1, version: 6, value: { a: 1, b: 2 } }, entries: [answered, later] })
    it.opened({ version: 8, value: { a: 5, b } })
    it.ack('old', 7, { duplicate: true })
    if (it.last.id === 'new') it.ack('new', 9)
    assert.equal(it.ended.at(-1)?.[0], 'new')
  }
})

test('V6 new entries are sent after the end of the stored ones, also when the stored value is the newest', () => {
  for (const isRefused of [false, true]) {
    const it = new Driver(null)
    const entry = { id: 'old', epoch: 1, base: 4, ops: [put('/a', 5)], time: 0, sent: true }
    it.handle({ type: 'load', last: { epoch: 1, version: 6, value: { a: isRefused ? 1 : 5, b: 2 } }, entries: [entry] })
    it.edit(put('/b', 3))
    it.opened({ version: 6, changes: [] })
    if (isRefused) it.reject('old', 'forbidden')
    else it.ack('old', 5, { duplicate: true })
    assert.deepEqual([it.last.id, it.last.base, it.value], ['e1', 6, { a: isRefused ? 1 : 5, b: 3 }])
  }
})

test('E1 an entry is sent only after it is stored', () => {
  const it = new Driver(undefined, { stores: false })
  it.edit(put('/a', 5))
  assert.equal(it.sent.length, 0)
  assert.equal(it.effects.findLast((each) => each.do === 'store').put[0].sent, true)
  it.stored('e1')
  assert.equal(it.last.id, 'e1')
})

test('E1 an entry whose content changed while it was stored waits for the newest', () => {
  const it = new Driver(undefined, { stores: false })
  it.edit(put('/a', 5))
  it.stored('e1')
  it.edit(put('/b', 5))
  it.edit(put('/b', 6), { after: 100 })
  it.stored('e2')
  it.ack('e1', 2)
  it.stored('e2')
  assert.equal(it.sent.length, 1)
  it.stored('e2')
  assert.deepEqual(it.last.ops, [put('/b', 6)])
})

test('E2 E3 one request is in flight, and a sent entry takes no edit', () => {
  const it = new Driver()
  it.edit(put('/a', 5))
  it.edit(put('/a', 6), { after: 1 })
  it.edit(put('/a', 7), { after: 1 })
  assert.deepEqual(it.sent.map(({ id, ops }) => [id, ops]), [['e1', [put('/a', 5)]]])
  it.ack('e1', 2)
  assert.deepEqual(it.last.ops, [put('/a', 7)])
})

test('E3 edits join by step, by time, and by value', () => {
  const it = new Driver()
  it.closed()
  const same = [it.edit(put('/a', 1.5), { step: 's' }), it.edit(put('/b', 1), { step: 's' })]
  assert.equal(same[0], same[1])
  assert.notEqual(it.edit(put('/b', 3)), same[0])
  const first = it.edit(put('/t', 'x'))
  assert.equal(it.edit(put('/t', 'y'), { after: 900 }), first)
  assert.notEqual(it.edit(put('/a', 9), { after: 900 }), first)
  const loop = it.edit(put('/a', 10))
  assert.equal(it.edit(put('/b', 10), { after: 10 }), loop)
})

test('E3 joined edits stay far below the limits of a patch', () => {
  const many = (count, make) => Array.from({ length: count }, (_, at) => make(at))
  const large = (at) => add(`/k${at}`, 'y'.repeat(4000))
  for (const [edits, limits, entries] of [
    [many(501, (at) => add(`/k${at}`, at)), {}, 2],
    [many(10, (at) => add(`/k${at}`, at)), { max_ops: 5 }, 2],
    [many(100, large), {}, 2],
    [many(10, large), { max_frame: 50_000 }, 2],
    [many(60, (at) => add(`/k${at}`, many(100, (each) => each))), {}, 2],
    [many(100, () => put('/a', 'y'.repeat(4000))), {}, 1],
    [[put('/a', 'y'.repeat(262_144)), put('/b', 1)], {}, 2]
  ]) {
    const it = new Driver()
    it.opened({ value: { a: 1, b: 2 }, limits })
    it.closed()
    for (const op of edits) it.edit(op, { after: 1 })
    assert.equal(it.core.queue.length, entries)
  }
})

test('E3 U4 a step that is too large for one patch is undone and made again', () => {
  const it = new Driver()
  it.closed()
  for (let at = 0; at < 100; at++) it.edit(add(`/k${at}`, 'y'.repeat(4000)), { step: 'import' })
  assert.equal(it.core.queue.length, 2)
  it.undo('u')
  assert.equal(Object.keys(it.value).length, 4)
  it.redo('r')
  assert.deepEqual([Object.keys(it.value).length, it.core.queue.length], [104, 2])
})

test('E3 edits of one tick are one entry, which is stored once', () => {
  const it = new Driver()
  it.edit(put('/a', 5), { isTick: false })
  it.edit(put('/b', 5), { after: 0, isTick: false })
  assert.equal(it.sent.length, 0)
  it.handle({ type: 'tick' })
  assert.equal(it.effects.filter((each) => each.do === 'store').length, 1)
  assert.deepEqual(it.last.ops, [put('/a', 5), put('/b', 5)])
})

test('E4 typing, backspace and overwriting become one operation', () => {
  const it = new Driver()
  it.closed()
  const type = (...ops) => ops.forEach((op) => it.edit(op, { after: 100 }))
  type(splice('/t', 5, 0, ' '), splice('/t', 6, 0, 'x'), splice('/t', 7, 0, 'y'), splice('/t', 7, 1, ''))
  assert.deepEqual(it.core.queue[0].ops, [splice('/t', 5, 0, ' x')])
  type(splice('/t', 4, 2, ''))
  assert.deepEqual(it.core.queue[0].ops, [splice('/t', 4, 1, 'x')])
  assert.equal(it.value.t, 'Hellx')
  it.edit(put('/a', 5))
  it.edit(put('/b', 5), { after: 1 })
  it.edit(put('/a', 6), { after: 1 })
  assert.deepEqual(it.core.queue[1].ops, [put('/a', 6), put('/b', 5)])
})

test('E5 E6 a refusal for now makes an entry wait; the eighth ends it', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  for (let tries = 1; tries < 8; tries++) {
    it.reject(id, 'rate_limited', { retryable: true, retry_after_ms: 70 })
    assert.deepEqual([it.sent.length, it.ended.length], [tries, 0])
    assert.equal(it.effects.findLast((each) => each.do === 'wait').ms, 70)
    it.reject(id, 'storage_unavailable', { retryable: true })
    it.handle({ type: 'retry' })
  }
  it.reject(id, 'rate_limited', { retryable: true })
  assert.deepEqual(it.ended, [[id, 'failed']])
  assert.deepEqual([it.value.a, it.attention.length], [1, 1])
})

test('E6 a locked change is refused, and names the holder', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.reject(id, 'locked', { retryable: true, lock: { holder: { name: 'Bo' } } })
  assert.deepEqual(it.ended, [[id, 'refused']])
  assert.equal(itemsOf(it.attention[0])[0].by.name, 'Bo')
})

test('E7 only what built on the refused change is refused with it', () => {
  const it = new Driver()
  const id = it.edit(add('/list/-', { id: 'z', t: 'new' }))
  it.edit(splice('/list/2/t', 3, 0, '!'))
  it.edit(put('/b', 9))
  it.edit(add('/list/3', { id: 'after' }))
  it.reject(id, 'invalid_document', { path: '/list' })
  assert.deepEqual(it.ended, [[id, 'refused'], ['e2', 'refused']])
  assert.deepEqual(it.value, { a: 1, b: 9, t: 'Hello', list: [{ id: 'x' }, { id: 'y' }, { id: 'after' }] })
})

test('E7 a newer text for a refused one is kept', () => {
  const it = new Driver()
  const id = it.edit(put('/t', 'much too long'))
  it.edit(put('/t', 'short'))
  it.reject(id, 'invalid_document', { path: '/t' })
  assert.deepEqual(it.last.ops, [put('/t', 'short')])
  assert.equal(it.value.t, 'short')
})

test('E8 a base that is too old is renewed under the same id', () => {
  const it = new Driver()
  const id = it.edit(put('/list/1/id', 'Y'))
  it.closed()
  it.opened({ version: 900, value: { a: 3, b: 2, t: 'Hello', list: [{ id: 'new' }, { id: 'x' }, { id: 'y' }] }, resync: true })
  it.reject(id, 'unknown_version')
  assert.deepEqual([it.last.id, it.last.base, it.last.ops], [id, 900, [put('/list/2/id', 'Y')]])
})

test('E8 a base that is too old is refused when the place is uncertain', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.closed()
  it.opened({ version: 900, value: { a: 3 }, resync: true })
  it.reject(id, 'unknown_version')
  assert.deepEqual([it.ended, it.value], [[[id, 'refused']], { a: 3 }])
})

test('E9 E13 a new connection gets the answered entries again, and none ends twice', () => {
  const it = new Driver()
  it.edit(put('/a', 5))
  it.edit(put('/b', 7))
  it.change(2, [put('/b', 9)])
  it.ack('e1', 3)
  assert.ok(!it.effects.some((each) => each.do === 'store' && each.remove.some(({ id }) => id === 'e1')))
  it.closed()
  it.opened({ version: 3, changes: [] })
  assert.equal(it.last.id, 'e1')
  it.ack('e1', 3, { duplicate: true })
  assert.equal(it.last.id, 'e2')
  it.ack('e2', 4)
  assert.deepEqual(it.ended, [['e1', 'durable'], ['e2', 'durable']])
  assert.ok(it.effects.some((each) => each.do === 'store' && each.remove.some(({ id }) => id === 'e1')))
})

test('E9 answered entries keep their order over two connections', () => {
  const it = new Driver()
  it.edit(put('/a', 5))
  it.edit(put('/b', 7))
  it.edit(put('/b', 8))
  it.change(2, [put('/b', 9)])
  it.ack('e1', 3)
  it.closed()
  it.opened({ version: 3, changes: [] })
  it.closed()
  it.opened({ version: 4, changes: [{ version: 4, id: 'e2', ops: [put('/b', 7)], kind: 'edit' }] })
  assert.equal(it.last.id, 'e1')
  it.ack('e1', 3, { duplicate: true })
  assert.equal(it.last.id, 'e2')
  it.ack('e2', 4, { duplicate: true })
  assert.equal(it.last.id, 'e3')
  assert.deepEqual(it.ended, [['e1', 'durable'], ['e2', 'durable']])
})

test('E10 a change with its ack is the answer', () => {
  const it = new Driver()
  it.edit(put('/a', 6))
  it.change(3, [put('/a', 6), put('/b', 0)], { from: 2, acks: [{ id: 'e1', version: 2 }] })
  assert.deepEqual(it.ended, [['e1', 'durable']])
  assert.deepEqual([it.value.a, it.value.b, it.sent.length], [6, 0, 1])
})

test('E10 a change that is found after a lost answer is sent again, and tells what it has overwritten', () => {
  const it = new Driver()
  it.edit(add('/list/-', 1))
  it.closed()
  const mine = { version: 3, id: 'e1', ops: [add('/list/-', 1)], kind: 'edit' }
  const later = { version: 4, ops: [put('/a', 8)], kind: 'edit', by: { name: 'Cy' } }
  it.opened({ version: 4, changes: [{ version: 2, ops: [put('/a', 9)], kind: 'edit', by: { name: 'Bo' } }, mine, later] })
  assert.deepEqual([it.sent[1], it.ended, it.core.waiting.length], [it.sent[0], [], 1])
  it.ack('e1', 3, { duplicate: true, conflicts: [{ path: '/a', theirs: 9, yours: 5 }] })
  const { result } = it.effects.find((each) => each.do === 'end')
  assert.deepEqual([it.ended, result.version, result.conflicts[0].by.name], [[['e1', 'overwritten']], 3, 'Bo'])
  assert.deepEqual([it.value.list.at(-1), it.value.list.length, it.value.a], [1, 3, 8])
})

test('E10 an accepted change is not refused by the answer to its retry, also after a reload', () => {
  const it = new Driver()
  it.edit(put('/a', 5))
  it.closed()
  it.opened({ version: 2, changes: [{ version: 2, id: 'e1', ops: [put('/a', 5)], kind: 'edit' }] })
  const [stored] = it.effects.findLast((each) => each.do === 'store').put
  const later = new Driver(null)
  later.handle({ type: 'load', last: it.core.frame, entries: [stored] })
  later.opened({ version: 2, changes: [{ version: 2, id: 'e1', ops: [put('/a', 5)], kind: 'edit' }] })
  for (const each of [it, later]) {
    each.reject('e1', 'read_only')
    assert.deepEqual([each.ended, each.value.a, each.core.queue], [[['e1', 'durable']], 5, []])
  }
})

test('E11 a new epoch refuses every waiting entry', () => {
  const it = new Driver()
  it.edit(put('/a', 5))
  it.edit(put('/b', 5))
  it.closed()
  it.opened({ epoch: 2, version: 1, value: { a: 0 } })
  assert.deepEqual(it.ended, [['e1', 'refused'], ['e2', 'refused']])
  assert.deepEqual(it.value, { a: 0 })
})

test('E12 a change that the server cannot receive has failed', () => {
  const it = new Driver()
  it.edit(put('/a', 'x'.repeat(9)))
  it.closed(1009)
  assert.deepEqual(it.ended, [['e1', 'failed']])
  assert.equal(it.value.a, 1)
})

test('E14 no patch is sent while the server asks to hold', () => {
  const it = new Driver()
  it.handle({ type: 'hold', isHeld: true })
  it.edit(put('/a', 5))
  assert.equal(it.sent.length, 0)
  it.handle({ type: 'hold', isHeld: false })
  assert.equal(it.sent.length, 1)
})

test('U1 U4 undo without a connection takes the newest unsent step, and redo puts it back', () => {
  const it = new Driver()
  it.closed()
  it.edit(put('/a', 5))
  it.edit(put('/b', 6), { step: 's' })
  it.edit(remove('/list/0'), { step: 's' })
  assert.ok(it.core.steps.canUndo)
  it.undo('u')
  assert.deepEqual([it.value.a, it.value.b, it.value.list.length], [5, 2, 2])
  assert.deepEqual(it.asked.u.undone, [{ pointers: ['/b', '/list/0'] }])
  it.redo('r')
  assert.deepEqual([it.value.a, it.value.b, it.value.list.length], [5, 6, 1])
  it.undo('u2')
  it.undo('u3')
  assert.equal(it.value.a, 1)
  assert.ok(!it.core.steps.canUndo)
  it.edit(put('/b', 7))
  assert.ok(!it.core.steps.canRedo)
})

test('U2 undo waits for the sent change, and then asks the server', () => {
  const it = new Driver()
  it.edit(put('/a', 5))
  it.undo('u')
  it.edit(put('/b', 7))
  assert.equal(it.sent.length, 1)
  it.ack('e1', 2)
  assert.deepEqual([it.last.type, it.last.id], ['undo', 'u'])
  it.ack('u', 3, { ops: [put('/a', 1)], undone: [{ version: 2, pointers: ['/a'] }], skipped: [] })
  assert.deepEqual([it.value.a, it.value.b], [1, 7])
  assert.deepEqual([it.last.base, it.last.ops], [3, [put('/b', 7)]])
  assert.equal(it.asked.u.undone[0].version, 2)
})

test('U2 undo without a connection and without an unsent step does nothing', () => {
  const it = new Driver()
  it.edit(put('/a', 5))
  it.closed()
  assert.ok(!it.core.steps.canUndo)
  it.undo('u')
  assert.deepEqual([it.asked.u.undone, it.value.a], [[], 5])
})

test('U3 a step that is partly sent is taken back completely', () => {
  const it = new Driver()
  it.edit(put('/a', 5), { step: 's' })
  it.edit(put('/a', 6), { step: 's' })
  it.undo('u')
  assert.equal(it.value.a, 5)
  it.ack('e1', 2)
  assert.equal(it.last.type, 'undo')
})

test('U5 a lost undo is sent again, and only its answer ends it', () => {
  const it = new Driver()
  it.undo('u')
  it.closed()
  it.opened({ version: 1, changes: [] })
  assert.deepEqual(it.sent.map(({ id }) => id), ['u', 'u'])
  it.closed()
  it.opened({ version: 2, changes: [{ version: 2, id: 'u', kind: 'undo', ops: [put('/a', 0)] }] })
  assert.deepEqual([it.sent.length, it.asked.u, it.value.a], [3, undefined, 0])
  it.ack('u', 2, { duplicate: true, undone: [{ version: 1, pointers: ['/a'] }], skipped: ['/b'] })
  assert.deepEqual(it.asked.u, { version: 2, undone: [{ version: 1, pointers: ['/a'] }], skipped: ['/b'] })
})

test('U7 undo of one unsent change keeps the later ones', () => {
  const it = new Driver()
  it.closed()
  const removed = it.edit(remove('/list/0'))
  it.edit(put('/a', 5))
  it.edit(add('/list/0/name', 'Y'))
  it.undo('u', { change: removed })
  assert.deepEqual(it.asked.u.undone, [{ pointers: ['/list/0'] }])
  assert.deepEqual([it.value.a, it.value.list], [5, [{ id: 'x' }, { id: 'y', name: 'Y' }]])
  assert.deepEqual([it.ended, it.attention], [[[removed, 'undone']], []])
  it.opened({ version: 1, changes: [] })
  assert.deepEqual(it.last.ops, [put('/a', 5)])
})

test('U7 undo of one change takes nothing back when the change was sent', () => {
  const it = new Driver()
  const sent = it.edit(put('/a', 5))
  const later = it.edit(put('/b', 7))
  it.undo('u', { change: sent })
  assert.deepEqual([it.asked.u.undone, it.value.a, it.value.b], [[], 5, 7])
  it.ack(sent, 2)
  assert.equal(it.last.id, later)
})

test('U6 nothing to undo is no error', () => {
  const it = new Driver()
  it.undo('u')
  it.reject('u', 'nothing_to_undo')
  assert.deepEqual(it.asked.u.undone, [])
  assert.ok(!it.core.steps.canUndo)
  it.edit(put('/a', 5))
  assert.ok(it.core.steps.canUndo)
})

test('U2 a refused undo tells why', () => {
  const it = new Driver()
  it.undo('u')
  it.reject('u', 'forbidden')
  assert.equal(it.asked.u.code, 'forbidden')
})

test('U6 a new connection tells whether the user has a step to take back', () => {
  const it = new Driver(null)
  const can = () => [it.core.steps.canUndo, it.core.steps.canRedo]
  it.opened({ value: { a: 1 }, can_undo: false, can_redo: false })
  assert.deepEqual(can(), [false, false])
  const id = it.edit(put('/a', 5))
  assert.deepEqual(can(), [true, false])
  it.closed()
  it.opened({ version: 1, changes: [], can_undo: false, can_redo: true })
  assert.deepEqual(can(), [true, false])
  it.ack(id, 2)
  assert.deepEqual(can(), [true, false])
  it.undo('u')
  it.ack('u', 3, { ops: [put('/a', 1)], can_undo: false, can_redo: true })
  assert.deepEqual(can(), [false, true])
})

test('U6 a change by another tab of the user can be taken back', () => {
  const it = new Driver(null)
  it.opened({ value: { a: 1 }, can_undo: false, can_redo: true })
  it.change(2, [put('/a', 5)])
  assert.deepEqual([it.core.steps.canUndo, it.core.steps.canRedo], [false, true])
  it.change(3, [put('/a', 6)], { id: 'other' })
  assert.deepEqual([it.core.steps.canUndo, it.core.steps.canRedo], [true, false])
})

test('E9 an answered entry that the server does not know any more ends no second time', () => {
  const it = new Driver()
  it.edit(add('/list/-', { id: 'z' }))
  it.edit(put('/b', 7))
  it.change(2, [put('/b', 9)])
  it.ack('e1', 3)
  it.closed()
  const value = { a: 1, b: 9, t: 'Hello', list: [{ id: 'x' }, { id: 'y' }, { id: 'z' }] }
  it.opened({ version: 900, value, resync: true })
  it.reject('e1', 'unknown_version')
  assert.deepEqual([it.last.id, it.sent.filter(({ id }) => id === 'e1').length], ['e2', 2])
  it.reject('e2', 'unknown_version')
  assert.deepEqual(it.ended, [['e1', 'durable'], ['e2', 'refused']])
  assert.deepEqual(it.value, value)
})

test('E9 an answered entry that is refused for now eight times has not failed', () => {
  const it = new Driver()
  it.edit(put('/a', 5))
  it.edit(put('/b', 7))
  it.change(2, [put('/b', 9)])
  it.ack('e1', 3)
  it.closed()
  it.opened({ version: 3, changes: [] })
  for (let tries = 0; tries < 8; tries++) {
    it.reject('e1', 'rate_limited', { retryable: true })
    it.handle({ type: 'retry' })
  }
  assert.deepEqual([it.ended, it.last.id, it.value.a], [[['e1', 'durable']], 'e2', 5])
})

test('E6 lost connections do not count, and the number of tries is stored', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  for (let tries = 1; tries < 8; tries++) {
    it.reject(id, 'rate_limited', { retryable: true })
    assert.equal(it.effects.findLast((each) => each.do === 'store').put[0].tries, tries)
    for (let lost = 0; lost < 3; lost++) {
      it.closed(1006)
      it.opened({ version: 1, changes: [] })
    }
  }
  assert.deepEqual(it.ended, [])
  it.reject(id, 'rate_limited', { retryable: true })
  assert.deepEqual(it.ended, [[id, 'failed']])
})

test('U4 redo makes steps again in the opposite order of undo', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.ack(id, 2)
  it.handle({ type: 'hold', isHeld: true })
  it.edit(put('/b', 7))
  it.undo('u1')
  it.handle({ type: 'hold', isHeld: false })
  it.undo('u2')
  it.ack('u2', 3, { ops: [put('/a', 1)], can_undo: false, can_redo: true })
  it.redo('r1')
  assert.deepEqual([it.last.type, it.value.b], ['redo', 2])
  it.ack('r1', 4, { ops: [put('/a', 5)], can_undo: true, can_redo: false })
  assert.ok(it.core.steps.canRedo)
  it.redo('r2')
  assert.deepEqual([it.value.a, it.value.b], [5, 7])
})

test('U4 without a connection, redo waits for the step that the server took back', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.ack(id, 2)
  it.handle({ type: 'hold', isHeld: true })
  it.edit(put('/b', 7))
  it.undo('u1')
  it.handle({ type: 'hold', isHeld: false })
  it.undo('u2')
  it.ack('u2', 3, { ops: [put('/a', 1)], can_undo: false, can_redo: true })
  it.closed()
  assert.ok(!it.core.steps.canRedo)
  it.redo('r1')
  assert.deepEqual([it.asked.r1.undone, it.value.b], [[], 2])
  it.opened({ version: 3, changes: [], can_undo: false, can_redo: true })
  it.redo('r2')
  assert.equal(it.last.type, 'redo')
})

test('E5 a change is sending, then retrying, and sending again, before it ends', () => {
  const it = new Driver()
  const id = it.edit(put('/a', 5))
  it.reject(id, 'rate_limited', { retryable: true })
  it.handle({ type: 'retry' })
  it.ack(id, 2)
  const states = it.effects.filter((each) => each.do === 'state').map(({ state }) => state)
  assert.deepEqual([states, it.ended], [['sending', 'retrying', 'sending'], [[id, 'durable']]])
})
