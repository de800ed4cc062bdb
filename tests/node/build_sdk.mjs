// Makes the files of static/sdk that are generated: served/, which the server sends, and the types
// in types/. Without `--write` it only lists the files that differ.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync, existsSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { minify } from 'terser'

const here = fileURLToPath(new URL('.', import.meta.url))
const sdk = fileURLToPath(new URL('../../static/sdk/', import.meta.url))
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

/** The files that the server sends: each entrance, and what it loads later, without comments. */
async function served () {
  const found = new Set(ENTRANCES.map((name) => join(sdk, `${name}.js`)))
  const made = []
  for (const path of found) {
    const bundled = await build({ entryPoints: [path], bundle: true, plugins: [apart(found)], format: 'esm', minify: true, target: 'es2023', write: false })
    const { code } = await minify(bundled.outputFiles[0].text, { module: true, compress: { passes: 3, pure_getters: true, sequences: false, hoist_funs: true, lhs_constants: false }, mangle: true })
    made.push([`served/${basename(path)}`, `${code}\n`])
  }
  return made
}

function types () {
  const out = mkdtempSync(join(tmpdir(), 'types-'))
  const options = ['--allowJs', '--checkJs', '--declaration', '--emitDeclarationOnly', '--strict', '--target', 'es2023', '--lib', 'es2023,dom,dom.iterable', '--module', 'nodenext', '--rootDir', sdk, '--outDir', out]
  execFileSync('node', [join(here, 'node_modules/typescript/bin/tsc'), ...options, ...ENTRANCES.map((name) => join(sdk, `${name}.js`))], { stdio: 'inherit' })
  const made = files(out).map((name) => [`types/${name}`, readFileSync(join(out, name), 'utf8')])
  rmSync(out, { recursive: true })
  return made
}

function files (folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath ?? each.path, each.name).slice(folder.length).replace(/^\//, ''))
}

const made = new Map([...await served(), ...types()])
for (const folder of ['served/', 'types/']) {
  for (const name of files(join(sdk, folder))) if (!made.has(folder + name)) made.set(folder + name, null)
}
const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null)
const differing = [...made].filter(([name, text]) => read(join(sdk, name)) !== text)
for (const [name, text] of differing) {
  const path = join(sdk, name)
  if (!process.argv.includes('--write')) console.log(`${name} differs: run make sdk`)
  else if (text === null) rmSync(path)
  else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
process.exit(differing.length && !process.argv.includes('--write') ? 1 : 0)
