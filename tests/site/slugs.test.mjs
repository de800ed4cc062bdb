// Addresses of pages, and the links that follow them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameFrom } from '../../static/documents/names.js'
import { Site } from '../../static/page/site.js'
import { freeName, linksMoved, pageAt, slugFault } from '../../static/site/slugs.js'

const VALUE = {
  site: { name: 'Larkfield', navigation: [{ id: 'n', label: 'About', href: '/about#team' }, { id: 'm', label: 'About-us', href: '/about-us' }] },
  pages: {
    home: {
      title: 'Home',
      seo: { canonical: '/about/' },
      sections: [
        { id: 'h', type: 'hero', content: { body: 'See [us](/about), [more](/about?x=1#y) and [others](/about-us). \\[no](/about)', buttons: [{ id: 'b', label: 'About', href: '/about' }, { id: 'c', label: 'x', href: 'https://example.com/about' }] } },
        { id: 'f', type: 'features', content: { items: [{ id: 'i', link: '/about' }], headline: 'Text /about text' } },
      ],
    },
    about: { title: 'About', sections: [] },
    us: { title: 'Us', slug: 'about-us', sections: [] },
  },
}
const { pages } = new Site(VALUE, '')

test('a wrong address is refused with words', () => {
  for (const [slug, words] of [['', /^Write/], ['About', /small letters/], ['a b', /small letters/], ['-a', /small letters/], ['ä', /small letters/], ['a/b', /small letters/], ['<b>', /small letters/], ['a'.repeat(129), /128/], ['about', /page About/], ['about-us', /page Us/], ['home', /page Home/]])
    assert.match(slugFault(slug, '', pages), words, slug)
  for (const [slug, key] of [['new', ''], ['a', ''], ['0-9', ''], ['about', 'about'], ['about-us', 'us'], ['a'.repeat(128), '']])
    assert.equal(slugFault(slug, key, pages), '', slug)
})

test('a new page has a name that is free', () => {
  assert.equal(freeName('contact', pages), 'contact')
  assert.equal(freeName('about', pages), 'about-2')
  assert.equal(freeName('us', pages), 'us-2', 'keys are taken, too')
  assert.equal(freeName('', pages), 'page')
  for (const title of ['Über uns', 'Цены', 'O que há?', '日本', '<script>', 'a'.repeat(300), 'Copy of -- x'])
    assert.equal(slugFault(freeName(nameFrom(title), pages), '', pages), '', title)
})

test('links follow a page to its new address', () => {
  const moved = linksMoved(VALUE, 'about', 'team')
  const at = '/pages/home/sections'
  assert.deepEqual(Object.fromEntries(moved.map(({ path, value }) => [path, value])), {
    '/site/navigation/0/href': '/team#team',
    '/pages/home/seo/canonical': '/team',
    [`${at}/0/content/body`]: 'See [us](/team), [more](/team?x=1#y) and [others](/about-us). \\[no](/team)',
    [`${at}/0/content/buttons/0/href`]: '/team',
    [`${at}/1/content/items/0/link`]: '/team',
  })
  assert.deepEqual(linksMoved(VALUE, 'nowhere', 'x'), [])
  assert.deepEqual(linksMoved(null, 'a', 'b'), [])
  assert.deepEqual(linksMoved({ site: 7, pages: [] }, 'a', 'b'), [])
})

test('an address leads to a page, elsewhere, or nowhere', () => {
  const site = new Site(VALUE, '')
  for (const [address, key] of [['/', 'home'], ['/about', 'about'], ['/about-us#x', 'us'], ['/home', 'home']]) assert.equal(pageAt(site, address)?.key, key)
  for (const address of ['https://example.com', '#x', 'mailto:a@b.com', '/a/b', '']) assert.equal(pageAt(site, address), null)
  assert.equal(pageAt(site, '/gone'), undefined)
})

test('the site names its first page', () => {
  const site = new Site({ ...VALUE, site: { home: 'us' } }, '')
  assert.deepEqual(site.pages.map(({ key }) => key), ['us', 'home', 'about'])
  assert.deepEqual(site.pages.map((page) => site.address(page)), ['/', '/home', '/about'])
})
