// Makes the files of static/sdk that are generated: weft.min.js, which the server sends as weft.js,
// and the types in types/. Without `--write` it only lists the files that differ.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync, existsSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { minify } from 'terser'

const here = fileURLToPath(new URL('.', import.meta.url))
const sdk = fileURLToPath(new URL('../../static/sdk/', import.meta.url))
const ENTRANCES = ['weft', 'preview', 'react'].filter((name) => existsSync(join(sdk, `${name}.js`)))

async function bundle () {
  const made = await build({ entryPoints: [join(sdk, 'weft.js')], bundle: true, external: ['./adopt.js', './alive.js', './caret.js', './documents.js'], format: 'esm', minify: true, target: 'es2023', write: false })
  const { code } = await minify(made.outputFiles[0].text, { module: true, compress: { passes: 3 }, mangle: true })
  return `${code}\n`
}

function types () {
  const out = mkdtempSync(join(tmpdir(), 'types-'))
  const options = ['--allowJs', '--checkJs', '--declaration', '--emitDeclarationOnly', '--strict', '--target', 'es2023', '--lib', 'es2023,dom,dom.iterable', '--module', 'nodenext', '--outDir', out]
  execFileSync('node', [join(here, 'node_modules/typescript/bin/tsc'), ...options, ...ENTRANCES.map((name) => join(sdk, `${name}.js`))], { stdio: 'inherit' })
  const made = readdirSync(out).map((name) => [`types/${name}`, readFileSync(join(out, name), 'utf8')])
  rmSync(out, { recursive: true })
  return made
}

const made = new Map([['weft.min.js', await bundle()], ...types()])
mkdirSync(join(sdk, 'types'), { recursive: true })
for (const name of readdirSync(join(sdk, 'types'))) if (!made.has(`types/${name}`)) made.set(`types/${name}`, null)
const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null)
const differing = [...made].filter(([name, text]) => read(join(sdk, name)) !== text)
for (const [name, text] of differing) {
  if (!process.argv.includes('--write')) console.log(`${name} differs: run make sdk`)
  else if (text === null) rmSync(join(sdk, name))
  else writeFileSync(join(sdk, name), text)
}
process.exit(differing.length && !process.argv.includes('--write') ? 1 : 0)
