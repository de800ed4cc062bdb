// The rules of the editor's history, without a browser.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from '../../node/node_modules/esbuild/lib/main.js'

const PARTS = ['blame', 'compare', 'entries', 'labels', 'marks', 'restoring', 'story', 'versions']
const it = await modules()

/** The modules of the history, joined: Node reads no module of a folder without a package.json. */
async function modules () {
  const history = fileURLToPath(new URL('../../../static/history/', import.meta.url))
  const contents = PARTS.map((each) => `export * as ${each} from './${each}.js'`).join('\n')
  const { outputFiles } = await build({ stdin: { contents, resolveDir: history }, bundle: true, format: 'esm', write: false })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

const AT = '/pages/home/sections'
const MINUTE = 60_000
const time = (minutes) => new Date(Date.UTC(2026, 2, 2, 9, 0) + minutes * MINUTE).toISOString()
const author = (user) => ({ user, name: user[0].toUpperCase() + user.slice(1) })

/** A row: who, the minute, the version, and what else. */
const row = (user, minute, version, more = {}) =>
  ({ by: author(user), at: time(minute), version, kind: 'edit', pointers: [`${AT}/0/content/headline`], ...more })

const told = (sittings) => sittings.map(({ by, from, to, changes }) => `${by.name} ${from}-${to} ${changes}`)
const section = (id, type = 'hero', content = {}) => ({ id, type, content: { headline: `Headline ${id}`, ...content } })
const site = (...sections) => ({ pages: { home: { title: 'Home', sections } } })

// --- the story ---------------------------------------------------------------------------------

test('two people who work at once have a sitting each', () => {
  const rows = [row('bo', 9, 9), row('ada', 8, 8, { from: 6, since: time(6) }), row('bo', 5, 5), row('ada', 4, 4), row('ada', 0, 3, { from: 2, since: time(0) })]
  assert.deepEqual(told(it.story.sittings(rows)), ['Bo 5-9 2', 'Ada 2-8 6'])
  const [, ada] = it.story.sittings(rows)
  assert.deepEqual([ada.since, ada.at], [Date.parse(time(0)), Date.parse(time(8))])
})

test('a pause, a name and a publication begin another sitting', () => {
  const pause = [row('ada', 30, 3), row('ada', 10, 2)]
  assert.deepEqual(told(it.story.sittings(pause)), ['Ada 3-3 1', 'Ada 2-2 1'])
  const named = [row('ada', 3, 3), row('ada', 2, 2, { name: 'Launch' }), row('ada', 1, 1)]
  assert.deepEqual(told(it.story.sittings(named)), ['Ada 3-3 1', 'Ada 1-2 2'])
  assert.equal(it.story.sittings(named)[1].name, 'Launch')
  const publications = [{ what: 'published', by: author('bo'), at: time(9) }]
  const live = [row('ada', 3, 3), row('ada', 2, 2, { published: true, publications })]
  assert.equal(it.story.sittings(live).length, 2)
})

test('undo belongs to the sitting, a restore stands alone', () => {
  const rows = [row('ada', 5, 5), row('ada', 4, 4, { kind: 'restore' }), row('ada', 3, 3, { kind: 'undo' }), row('ada', 2, 2), row('ada', 1, 1, { kind: 'create', pointers: [''] })]
  assert.deepEqual(it.story.sittings(rows).map(({ kind, changes }) => [kind, changes]), [['edit', 1], ['restore', 1], ['edit', 2], ['create', 1]])
  const undone = [row('ada', 2, 2, { kind: 'undo' }), row('ada', 1, 1, { kind: 'undo' })]
  assert.equal(it.story.sittings(undone)[0].kind, 'undo')
})

/** A server with rows, newest first, in pages. */
function served (rows, most = 100) {
  const asked = []
  const list = async (options) => {
    asked.push(options)
    const { cursor, from = 1, to = Infinity, limit } = options
    const found = rows().filter(({ version }) => version >= from && version <= to && version < Number(cursor ?? Infinity))
    const items = found.slice(0, Math.min(limit, most)).map((each) => ({ ...each }))
    return { items, cursor: found.length > items.length ? `${items.at(-1).version}` : undefined }
  }
  return { asked, list }
}

test('pages join, also in the middle of a sitting, and new versions come on top', async () => {
  let rows = Array.from({ length: 250 }, (_, index) => row('ada', 250 - index, 250 - index))
  const { list, asked } = served(() => rows)
  const story = new it.story.Story(list, () => {})
  await story.more()
  assert.deepEqual(told(story.sittings), ['Ada 151-250 100'])
  await story.more()
  await story.more()
  assert.deepEqual(told(story.sittings), ['Ada 1-250 250'])
  assert.ok(story.isComplete)
  await story.more()
  assert.equal(asked.length, 3, 'the end is known')
  rows = [row('bo', 252, 252), row('ada', 251, 251), ...rows]
  await story.news()
  assert.deepEqual(told(story.sittings), ['Bo 252-252 1', 'Ada 1-251 251'])
  assert.equal(story.find('ada', 250).to, 251)
  story.named(251, 'Launch')
  assert.equal(story.find('ada', 250).name, 'Launch')
})

test('a failure keeps what is loaded, and the next try goes on there', async () => {
  const rows = Array.from({ length: 150 }, (_, index) => row('ada', 150 - index, 150 - index))
  const { list } = served(() => rows)
  let isOnline = true
  let drawn = 0
  const story = new it.story.Story((options) => isOnline ? list(options) : Promise.reject(Object.assign(new Error(), { code: 'offline' })), () => { drawn += 1 })
  await story.more()
  isOnline = false
  await story.more()
  assert.deepEqual([story.rows.length, story.error.code, story.isComplete, drawn], [100, 'offline', false, 2])
  isOnline = true
  await Promise.all([story.more(), story.more()])
  assert.deepEqual([story.rows.length, story.error], [150, null])
})

// --- the names of sections ---------------------------------------------------------------------

/** The values of a document, by version. */
function kept (values) {
  const asked = []
  const versions = new it.versions.Versions(async (version) => {
    asked.push(version)
    return structuredClone(values(version))
  })
  return { asked, versions }
}

test('the names of a long history need one old version where no section moved', async () => {
  const rows = Array.from({ length: 1000 }, (_, index) => row('ada', 4000 - index * 20, 1000 - index, { pointers: [`${AT}/${index % 3}/content/headline`] }))
  const { asked, versions } = kept(() => site(section('a'), section('b', 'faq'), section('c', 'pricing')))
  it.story.framed(rows)
  const labels = new it.labels.Labels(versions)
  const sittings = it.story.sittings(rows)
  assert.equal(sittings.length, 1000)
  for (const each of sittings) await labels.learn(each)
  assert.deepEqual(sittings.slice(0, 3).map((each) => it.labels.words(labels.of(each))), ['Hero', 'Questions', 'Pricing'])
  assert.deepEqual(asked, [1000])
})

test('names are right before and after a section was put before others', async () => {
  const before = site(section('a'), section('b', 'faq'))
  const after = site(section('new', 'pricing'), section('a'), section('b', 'faq'))
  const rows = [row('ada', 60, 4, { pointers: [`${AT}/1/content/headline`] }), row('ada', 40, 3, { pointers: [`${AT}/0`] }), row('ada', 20, 2, { pointers: [`${AT}/1/content/headline`, '/theme/colors/accent'] }), row('ada', 0, 1, { kind: 'create', pointers: [''] })]
  const { versions } = kept((version) => version >= 3 ? after : before)
  it.story.framed(rows)
  const labels = new it.labels.Labels(versions)
  const sittings = it.story.sittings(rows)
  assert.equal(labels.of(sittings[0]), null)
  for (const each of sittings) await labels.learn(each)
  assert.deepEqual(sittings.map((each) => it.labels.words(labels.of(each))), ['Hero', 'New Pricing', 'Questions, theme', ''])
  assert.deepEqual(sittings.map((each) => it.entries.deed(each, labels.of(each))), ['Hero · 1 change', 'New Pricing · 1 change', 'Questions, theme · 1 change', 'Made this page'])
})

test('a sitting with many moves costs two old versions', async () => {
  const rows = Array.from({ length: 300 }, (_, index) => row('ada', 0, 301 - index, { pointers: [`${AT}/${index % 2}`] }))
  const { asked, versions } = kept((version) => version > 1 ? site(section('b'), section('a'), section('c', 'faq')) : site(section('a'), section('b')))
  it.story.framed(rows)
  const labels = new it.labels.Labels(versions)
  const [sitting] = it.story.sittings(rows)
  await labels.learn(sitting)
  assert.equal(it.labels.words(labels.of(sitting)), 'Moved Hero, new Questions')
  assert.deepEqual(asked, [1, 301])
})

test('what was taken back in the same sitting leaves nothing', () => {
  const sitting = it.story.sittings([row('ada', 1, 2, { pointers: [`${AT}/0`] })])[0]
  assert.equal(it.entries.deed(sitting, []), 'Nothing that stayed · 1 change')
})

test('old versions are kept for a while, fewer of a large document, and asked for once', async () => {
  for (const [text, most] of [['short', 64], ['long'.repeat(200_000), 8]]) {
    const { asked, versions } = kept((version) => ({ version, text }))
    await Promise.all([versions.at(1), versions.at(1)])
    assert.equal(asked.length, 1)
    for (let version = 1; version <= most; version += 1) assert.equal((await versions.at(version)).version, version)
    await versions.at(1)
    assert.equal(asked.length, most)
    await versions.at(most + 1)
    await versions.at(2)
    assert.equal(asked.length, most + 2, 'the one that was not used for longest is gone')
  }
  assert.deepEqual(await kept(() => 1).versions.at(0), {})
})

// --- what differs --------------------------------------------------------------------------------

test('two versions are compared section by section', () => {
  const before = { ...site(section('a'), section('b'), section('c'), section('d'), section('gone')), theme: { mode: 'light' } }
  const after = { ...site(section('new'), section('a', 'hero', { headline: 'Other' }), section('d'), { ...section('b'), hidden: true }, section('c')), theme: { mode: 'dark' } }
  const { parts, elsewhere } = it.compare.compared(before, after)
  assert.deepEqual(parts.map(({ id, kind, pointer }) => `${id} ${kind} ${pointer}`), [
    `gone removed ${AT}/4`, `new added ${AT}/0`, `a changed ${AT}/1`, `d moved ${AT}/2`, `b hidden ${AT}/3`
  ])
  assert.deepEqual(elsewhere.map(({ words }) => words), ['light or dark mode'])
  assert.equal(it.compare.placeOf(after, 'home', 'd'), `${AT}/2`)
  assert.equal(it.compare.placeOf(after, 'home', 'gone'), null)
})

test('a section has moved among the others, or others have moved around it', () => {
  const ofIds = (names) => site(...[...names].map((id) => section(id)))
  for (const [before, after, out] of [['abcd', 'bacd', 'b'], ['abcd', 'bcda', 'a'], ['abc', 'nacx', ''], ['abc', 'xby', ''], ['abc', 'cxab', 'c']])
    for (const name of before)
      assert.equal(it.compare.hasMoved(ofIds(before), ofIds(after), 'home', name), out.includes(name), `${name} in ${after}`)
  assert.equal(it.compare.hasMoved({}, ofIds('ab'), 'home', 'a'), false)
})
test('documents of any shape are compared', () => {
  for (const one of [null, 'text', {}, { pages: null }, { pages: { home: { sections: 'none' } } }, site(null, {}, { id: 7 })])
    for (const other of [{}, site(section('a')), { pages: [] }, null]) {
      it.compare.compared(one, other)
      it.labels.labelsBetween(one, other)
    }
})

test('a text is marked word by word', () => {
  const { edits } = it.marks
  assert.deepEqual(edits('Fresh bread', 'Fresh warm bread'), [{ at: 6, added: 5 }])
  assert.deepEqual(edits('Fresh warm bread', 'Fresh bread'), [{ at: 6, removed: 'warm ' }])
  assert.deepEqual(edits('Fresh bread daily', 'Fresh cake daily'), [{ at: 6, removed: 'bread' }, { at: 6, added: 4 }])
  assert.deepEqual(edits('', 'New'), [{ at: 0, added: 3 }])
  assert.deepEqual(edits('Old', ''), [{ at: 0, removed: 'Old' }])
  assert.deepEqual(edits('Four pages that replace the clipboard', 'What a garden needs'), [{ at: 0, removed: 'Four pages that replace the clipboard' }, { at: 0, added: 19 }])
})

test('the marks of random texts lead from one text to the other', () => {
  const random = seeded(7)
  const words = ['one', 'two', 'three', 'four', 'five', ' ', '. ']
  const text = () => Array.from({ length: random(12) }, () => words[random(words.length)]).join(' ')
  for (let round = 0; round < 500; round += 1) {
    const [before, after] = [text(), text()]
    let made = after
    let undone = after
    for (const { at, added = 0, removed = '' } of it.marks.edits(before, after).reverse()) {
      made = made.slice(0, at) + made.slice(at + added)
      undone = undone.slice(0, at) + removed + undone.slice(at + added)
    }
    assert.equal(undone, before)
    assert.ok(made.length <= before.length)
  }
})

test('words that stay and get another style are found, also beside other changes', () => {
  const styles = { b: 'strong', i: 'em', l: 'link /a', m: 'link /b', x: 'em\nstrong', '.': '' }
  const of = (text) => [...text].map((each) => styles[each])
  const found = (was, is, list = []) => it.marks.restyled(of(was), of(is), list).map(({ at, restyled, note }) => `${at}+${restyled} ${note}`)
  assert.deepEqual(found('..bb', 'bb..'), ['0+2 bold', '2+2 not bold'])
  assert.deepEqual(found('ll..', 'mmll'), ['0+2 another link', '2+2 link'])
  assert.deepEqual(found('xl', '.b'), ['0+1 not bold, not italic', '1+1 bold, no link'])
  assert.deepEqual(found('....', '...b..', [{ at: 1, removed: '.' }, { at: 1, added: 3 }]), [])
  assert.deepEqual(found('...i', '.....b', [{ at: 1, added: 2 }]), ['5+1 bold, not italic'])
})

// --- who wrote it --------------------------------------------------------------------------------

/** Numbers at random, the same ones each time. */
function seeded (seed) {
  let state = seed
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * below)
  }
}

