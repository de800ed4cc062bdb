"""No picture runs a script or loads something, however a page or a visitor opens it.

The server refuses most of these files. So a test also puts each of them into the storage, past the
reader: then only the headers of the answer protect visitors.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Dialog, Page

from collab.ports.assets import Asset, contents_of
from storage.store import SqlStore
from tests.attacks.test_mutated_pictures import files as mutated_files
from tests.browser.hostile_pictures import RUNNING, files
from tests.browser.site import Site
from tests.live.http_client import call
from tests.running import RunningServer

REFUSED = {413, 415, 422}
# Shows a file in each way in which a page can, and waits until all of them are loaded.
SHOW = """(address) => {
  const make = (name, attributes) => Object.assign(document.createElement(name), attributes)
  const all = [make('img', { src: address }), make('object', { data: address }),
    make('iframe', { src: address }), make('embed', { src: address }),
    make('script', { src: address }), make('link', { rel: 'stylesheet', href: address })]
  const loaded = all.map((each) => new Promise((done) => { each.onload = each.onerror = done }))
  document.body.replaceChildren(...all)
  document.body.style.cssText = 'margin:0;display:flex'
  for (const each of all) each.style.cssText = 'width:100px;height:100px;border:0'
  const late = new Promise((done) => setTimeout(done, 3000))
  return Promise.race([Promise.all(loaded), late]).then(() => null)
}"""
SETTLED = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        yield running


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The other origin that the files try to load from. It also serves them without headers."""
    with Site() as site:
        site.pages["/"] = "<!doctype html><body></body>"
        for number, name in enumerate(RUNNING):
            site.pages[f"/{number}.svg"] = files(site.origin)[name].decode()
        yield site


class Visit:
    """A file that is opened by itself, and inside a page of its origin."""

    def __init__(self, site: Site, alone: Page, around: Page) -> None:
        self._asked = site.asked
        self._pages = {"alone": alone, "inside": around}
        self._dialogs = {name: dialogs_of(page) for name, page in self._pages.items()}

    @classmethod
    async def of(cls, context: BrowserContext, site: Site, origin: str, address: str) -> Visit:
        """Open the file, and click on it."""
        site.asked.clear()
        alone, around = await context.new_page(), await context.new_page()
        visit = cls(site, alone, around)
        await alone.goto(f"{origin}{address}", wait_until="commit")  # it may never be loaded
        await around.goto(f"{origin}{'/' if origin == site.origin else '/healthz'}")
        await around.evaluate(SHOW, address)
        await visit.click()
        return visit

    async def click(self) -> None:
        for x in (150, 250, 350):
            await self._pages["inside"].mouse.click(x, 50)
        await self._pages["alone"].mouse.click(50, 50)

    async def harm(self) -> list[str]:
        """Return what the file has done by now."""
        await self._pages["inside"].evaluate(SETTLED)
        done = [f"asked for {path}" for path in self._asked if "hacked" in path]
        for name, page in self._pages.items():
            done += [f"{name}: {text}" for text in self._dialogs[name]]
            done += [f"{name}: script"] if await reached(page) else []
        return done


def dialogs_of(page: Page) -> list[str]:
    """Return a list that gets the texts of `alert` and the like. They are closed at once."""
    texts: list[str] = []

    async def close(dialog: Dialog) -> None:
        texts.append(dialog.message)
        await dialog.accept()

    page.on("dialog", close)
    return texts


async def reached(page: Page) -> bool:
    return bool(await page.evaluate("window.hacked === 1"))


async def put(server: RunningServer, bodies: Iterable[tuple[bytes, str]]) -> list[str]:
    """Store files past the reader of pictures, each with a type, and return their addresses."""
    store = SqlStore(server.database)
    await store.start()
    addresses = []
    try:
        for body, kind in bodies:
            id, contents = hashlib.sha256(body).hexdigest(), {0: body}
            asset = Asset(id, kind, 100, 100, "a", "ada", 1, f"{id}-put", contents_of(contents))
            await store.add_asset("demo", asset, contents)
            addresses.append(f"/v1/assets/demo/{id}")
    finally:
        await store.close()
    return addresses


