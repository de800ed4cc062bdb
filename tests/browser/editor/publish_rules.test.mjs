// The rules of the screen that publishes: what counts as a change, who made it, and what is wrong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authors } from '../../../static/publish/authors.js'
import { changesBetween, countOf } from '../../../static/publish/changes.js'
import { compared } from '../../../static/publish/field_changes.js'
import { bytes, hints, told, weights } from '../../../static/publish/findings.js'
import { movedOf } from '../../../static/safety/order.js'

const section = (id, type = 'hero', content = {}, more = {}) => ({ id, type, content, ...more })
const page = (sections, more = {}) => ({ title: 'Home', sections, ...more })
const doc = (sections, more = {}) => ({ pages: { home: page(sections) }, ...more })
/** Each change as `kind name field: words`. */
const told_ = (before, after) => changesBetween(before, after).flatMap(({ title, entries }) =>
  entries.map(({ kind, name, moved, fields }) => [`${title}: ${kind} ${name}`, moved, ...fields.map((each) => each.words)].filter(Boolean)))
const [A, B, C] = [section('a', 'hero', { headline: 'Hi' }), section('b', 'faq'), section('c', 'form')]

test('equal values have no changes, also when they are not the same objects', () => {
  assert.deepEqual(told_(doc([A, B]), structuredClone(doc([A, B]))), [])
})

test('a section is new, changed, moved, hidden, visible again, or removed', () => {
  const hidden = { ...B, hidden: true }
  assert.deepEqual(told_(doc([A]), doc([A, B])), [['Home: added Questions']])
  assert.deepEqual(told_(doc([A, B]), doc([A])), [['Home: removed Questions']])
  assert.deepEqual(told_(doc([A, B]), doc([A, hidden])), [['Home: hidden Questions']])
  assert.deepEqual(told_(doc([A, hidden]), doc([A, B])), [['Home: shown Questions']])
  assert.deepEqual(told_(doc([A]), doc([section('a', 'hero', { headline: 'Ho' })])), [['Home: changed Hero', 'Headline']])
  assert.deepEqual(told_(doc([A, B, C]), doc([C, A, B])), [['Home: moved Form', 'Moved to the top']])
  assert.deepEqual(told_(doc([A, B, C]), doc([B, C, A])), [['Home: moved Hero', 'Moved down, now after Form']])
})

test('the members of a new style are fields of their own', () => {
  const styled = (theme) => doc([section('a', 'hero', {}, { theme })])
  const words = changesBetween(doc([section('a')]), styled({ spacing: 'large', background: '#eeeeee' }))[0].entries[0].fields
  assert.deepEqual(words.map(({ words: each, after }) => [each, after]), [['Spacing', 'large'], ['Background colour', '#eeeeee']])
  assert.deepEqual(told_(styled({ spacing: 'large' }), doc([section('a')])), [['Home: changed Hero', 'Spacing']])
})

test('what visitors never see is no change', () => {
  const hidden = (content) => section('b', 'faq', content, { hidden: true })
  assert.deepEqual(told_(doc([A, hidden({})]), doc([A, hidden({ headline: 'New' })])), [])
  assert.deepEqual(told_(doc([A]), doc([A, hidden({})])), [])
  assert.deepEqual(told_(doc([A, hidden({})]), doc([A])), [])
})

test('what is gone is listed where it was', () => {
  const names = changesBetween(doc([A, B, C]), doc([A, section('c', 'form', { submit: 'Go' })]))[0].entries.map(({ name }) => name)
  assert.deepEqual(names, ['Questions', 'Form'])
})

test('the fewest sections are called moved', () => {
  const moved = (before, after) => [...movedOf([...before], [...after])].join('')
  assert.equal(moved('abcd', 'abcd'), '')
  assert.equal(moved('abcd', 'dabc'), 'd')
  assert.equal(moved('abcd', 'bcda'), 'a')
  assert.equal(moved('abcdef', 'badcfe').length, 3)
  assert.equal(moved('', ''), '')
  const many = Array.from({ length: 20_000 }, (_, index) => `${index}`)
  assert.equal(movedOf(many, [...many].reverse()).size, 19_999, 'a long list takes no minute')
})

test('sections without an id, or with the same one, are told apart by their place', () => {
  const double = [section('a'), section('a', 'faq'), { type: 'form', content: {} }]
  assert.deepEqual(told_(doc(double), doc(structuredClone(double))), [])
  const other = structuredClone(double)
  other[1].content.headline = 'New'
  assert.deepEqual(told_(doc(double), doc(other)), [['Home: changed Questions', 'Headline']])
})

