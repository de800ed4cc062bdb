// Makes static/served: for each of our own pages, and for each screen that a page loads later, one script
// and one style sheet, without comments.
// Without `--write` it only lists the files that differ.
//
// sources.json has the SHA-256 of the files of each page. The server sends a served file only when it
// was made from the files that are there.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { minify } from 'terser'

const root = fileURLToPath(new URL('../../static/', import.meta.url))
const PAGES = ['editor', 'documents']
const isThere = (name) => existsSync(join(root, name, `${name}.js`))
// The screens of each page.
const LATER = { editor: ['gallery', 'history', 'publish', 'site', 'add_page'].filter(isThere), documents: ['new_page'] }
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

const inside = (path) => relative(root, path)
const nameFor = (module, name) => `${module.replace(/\.js$/, '').replace(/\W/g, '_')}_${name}`

/** Let a screen take modules of its page from the script of the page: their state is the same, too. */
function shared (page, taken) {
  return {
    name: 'shared',
    setup (made) {
      made.onResolve({ filter: /^\./ }, ({ path, importer, namespace }) => {
        if (namespace === 'shared') return { path, external: true }
        const module = join(dirname(importer), path)
        return taken.has(inside(module)) ? { path: module, namespace: 'shared' } : null
      })
      made.onLoad({ filter: /./, namespace: 'shared' }, ({ path }) => {
        const module = inside(path)
        const names = [...taken.get(module)].map((name) => `${nameFor(module, name)} as ${name}`)
        return { contents: `export { ${names} } from './${page}.js'` }
      })
    },
  }
}

/** What the own modules of a screen import from the modules of its page: names, by module. */
function takenBy (modules, ofPage) {
  const taken = new Map()
  for (const own of modules.filter((each) => !ofPage.has(each)))
    for (const [, names, path] of readFileSync(join(root, own), 'utf8').matchAll(/^import \{([^}]*)\} from "(\.[^"]*)"/gm)) {
      const module = join(dirname(own), path)
      if (!ofPage.has(module)) continue
      const all = taken.get(module) ?? taken.set(module, new Set()).get(module)
      for (const each of names.split(',').filter((name) => name.trim())) all.add(each.trim().split(' as ')[0])
    }
  return taken
}

/** A script without comments, and the modules that it was made from. */
async function script (options) {
  const made = await build({ ...common, ...options, format: 'esm', target: 'es2023', external: ['/sdk/*'] })
  const { code } = await minify(made.outputFiles[0].text, { module: true, compress: { passes: 2, ecma: 2020 }, mangle: true })
  const modules = Object.keys(made.metafile.inputs).filter((path) => !/^shared:|^<stdin>$/.test(path))
  return { code, modules: modules.map((path) => inside(join(process.cwd(), path))).sort() }
}

/** The style sheet of a page or screen, and the files that it was made from. */
async function style (page) {
  const files = stylesOf(page)
  const contents = files.map((path) => `@import './${path}';`).join('\n')
  const made = await build({ ...common, stdin: { contents, resolveDir: root, loader: 'css' } })
  return { css: made.outputFiles[0].text, files }
}

/** The scripts of a page and of its screens. The page exports what its screens take from it. */
async function scriptsOf (page) {
  const entry = (name) => ({ entryPoints: [join(root, name, `${name}.js`)] })
  const ofPage = new Set((await script({ ...entry(page), plugins: [later] })).modules)
  const [scripts, exported] = [new Map(), new Set()]
  for (const screen of LATER[page]) {
    const taken = takenBy((await script({ ...entry(screen), plugins: [later] })).modules, ofPage)
    scripts.set(screen, await script({ ...entry(screen), plugins: [later, shared(page, taken)] }))
    for (const [module, names] of taken)
      for (const name of names) exported.add(`export { ${name} as ${nameFor(module, name)} } from './${module}'`)
  }
  const contents = [`import './${page}/${page}.js'`, ...[...exported].sort()].join('\n')
  return scripts.set(page, await script({ stdin: { contents, resolveDir: root }, plugins: [later] }))
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
for (const page of PAGES.filter(isThere))
  for (const [name, { code, modules }] of await scriptsOf(page)) {
    const { css, files } = await style(name)
    made.set(`${name}.js`, code)
    made.set(`${name}.css`, css)
    sources[name] = [...modules, ...files]
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
