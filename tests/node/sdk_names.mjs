// Which names of properties the served files shorten: members of classes that no page gets, and
// members that begin with `_`.
//
// Such a name stays when anything else has it: a message, a stored row, the API, the browser's own
// objects, or a string. So nobody keeps a list of names.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The modules whose classes stay inside the SDK. */
const INSIDE = /^(core|link|outbox|session)\/|^text\/(caret|field)\./
const CLASS = /^export declare class [^]*?^}/gm
const TYPE = /^export type (?:\w+ = [^]*?;$|[^]*?^};)/gm
const MEMBER = /^ {4}(?:static |get |set |readonly )*(\w+)[?:(]/gm
/** Names as code in a page of the documentation. */
const CODE = /```[^]*?```|`[^`\n]+`/g
const COMMENT = /\/\*[^]*?\*\/|(?<=^|\s)\/\/ .*$/gm

/**
 * The names to shorten. `root` is the folder of the repository, `types` has each `.d.ts` by its name.
 * @param {string} root
 * @param {Map<string, string>} types
 * @returns {string[]}
 */
export function internalNames (root, types) {
  const classes = [...types].flatMap(([name, text]) => (text.match(CLASS) ?? []).map((each) => ({ name, members: found(each, MEMBER) })))
  const isInside = (name, member) => INSIDE.test(name) || member.startsWith('_')
  const [inside, outside] = [true, false].map((each) => classes.flatMap(({ name, members }) => members.filter((member) => isInside(name, member) === each)))
  const used = new Set([...outside, ...builtins(), ...data(types), ...written(root), ...tested(root)])
  return [...new Set(inside)].filter((name) => !used.has(name)).sort()
}

/** The fields of what is sent or stored. A type with a function is neither. */
function data (types) {
  const all = [...types.values()].flatMap((text) => text.replace(COMMENT, '').match(TYPE) ?? [])
  return all.filter((each) => !/=>|\w\(/.test(each)).flatMap((each) => each.match(/\w+/g))
}

/** The words that the documentation has as code, and the strings of the modules. */
function written (root) {
  const pages = ['wire', 'sdk', 'react', 'preview', 'offline', 'locks'].map((name) => readFileSync(join(root, 'docs', `${name}.md`), 'utf8'))
  const texts = sources(root).map(([, text]) => text.replace(COMMENT, ''))
  const code = pages.flatMap((text) => text.match(CODE)).join(' ').match(/\w+/g)
  return [...code, ...texts.flatMap((text) => found(text, /["'`](\w+)["'`]/g))]
}

/** The names of a bound field that other scripts of this folder read. */
function tested (root) {
  const folder = join(root, 'tests/node')
  const texts = readdirSync(folder).filter((name) => name.endsWith('.mjs')).map((name) => readFileSync(join(folder, name), 'utf8'))
  return texts.flatMap((text) => found(text, /\bbound\.([\w.]+)/g)).flatMap((path) => path.split('.'))
}

/** The names of the language's own objects, and of those that Node.js has of the browser. */
function builtins () {
  const all = Object.getOwnPropertyNames(globalThis).map((name) => globalThis[name]).filter((each) => typeof each === 'function')
  return all.flatMap((each) => [each, each.prototype]).filter(Boolean).flatMap(Object.getOwnPropertyNames)
}

/** The modules that people read, by their path. */
export function sources (root) {
  const folder = join(root, 'static/sdk')
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js') && !name.startsWith('served/'))
  return names.map((name) => [name, readFileSync(join(folder, name), 'utf8')])
}

const found = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name)