test('the site, its style, its navigation and the texts of a page are changes of their own', () => {
  const before = { ...doc([A]), site: { name: 'Old', navigation: [] }, theme: { colors: { accent: '#111111' } } }
  const after = structuredClone(before)
  after.site.name = 'New'
  after.site.navigation.push({ label: 'Shop', href: '/shop' })
  after.theme.colors.accent = '#222222'
  after.pages.home.title = 'Start'
  after.pages.home.seo = { description: 'Words' }
  after.pages.shop = page([B], { title: 'Shop' })
  assert.deepEqual(told_(before, after), [
    ['The whole site: changed Theme', 'Accent colour'],
    ['The whole site: changed Navigation', 'Navigation'],
    ['The whole site: changed Site', 'Name of the site'],
    ['Start: changed Title and address', 'Title', 'Description for search engines'],
    ['Shop: added Page']
  ])
  assert.deepEqual(told_(after, before).at(-1), ['Shop: removed Page'])
  assert.equal(countOf(changesBetween(before, after)), 5)
})

test('the first publication lists the pages with their visible sections', () => {
  const [group] = changesBetween(null, doc([A, section('b', 'faq', {}, { hidden: true })], { theme: {} }))
  assert.deepEqual(group.entries.map(({ what, kind, sections }) => [what, kind, sections.map(({ name }) => name)]), [['page', 'added', ['Hero']]])
})

test('a value of any form is compared', () => {
  for (const strange of [null, 1, [], {}, { pages: [] }, { pages: { home: 1 } }, { pages: { home: { sections: [null, 1, { id: 'a' }] } } }])
    for (const other of [null, doc([A]), strange]) {
      changesBetween(strange, other)
      changesBetween(other, strange)
      hints(strange)
      weights(strange, () => 9e9)
    }
})

test('a picture and a colour are shown as such, and only with an address that a page may load', () => {
  const shown = (one, other) => changesBetween(doc([section('a', 'hero', one)]), doc([section('a', 'hero', other)]))[0].entries[0].fields
  const image = (src) => ({ image: { src, alt: '', width: 1 } })
  const [field] = shown(image('/a.png'), { image: { src: '/b.png', alt: '', width: 2 } })
  assert.deepEqual([field.kind, field.words, field.before, field.after], ['picture', 'Picture', '/a.png', '/b.png'])
  const [bad] = shown(image('/a.png'), image('javascript:alert(1)'))
  assert.equal(bad.after, '')
  const before = doc([A], { theme: { colors: { accent: '#123456' } } })
  const after = doc([A], { theme: { colors: { accent: '#abc' } } })
  assert.equal(changesBetween(before, after)[0].entries[0].fields[0].kind, 'color')
})

test('words are marked, and long stretches without a change are cut', () => {
  const marked = (one, other) => compared(one, other).map(({ words, mark }) => ({ new: `+${words}+`, old: `-${words}-`, '': words })[mark]).join('')
  assert.equal(marked('Fresh bread daily', 'Fresh **rolls** daily'), 'Fresh -bread-+rolls+ daily')
  assert.equal(marked('bold', '**bold**'), '+**+bold+**+')
  assert.equal(marked('', 'New'), '+New+')
  assert.equal(marked('Larks sing at the gate', 'Home of the bird'), '-Larks sing at the gate-+Home of the bird+', 'single words do not stand alone')
  assert.equal(marked('we bake bread at four', 'we bake warm rolls at four'), 'we bake -bread-+warm rolls+ at four')
  assert.equal(marked('Old', ''), '-Old-')
  const long = 'word '.repeat(60)
  const cut = marked(`one ${long}`, `two ${long}`)
  assert.ok(cut.startsWith('-one-+two+') && cut.includes('…') && cut.length < 100, cut)
})

// --- who ------------------------------------------------------------------------------------

/** A history of values, one version each, from version 1. */
function historyOf (values, rows) {
  const asked = []
  const all = rows.map((row, index) => ({ version: index + 2, at: new Date(index * 60_000).toISOString(), by: { user: row[0], name: row[0] }, pointers: row.slice(1) }))
  return {
    asked,
    at: async (version) => (asked.push(version), values[version - 1]),
    list: async ({ from, to, limit, cursor = Infinity }) => {
      const found = all.filter(({ version }) => version >= from && version <= to && version < cursor).reverse()
      const items = found.slice(0, Math.min(limit, 2))
      return { items, cursor: found.length > items.length ? items.at(-1).version : undefined }
    }
  }
}

test('each change has its authors, also when sections moved meanwhile', async () => {
  const [one, two] = [section('a', 'hero', { headline: '1' }), section('b', 'faq')]
  const values = [doc([one, two]), doc([one, two]), doc([two, one]), doc([two, one]), doc([one])]
  const history = historyOf(values, [
    ['ada', '/pages/home/sections/0/content/headline'],
    ['bo', '/pages/home/sections/1'],
    ['cy', '/pages/home/sections/1/content/headline', '/theme/radius'],
    ['dee', '/pages/home/sections/0']
  ])
  const authors = new Authors(history)
  await authors.read(1, 5, values[4])
  const who = (key) => authors.of({ what: 'section', key }).map(({ user }) => user)
  assert.deepEqual(who('/pages/home/#a'), ['cy', 'bo', 'ada'])
  assert.deepEqual(who('/pages/home/#b'), ['dee', 'bo'])
  assert.deepEqual(who('/theme'), ['cy'])
  assert.deepEqual(authors.of({ what: 'page', key: '/pages/home' }).map(({ user }) => user), ['dee', 'cy', 'bo', 'ada'])
  assert.deepEqual(history.asked, [4, 3, 2], 'only values around a row that may change the order are read')
  assert.equal(authors.isPartial, false)
})

