// Makes static/served: for each of our own pages, and for each screen that a page loads later, one script
// and one style sheet, without comments.
// Without `--write` it only lists the files that differ.
//
// sources.json has the SHA-256 of the files of each page. The server sends a served file only when it
// was made from the files that are there.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { minify } from 'terser'

const root = fileURLToPath(new URL('../../static/', import.meta.url))
const PAGES = ['editor', 'documents']
const isThere = (name) => existsSync(join(root, name, `${name}.js`))
// The screens of each page.
const LATER = { editor: ['gallery', 'history', 'publish', 'site'].filter(isThere), documents: ['new_page'] }
const SCREENS = Object.values(LATER).flat()

// The server makes this style sheet itself.
const MADE = 'page/canvas.css'

const common = { bundle: true, minify: true, legalComments: 'none', metafile: true, write: false }

// A screen stays a file of its own.
const later = {
  name: 'later',
  setup (made) {
    const filter = RegExp(`^\\.\\./(${SCREENS.map((each) => `${each}/${each}`).join('|')})\\.js$`)
    made.onResolve({ filter }, ({ path, kind }) => kind === 'dynamic-import' ? { path: `./${path.split('/').at(-1)}`, external: true } : null)
  },
}

/** The script of a page or screen, its style sheet, and the files that they were made from. */
async function served (page) {
  const script = await build({ ...common, entryPoints: [join(root, page, `${page}.js`)], format: 'esm', target: 'es2023', external: ['/sdk/*'], plugins: [later] })
  const { code } = await minify(script.outputFiles[0].text, { module: true, compress: { passes: 2, ecma: 2020 }, mangle: true })
  const styles = stylesOf(page)
  const contents = styles.map((path) => `@import './${path}';`).join('\n')
  const style = await build({ ...common, stdin: { contents, resolveDir: root, loader: 'css' } })
  const modules = Object.keys(script.metafile.inputs).map((path) => relative(root, join(process.cwd(), path)))
  return { code, css: style.outputFiles[0].text, files: [...modules.sort(), ...styles] }
}

/** The paths of the style sheets of a page, in the order of its HTML. A screen has one of its own. */
function stylesOf (page) {
  if (SCREENS.includes(page)) return [`${page}/${page}.css`]
  const html = readFileSync(join(root, page, 'index.html'), 'utf8')
  return [...html.matchAll(/<link rel="stylesheet" href="\/(?:static|modules\/\{version\})\/(.*?)"/g)]
    .map(([, path]) => path).filter((path) => path !== MADE)
}

/** One hash for some files, in the order of their names. */
function hash (names) {
  const all = createHash('sha256')
  for (const name of names) all.update(`${name}\n`).update(readFileSync(join(root, name))).update('\n')
  return all.digest('hex')
}

const made = new Map()
const sources = {}
for (const page of [...SCREENS, ...PAGES.filter(isThere)]) {
  const { code, css, files } = await served(page)
  made.set(`${page}.js`, code)
  made.set(`${page}.css`, css)
  sources[page] = files
}
// A page is served when its screens are, too.
for (const [page, screens] of Object.entries(LATER)) {
  for (const each of screens) {
    sources[page].push(...sources[each])
    delete sources[each]
  }
}
for (const [page, files] of Object.entries(sources)) {
  const names = [...new Set(files), `${page}/index.html`]
  sources[page] = { files: names, hash: hash(names) }
}
made.set('sources.json', `${JSON.stringify(sources, null, 2)}\n`)

const folder = join(root, 'served')
const differing = [...made].filter(([name, text]) => {
  const path = join(folder, name)
  return !existsSync(path) || readFileSync(path, 'utf8') !== text
})
const extra = existsSync(folder) ? readdirSync(folder).filter((name) => !made.has(name)) : []
if (process.argv.includes('--write')) {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of differing) writeFileSync(join(folder, name), text)
} else {
  for (const name of [...differing.map(([each]) => each), ...extra]) console.log(`served/${name} differs: run make sdk`)
  process.exitCode = differing.length + extra.length ? 1 : 0
}
