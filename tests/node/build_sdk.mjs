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
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { minify } from 'terser'
import { internalNames, sources } from './sdk_names.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const sdk = fileURLToPath(new URL('../../static/sdk/', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const ENTRANCES = ['weft', 'preview', 'react', 'advice']

/** A module that is loaded by `import()` becomes a file of its own, beside the one that loads it. */
function apart (found) {
  return {
    name: 'apart',
    setup: ({ onResolve }) => onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== 'dynamic-import') return null
      found.add(join(resolveDir, path))
      return { path: `./${basename(path)}`, external: true }
    })
  }
}

/** A module that loads an entrance. For `weft.js`, sdk_order.json has the order of its modules. */
function entry (path) {
  const order = basename(path) === 'weft.js' ? JSON.parse(readFileSync(join(here, 'sdk_order.json'), 'utf8')) : []
  const first = order.map((name) => join(sdk, name)).filter(existsSync)
  return { contents: `${first.map((each) => `import '${each}'\n`).join('')}export * from '${path}'`, resolveDir: sdk }
}

/** The files that the server sends: each entrance, and what it loads later, without comments. */
async function served (names) {
  const mangleProps = new RegExp(`^(${names.join('|')})$`)
  let mangleCache = {} // the files exchange objects
  const found = new Set(ENTRANCES.map((name) => join(sdk, `${name}.js`)))
  const made = []
  for (const path of found) {
    const bundled = await build({ stdin: entry(path), bundle: true, ignoreAnnotations: true, plugins: [apart(found)], format: 'esm', minify: true, target: 'es2023', write: false, mangleProps, mangleCache })
    mangleCache = bundled.mangleCache
    const { code } = await minify(bundled.outputFiles[0].text, { module: true, compress: { passes: 3, pure_getters: true, unsafe: true, sequences: false, hoist_funs: true, lhs_constants: false, ecma: 2020, unsafe_arrows: true }, mangle: true })
    made.push([`served/${basename(path)}`, code])
  }
  return { made, shortened: mangleCache }
}

const { BROTLI_PARAM_MODE: MODE, BROTLI_MODE_TEXT: TEXT, BROTLI_PARAM_LGWIN: WINDOW } = constants
/** How to make and to read a compressed file, by the end of its name. */
const CODINGS = {
  '.gz': { pack: zip, unpack: gunzipSync },
  '.br': { pack: (text) => brotliCompressSync(text, { params: { [MODE]: TEXT, [WINDOW]: 18 } }), unpack: brotliDecompressSync }
}

/** Loaded late, because this module writes all of itself out when the build fails. */
async function zip (text) {
  const { default: zopfli } = await import('@gfx/zopfli')
  return zopfli.gzipAsync(Buffer.from(text), { numiterations: 100 })
}

/** The compressed forms of the served files: those that are there, when they have the same text. */
async function packed (texts) {
  const made = []
  for (const [name, text] of texts) {
    for (const [end, { pack, unpack }] of Object.entries(CODINGS)) {
      const kept = read(join(sdk, name + end))
      made.push([name + end, kept && textOf(kept, unpack) === text ? kept : Buffer.from(await pack(text))])
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
const { made: texts, shortened } = await served(names)
const list = `${JSON.stringify(shortened, Object.keys(shortened).sort(), 2)}\n`
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