/** A history at random: its rows, and the value at each version. */
function invented (random, length) {
  const values = [{}, site(section('a'), section('b'), section('c'))]
  const rows = [row('ada', 0, 1, { kind: 'create', pointers: [''] })]
  for (let version = 2; version <= length; version += 1) {
    const value = structuredClone(values.at(-1))
    const { sections } = value.pages.home
    const index = random(sections.length)
    const chance = random(10)
    let pointer = `${AT}/${index}`
    if (chance < 1 && sections.length > 1) sections.splice(index, 1)
    else if (chance < 2) sections.splice(index, 0, section(`new-${version}`))
    else if (chance < 3) {
      const to = random(sections.length)
      sections.splice(to, 0, ...sections.splice(index, 1))
      pointer = `${AT}/${to}`
    } else if (chance < 4) {
      sections[index].content = { headline: `Headline ${version}` }
      pointer += '/content'
    } else {
      sections[index].content.headline = `Text ${version}`
      pointer += '/content/headline'
    }
    values.push(value)
    rows.unshift(row(['ada', 'bo', 'cy'][random(3)], version, version, { pointers: [pointer] }))
  }
  return { values, rows }
}

/** The rows as the server joins them. */
function joinedRows (rows) {
  const joined = []
  for (const each of rows) {
    const last = joined.at(-1)
    const isSame = last && last.by.user === each.by.user && last.kind === 'edit' && each.kind === 'edit' && last.pointers.length < 15
    if (isSame) Object.assign(last, { from: each.version, pointers: [...new Set([...last.pointers, ...each.pointers])] })
    else joined.push({ ...each })
  }
  return joined
}