NAMES = list(files(""))


def sample(values: Iterable[Any]) -> list[Any]:
    """Return the values as parameters of a test. `make test` tries one of six."""
    return [
        value if number % 6 == 0 else pytest.param(value, marks=pytest.mark.long)
        for number, value in enumerate(values)
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("number", sample(range(len(RUNNING))), ids=list(RUNNING))
async def test_each_file_does_harm_where_nothing_protects_visitors(
    context: BrowserContext, site: Site, number: int
) -> None:
    visit = await Visit.of(context, site, site.origin, f"/{number}.svg")
    while not await visit.harm():
        await visit.click()  # ends, or the test run times out


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
async def test_a_hostile_file_is_refused_or_does_no_harm(
    context: BrowserContext, server: RunningServer, site: Site, name: str
) -> None:
    body, token = files(site.origin)[name], await server.mint("ada")
    url = f"{server.http}/v1/assets"
    made = await asyncio.to_thread(call, "POST", url, token=token, raw=body)
    if made.status in REFUSED:
        return
    assert (made.status, name in RUNNING) == (201, False), made.raw
    found = await asyncio.to_thread(call, "GET", server.http + made.body["url"])
    # A comment of an SVG stays. Of other pictures, only what a browser draws is kept.
    assert made.body["type"] == "image/svg+xml" or b"hacked" not in found.raw
    visit = await Visit.of(context, site, server.http, made.body["url"])
    assert await visit.harm() == []


@pytest.mark.thorough
@pytest.mark.parametrize("name", sample(NAMES))
async def test_a_hostile_file_that_is_stored_does_no_harm(
    context: BrowserContext, server: RunningServer, site: Site, name: str
) -> None:
    [address] = await put(server, [(files(site.origin)[name], "image/svg+xml")])
    found = await asyncio.to_thread(call, "GET", server.http + address)
    assert (found.status, found.headers["content-type"]) == (200, "image/svg+xml")
    visit = await Visit.of(context, site, server.http, address)
    assert await visit.harm() == []


# The type of a mutated file: that of its beginning, or else an SVG, the only type with scripts.
KINDS = {
    b"\x89PNG": "image/png",
    b"\xff\xd8": "image/jpeg",
    b"RIFF": "image/webp",
    b"GIF8": "image/gif",
    b"\0\0\0": "image/avif",
}
SHOW_ALL = """(addresses) => {
  document.body.replaceChildren()
  const all = addresses.flatMap((address) => ['img', 'iframe', 'object', 'embed'].map((name) => {
    const made = document.createElement(name)
    made[name === 'object' ? 'data' : 'src'] = address
    return new Promise((done) => { made.onload = made.onerror = done; document.body.append(made) })
  }))
  const late = new Promise((done) => setTimeout(done, 3000))
  return Promise.race([Promise.all(all), late]).then(() => null)
}"""


def kind_of(body: bytes) -> str:
    return next((kind for start, kind in KINDS.items() if body.startswith(start)), "image/svg+xml")


@pytest.mark.thorough
async def test_mutated_pictures_run_nothing(page: Page, server: RunningServer, site: Site) -> None:
    bodies = [each for each in mutated_files(100, 11) if each]
    addresses = await put(server, [(body, kind_of(body)) for body in bodies])
    site.asked.clear()
    dialogs = dialogs_of(page)
    await page.goto(f"{server.http}/healthz")
    for start in range(0, len(addresses), 10):
        await page.evaluate(SHOW_ALL, addresses[start : start + 10])
    await page.evaluate(SETTLED)
    assert (dialogs, site.asked, await reached(page)) == ([], [], False)
    assert await page.evaluate("document.querySelectorAll('img').length") > 0
