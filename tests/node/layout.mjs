// What a Yjs client needs to read Weft's layout as JSON, and to reorder what is in an array.
//
// An array is a Y.Map marked "@array"; its elements stand under ids of their own, each with an
// "@order" key to sort by, "@deleted" where it is hidden, and "@value" where it is no object.
import * as Y from 'yjs'

const RESERVED = new Set(['@array', '@order', '@deleted', '@value'])
const ESCAPED = /^@+(array|order|deleted|value)$/
const LAST = '~' // after every order key

export const escape = (key) => (ESCAPED.test(key) ? '@' + key : key)
const unescape = (key) => (key.startsWith('@@') && ESCAPED.test(key) ? key.slice(1) : key)

// --- reading ---------------------------------------------------------------------------------

export function toJSON (held) {
  if (held instanceof Y.Text || held instanceof Y.XmlFragment) return held.toString()
  if (held instanceof Y.Array) return held.toArray().map(toJSON)
  if (held instanceof Y.Map) return held.get('@array') === true ? toArray(held) : toObject(held)
  return held === undefined ? null : held
}

function toObject (map) {
  const value = {}
  for (const [key, inner] of map.entries()) {
    if (!RESERVED.has(key)) value[unescape(key)] = toJSON(inner)
  }
  return value
}

const toArray = (map) =>
  elementKeys(map).map((key) => {
    const element = map.get(key)
    return element instanceof Y.Map && element.has('@value')
      ? toJSON(element.get('@value'))
      : toJSON(element)
  })

const field = (element, name) =>
  element instanceof Y.Map ? element.get(name) : element?.[name]

const orderOf = (element) => {
  const order = field(element, '@order')
  return typeof order === 'string' && /^[A-Za-z][0-9A-Za-z]+$/.test(order) ? order : LAST
}

// The visible elements' keys, as they stand.
export function elementKeys (map) {
  return [...map.keys()]
    .filter((key) => !RESERVED.has(key) && field(map.get(key), '@deleted') !== true)
    .map((key) => [orderOf(map.get(key)), key])
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : 1))
    .map(([, key]) => key)
}

// The shared type or plain value at a JSON pointer.
export function at (content, pointer) {
  let held = content
  for (const token of pointer.split('/').slice(1)) {
    if (held instanceof Y.Array) held = held.get(Number(token))
    else if (held.get('@array') === true) {
      held = held.get(elementKeys(held)[Number(token)])
      if (held instanceof Y.Map && held.has('@value')) held = held.get('@value')
    } else held = held.get(escape(token))
  }
  return held
}

// --- writing ---------------------------------------------------------------------------------

export function build (value) {
  if (typeof value === 'string') return new Y.Text(value)
  if (Array.isArray(value)) return buildArray(value)
  if (value === null || typeof value !== 'object') return value
  const map = new Y.Map()
  for (const [key, inner] of Object.entries(value)) {
    map.set(escape(key), key === 'id' || key === 'type' ? inner : build(inner))
  }
  return map
}

function buildArray (values) {
  const map = new Y.Map([['@array', true]])
  let order = null
  values.forEach((value, index) => {
    order = between(order, null)
    map.set(value?.id ?? `e${index}`, buildElement(value, order))
  })
  return map
}

function buildElement (value, order) {
  const isObject = value !== null && typeof value === 'object' && !Array.isArray(value)
  const element = isObject ? build(value) : new Y.Map([['@value', build(value)]])
  element.set('@order', order)
  return element
}

const gap = (map, index, but = null) => {
  const keys = elementKeys(map).filter((key) => key !== but)
  const order = (key) => (key === undefined ? null : orderOf(map.get(key)))
  const [low, high] = [order(keys[index - 1]), order(keys[index])]
  return low !== null && low === high ? between(low, null) : between(low, high)
}

export const insertElement = (map, index, key, value) =>
  map.set(key, buildElement(value, gap(map, index)))

export function moveElement (map, from, to) {
  const key = elementKeys(map)[from]
  map.get(key).set('@order', gap(map, to, key))
}

export const removeElement = (map, index) =>
  map.get(elementKeys(map)[index]).set('@deleted', true)

// --- order keys, in the format of the npm package fractional-indexing ------------------------

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const width = (head) =>
  head >= 'a' ? head.charCodeAt(0) - 95 : 92 - head.charCodeAt(0)
const whole = (key) => key.slice(0, width(key[0]))

// A key between two, for lists of a sensible length: heads from 'X' to 'c'.
export function between (low, high) {
  if (low === null && high === null) return 'a0'
  if (high === null) return step(whole(low), 1)
  if (low === null) return whole(high) < high ? whole(high) : step(whole(high), -1)
  const [first, last] = [whole(low), whole(high)]
  if (first === last) return first + middle(low.slice(first.length), high.slice(first.length))
  const next = step(first, 1)
  return next < high ? next : first + middle(low.slice(first.length), null)
}

function middle (low, high) {
  const digit = (key, index) => DIGITS.indexOf(key[index] ?? '0')
  let shared = ''
  for (let index = 0; ; index++) {
    const first = digit(low, index)
    const last = high === null ? DIGITS.length : digit(high, index)
    if (last - first > 1) return shared + DIGITS[(first + last) >> 1]
    shared += DIGITS[first]
    if (last > first) high = null // whatever follows is below it now
  }
}

function step (key, by) {
  const digits = [...key.slice(1)]
  for (let place = digits.length - 1; place >= 0; place--) {
    const value = DIGITS.indexOf(digits[place]) + by
    if (value >= 0 && value < DIGITS.length) {
      digits[place] = DIGITS[value]
      return key[0] + digits.join('')
    }
    digits[place] = by > 0 ? '0' : 'z'
  }
  const head = by > 0
    ? { Z: 'a', z: null }[key[0]] ?? String.fromCharCode(key.charCodeAt(0) + 1)
    : { a: 'Z' }[key[0]] ?? String.fromCharCode(key.charCodeAt(0) - 1)
  return head + (by > 0 ? '0' : 'z').repeat(width(head) - 1)
}
