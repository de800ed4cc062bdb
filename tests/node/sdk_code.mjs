// The code of the files that the server sends, with long names and in its own order.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { minify } from 'terser'
import { SHORTENED } from './sdk_scopes.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
export const sdk = fileURLToPath(new URL('../../static/sdk/', import.meta.url))
export const ENTRANCES = ['weft', 'preview', 'react', 'advice']

/** Names stay: sdk_letters.mjs makes them short. */
const COMPRESS = { passes: 3, pure_getters: true, unsafe: true, unsafe_math: true, sequences: false, hoist_funs: true, inline: 1, lhs_constants: false, ecma: 2020, unsafe_arrows: true }

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

/**
 * Each entrance, and what it loads later, without comments. `weft.js` is the first.
 * @param {string[]} names of members that get a short name
 * @returns {Promise<Map<string, string>>}
 */
export async function codeOf (names) {
  const mangleProps = new RegExp(`^(${names.join('|')})$`)
  const mangleCache = Object.fromEntries(names.map((name) => [name, SHORTENED + name]))
  const found = new Set(ENTRANCES.map((name) => join(sdk, `${name}.js`)))
  const texts = new Map()
  for (const path of found) {
    const { outputFiles } = await build({ entryPoints: [path], bundle: true, ignoreAnnotations: true, plugins: [apart(found)], format: 'esm', minifySyntax: true, minifyWhitespace: true, target: 'es2023', write: false, mangleProps, mangleCache })
    const { code } = await minify(outputFiles[0].text, { module: true, compress: COMPRESS, mangle: false })
    texts.set(basename(path), code)
  }
  return texts
}

/** A JSON file of this folder. @param {string} name */
export const kept = (name) => JSON.parse(readFileSync(join(here, name), 'utf8'))

/** Loaded late: that module writes all of itself out when something fails. @param {string} text @param {number} numiterations */
export async function zip (text, numiterations) {
  const { default: zopfli } = await import('@gfx/zopfli')
  return zopfli.gzipAsync(Buffer.from(text), { numiterations })
}