test('the author of a place is who changed it last, also where sections moved', async () => {
  const random = seeded(11)
  const headline = (value, id) => value.pages?.home.sections.find((each) => each.id === id)?.content.headline
  for (let round = 0; round < 60; round += 1) {
    const { values, rows } = invented(random, 30)
    const joined = joinedRows(rows)
    const list = async ({ to = Infinity, from = 1, each }) => {
      const all = each ? rows : joined
      return { items: all.filter((one) => (one.from ?? one.version) <= to && one.version >= from && (!each || one.version <= to)) }
    }
    const { versions } = kept((version) => values[version])
    const blame = new it.blame.Blame(list, versions)
    const upto = joined[0].version
    for (const { id } of values[upto].pages.home.sections) {
      let expected = upto
      while (headline(values[expected - 1], id) === headline(values[upto], id)) expected -= 1
      const found = await blame.of(values[upto], `/pages/home/sections/#${id}/content/headline`, upto)
      assert.equal(found.by?.user ?? 'too old', rows.find(({ version }) => version === expected).by.user)
    }
  }
})

test('who deleted a section is found, and an old text costs few requests', async () => {
  const values = [{}, site(section('a'), section('b')), site(section('b'))]
  const rows = [row('bo', 2, 2, { pointers: [`${AT}/0`] }), row('ada', 1, 1, { kind: 'create', pointers: [''] })]
  const { versions } = kept((version) => values[version])
  const gone = new it.blame.Blame(async () => ({ items: rows }), versions)
  assert.equal((await gone.of(values[2], '/pages/home/sections/#a', 2)).by.user, 'bo')
  assert.equal((await gone.of(values[2], '/pages/home/sections/#b/content/headline', 2)).kind, 'create')

  const many = Array.from({ length: 20_000 }, (_, index) => row('bo', 20_000 - index, 20_000 - index, { pointers: [`${AT}/1/content/headline`] }))
  const { list, asked } = served(() => many, 500)
  const long = new it.blame.Blame(list, versions)
  const found = await long.of(values[1], '/pages/home/sections/#a/content/headline', 20_000)
  assert.deepEqual(found, { before: many[3999].at })
  assert.equal(asked.length, 8)
})

