// The contrast of a theme, against a computation of its own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  colorNamed, fixOf, fromHsl, nearest, pairsOf, pairsOfSection, passes, ratioWords, toHsl,
} from '../../static/site/contrast.js'
import { FONTS, PAIRINGS, PALETTES, familiesOf, fontName } from '../../static/site/looks.js'
import { typedColor } from '../../static/site/colors.js'
import { stylesheet } from '../../static/page/theme.js'

/** The ratio by the text of WCAG 2.2: colours from 0 to 255. */
function wcag (one, other) {
  const [a, b] = [one, other].map(([red, green, blue]) => {
    const parts = [red, green, blue].map((value) => {
      const share = value / 255
      return share <= 0.03928 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4)
    })
    return parts[0] * 0.2126 + parts[1] * 0.7152 + parts[2] * 0.0722
  })
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

const COLORS = ['#000000', '#ffffff', '#777777', '#2f6f4f', '#ffdd00', '#b3402a', '#8fb4ff', '#10141f', '#e0e8f0']

test('a verdict is that of WCAG', () => {
  for (const text of COLORS)
    for (const background of COLORS)
      for (const mode of ['light', 'dark', 'auto'])
        for (const pair of pairsOf({ colors: { text, background, accent: '#2f5bea' }, mode })) {
          const ratio = wcag(pair.front, pair.back)
          assert.ok(Math.abs(ratio - pair.ratio) < 0.001, `${pair.id} ${text} ${background}`)
          assert.equal(passes(pair), ratio >= pair.needs)
        }
})

test('the colours are those that the page gets', () => {
  for (const colors of [{}, { text: '#888', background: '#123456' }, { accent: '#ffdd00' }]) {
    const css = stylesheet({ colors, mode: 'light' })
    const value = (name) => css.match(RegExp(`--${name}:(#\\w+);`))[1]
    const hex = (color) => `#${color.map((each) => Math.round(each).toString(16).padStart(2, '0')).join('')}`
    const pairs = Object.fromEntries(pairsOf({ colors, mode: 'light' }).map((pair) => [pair.id, pair]))
    assert.equal(hex(pairs.text.front), value('ink'))
    assert.equal(hex(pairs.text.back), value('ground'))
    assert.equal(hex(pairs.button.front), value('on-accent'))
    assert.equal(hex(pairs.button.back), value('accent'))
    assert.equal(hex(pairs.link.front), value('link'))
  }
})

test('the text of buttons passes by itself, and a link passes or can be mended', () => {
  for (const accent of COLORS)
    for (const background of COLORS.filter((each) => each !== '#777777'))
      for (const mode of ['light', 'dark', 'auto'])
        for (const pair of pairsOf({ colors: { accent, background }, mode })) {
          const theme = { colors: { accent, background }, mode }
          const mended = () => fixOf(pair.id, (colors) => pairsOf({ ...theme, colors: { ...theme.colors, ...colors } }), (name) => colorNamed(theme, name))
          const said = `${pair.id} ${accent} ${background} ${mode} ${pair.ratio}`
          if (/^button/.test(pair.id)) assert.ok(passes(pair), said)
          if (/^link/.test(pair.id)) assert.ok(passes(pair) || mended(), said)
        }
})

test('a fix is the nearest lightness, and it breaks no other pair', () => {
  for (const text of COLORS)
    for (const background of COLORS) {
      const theme = { colors: { text, background, accent: '#2f5bea' }, mode: 'light' }
      for (const pair of pairsOf(theme).filter((each) => !passes(each))) {
        const pairs = (colors) => pairsOf({ ...theme, colors: { ...theme.colors, ...colors } })
        const fix = fixOf(pair.id, pairs, (name) => colorNamed(theme, name))
        const after = (colors) => passes(pairs(colors).find(({ id }) => id === pair.id))
        if (fix) assert.ok(after(fix), `${pair.id} ${text} on ${background}`)
        else assert.ok(!pair.names.some((name) => ['#000000', '#ffffff'].some((value) => after({ [name]: value }))), `${pair.id} ${text} on ${background}`)
      }
    }
  const grey = { colors: { text: '#888888', background: '#ffffff' } }
  const pairs = (colors) => pairsOf({ colors: { ...grey.colors, ...colors } })
  const fix = fixOf('text', pairs, (name) => colorNamed(grey, name))
  assert.deepEqual(fix, { text: '#767676' }, 'the lightest grey that can be read on white')
  assert.equal(nearest([136, 136, 136], () => false), null)
})

test('a colour keeps its hue when its lightness changes', () => {
  for (const color of [[47, 111, 79], [255, 221, 0], [16, 20, 31], [128, 128, 128], [200, 30, 90]]) {
    assert.deepEqual(fromHsl(...toHsl(color)), color)
    const found = nearest(color, (each) => wcag(each, [255, 255, 255]) >= 7)
    if (toHsl(color)[1] > 0.1) assert.ok(Math.abs(toHsl(found)[0] - toHsl(color)[0]) < 4)
  }
})

test('a ratio is rounded down', () => {
  assert.equal(ratioWords(4.4999), '4.49:1')
  assert.equal(ratioWords(21), '21.00:1')
})

test('a section with colours of its own is a pair', () => {
  const text = (own, theme = {}) => pairsOfSection(own, theme)[0]
  assert.deepEqual(pairsOfSection({}, {}), [])
  assert.deepEqual(pairsOfSection({ align: 'center' }, {}), [])
  assert.ok(passes(text({ background: '#777777' })), 'its text is chosen automatically')
  assert.ok(!passes(text({ background: '#777777', text: '#888888' })))
  assert.ok(!passes(text({ text: '#eeeeee' })))
  assert.ok(passes(text({ text: '#eeeeee' }, { colors: { background: '#111111' } })))
})

test('each palette passes in each mode', () => {
  for (const { name, colors } of PALETTES)
    for (const mode of ['light', 'dark', 'auto'])
      for (const pair of pairsOf({ colors, mode })) assert.ok(passes(pair), `${name} ${mode} ${pair.id} ${pair.ratio}`)
})

test('each font is one that the page takes, and is found again', () => {
  for (const [name, families] of FONTS) {
    assert.ok(families.length <= 200)
    assert.ok(stylesheet({ fonts: { heading: families } }).includes(`--heading:${families};`), name)
    assert.equal(fontName(families), name)
  }
  for (const { heading, body } of PAIRINGS)
    for (const name of [heading, body]) assert.equal(fontName(familiesOf(name)), name)
  assert.equal(fontName(undefined), 'System')
  assert.equal(fontName("'Odd Name', serif"), 'Odd Name')
})

test('a typed colour has six digits', () => {
  for (const [typed, color] of [['#2f6f4f', '#2f6f4f'], ['ABC', '#aabbcc'], [' #FFF ', '#ffffff'], ['green', null], ['#12345', null], ['', null], ['#fff;}', null]])
    assert.equal(typedColor(typed), color)
})

test('the colour of a name is the one that the page shows', () => {
  assert.deepEqual(colorNamed({}, 'background'), [255, 255, 255])
  assert.deepEqual(colorNamed({ colors: { accent: '#010203' } }, 'accent'), [1, 2, 3])
  assert.deepEqual(colorNamed({ mode: 'auto', colors: { 'accent-dark': '#010203' } }, 'accent-dark'), [1, 2, 3])
})
