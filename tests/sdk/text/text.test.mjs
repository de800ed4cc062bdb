// text.js, and two users who type in elements of one text. `SEEDS` is the number of random runs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bound, Page } from './bound.mjs'

const SEEDS = Number(process.env.SEEDS ?? 60)
const FIRST = Number(process.env.SEED ?? 1)

function randomOf (seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Characters that occur once, so that a character is its own name. Some are two UTF-16 units. */
function * characters () {
  for (let code = 0x4e00; ; code += 1) yield String.fromCodePoint(code % 4 ? code : 0x20000 + code)
}

/** A server that knows characters by themselves. It merges as the real one, with other means. */
class Server {
  texts = ['', 'begin'] // by version
  own = [] // {version, client, op} of accepted patches
  log = []

  /** @param {string} client the client that sends */
  patch (client, { id, base, ops: [{ offset, delete: count, insert }] }) {
    let seen = this.texts[base]
    for (const each of this.own) if (each.client === client && each.version > base) seen = cut(seen, each.op)
    const [left, gone] = [[...seen.slice(0, offset)], [...seen.slice(offset, offset + count)]]
    const head = this.texts.at(-1)
    const place = left.findLastIndex((each) => head.includes(each))
    const at = place < 0 ? 0 : head.indexOf(left[place]) + left[place].length
    const rest = (text) => [...text].filter((each) => !gone.includes(each)).join('')
    const now = rest(head.slice(0, at)) + insert + rest(head.slice(at))
    const version = this.texts.push(now) - 1
    this.own.push({ version, client, op: { offset, delete: count, insert } })
    const size = gone.join('').length
    const isOne = head.slice(at, at + size) === gone.join('')
    const ops = isOne ? [{ op: 'splice', path: '/t', offset: at, delete: size, insert }] : [{ op: 'replace', path: '/t', value: now }]
    this.log.push({ version, client, id, ops, isSame: isOne && at === offset })
  }
}

const cut = (text, { offset, delete: count, insert }) => text.slice(0, offset) + insert + text.slice(offset + count)

class User {
  inbox = 0 // messages of the server's log that have arrived
  sent = 0

  constructor (name, server, random, next) {
    Object.assign(this, { name, server, random, next }, bound({ t: 'begin' }))
    this.note()
  }

  /** Remembers the characters on both sides of the caret. */
  note () {
    const { value, selectionStart: start, selectionEnd: end } = this.field
    this.known = [[...value.slice(0, start)], [...value.slice(start, end)], [...value.slice(end)]]
  }

  /** The caret stands where its characters are, as far as they are still there. */
  check () {
    const { value, selectionStart: start, selectionEnd: end } = this.field
    assert.equal(value, this.page.value.t)
    const [left, inside, right] = this.known
    const last = (list) => { const found = list.findLast((each) => value.includes(each)); return found ? value.indexOf(found) + found.length : 0 }
    const first = (list) => { const found = list.find((each) => value.includes(each)); return found ? value.indexOf(found) : value.length }
    const both = [...left, ...inside]
    const low = [last(left), last(both)]
    const high = [first([...inside, ...right]), first(right)]
    if (inside.length) assert.ok(low[0] <= start && start <= high[0], 'the start of the selection')
    if (inside.length && value.includes(inside[0])) assert.equal(start, high[0], 'the start of the selection')
    assert.ok(low[1] <= end && end <= high[1], 'the end of the selection, or the caret')
    if (both.length && value.includes(both.at(-1))) assert.equal(end, low[1], 'the end of the selection, or the caret')
  }

  act () {
    const { field, random } = this
    const size = field.value.length
    const pick = random()
    if (this.compose) {
      this.compose(this.word(), pick < 0.5)
      if (pick < 0.5) this.compose = null
      else return
    } else if (pick < 0.45) field.type(this.word())
    else if (pick < 0.6) field.backspace()
    else if (pick < 0.9) {
      const at = [0, 0].map(() => this.border(Math.floor(random() * (size + 1)))).sort((a, b) => a - b)
      field.select(at[0], random() < 0.5 ? at[0] : at[1], 'backward')
    } else this.compose = field.compose()
    if (!this.compose) this.note()
  }

  word () {
    return Array.from({ length: 1 + Math.floor(this.random() * 2) }, () => this.next()).join('')
  }

  border (at) {
    return /[\uDC00-\uDFFF]/.test(this.field.value[at] ?? '') ? at - 1 : at
  }

  send () {
    const message = this.driver.sent[this.sent]
    if (!message) return
    this.sent += 1
    assert.equal(message.ops.length, 1)
    this.server.patch(this.name, message)
  }

  receive () {
    const message = this.server.log[this.inbox]
    if (!message) return
    this.inbox += 1
    const { version, client, id, ops, isSame } = message
    if (client !== this.name) this.driver.change(version, ops)
    else this.driver.ack(id, version, isSame ? {} : { ops: [{ op: 'replace', path: '/t', value: this.server.texts[version] }] })
    if (!this.compose) this.check()
  }

  get isDone () {
    return this.sent === this.driver.sent.length && this.inbox === this.server.log.length
  }
}

function run (seed) {
  const random = randomOf(seed)
  const all = characters()
  const next = () => all.next().value
  const server = new Server()
  const users = ['ada', 'bo', 'cy'].map((name) => new User(name, server, random, next))
  for (let step = 0; step < 150; step += 1) {
    const user = users[Math.floor(random() * users.length)]
    const pick = random()
    if (pick < 0.4) user.act()
    else if (pick < 0.6) user.send()
    else user.receive()
  }
  for (const user of users) {
    user.compose?.(user.word(), true)
    if (user.compose) user.note()
    user.compose = null
  }
  while (!users.every((user) => user.isDone)) for (const user of users) { user.send(); user.receive() }
  for (const user of users) {
    user.check()
    assert.equal(user.field.value, server.texts.at(-1))
  }
}

test('in random runs all elements show the same in the end, and each caret stays at its characters', () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
    try {
      run(seed)
    } catch (error) {
      error.message = `seed ${seed}: ${error.message}`
      throw error
    }
  }
})