// --- words ---------------------------------------------------------------------------------------

test('times are told as people say them', () => {
  const now = new Date(2026, 2, 4, 12, 0).getTime()
  const at = (day, hour, minute) => new Date(2026, 2, day, hour, minute).getTime()
  const { day, moment, span } = it.entries
  assert.equal(span({ since: at(4, 9, 41), at: at(4, 9, 52) }), '9:41–9:52')
  assert.equal(span({ since: at(4, 9, 5), at: at(4, 9, 5) }), '9:05')
  assert.deepEqual([day(at(4, 0, 0), now), day(at(3, 23, 59), now), day(at(2, 9, 0), now)], ['Today', 'Yesterday', 'Monday 2 March'])
  assert.equal(day(new Date(2025, 11, 31, 9).getTime(), now), 'Wednesday 31 December 2025')
  assert.deepEqual([moment(at(4, 9, 41), now), moment(at(3, 9, 41), now), moment(at(2, 9, 41), now)], ['9:41 today', '9:41 yesterday', '9:41 on Monday 2 March'])
})

test('a restore names the section once', () => {
  const [sitting] = it.story.sittings([row('ada', 1, 2, { kind: 'restore' })])
  const label = (name, shape) => ({ key: `home ${name}`, name, shape })
  assert.equal(it.entries.deed(sitting, [label('Gallery', 'added')]), 'Restored: Gallery')
  assert.equal(it.entries.deed(sitting, [label('Hero', 'moved'), label('Form', 'removed')]), 'Restored: Hero, without Form')
  assert.equal(it.entries.deed(sitting, null), 'Restored an earlier version')
})