test('a row that moves a section and changes another one has both', async () => {
  const after = doc([B, section('a', 'hero', { headline: 'Ho' })])
  const history = historyOf([doc([A, B]), after], [['ada', '/pages/home/sections/0']])
  const authors = new Authors(history)
  await authors.read(1, 2, after)
  assert.deepEqual([...authors.byKey.keys()].sort(), ['/pages/home*', '/pages/home/#a', '/pages/home/#b'])
})

test('a replaced section keeps its place, and later versions are added', async () => {
  const values = [doc([A, B]), doc([A, C]), doc([A, { ...C, theme: {} }])]
  const history = historyOf(values, [['ada', '/pages/home/sections/1'], ['bo', '/pages/home/sections/1']])
  const authors = new Authors(history)
  await authors.read(1, 2, values[1])
  await authors.read(2, 3, values[2])
  assert.deepEqual(authors.of({ what: 'section', key: '/pages/home/#c' }).map(({ user }) => user), ['bo', 'ada'])
})

// --- what is wrong --------------------------------------------------------------------------

test('findings of the server are said in words, and keep their places when sections move', () => {
  const value = doc([section('a', 'hero', { image: { src: '/a.png' }, buttons: [{ id: 'x', label: 'Go', href: '#gone' }, { id: 'y', label: 'Go', href: 'javascript:alert(1)' }] })])
  const at = '/pages/home/sections/0/content'
  const words = (check, pointer, message) => told({ check, pointer, message }, 'warning', value)
  const alt = words('required', `${at}/image/alt`, 'the picture has no description (`alt`)')
  assert.deepEqual([alt.where, alt.place], ['Picture description of Hero', '/pages/home/sections/#a/content/image/alt'])
  assert.match(alt.words, /no description/)
  assert.equal(words('links', `${at}/buttons/0/href`, 'no section has the name #gone').words, 'The link “#gone” leads nowhere: no section has the name #gone.')
  assert.match(words('links', `${at}/buttons/1/href`, 'a page may not link to this address').words, /visitors see no link: “javascript:alert\(1\)”/)
  assert.match(words('weight', '', 'the document has 700000 bytes, but 524288 are allowed').words, /700 KB; 524 KB are allowed/)
  assert.match(words('schema', `${at}/headline`, 'is too long').words, /does not fit the format of the page: is too long/)
  assert.equal(words('sections', '/pages/home/sections/0/type', 'the page cannot show sections of the type "x"').place, '/pages/home/sections/#a')
})

test('empty headlines, links without an address and double addresses are hints', () => {
  const value = {
    pages: {
      home: page([
        section('a', 'hero', { headline: ' ', buttons: [{ label: 'Go' }, { label: 'See', href: '#' }] }),
        section('b', 'form', { fields: [{ label: 'Name', kind: 'text' }] }),
        section('c', 'hero', { headline: '' }, { hidden: true })
      ]),
      about: page([], { title: 'About', slug: 'us' }),
      team: page([], { title: 'Team', slug: 'us' })
    }
  }
  assert.deepEqual(hints(value).map(({ tone, words }) => [tone, words]), [
    ['hint', 'Hero has an empty headline.'],
    ['hint', '“Go” and “See” have no address yet.'],
    ['warning', 'Page About has the same address, so visitors cannot reach this page.']
  ])
})

test('heavy pictures are weighed for each page, without those that visitors do not see', () => {
  const picture = (src) => ({ image: { src, alt: 'x' } })
  const value = doc([section('a', 'hero', picture('/a.png')), section('b', 'hero', picture('/b.png')), section('c', 'hero', picture('/c.png'), { hidden: true })])
  assert.deepEqual(weights(value, () => 500_000), [])
  const one = weights(value, (src) => (src === '/b.png' ? 800_000 : 1000))
  assert.deepEqual(one.map(({ place, words }) => [place, words]), [['/pages/home/sections/#b/content/image', 'This picture has 800 KB. A smaller one appears sooner.']])
  const gone = weights(value, (src) => (src === '/a.png' ? -1 : 1000))
  assert.deepEqual(gone.map(({ tone, place }) => [tone, place]), [['warning', '/pages/home/sections/#a/content/image']])
  const all = weights(value, (src) => (src === '/a.png' ? 2_500_000 : 900_000))
  assert.equal(all.length, 1)
  assert.match(all[0].words, /pictures of page Home have 3\.4 MB/)
})

test('sizes are said shortly', () => {
  assert.deepEqual([1, 1499, 640_000, 3_400_000, 12_600_000].map(bytes), ['1 KB', '1 KB', '640 KB', '3.4 MB', '13 MB'])
})
