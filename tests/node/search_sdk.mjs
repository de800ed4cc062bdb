// Finds names and an order with which the compressed `weft.js` is small:
//
//     make sdk-search TRIES=2000
//
// It begins with what sdk_letters.json and sdk_order.json have, keeps each change
// that does not make the file larger, and writes both files. Nothing needs it: after a change of a
// module, the files still fit, and only some bytes are lost. A try takes about 0.1 second.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { codeOf, kept, zip } from './sdk_code.mjs'
import { POOL, choose, cutter, pack, shortWords, unpack } from './sdk_letters.mjs'
import { arrange, orderOf, piecesOf, write } from './sdk_pieces.mjs'
import { variablesOf } from './sdk_scopes.mjs'

const [tries = 2_000, seed = 1] = process.argv.slice(2).map(Number)
/** What is around a name: so many letters before and after it. */
const CONTEXTS = [[4, 0], [0, 4], [2, 2], [5, 3]]
const LEARNS_EVERY = 100

let state = seed
/** A number from 0 to `below` - 1, the same in each search. @param {number} below */
function random (below) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor(state / 2 ** 32 * below)
}

class Search {
  constructor (texts, letters, order) {
    const code = texts.get('weft.js')
    this.variables = variablesOf(code, shortWords(texts))
    this.names = choose(this.variables, letters)
    this.pieces = arrange(piecesOf(code), order)
    this.cut = cutter(code, this.variables)
    this.tokens = new Map()
    this.lists = [this.pieces.functions, this.pieces.variables, ...this.pieces.variables.map(({ methods }) => methods)].filter((each) => each?.length > 1)
    this.pool = POOL.slice(0, 110)
  }

  /** The text with these names, in this order. */
  text () {
    return write(this.pieces, (part) => {
      if (typeof part === 'string') return part
      if (!this.tokens.has(part)) this.tokens.set(part, this.cut(...part))
      return this.tokens.get(part).map((each) => this.names.get(each) ?? each).join('')
    })
  }

  /** Learns in which contexts names are now. */
  learn () {
    const text = this.text()
    this.counts = new Map()
    for (const [before, after] of CONTEXTS) {
      for (let at = 0; at < text.length - before - after; at++) {
        const each = text.slice(at, at + before + 1 + after)
        this.counts.set(each, (this.counts.get(each) ?? 0) + 1)
      }
    }
    this.around = new Map()
    for (const parts of this.tokens.values()) {
      const words = parts.map((each) => this.names.get(each) ?? each)
      parts.forEach((each, index) => {
        if (typeof each === 'string') return
        const pair = [words.slice(Math.max(0, index - 4), index).join('').slice(-5), words.slice(index + 1, index + 5).join('').slice(0, 3)]
        this.around.set(each, [...(this.around.get(each) ?? []), pair].slice(0, 12))
      })
    }
  }

  /** A name that other code already has in the contexts of a variable. */
  likely (variable) {
    const score = (name) => (this.around.get(variable) ?? []).flatMap(([before, after]) => CONTEXTS.map(([left, right]) => {
      const count = this.counts.get((left ? before.slice(-left) : '') + name + after.slice(0, right)) ?? 0
      return count ? 1 + Math.min(count, 8) / 3 : 0
    })).reduce((sum, each) => sum + each, 0)
    const scored = POOL.slice(0, 54).filter((name) => name !== this.names.get(variable) && !variable.banned.has(name)).map((name) => [score(name), name])
    return scored.sort(([a], [b]) => b - a)[random(6)]?.[1]
  }

  /** Gives a variable a name, and those that have it already the name before. Returns what takes it back; nothing when it cannot be. */
  rename (variable, name) {
    const old = this.names.get(variable)
    if (!name || name === old) return null
    const changed = new Set([variable])
    for (const each of changed) {
      const wanted = this.names.get(each) === old ? name : old
      if (each.banned.has(wanted) || changed.size > 80) return null
      for (const other of each.near) if (this.names.get(other) === wanted) changed.add(other)
    }
    const turn = () => { for (const each of changed) this.names.set(each, this.names.get(each) === old ? name : old) }
    turn()
    return turn
  }

  /** Moves a few pieces to another place. Returns what takes it back. */
  move () {
    const list = this.lists[random(this.lists.length)]
    const old = [...list]
    const moved = list.splice(random(list.length), 1 + random(4) % 3)
    list.splice(random(list.length + 1), 0, ...moved)
    const isFitting = list.every(({ needs }, index) => !list.some((other, at) => at > index && needs.includes(other.name)))
    const back = () => void list.splice(0, list.length, ...old)
    return isFitting ? back : back()
  }

  /** @param {number} number of the try */
  change (number) {
    if (number % LEARNS_EVERY === 0) this.learn()
    if (random(4) === 0) return this.move()
    const variable = this.variables[random(this.variables.length)]
    return this.rename(variable, random(4) ? this.likely(variable) : this.pool[random(this.pool.length)])
  }

  async size () {
    return (await zip(this.text(), 2)).length
  }
}

const names = Object.keys(kept('sdk_names.json'))
const search = new Search(await codeOf(names), unpack(kept('sdk_letters.json')), kept('sdk_order.json'))
let best = await search.size()
console.log(`${best} bytes`)
for (let number = 0; number < tries; number++) {
  const back = search.change(number)
  const size = back ? await search.size() : best
  if (size > best) back?.()
  else best = size
}
console.log(`${best} bytes after ${tries} tries`)
const found = { 'sdk_letters.json': pack(Object.fromEntries([...search.names].map(([{ key }, name]) => [key, name]))), 'sdk_order.json': orderOf(search.pieces) }
for (const [name, content] of Object.entries(found)) writeFileSync(fileURLToPath(new URL(name, import.meta.url)), `${JSON.stringify(content, null, 1)}\n`)
