// binding.js with a fake textarea.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bound, Field, Page } from './bound.mjs'
import { add, put, remove, splice } from '../core/driver.mjs'

const caret = ({ selectionStart: start, selectionEnd: end }) => (start === end ? start : [start, end])

test('the element shows the text, and typing sends a splice', () => {
  const { field, driver } = bound({ t: 'Hello' })
  assert.equal(field.value, 'Hello')
  field.select(5)
  field.type('!')
  assert.deepEqual(driver.last.ops, [splice('/t', 5, 0, '!')])
  assert.deepEqual([driver.value.t, caret(field)], ['Hello!', 6])
})

test('an input between equal letters is sent at its place', () => {
  const { field, driver } = bound({ t: 'aaa' })
  field.select(1)
  field.type('a')
  assert.deepEqual(driver.last.ops, [splice('/t', 1, 0, 'a')])
})

test('a change of another user moves the caret, the selection and its direction', () => {
  const { field, driver } = bound({ t: 'Hello world' })
  field.select(6, 11, 'backward')
  driver.change(2, [splice('/t', 0, 0, 'Oh ')])
  assert.deepEqual([field.value, caret(field)], ['Oh Hello world', [9, 14]])
  driver.change(3, [splice('/t', 11, 1, 'RR')])
  assert.deepEqual([field.value, caret(field)], ['Oh Hello woRRld', [9, 15]])
  driver.change(4, [splice('/t', 15, 0, '!')])
  assert.deepEqual(caret(field), [9, 15])
  driver.change(5, [splice('/t', 9, 0, '>')])
  assert.deepEqual([caret(field), field.selectionDirection], [[10, 16], 'backward'])
})

test('a letter that comes between equal letters moves the caret as the server says', () => {
  const { field, driver } = bound({ t: 'aaa' })
  field.select(1)
  driver.change(2, [splice('/t', 0, 0, 'a')])
  assert.equal(caret(field), 2)
  driver.change(3, [splice('/t', 3, 0, 'a')])
  assert.equal(caret(field), 2)
})

test('the caret stays behind what the user typed while changes of others wait for the answer', () => {
  const { field, driver } = bound({ t: 'abcdef' })
  field.select(3)
  field.type('b')
  driver.change(2, [splice('/t', 0, 0, 'b')])
  driver.change(3, [splice('/t', 7, 0, 'b')])
  field.type('c')
  assert.deepEqual([field.value, caret(field)], ['abcbcdef', 5])
  driver.ack('e1', 4, { ops: [put('/t', 'babcbdefb')] })
  driver.ack('e2', 5, { ops: [put('/t', 'babcbcdefb')] })
  assert.deepEqual([field.value, caret(field)], ['babcbcdefb', 6])
  field.type('d')
  assert.equal(field.value, 'babcbcddefb')
})

test('an answer with the whole text does not move the caret behind an equal letter', () => {
  const { field, driver } = bound({ t: 'aab' })
  field.select(2)
  field.type('b')
  driver.change(2, [splice('/t', 0, 0, 'X')])
  driver.ack('e1', 3, { ops: [put('/t', 'Xaabb')] })
  assert.deepEqual([field.value, caret(field)], ['Xaabb', 4])
})

test('the scroll position stays', () => {
  const { field, driver } = bound({ t: 'abc' })
  field.scrollTop = 40
  driver.change(2, [splice('/t', 0, 0, 'x\n')])
  assert.equal(field.scrollTop, 40)
})

test('an element without the focus keeps its selection, and gets no new one', () => {
  const { field, driver } = bound({ t: 'abc' })
  field.select(2)
  field.focused = false
  field.setSelectionRange = () => assert.fail('this may take the focus')
  driver.change(2, [splice('/t', 0, 0, 'x')])
  assert.deepEqual([field.value, caret(field)], ['xabc', 3])
})

test('changes of others wait for the end of a composition, and both are kept', () => {
  const { field, driver, page } = bound({ t: 'one two' })
  field.select(3)
  const compose = field.compose()
  compose('n')
  driver.change(2, [splice('/t', 0, 0, '1 ')])
  driver.change(3, [splice('/t', 9, 0, ' 3')])
  assert.equal(field.value, 'onen two')
  compose('に')
  assert.equal(driver.sent.length, 0)
  compose('日', true)
  assert.deepEqual([field.value, page.value.t, caret(field)], ['1 one日 two 3', '1 one日 two 3', 6])
  assert.deepEqual(driver.last.ops, [splice('/t', 5, 0, '日')])
})

test('a cancelled composition leaves the changes of others', () => {
  const { field, driver } = bound({ t: 'ab' })
  field.select(1)
  const compose = field.compose()
  compose('x')
  driver.change(2, [splice('/t', 0, 0, '>')])
  compose('', true)
  assert.deepEqual([field.value, caret(field), driver.sent.length], ['>ab', 2, 0])
})

