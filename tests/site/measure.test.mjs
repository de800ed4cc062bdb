// How much of a page's texts a search result shows, and what could be better.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Site } from '../../static/page/site.js'
import { cut, firstWords, FITS, isHidden, lengthWords, robotsFor, searchHints, shareHints, titleOf } from '../../static/site/measure.js'

const LONG = 'We bake at four in the morning and bring the bread to you before you are awake. '.repeat(4)
const GOOD = { title: 'Larkfield, the bakery on the corner', description: LONG.slice(0, 120) }

/** The hints of the first page of a site. */
function hints (seo, others = {}, rest = {}) {
  const site = new Site({ site: { name: 'Larkfield' }, pages: { home: { title: 'Home', seo, sections: [], ...rest }, ...others } }, '')
  return searchHints(site, site.home).map(({ words }) => words).join('\n')
}

test('a text is cut at a word', () => {
  assert.equal(cut('Short', 60), 'Short')
  assert.equal(cut('  Two\n words ', 60), 'Two words')
  const short = cut(LONG, FITS.description)
  assert.ok(short.length <= FITS.description + 1 && short.endsWith(' …'), short)
  assert.equal(cut('a'.repeat(70), 60), `${'a'.repeat(59)} …`)
  assert.equal(cut('👩‍👩‍👧'.repeat(3), 60), '👩‍👩‍👧'.repeat(3))
})

test('a length is counted in characters and words', () => {
  assert.equal(lengthWords('One two three', 60), '13 of about 60 characters, 3 words')
  assert.equal(lengthWords('One', 60), '3 of about 60 characters, 1 word')
  assert.equal(lengthWords(' ', 60), '0 of about 60 characters, 0 words')
})

test('hints say what is missing, too long, or the same as elsewhere', () => {
  assert.equal(hints(GOOD), '')
  assert.match(hints({ ...GOOD, description: '' }), /^Without a description/)
  assert.match(hints({ ...GOOD, title: 'a'.repeat(61) }), /title is long/)
  assert.match(hints({ ...GOOD, description: LONG }), /description is long/)
  assert.match(hints({ ...GOOD, title: 'Home' }), /title is short/)
  assert.match(hints({ ...GOOD, robots: 'noindex,follow' }), /asked not to show/)
  const other = { about: { title: 'About', seo: GOOD, sections: [] } }
  const same = hints(GOOD, other)
  assert.match(same, /title is the same as that of the page About/)
  assert.match(same, /description is the same as that of the page About/)
  assert.match(hints({ description: GOOD.description }, { b: { title: 'Home' } }), /title is the same as that of the page Home/)
})

test('the title is that of the renderer', () => {
  const title = (pages, name) => {
    const site = new Site({ site: { name }, pages }, '')
    return titleOf(site, site.home)
  }
  assert.equal(title({ home: { title: 'Home', seo: { title: 'Found' } } }, 'Site'), 'Found')
  assert.equal(title({ home: { title: 'Home' } }, 'Site'), 'Home')
  assert.equal(title({ home: {} }, 'Site'), 'Site')
  assert.equal(title({ home: { seo: 7 } }, undefined), '')
})

test('the first words of a page are those that visitors read', () => {
  const page = (...sections) => ({ key: 'a', slug: 'a', title: '', fields: { sections } })
  const hero = (content, rest) => ({ id: 'h', type: 'hero', content, ...rest })
  assert.equal(firstWords(page(hero({ subheadline: 'From **our** oven to [your](/x) table' }))), 'From our oven to your table')
  assert.equal(firstWords(page(hero({ subheadline: 'Hidden words that are long enough' }, { hidden: true }))), '')
  assert.equal(firstWords(page(hero({ body: 'New' }), hero({ body: 'A text that says what the page is about' }))), 'A text that says what the page is about')
  for (const odd of [page(7, null, 'x'), page(), { key: 'a', fields: { sections: 'x' } }]) assert.equal(firstWords(odd), '')
})

test('a picture for networks is described and large', () => {
  const words = (image) => shareHints({ fields: { seo: { image } } }).map((each) => each.words).join('\n')
  assert.match(words(undefined), /^Without a picture/)
  assert.match(words({ src: '/a.png', alt: '', width: 1200, height: 630 }), /^Describe/)
  assert.match(words({ src: '/a.png', alt: 'A loaf', width: 200, height: 100 }), /small: 200 × 100/)
  assert.equal(words({ src: '/a.png', alt: 'A loaf', width: 1200, height: 630 }), '')
})

test('the rules for robots keep the other wish', () => {
  assert.equal(robotsFor(false, false), undefined)
  assert.equal(robotsFor(true, false), 'noindex,follow')
  assert.equal(robotsFor(false, true), 'index,nofollow')
  assert.equal(robotsFor(true, true), 'noindex,nofollow')
  assert.ok(isHidden({ robots: 'noindex,follow' }))
  assert.ok(!isHidden({}))
})
