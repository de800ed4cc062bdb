// Gives the variables and members of the served files short names. sdk_letters.json has names with
// which the compressed `weft.js` is small, see search_sdk.mjs. A variable that it does not name gets
// the first free name. So a change of a module costs bytes, and nothing else.
import { variablesOf } from './sdk_scopes.mjs'

const COMMON = 'tesirnholadcupfmgvwykbx_O$SATEMjNCPDRBLFJIWzqUKGHQVXYZ'
/** Names, shortest first. */
export const POOL = [...COMMON, ...[...COMMON.slice(0, 16)].flatMap((first) => [...COMMON.slice(0, 16)].map((second) => first + second))]

const fits = ({ near, banned }, name, chosen) => !banned.has(name) && ![...near].some((each) => chosen.get(each) === name)

/**
 * A name for each variable.
 * @param {import('./sdk_scopes.mjs').Variable[]} variables
 * @param {Record<string, string>} letters names by the key of a variable
 */
export function choose (variables, letters) {
  const chosen = new Map()
  for (const each of variables) {
    const name = letters[each.key]
    if (name && fits(each, name, chosen)) chosen.set(each, name)
  }
  for (const each of [...variables].sort((a, b) => a.depth - b.depth)) {
    if (!chosen.has(each)) chosen.set(each, POOL.find((name) => fits(each, name, chosen)))
  }
  return chosen
}

/** A function that gives the pieces of a range between names, and the variables there. @param {string} text @param {import('./sdk_scopes.mjs').Variable[]} variables */
export function cutter (text, variables) {
  const places = variables.flatMap((variable) => variable.places.map((place) => ({ ...place, variable })))
  places.sort((a, b) => a.start - b.start)
  return (from, to) => {
    const parts = []
    for (const { start, end, before = '', after = '', variable } of places) {
      if (start < from || start >= to) continue
      parts.push(text.slice(from, start) + before, variable, after)
      from = end
    }
    return [...parts, text.slice(from, to)]
  }
}

/**
 * Texts with short names. Members have the same name in all of them.
 * @param {Map<string, string>} texts
 * @param {Record<string, string>} letters for the first text
 */
export function shorten (texts, letters) {
  const words = shortWords(texts)
  /** @type {Record<string, string>} */
  const members = {}
  const made = [...texts].map(([name, text], index) => {
    const variables = variablesOf(text, [...words, ...(index ? Object.values(members) : [])])
    for (const each of variables) if (members[each.key]) each.banned.delete(members[each.key])
    const chosen = choose(variables, index ? members : letters)
    for (const [{ key }, short] of chosen) if (key.startsWith('.')) members[key] = short
    const short = cutter(text, variables)(0, text.length).map((each) => chosen.get(each) ?? each).join('')
    if (meaning(variables) !== meaning(variablesOf(short, []))) throw new Error(`a short name has changed what ${name} means`)
    return [name, short]
  })
  return { made, members }
}

/** The words of one or two letters: members of other objects have such names. @param {Map<string, string>} texts */
export const shortWords = (texts) => [...texts.values()].flatMap((text) => text.match(/(?<![\w$])\w{1,2}(?![\w$])/g) ?? [])

/** Which places of a text have the same variable. */
function meaning (variables) {
  const places = variables.filter(({ isMember }) => !isMember).flatMap((each) => each.places.map(({ start }) => [start, each]))
  const numbers = new Map()
  return places.sort(([a], [b]) => a - b).map(([, each]) => numbers.get(each) ?? numbers.set(each, numbers.size + 1).size).join()
}

/** Letters by key, from the lines of the file: each has a scope, and its names. @param {Record<string, string>} lines @returns {Record<string, string>} */
export const unpack = (lines) => Object.fromEntries(Object.entries(lines).flatMap(([scope, names]) => names.split(' ').map((each) => {
  const [name, short] = each.split('=')
  return [scope + name, short]
})))

/** @param {Record<string, string>} letters */
export function pack (letters) {
  /** @type {Record<string, string[]>} */
  const lines = {}
  for (const key of Object.keys(letters).sort()) {
    const [, scope, name] = key.match(/^(.*[/.])?([^/.]+)$/)
    lines[scope ?? ''] = [...(lines[scope ?? ''] ?? []), `${name}=${letters[key]}`]
  }
  return Object.fromEntries(Object.entries(lines).map(([scope, names]) => [scope, names.join(' ')]))
}