test('a deletion that was taken back is no new section', async () => {
  const [whole, without] = [site(section('a'), section('b', 'faq')), site(section('a'))]
  const hidden = site(section('a'), { ...section('b', 'faq'), hidden: true })
  /** What is told of a sitting, whose steps lead from each value to the next. */
  const deedOf = async (values, ...steps) => {
    const rows = steps.map(([kind, index], step) => row('ada', step, step + 2, { kind, pointers: [`${AT}/${index}`] })).reverse()
    const { versions } = kept((version) => values[version - 1])
    it.story.framed(rows)
    const labels = new it.labels.Labels(versions)
    const [sitting] = it.story.sittings(rows)
    await labels.learn(sitting)
    return it.entries.deed(sitting, labels.of(sitting))
  }
  assert.equal(await deedOf([whole, without, whole], ['edit', 1], ['undo', 1]), 'Nothing that stayed · 2 changes')
  assert.equal(await deedOf([without, whole], ['undo', 1]), 'Took back: deleting Questions · 1 change')
  assert.equal(await deedOf([whole, without], ['undo', 1]), 'Took back: adding Questions · 1 change')
  assert.equal(await deedOf([without, whole], ['redo', 1]), 'Did again: adding Questions · 1 change')
  assert.equal(await deedOf([whole, hidden], ['undo', '1/hidden']), 'Took back: Questions · 1 change')
  const other = site(section('a', 'hero', { headline: 'Other' }), section('b', 'faq'))
  assert.equal(await deedOf([without, whole, other], ['undo', 1], ['edit', '0/content/headline']), 'Hero, put back Questions · 2 changes')
  assert.equal(await deedOf([without, whole, without, whole], ['edit', 1], ['undo', 1], ['redo', 1]), 'New Questions · 3 changes')
  assert.equal(await deedOf([without, whole, without], ['edit', 1], ['undo', 1]), 'Nothing that stayed · 2 changes')
  assert.equal(await deedOf([whole, without, other], ['edit', 1], ['edit', 1]), 'Hero, Questions · 2 changes')
})

test('a refusal is told in the words of a user', () => {
  const { refusal } = it.restoring
  assert.match(refusal({ code: 'locked', lock: { holder: { user: 'bo', name: 'Bo' } } }), /^Bo has locked a part of this/)
  assert.match(refusal({ code: 'locked' }), /^Another person has locked/)
  for (const code of ['forbidden', 'offline', 'path_not_found', 'rate_limited', 'storage_unavailable', 'unknown_version'])
    assert.notEqual(refusal({ code }), refusal({}), code)
  for (const odd of [null, undefined, new Error('no'), { code: 'other' }]) assert.match(refusal(odd), /Try again/)
})

test('an entry says who published it', () => {
  const [sitting] = it.story.sittings([row('ada', 1, 2, { publications: [{ what: 'taken_down', by: author('bo'), at: time(3) }] })])
  assert.match(it.entries.published(sitting), /^Taken down by Bo, 9:03 /)
})
