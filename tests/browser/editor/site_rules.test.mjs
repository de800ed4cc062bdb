// The rules of the site's settings: contrast, lengths, addresses, and the places of entries.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Site } from '../../../static/page/site.js'
import { colorsOf, readColor } from '../../../static/page/theme.js'
import { automaticEntries, placeOfEntry } from '../../../static/site/changes.js'
import { typedColor } from '../../../static/site/colors.js'
import { colorNamed, fixOf, pairsOf, pairsOfSection, passes, ratioWords, toHsl } from '../../../static/site/contrast.js'
import { PALETTES } from '../../../static/site/looks.js'
import { cut, lengthWords, searchHints, shareHints, widthOf } from '../../../static/site/measure.js'
import { freeName, linksMoved, slugFault } from '../../../static/site/slugs.js'

/** Random numbers from 0 to 1, the same in each run. */
const random = (() => {
  let state = 11
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x7fffffff
  }
})()
const color = () => `#${[0, 0, 0].map(() => Math.floor(random() * 256).toString(16).padStart(2, '0')).join('')}`
const NAMES = ['accent', 'background', 'text']

function drawnTheme () {
  const mode = ['light', 'dark', 'auto'][Math.floor(random() * 3)]
  const names = mode === 'auto' ? [...NAMES, ...NAMES.map((each) => `${each}-dark`)] : NAMES
  return { mode, colors: Object.fromEntries(names.filter(() => random() < 0.8).map((name) => [name, color()])) }
}

