"""The page renderer in a real browser: it makes the same DOM as the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from collab.page.html import Public, render
from collab.page.links import safe_link
from server.demo import content
from tests.browser.drawn_pages import ASSETS, NO_WIDTHS, OTHERS, PUBLIC_URL, WIDTHS, draw_page
from tests.browser.picture_places import PLACES, page_of
from tests.browser.site import Site
from tests.browser.waits import until

STATIC = Path(__file__).parents[2] / "static"
HTML = """<!doctype html><meta charset="utf-8"><title>Renderer</title><body><div id="at"></div>
<script type="module">
  import * as dom from '/page/dom.js'
  import * as rendering from '/page/page.js'
  const parse = (html) => new DOMParser().parseFromString(html, 'text/html')
  const tree = (node) => node.nodeType === 3 ? node.data : [
    node.tagName, Object.fromEntries([...node.attributes].map((a) => [a.name, a.value]).sort()),
    ...[...node.childNodes].map(tree)]
  const root = (html) => tree(parse(html).querySelector('.weft-page'))
  const css = (html) => parse(html).querySelector('style').textContent
  Object.assign(window, { dom, rendering, tree, root, css, at: document.querySelector('#at') })
</script>"""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.pages["/"] = HTML
        site.pages |= {
            f"/page/{path.name}": path.read_text("utf-8") for path in (STATIC / "page").glob("*.js")
        }
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def page(page: Page, site: Site) -> Page:
    await page.goto(f"{site.origin}/")
    await until(page, "window.rendering !== undefined")
    return page


COMPARE = """(text) => {
  const { given, html, before, publicUrl } = JSON.parse(text)
  const renderer = new rendering.PageRenderer({ base: '/p/demo/x', publicUrl })
  if (before) dom.show(at, renderer.render(before).root)
  const made = renderer.render(given)
  if (!made || !html) return (made === null) === (html === null) ? '' : 'one has no page'
  dom.show(at, made.root)
  const [one, other] = [tree(at.firstChild), root(html)].map((each) => JSON.stringify(each))
  if (one === other) return css(html).endsWith(made.style) ? '' : css(html) + ' != ' + made.style
  let place = 0
  while (one[place] === other[place]) place += 1
  const near = [one, other].map((each) => each.slice(Math.max(0, place - 150), place + 150))
  return 'browser: ' + near[0] + '\\nserver:  ' + near[1]
}"""


async def difference(page: Page, given: Any, before: Any = None) -> str:
    made = render(given, base="/p/demo/x", public=Public(PUBLIC_URL))
    html = None if made is None else made.html
    compared = {"given": given, "html": html, "before": before, "publicUrl": PUBLIC_URL}
    return str(await page.evaluate(COMPARE, json.dumps(compared)))


async def test_both_renderers_make_the_same_dom(page: Page) -> None:
    for seed in range(300):
        assert await difference(page, draw_page(Random(seed))) == "", seed


async def test_both_renderers_write_the_same_forms_of_each_picture(page: Page) -> None:
    for src in (*ASSETS, *OTHERS):
        widths = ({"width": width} for width in (*WIDTHS, *NO_WIDTHS))
        items = [{"image": {"src": src, "height": 7, **width}} for width in widths]
        gallery = {"type": "gallery", "content": {"items": items}}
        assert await difference(page, {"pages": {"home": {"sections": [gallery]}}}) == "", src


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("place", PLACES)
async def test_both_renderers_give_the_same_size_for_a_place(
    page: Page, place: str, count: int
) -> None:
    assert await difference(page, page_of(place, count)) == ""


@pytest.mark.parametrize("spaces", [983, 984])
async def test_both_renderers_leave_out_the_same_long_names_of_fonts(
    page: Page, spaces: int
) -> None:
    theme = {"fonts": {"heading": "Georgia," + " " * spaces + "monospace"}}
    assert await difference(page, {"theme": theme, "pages": {"home": {}}}) == ""


async def test_a_page_that_changes_becomes_the_same_dom(page: Page) -> None:
    for seed in range(100):
        before, after = draw_page(Random(seed)), draw_page(Random(-seed))
        assert await difference(page, after, before) == "", seed


async def test_both_filters_refuse_the_same_characters(page: Page) -> None:
    refused = await page.evaluate("""import('/page/links.js').then(({ safeLink }) => {
      const refused = []
      for (let code = 0; code < 0x110000; code += 1)
        if (safeLink(`/a${String.fromCodePoint(code)}b`) === '') refused.push(code)
      return refused
    })""")
    assert refused == [code for code in range(0x110000) if not safe_link(f"/a{chr(code)}b")]


# --- a change touches only its nodes ----------------------------------------------------------

STEP = """(() => {
  const renderer = new rendering.PageRenderer()
  let rendered = 0 // sections
  for (const [type, render] of rendering.RENDERERS)
    rendering.RENDERERS.set(type, (section) => { rendered += 1; return render(section) })
  const hero = (n) => ({ id: `s${n}`, type: 'features', content: { headline: `Section ${n}`,
    items: [1, 2, 3].map((m) => ({ id: `i${m}`, title: `Item ${m}`, body: 'Its words' })) } })
  const start = (count) => ({ pages: { home: { title: 'Home',
    sections: Array.from({ length: count }, (_, n) => hero(n)) } } })
  const change = (value, path, to) => {
    if (!path.length) return to(value)
    const copy = Array.isArray(value) ? [...value] : { ...value }
    copy[path[0]] = change(copy[path[0]], path.slice(1), to)
    return copy
  }
  const show = (value) => {
    const observer = new MutationObserver(() => {})
    observer.observe(at, { subtree: true, childList: true, characterData: true, attributes: true })
    rendered = 0
    dom.show(at, renderer.render(value).root)
    const kinds = observer.takeRecords().map((each) => each.type)
    observer.disconnect()
    return [rendered, ...kinds]
  }
  return { start, change, show }
})()"""
LETTER = """({ start, change, show }, count) => {
  const path = ['pages', 'home', 'sections', count - 1, 'content', 'items', 1, 'title']
  const value = start(count)
  const first = show(value)[0]
  return [first, show(change(value, path, (title) => title + '!')), show(value)]
}"""
MOVE = """({ start, change, show }) => {
  const value = start(100)
  show(value)
  const last = at.querySelector('section:last-child')
  const moved = change(value, ['pages', 'home', 'sections'], (all) =>
    all.toSpliced(99, 1).toSpliced(50, 0, all[99]))
  return [show(moved), at.querySelectorAll('section')[50] === last]
}"""
OPENED = """({ change, show }) => {
  const item = (n) => ({ id: `q${n}`, question: `Question ${n}`, answer: 'Answer' })
  const faq = { id: 'f', type: 'faq', content: { items: [1, 2, 3].map(item) } }
  const value = { pages: { home: { sections: [faq] } } }
  show(value)
  const opened = at.querySelectorAll('details')[2]
  opened.open = true
  const path = ['pages', 'home', 'sections', 0, 'content', 'items']
  show(change(value, path, ([one, ...rest]) => rest))
  return [at.querySelectorAll('details')[1] === opened, opened.open]
}"""


@pytest.mark.parametrize("count", [2, 100])
async def test_a_letter_renders_one_section_and_changes_one_text(page: Page, count: int) -> None:
    done = await page.evaluate(f"({LETTER})({STEP}, {count})")
    assert done == [count, [1, "characterData"], [1, "characterData"]]


async def test_a_section_that_moves_is_one_node_that_moves(page: Page) -> None:
    done = await page.evaluate(f"({MOVE})({STEP})")
    assert done == [[0, "childList", "childList"], True]


async def test_what_a_visitor_opened_stays_open_beside_a_change(page: Page) -> None:
    done = await page.evaluate(f"({OPENED})({STEP})")
    assert done == [True, True]


IN_USE = """({ change, show, start }, moves, section, selects) => {
  let value = start(4)
  show(value)
  const words = at.querySelectorAll('section')[section].querySelectorAll('li p')[1]
  if (selects) getSelection().selectAllChildren(words)
  else { words.tabIndex = 0; words.focus() }
  for (const [from, to] of moves)
    show((value = change(value, ['pages', 'home', 'sections'], (all) =>
      all.toSpliced(from, 1).toSpliced(to, 0, all[from]))))
  const heads = [...at.querySelectorAll('.head > :first-child')]
  const ids = heads.map((each) => each.textContent.at(-1))
  const inUse = selects ? getSelection().anchorNode : document.activeElement
  return [ids.join(''), inUse === words && (!selects || getSelection().toString() === 'Its words')]
}"""


@pytest.mark.parametrize("selects", ["false", "true"])
@pytest.mark.parametrize("section", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("moves", "order"),
    [("[[0, 1]]", "1023"), ("[[3, 0]]", "3012"), ("[[0, 3], [1, 2], [0, 3]]", "3201")],
)
async def test_focus_and_selection_stay_when_sections_move(
    page: Page, moves: str, order: str, section: int, selects: str
) -> None:
    done = await page.evaluate(f"({IN_USE})({STEP}, {moves}, {section}, {selects})")
    assert done == [order, True]


async def test_a_section_that_fails_leaves_the_others(page: Page) -> None:
    done = await page.evaluate("""(() => {
      rendering.RENDERERS.set('hero', () => { throw new Error('broken') })
      const failed = []
      const onError = (error) => failed.push(error.message)
      const renderer = new rendering.PageRenderer({ onError })
      const sections = [{ id: 'a', type: 'hero', content: { headline: 'One', body: 'Its body' } },
        { id: 'b', type: 'features', content: { headline: 'Two' } }]
      const made = renderer.render({ pages: { home: { sections } } })
      dom.show(at, made.root)
      return [failed, made.failed, at.textContent]
    })()""")
    assert done[:2] == [["broken"], True]
    assert all(words in done[2] for words in ("One", "Its body", "Two"))


@pytest.mark.parametrize(
    "name", sorted({path.name for path in Path(content.__file__).parent.glob("*.json")})
)
async def test_demo_pages_are_the_same_in_both_renderers(page: Page, name: str) -> None:
    document = json.loads(Path(content.__file__).with_name(name).read_text("utf-8"))
    assert await difference(page, document) == ""


KEPT = """({ change, show }, kind) => {
  const item = { id: 'q', question: 'Question', answer: 'Answer', title: 'Title' }
  const content = { headline: 'All', items: [item] }
  const sections = [{ id: 's', type: kind, anchor: 'first', content }]
  const value = { site: { name: 'Larkfield' }, pages: { home: { title: 'Home', sections } } }
  show(value)
  const names = ['main', 'section', 'section .wide', 'details, li.card']
  const nodes = names.map((name) => at.querySelector(name))
  const path = ['pages', 'home', 'sections', 0]
  let next = change(value, ['site', 'name'], () => '')
  show(next)
  show((next = change(next, [...path, 'content', 'headline'], () => '')))
  show(change(next, [...path, 'anchor'], () => ''))
  return nodes.map((node) => at.contains(node))
}"""


@pytest.mark.parametrize("kind", ["faq", "features"])
async def test_what_is_beside_a_text_stays_when_the_text_is_emptied(page: Page, kind: str) -> None:
    assert await page.evaluate(f"({KEPT})({STEP}, '{kind}')") == [True] * 4


PAGES = """({ start, change, show }) => {
  const value = start(100)
  for (let n = 0; n < 1000; n += 1) value.pages[`p${n}`] = { title: 'T'.repeat(50) }
  show(value)
  let length = 0
  const { stringify } = JSON
  JSON.stringify = (...given) => {
    const made = stringify(...given)
    length += made.length
    return made
  }
  show(change(value, ['pages', 'home', 'sections', 5, 'content', 'headline'], () => 'New'))
  JSON.stringify = stringify
  return length
}"""


async def test_the_work_for_a_letter_does_not_grow_with_sections_times_pages(page: Page) -> None:
    assert await page.evaluate(f"({PAGES})({STEP})") < 300_000


LARGE = """(({ show }) => {
  const sections = [
    { id: 'a', type: 'hero', content: { body: '\\n'.repeat(200_000) + 'end' } },
    { id: 'b', type: 'faq', content: { body: 'a' + ' '.repeat(300_000) + 'b' } },
    { id: 'c', type: 'other', content: { list: Array(300_000).fill(0), text: 'Read me' } },
    { id: 'd', type: 'pricing', content: { plans: Array(150_000).fill({ name: 'Plan' }) } },
  ]
  show({ pages: { home: { sections } } })
  return at.querySelectorAll('section').length
})"""


async def test_a_very_large_section_is_shown_beside_the_others(page: Page) -> None:
    assert await page.evaluate(f"{LARGE}({STEP})") == 4
