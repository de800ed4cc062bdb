// Makes the files of static/sdk that are generated: served/, which the server sends, and the types
// in types/. Without `--write` it only lists the files that differ.
//
// sdk_names.json has the short names of the served files, for tests that look inside.
//
// Each served file is there three times: as it is, with gzip, and with brotli. Another version of
// Node.js compresses to other bytes. So a compressed file stays while it has the same text.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync, existsSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync } from 'node:zlib'
import { ENTRANCES, codeOf, kept, sdk, zip } from './sdk_code.mjs'
import { shorten, unpack } from './sdk_letters.mjs'
import { internalNames, sources } from './sdk_names.mjs'
import { arrange, piecesOf, write } from './sdk_pieces.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))

/** The code in the order of sdk_order.json. @param {string} code */
function ordered (code) {
  return write(arrange(piecesOf(code), kept('sdk_order.json')), (part) => typeof part === 'string' ? part : code.slice(...part))
}

const { BROTLI_PARAM_MODE: MODE, BROTLI_MODE_TEXT: TEXT, BROTLI_PARAM_LGWIN: WINDOW } = constants
/** How to make and to read a compressed file, by the end of its name. */
const CODINGS = {
  '.gz': { pack: (text) => zip(text, 100), unpack: gunzipSync },
  '.br': { pack: (text) => brotliCompressSync(text, { params: { [MODE]: TEXT, [WINDOW]: 18 } }), unpack: brotliDecompressSync }
}

/** The compressed forms of the served files: those that are there, when they have the same text. */
async function packed (texts) {
  const made = []
  for (const [name, text] of texts) {
    for (const [end, { pack, unpack }] of Object.entries(CODINGS)) {
      const old = read(join(sdk, name + end))
      made.push([name + end, old && textOf(old, unpack) === text ? old : Buffer.from(await pack(text))])
    }
  }
  return made
}

/** The text of a compressed file; nothing when it is damaged. */
function textOf (bytes, unpack) {
  try {
    return unpack(bytes).toString()
  } catch {}
}

const CHECKED = ['--allowJs', '--checkJs', '--strict', '--target', 'es2023', '--lib', 'es2023,dom,dom.iterable', '--module', 'nodenext']

/** Runs the compiler of TypeScript on the entrances in a folder. */
function compile (folder, ...options) {
  const paths = ENTRANCES.map((name) => join(folder, `${name}.js`))
  execFileSync('node', [join(here, 'node_modules/typescript/bin/tsc'), ...CHECKED, ...options, ...paths], { stdio: 'inherit' })
}

function types () {
  const out = mkdtempSync(join(tmpdir(), 'types-'))
  compile(sdk, '--declaration', '--emitDeclarationOnly', '--rootDir', sdk, '--outDir', out)
  const made = new Map(files(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]))
  rmSync(out, { recursive: true })
  return made
}

/** Checks that no object but those of the SDK has the names to shorten: with other names, all types still fit. */
function checkNames (names) {
  const folder = mkdtempSync(join(tmpdir(), 'names-'))
  const short = new RegExp(`\\b(${names.join('|')})\\b(?!\\.js|/)`, 'g')
  for (const [name, text] of sources(root)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text.replace(short, '$1_'))
  }
  try {
    compile(folder, '--noEmit')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function files (folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath ?? each.path, each.name).slice(folder.length).replace(/^\//, ''))
}

const read = (path) => (existsSync(path) ? readFileSync(path) : null)
const declared = types()
const names = internalNames(root, declared)
checkNames(names)
const code = await codeOf(names)
code.set('weft.js', ordered(code.get('weft.js')))
const { made: short, members } = shorten(code, unpack(kept('sdk_letters.json')))
const texts = short.map(([name, text]) => [`served/${name}`, text])
const shortNames = Object.fromEntries(names.map((name) => [name, members[`.${name}`]]).sort())
const list = `${JSON.stringify(shortNames, null, 2)}\n`
const made = new Map([...texts, ...await packed(texts), [relative(sdk, join(here, 'sdk_names.json')), list], ...[...declared].map(([name, text]) => [`types/${name}`, text])])
for (const folder of ['served/', 'types/']) {
  for (const name of files(join(sdk, folder))) if (!made.has(folder + name)) made.set(folder + name, null)
}
const isSame = (path, content) => content !== null && read(path)?.equals(Buffer.from(content))
const differing = [...made].filter(([name, content]) => !isSame(join(sdk, name), content))
for (const [name, content] of differing) {
  const path = join(sdk, name)
  if (!process.argv.includes('--write')) console.log(`${name} differs: run make sdk`)
  else if (content === null) rmSync(path)
  else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}
process.exit(differing.length && !process.argv.includes('--write') ? 1 : 0)
