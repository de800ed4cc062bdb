"""A page inside the document of an editor: neither document changes how the other one looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from collab.page.style_sheets import CANVAS, STYLE_SHEET, canvas_sheet
from server.demo import content
from tests.browser.chromium_contexts import Contexts
from tests.browser.site import Site
from tests.browser.waits import until
from tests.house import ROOT

SCRIPT = """<script type="module">
  import * as dom from '/page/dom.js'
  import { PageRenderer } from '/page/page.js'
  import { SCOPES } from '/page/theme.js'
  const at = document.querySelector('#at')
  const show = (value, isCanvas) => {
    const made = new PageRenderer({ isCanvas }).render(value)
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(made.style)
    document.adoptedStyleSheets.push(sheet)
    dom.show(at, made.root)
  }
  Object.assign(window, { show, SCOPES })
</script>"""
OWN = f"""<!doctype html><meta charset="utf-8"><title>A page</title>
<link rel="stylesheet" href="/page.css"><body><div id="at"></div>{SCRIPT}"""
# What the styles of an adopter may say. Each of these rules changes a page without a canvas.
HOSTILE = """
  html { font-size: 62.5% }
  body { font: italic 30px/3 cursive; text-align: right; text-transform: uppercase; color: lime;
    letter-spacing: 3px; white-space: pre; word-break: break-all; cursor: wait; direction: rtl }
  * { color: red; direction: rtl; box-sizing: content-box }
  * { --ink: #f00; --ground: #0f0; --radius: 40px }
  *::before, li::after { content: 'x'; display: block; height: 30px }
  h1, h2, h3, p, a, ul, li, button, input, label, section, header, main, footer, figure, summary {
    margin: 40px; padding: 9px; border: 5px dashed lime; float: left; font: 9px monospace }
  img, svg { width: 100px; height: 7px; max-height: 9px; filter: blur(4px); object-fit: none }
  path { d: none; fill: lime; stroke: none }
  ::marker { color: lime } ::placeholder { color: lime }
  .button, .hero, .cards, .card, .grid, .wide, .bar, .plain { display: none; opacity: 0.5 }
  #app .card, #app .button:hover, #app [class] { background: lime; margin: 1px; z-index: 3 }
  body #app #at section > div { padding: 0; transform: rotate(9deg) }
  @layer base { h1, p, section { outline: 9px solid lime; columns: 2 } svg { rotate: 9deg } }
"""
HOST = f"""<!doctype html><meta charset="utf-8"><title>An editor</title><style>{HOSTILE}</style>
<link rel="stylesheet" href="/canvas.css"><body>
<header class="bar"><h1>Tool</h1><p id="before" class="button wide">Words of the tool</p>
<ul class="cards"><li class="card">One</li></ul><img class="logo" alt="x"><input><main>x</main>
</header><div id="app"><div id="at" style="position: absolute; left: 0"></div></div>
{SCRIPT}"""
# The look of each element and of its pseudo-elements, as one text each.
LOOKS = """(root, without) => [...root.querySelectorAll('*')].flatMap((each) =>
  without(each) ? [] : [null, '::before', '::after'].map((pseudo) => {
    const style = getComputedStyle(each, pseudo)
    const all = [...style].map((name) => [name, style.getPropertyValue(name)])
    return [`${each.tagName}.${each.getAttribute('class')}${pseudo ?? ''}`, Object.fromEntries(all)]
  }))"""
# The skip link is for a document of its own.
PAGE_LOOKS = f"({LOOKS})(document.querySelector('.weft-page'), (each) => each.matches('.skip'))"
TOOL_LOOKS = f"({LOOKS})(document.body, (each) => each.closest('#app, script'))"
SELECT = """(() => {
  const from = document.querySelector('#before').firstChild
  const to = document.querySelector('#at h1').firstChild
  getSelection().setBaseAndExtent(from, 0, to, 3)
  return [getSelection().anchorNode === from, getSelection().focusNode === to]
})()"""
DEMO = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted(Path(content.__file__).parent.glob("*.json"))
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.pages |= {"/own": OWN, "/host": HOST}
        site.pages |= {"/page.css": STYLE_SHEET, "/canvas.css": canvas_sheet()}
        scripts = (ROOT / "static" / "page").glob("*.js")
        site.pages |= {f"/page/{path.name}": path.read_text("utf-8") for path in scripts}
        yield site


async def looks(page: Page, script: str) -> list[Any]:
    """Return megabytes of styles as JSON: Playwright's form of a large value takes a minute."""
    found: list[Any] = json.loads(await page.evaluate(f"JSON.stringify({script})"))
    return found


def differences(ours: list[Any], theirs: list[Any]) -> list[str]:
    """Return each property that differs, with its element."""
    return [
        f"{name} {each}: {mine[each]} != {others[each]}"
        for (name, mine), (_, others) in zip(ours, theirs, strict=True)
        for each in mine
        if mine[each] != others[each]
    ]


async def opened(contexts: Contexts, site: Site, path: str, width: int = 1000) -> Page:
    page = await contexts.page(width, 900)
    await page.goto(f"{site.origin}{path}")
    await until(page, "window.show !== undefined")
    return page


def with_unknown(value: Any) -> Any:
    """Return a document with a picture in a plain block too: only its attributes give its size."""
    home = value["pages"].get("home") or next(iter(value["pages"].values()))
    image = {"src": "/none.png", "alt": "A picture", "width": 320, "height": 200}
    home["sections"].append({"id": "plain", "type": "other", "content": {"image": image}})
    return value


@pytest.mark.parametrize(
    "name",
    [
        name if not at else pytest.param(name, marks=pytest.mark.long)
        for at, name in enumerate(DEMO)
    ],
)
async def test_the_styles_of_an_editor_do_not_reach_into_the_page(
    site: Site, contexts: Contexts, name: str
) -> None:
    value = json.dumps(with_unknown(DEMO[name]))
    own, host = await opened(contexts, site, "/own"), await opened(contexts, site, "/host", 1400)
    await own.evaluate(f"show({value}, false)")
    width = await own.evaluate("document.querySelector('.weft-page').clientWidth")
    await host.evaluate(f"at.style.width = '{width}px', show({value}, true)")
    found = differences(await looks(own, PAGE_LOOKS), await looks(host, PAGE_LOOKS))
    assert found[:20] == []


async def test_without_a_canvas_the_styles_of_the_editor_change_the_page(
    site: Site, contexts: Contexts
) -> None:
    site.pages["/open"] = HOST.replace("/canvas.css", "/page.css")
    value = json.dumps(with_unknown(DEMO["demo.home"]))
    own, host = await opened(contexts, site, "/own"), await opened(contexts, site, "/open")
    for page in (own, host):
        await page.evaluate(f"show({value}, false)")
    found = differences(await looks(own, PAGE_LOOKS), await looks(host, PAGE_LOOKS))
    names = ("color", "font-size", "direction", "width", "d", "content", "column-count", "opacity")
    missing = [name for name in names if not any(f" {name}: " in each for each in found)]
    assert missing == []


async def test_the_styles_of_the_page_do_not_reach_into_the_editor(
    site: Site, contexts: Contexts
) -> None:
    site.pages["/bare"] = HOST.replace('<link rel="stylesheet" href="/canvas.css">', "")
    bare, host = await opened(contexts, site, "/bare"), await opened(contexts, site, "/host")
    await host.evaluate(f"show({json.dumps(next(iter(DEMO.values())))}, true)")
    found = differences(await looks(bare, TOOL_LOOKS), await looks(host, TOOL_LOOKS))
    assert found == []


async def test_a_selection_goes_from_the_editor_into_the_page(
    site: Site, contexts: Contexts
) -> None:
    host = await opened(contexts, site, "/host")
    hero = {"id": "a", "type": "hero", "content": {"headline": "The headline"}}
    value = {"pages": {"home": {"title": "Home", "sections": [hero]}}}
    await host.evaluate(f"show({json.dumps(value)}, true)")
    selected = await host.evaluate(SELECT)
    assert selected == [True, True]


async def test_both_renderers_name_the_same_root(site: Site, contexts: Contexts) -> None:
    page = await opened(contexts, site, "/own")
    assert await page.evaluate("SCOPES.canvas.root") == CANVAS