/** The contrast by the text of WCAG 2.2, which rounds the limit of the linear part. */
function contrast (one, other) {
  const luminance = (parts) => {
    const [red, green, blue] = parts.map((each) => each / 255).map((each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

const withColors = (theme) => (colors) => pairsOf({ ...theme, colors: { ...theme.colors, ...colors } })

test('each pair has the contrast of WCAG', () => {
  for (let count = 0; count < 300; count += 1) {
    const theme = drawnTheme()
    const [light, dark] = colorsOf(theme)
    for (const pair of pairsOf(theme)) {
      assert.ok(Math.abs(pair.ratio - contrast(pair.front, pair.back)) < 0.001)
      assert.equal(passes(pair), contrast(pair.front, pair.back) >= pair.needs, pair.id)
      assert.ok(Number.parseFloat(ratioWords(pair.ratio)) <= pair.ratio)
    }
    const named = (id) => pairsOf(theme).find((each) => each.id === id)
    assert.ok(Math.abs(named('text').ratio - contrast(light[1], light[0])) < 0.001)
    assert.equal(named('text-dark') === undefined, dark === undefined)
  }
})

test('a fix passes, keeps the hue, and breaks no other pair when it can', () => {
  let count = 0
  for (let drawn = 0; drawn < 12; drawn += 1) {
    const theme = drawnTheme()
    const pairs = withColors(theme)
    for (const wrong of pairs({}).filter((each) => !passes(each)).slice(0, 2)) {
      const found = fixOf(wrong.id, pairs, (name) => colorNamed(theme, name))
      assert.ok(found, `${wrong.id} of ${JSON.stringify(theme)}`)
      assert.ok(passes(pairs(found).find(({ id }) => id === wrong.id)))
      for (const [name, value] of Object.entries(found)) {
        const [[was], [is, saturation, lightness]] = [toHsl(colorNamed(theme, name)), toHsl(readColor(value))]
        const far = Math.min(Math.abs(was - is), 360 - Math.abs(was - is))
        // The eight bits of a very dark or pale colour have few hues.
        if (saturation > 0.2 && lightness > 0.1 && lightness < 0.9) assert.ok(far < 4, `${name} ${value}`)
      }
      count += 1
    }
  }
  assert.ok(count > 10)
})

test('a fix may leave a colour that the page chooses', () => {
  const theme = { mode: 'light', colors: { accent: '#095626', background: '#8a8a8a' } }
  const pairs = withColors(theme)
  const found = fixOf('quiet', pairs, (name) => colorNamed(theme, name))
  assert.ok(passes(pairs(found).find(({ id }) => id === 'quiet')), JSON.stringify(found))
})

test('a pair on a ground of middle lightness takes both colours', () => {
  const theme = { mode: 'dark', colors: { accent: '#095626', background: '#624cca', text: '#df8e33' } }
  const pairs = withColors(theme)
  const found = fixOf('quiet', pairs, (name) => colorNamed(theme, name))
  assert.deepEqual(Object.keys(found).sort(), ['background', 'text'])
  assert.ok(passes(pairs(found).find(({ id }) => id === 'quiet')))
})

test('a section with colours of its own has its texts measured, in both modes', () => {
  const ids = (own, theme = {}) => pairsOfSection(own, theme).map(({ id, ratio }) => `${id} ${ratio >= 4.5}`)
  assert.deepEqual(ids({}), [])
  assert.deepEqual(ids({ align: 'center', background: 'red' }), [])
  // Its quiet texts have less contrast than its text.
  assert.deepEqual(ids({ background: '#ffffff', text: '#707070' }), ['text true', 'quiet false'])
  assert.deepEqual(ids({ background: '#15171f' }), ['text true', 'quiet true'])
  // Without a background of its own, it has that of the page, which may be dark for a visitor.
  assert.deepEqual(ids({ text: '#111111' }, { mode: 'auto' }), ['text true', 'quiet true', 'text-dark false', 'quiet-dark false'])
  assert.deepEqual(ids({ background: '#ffffff', text: '#111111' }, { mode: 'auto' }), ['text true', 'quiet true'])
})

test('all palettes pass, also in dark mode', () => {
  for (const { name, colors } of PALETTES)
    for (const mode of ['light', 'auto'])
      for (const pair of pairsOf({ mode, colors })) assert.ok(passes(pair), `${name}: ${pair.id}`)
})

test('a colour is typed in several ways, and wrong ones are none', () => {
  assert.deepEqual(['#AbC', 'abc', ' #A1B2C3 ', 'FFFFFF'].map(typedColor), ['#aabbcc', '#aabbcc', '#a1b2c3', '#ffffff'])
  for (const wrong of ['', '#', '#12', '#1234', '#12345', '#1234567', '#12345678', 'red', '#ggg', 'rgb(1,2,3)', '##abc', '#abc;']) assert.equal(typedColor(wrong), null, wrong)
})

test('a text is cut where its width ends, and never inside a letter', () => {
  assert.equal(cut('  two\n words ', 60), 'two words')
  assert.equal(cut('a'.repeat(60), 60), 'a'.repeat(60))
  assert.equal(cut('a'.repeat(61), 60), `${'a'.repeat(59)} …`)
  assert.equal(cut('Fresh bread, every day, at seven', 20), 'Fresh bread, every …')
  // Wide letters take two places, and a family is one letter of several characters.
  assert.equal(cut('春'.repeat(40), 60), `${'春'.repeat(29)} …`)
  assert.equal(cut('👩‍👩‍👧'.repeat(40), 60), `${'👩‍👩‍👧'.repeat(29)} …`)
  assert.equal(widthOf('é ©™ ab'), 7)
  assert.ok(widthOf(cut('x '.repeat(1000), 155)) <= 156)
})

test('a length says how much fits', () => {
  assert.equal(lengthWords('', 60), '0 of about 60 characters, 0 words')
  assert.equal(lengthWords(' One word ', 60), '8 of about 60 characters, 2 words')
  assert.equal(lengthWords('春の花', 60), '3 of about 30 characters')
  assert.equal(lengthWords('<b>'.repeat(667), 155), '2001 of about 155 characters, 1 word')
})

const page = (seo, more = {}) => ({ title: 'Bread every day', seo, sections: [], ...more })
const hintsOf = (pages, key = 'home') => {
  const site = new Site({ pages }, '')
  return searchHints(site, site.pages.find((each) => each.key === key)).map(({ words }) => words)
}

test('hints are about the width, and about what another page has', () => {
  const good = { title: 'Fresh bread on your table', description: 'd'.repeat(100) }
  assert.deepEqual(hintsOf({ home: page(good) }), [])
  assert.match(hintsOf({ home: page({ ...good, title: '春'.repeat(31) }) })[0], /title is long/)
  assert.deepEqual(hintsOf({ home: page({ ...good, title: '春'.repeat(30) }) }), [])
  assert.equal(hintsOf({ home: page(good), b: page(good, { title: 'B' }) }).length, 2)
  assert.match(hintsOf({ home: page({ ...good, robots: 'noindex,follow' }) })[0], /asked not to/)
  const drawing = { title: 'x', fields: { seo: { image: { src: '/static/a.svg', alt: 'A' } } } }
  assert.match(shareHints(drawing)[0].words, /SVG/)
})

test('an address has one form, and is free', () => {
  const pages = new Site({ pages: { home: page({}), about: page({}, { slug: 'team' }) } }, '').pages
  for (const wrong of ['', 'A', 'ä', '-a', 'a b', 'a/b', 'a_b', 'a'.repeat(129), 'javascript:x']) assert.notEqual(slugFault(wrong, '', pages), '', wrong)
  assert.match(slugFault('team', 'home', pages), /The page/)
  assert.equal(slugFault('team', 'about', pages), '')
  assert.equal(freeName('team', pages), 'team-2')
  assert.equal(freeName('about', pages), 'about-2')
  assert.equal(freeName('', pages), 'page')
})

test('links follow a page, and others stay', () => {
  const button = (href) => ({ href })
  const content = { buttons: ['/a', '/a/', '/a#x', '/a?b', '/ab', '/', 'https://e.com/a', 'mailto:a@e.com', '#a'].map(button), body: '[x](/a) [y](/a#z) [z](/ab) \\](/a' }
  const moved = linksMoved({ site: { navigation: [{ label: '/a', href: ' /a ' }] }, pages: { home: { sections: [{ id: 'h', content }] } } }, 'a', 'b')
  assert.deepEqual(moved.map(({ value }) => value), ['/b', '/b', '/b', '/b#x', '/b?b', '[x](/b) [y](/b#z) [z](/ab) \\](/a'])
})

test('a new entry comes before the buttons at the end', () => {
  const list = (...styles) => styles.map((style) => (style ? { style } : {}))
  assert.equal(placeOfEntry([]), 0)
  assert.equal(placeOfEntry(list('link', '', 'primary')), 2)
  assert.equal(placeOfEntry(list('primary', 'link')), 2)
  assert.equal(placeOfEntry(list('primary', 'secondary')), 0)
})

test('an entry that the header makes has whole letters', () => {
  const site = new Site({ pages: { home: page({}), b: page({}, { title: `${'a'.repeat(79)}🥖🥖` }) } }, '')
  assert.deepEqual(automaticEntries({ site }).map(({ id, label }) => [id, label]), [['entry-1', `${'a'.repeat(79)}🥖`]])
})