test('a composition that the blur ends is sent', () => {
  const { field, page } = bound({ t: 'ab' })
  field.select(2)
  field.compose()('c')
  field.fire('blur')
  assert.equal(page.value.t, 'abc')
})

test('an autocorrection is found although the caret is elsewhere', () => {
  const { field, driver } = bound({ t: 'teh cat' })
  field.select(7)
  field.value = 'the cat'
  field.fire('input', { inputType: 'insertReplacementText' })
  assert.deepEqual(driver.last.ops, [splice('/t', 1, 2, 'he')])
})

test('a half of a surrogate pair is refused, and what is around it is kept', () => {
  const { field, page } = bound({ t: 'ab' })
  field.select(1)
  field.type('x\ud83dy')
  assert.deepEqual([page.value.t, field.value, caret(field)], ['axyb', 'axyb', 3])
  field.type('\ude00')
  assert.deepEqual([page.value.t, field.value, caret(field)], ['axyb', 'axyb', 3])
})

test('the keys of undo and redo ask the page, and the caret goes to the change', () => {
  const { field, page, driver } = bound({ t: 'abc' })
  const press = (key, more) => field.fire('keydown', { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })
  assert.equal(press('z', { ctrlKey: true }), false)
  assert.equal(press('Z', { metaKey: true, shiftKey: true }), false)
  assert.equal(press('y', { ctrlKey: true }), false)
  assert.equal(press('z'), true)
  assert.equal(field.fire('beforeinput', { inputType: 'historyUndo' }), false)
  assert.deepEqual(page.undone, ['undo', 'redo', 'redo', 'undo'])
  field.select(0)
  driver.undo('u')
  driver.ack('u', 2, { ops: [put('/t', 'abXYc')], undone: [] })
  assert.deepEqual([field.value, caret(field)], ['abXYc', 4])
})

test('a read-only page blocks the element, and the element gets its state back', () => {
  const { field, page, binding } = bound({ t: 'abc' })
  page.mode = 'read-only'
  page.emit('status')
  assert.equal(field.readOnly, true)
  assert.equal(field.fire('beforeinput', { inputType: 'insertText' }), false)
  binding.unbind()
  assert.equal(field.readOnly, false)
})

test('the text follows its element in a list, and tells its new pointer', async () => {
  const { field, driver, binding } = bound({ list: [{ id: 'a', t: 'A' }, { id: 'b', t: 'B' }] }, { pointer: '/list/1/t' })
  const moves = []
  binding.on('moved', (pointer) => moves.push(pointer))
  driver.change(2, [add('/list/0', { id: 'c', t: 'C' })])
  assert.deepEqual([binding.pointer, field.value], ['/list/2/t', 'B'])
  field.select(1)
  field.type('!')
  assert.deepEqual(driver.last.ops, [splice('/list/2/t', 1, 0, '!')])
  driver.ack('e1', 3)
  driver.change(4, [{ op: 'move', from: '/list/2', path: '/list/0' }])
  assert.equal(binding.pointer, '/list/0/t')
  await null
  assert.deepEqual(moves, ['/list/2/t', '/list/0/t'])
})

test('when the element is removed the binding says so, and goes on when it is back', async () => {
  const { field, driver, binding } = bound({ list: [{ id: 'a', t: 'A' }] }, { pointer: '/list/0/t' })
  const heard = []
  for (const name of ['lost', 'found']) binding.on(name, (detail) => heard.push([name, detail]))
  driver.change(2, [remove('/list/0')])
  assert.deepEqual([binding.isLost, field.readOnly, field.value], [true, true, 'A'])
  driver.change(3, [add('/list/0', { id: 'a', t: 'back' })])
  await null
  assert.deepEqual([binding.isLost, field.readOnly, field.value], [false, false, 'back'])
  assert.deepEqual(heard, [['lost', { reason: 'removed', pointer: '/list/0/t' }], ['found', { pointer: '/list/0/t' }]])
})

test('a composition in a text that was replaced is kept for the user', () => {
  const { field, driver, page, binding } = bound({ t: 'ab' })
  field.select(2)
  const compose = field.compose()
  compose('c')
  driver.change(2, [put('/t', 5)])
  compose('cd', true)
  assert.deepEqual([page.value.t, binding.isLost, driver.sent.length], [5, true, 0])
  assert.deepEqual(page.kept.map(({ path, yours, theirs }) => [path, yours, theirs]), [['/t', 'abcd', 5]])
})

