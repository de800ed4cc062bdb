// Which names of members the served files shorten.
//
// A name stays when anything else has it: the documentation, a message, a stored row, a string, the
// language, or the browser's own objects. So nobody keeps a list of names.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The modules whose classes stay inside the SDK. */
const INSIDE = /^(core|link|outbox|session)\/|^text\/(caret|field)\./
/** The types of what the outbox stores. */
const STORED = /^export type (?:Entry|Op|Row|Stored|Version|Who) /
const CLASS = /^export declare class [^]*?^}/gm
const TYPE = /^export type (?:.*;$|[^]*?^}.*;$)/gm
const MEMBER = /^ {4}(?:static |get |set |readonly )*(\w+)[?:(]/gm
const FIELD = /(\w+)\??: /g
/** A member of an object of the language or the browser, or one of its names. */
const OF_BROWSER = /^(?:declare (?:var|function|class)|[ \t]+(?:readonly |get |set |static )*) ?"?(\w+)/gm
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
  const [inside, all] = [[], []]
  for (const [name, text] of types) {
    const members = (text.match(CLASS) ?? []).flatMap((each) => found(each, MEMBER))
    const fields = declared(text).flatMap((each) => found(each, FIELD))
    all.push(...members, ...fields)
    inside.push(...members.filter((each) => INSIDE.test(name) || each.startsWith('_')))
  }
  const stored = [...types.values()].flatMap(declared).filter((each) => STORED.test(each)).flatMap((each) => found(each, FIELD))
  const used = new Set([...stored, ...builtins(), ...written(root), ...tested(root)])
  const isOutside = new Set(all.filter((each) => !inside.includes(each)))
  const ofBrowser = new Set(browserNames())
  // `tsc` checks the members of classes. An object without a class may be of any type, so its names are rarer.
  const isFree = (name) => !used.has(name) && (!isOutside.has(name) || !ofBrowser.has(name))
  return [...new Set([...inside, ...all])].filter(isFree).sort()
}

/** The types that a module declares. @param {string} text */
const declared = (text) => text.replace(COMMENT, '').match(TYPE) ?? []

/** The words that the documentation has as code, and the strings of the modules. */
function written (root) {
  const pages = ['wire', 'sdk', 'react', 'preview', 'offline', 'locks'].map((name) => readFileSync(join(root, 'docs', `${name}.md`), 'utf8'))
  const texts = sources(root).map(([, text]) => text.replace(COMMENT, ''))
  const code = pages.flatMap((text) => text.match(CODE)).map((text) => text.replace(COMMENT, '')).join(' ').match(/\w+/g)
  return [...code, ...texts.flatMap((text) => found(text, /["'`](\w+)["'`]/g))]
}

/** The names of a bound field that other scripts of this folder read. */
function tested (root) {
  const folder = join(root, 'tests/node')
  const texts = readdirSync(folder).filter((name) => name.endsWith('.mjs')).map((name) => readFileSync(join(folder, name), 'utf8'))
  return texts.flatMap((text) => found(text, /\bbound\.([\w.]+)|(isBackward)/g)).flatMap((path) => path.split('.'))
}

/** The names of the language's own objects, and of those that Node.js has of the browser. */
function builtins () {
  const all = Object.getOwnPropertyNames(globalThis).map((name) => globalThis[name]).filter((each) => typeof each === 'function')
  return all.flatMap((each) => [each, each.prototype]).filter(Boolean).flatMap(Object.getOwnPropertyNames)
}

/** All names that TypeScript knows of the language and the browser. */
function browserNames () {
  const folder = fileURLToPath(new URL(`node_modules/@typescript/typescript-${process.platform}-${process.arch}/lib/`, import.meta.url))
  const names = readdirSync(folder).filter((name) => /^lib\.(es|dom).*\.d\.ts$/.test(name))
  return names.flatMap((name) => found(readFileSync(join(folder, name), 'utf8'), OF_BROWSER))
}

/** The modules that people read, by their path. */
export function sources (root) {
  const folder = join(root, 'static/sdk')
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js') && !name.startsWith('served/'))
  return names.map((name) => [name, readFileSync(join(folder, name), 'utf8')])
}

const found = (text, pattern) => [...text.matchAll(pattern)].map(([, ...names]) => names.find(Boolean))