test('a refused change puts the text back, and the caret to its place', () => {
  const { field, driver } = bound({ t: 'abc' })
  field.select(1)
  field.type('XY')
  driver.reject('e1', 'locked')
  assert.deepEqual([field.value, caret(field)], ['abc', 1])
  assert.equal(driver.attention[0].value.t, 'aXYbc')
})

test('a text that does not exist yet is made by the first input', () => {
  const { field, page } = bound({ t: null, o: {} }, { pointer: '/o/title' })
  field.type('Hi')
  field.type('!')
  assert.equal(page.value.o.title, 'Hi!')
})

test('a text with line breaks keeps them in an input of one line', () => {
  const { field, page } = bound({ t: 'a\nb\r\nc' }, { field: new Field('INPUT') })
  assert.equal(field.value, 'a b  c')
  field.select(6)
  field.type('d')
  assert.equal(page.value.t, 'a\nb\r\ncd')
})

test('two elements of one text show the same', () => {
  const { field, page } = bound({ t: 'abc' })
  const other = bound(null, { page })
  other.field.select(2)
  field.select(0)
  field.type('>>')
  assert.deepEqual([other.field.value, caret(other.field)], ['>>abc', 4])
})

test('the caret that others see refers to the value without changes that wait', () => {
  const { field, page, driver } = bound({ t: 'abc' })
  field.select(2, 3, 'backward')
  assert.deepEqual(page.presence.cursor(), { path: '/t', offset: 2, length: 1 })
  field.select(2)
  field.type('xy')
  assert.deepEqual(page.presence.cursor(), { path: '/t', offset: 2 })
  driver.ack('e1', 2)
  assert.deepEqual(page.presence.cursor(), { path: '/t', offset: 4 })
  field.fire('blur') // the user went to another window
  assert.notEqual(page.presence.cursor, null)
  field.focused = false
  field.fire('blur')
  assert.equal(page.presence.cursor, null)
})

test('the caret is sent at most five times a second, and not when only others moved it', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { field, page: { presence }, driver } = bound({ t: 'abc' })
  const sent = () => { t.mock.timers.tick(1000); return presence.refreshed }
  field.select(1)
  field.select(2)
  t.mock.timers.tick(199)
  assert.equal(presence.refreshed, 0)
  assert.equal(sent(), 1)
  driver.change(2, [splice('/t', 0, 0, '>')])
  field.ownerDocument.fire('selectionchange')
  assert.equal(sent(), 1)
  field.select(1, 4)
  assert.equal(sent(), 2)
  driver.change(3, [splice('/t', 2, 0, '>')])
  field.ownerDocument.fire('selectionchange')
  assert.equal(sent(), 3)
  field.select(2)
  assert.equal(sent(), 4)
  field.type('x')
  assert.equal(sent(), 5)
})

test('before the first value the element is read-only', () => {
  const page = new Page(null)
  const { field, driver } = bound(null, { page })
  assert.equal(field.readOnly, true)
  driver.opened({ value: { t: 'Hi' } })
  page.emit('status')
  assert.deepEqual([field.readOnly, field.value], [false, 'Hi'])
})

test('a pointer without a text is an error of the page, and the element goes on when there is a text', async () => {
  for (const [value, reason] of [[{ t: 'A' }, 'missing'], [{ deep: { title: 7 } }, 'type']]) {
    const { field, page, binding, driver } = bound(value, { pointer: '/deep/title' })
    const heard = []
    for (const name of ['lost', 'found']) binding.on(name, (detail) => heard.push([name, detail.reason]))
    await null
    assert.deepEqual(page.errors.map(({ code, message }) => [code, message]), [['no_text', "there is no text at '/deep/title': the element is read-only until there is one"]])
    assert.deepEqual([field.readOnly, field.ariaReadOnly], [true, 'true'])
    driver.change(2, [add('/deep', { title: 'B' })])
    await null
    assert.deepEqual(heard, [['lost', reason], ['found', undefined]])
    assert.deepEqual([field.readOnly, field.ariaReadOnly, field.value], [false, null, 'B'])
    driver.change(3, [remove('/deep/title')])
    await null
    assert.deepEqual([heard.at(-1), page.errors.length], [['lost', 'removed'], 1])
  }
})

test('two others who type at both ends of a long text do not move the caret between them', () => {
  const text = Array.from({ length: 900 }, (_, index) => `word${index} `).join('')
  const { field, driver } = bound({ t: text })
  field.select(3000)
  field.type('x')
  driver.change(2, [splice('/t', 0, 0, '>')])
  driver.change(3, [splice('/t', text.length + 1, 0, '<')])
  driver.ack('e1', 4, { ops: [splice('/t', 3001, 0, 'x')] })
  assert.deepEqual([field.value.length, caret(field), field.value.slice(3001, 3002)], [text.length + 3, 3002, 'x'])
})
