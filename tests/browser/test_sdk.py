"""The SDK in a real browser: offline edits, a killed tab, a killed server, the bytes of a key."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.chromium_contexts import Contexts, started
from tests.browser.proxy import Proxy
from tests.browser.sdk_pages import connected, inside
from tests.browser.waits import until
from tests.live.http_client import call
from tests.running import RunningServer

DOC = "home"
STORED = inside("page._session.outbox.write({ put: [], remove: [] }).then(() => null)")


@pytest.fixture
def server(tmp_path: Path) -> Any:
    with RunningServer(tmp_path) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def proxy(server: RunningServer) -> AsyncIterator[Proxy]:
    async with Proxy.to(server.port) as running:
        yield running


async def opened(context: BrowserContext, proxy: Proxy, token: str, create: object = None) -> Page:
    return await connected(await context.new_page(), proxy.http, DOC, token, create)


async def stored(server: RunningServer, token: str, is_there: Any) -> Any:
    """The value at the server, when a condition holds."""
    url = f"{server.http}/v1/docs/{DOC}"
    while True:
        value = (await asyncio.to_thread(call, "GET", url, token=token)).body
        if is_there(value):
            return value


async def test_edits_made_offline_survive_a_closed_tab_and_arrive_once(
    context: BrowserContext, server: RunningServer, proxy: Proxy
) -> None:
    token = await server.mint("ada")
    tab = await opened(context, proxy, token, {"list": [], "t": ""})
    await until(tab, "page.link === 'online'")
    proxy.cut()
    await until(tab, "page.link !== 'online'")
    await tab.evaluate(
        "(async () => { for (let count = 0; count < 200; count++) {"
        " page.set('/list/-', count); page.set('/t', page.value.t + 'x');"
        " if (count % 4 === 0) await new Promise((done) => setTimeout(done, 60)) } })()"
    )
    assert await tab.evaluate("[page.value.list.length, page.saved]") == [200, "unsaved"]
    await until(tab, inside("page._session.core.effects.length === 0"))
    await tab.evaluate(STORED)
    await tab.close()
    proxy.mend()
    again = await opened(context, proxy, token)
    await until(again, "page.saved === 'saved' && page.link === 'online'")
    value = await stored(server, token, lambda value: len(value["list"]) == 200)
    assert value == {"list": list(range(200)), "t": "x" * 200}
    assert await again.evaluate(
        "[page.value.list.length, page.pending, page.attention.length]"
    ) == [
        200,
        0,
        0,
    ]


async def renderers(browser: Browser) -> set[int]:
    """Return the ids of the processes that draw pages."""
    session = await browser.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    return {each["id"] for each in processes if each["type"] == "renderer"}


@pytest_asyncio.fixture(loop_scope="session")
async def own_context() -> AsyncIterator[BrowserContext]:
    """A context in a browser of the test, for a test that kills a process of it."""
    # A new renderer process is then the one of the new tab, and no spare.
    async with started("--disable-features=SpareRendererForSitePerProcess") as browser:
        yield await Contexts(browser).new()


async def killable(context: BrowserContext, proxy: Proxy, token: str) -> tuple[Page, int]:
    """Open a second tab, and return it with the id of its process."""
    assert context.browser is not None
    before = await renderers(context.browser)
    tab = await opened(context, proxy, token)
    (process,) = await renderers(context.browser) - before
    await until(tab, "page.link === 'online'")
    return tab, process


async def test_another_tab_delivers_the_edits_of_a_killed_one(
    own_context: BrowserContext, server: RunningServer, proxy: Proxy
) -> None:
    token = await server.mint("ada")
    first = await opened(own_context, proxy, token, {"list": []})
    second, process = await killable(own_context, proxy, token)
    proxy.cut()
    await until(second, "page.link !== 'online'")
    await second.evaluate(
        "(async () => { for (let count = 0; count < 20; count++) { page.set('/list/-', count);"
        f" await null; await {STORED} }} }})()"
    )
    os.kill(process, signal.SIGKILL)
    proxy.mend()
    await until(first, "page.value.list.length === 20")
    assert (await stored(server, token, len))["list"] == list(range(20))
    await until(first, "page.saved === 'saved'")


async def test_a_change_whose_answer_a_killed_tab_never_saw_is_applied_once(
    own_context: BrowserContext, server: RunningServer, proxy: Proxy
) -> None:
    token = await server.mint("ada")
    first = await opened(own_context, proxy, token, {"list": []})
    second, process = await killable(own_context, proxy, token)
    client = await second.evaluate("page.client")
    heard = "heard.push([value.length, info.mine, info.by?.client])"
    await first.evaluate(
        f"globalThis.heard = []; void page.subscribe('/list', (value, info) => {heard})"
    )
    # The server accepts the first change, and the tab does not hear of it.
    await second.evaluate(inside("void (page._session.received = () => {})"))
    await second.evaluate("page.set('/list/-', 'sent').id")
    await until(first, "page.value.list.length === 1")
    await second.evaluate("page.set('/list/-', 'unsent').id")
    await second.evaluate(STORED)
    assert await second.evaluate("page.pending") == 2
    os.kill(process, signal.SIGKILL)
    await until(first, "page.value.list.length === 2 && page.saved === 'saved'")
    assert await first.evaluate("page.value.list") == ["sent", "unsent"]
    assert await first.evaluate("heard") == [[1, False, client], [2, False, client]]
    # The user takes both back, though another tab has made them.
    for left in (["sent"], []):
        assert await first.evaluate("page.canUndo")
        await first.evaluate("page.undo()")
        assert await first.evaluate("page.value.list") == left
    assert not await first.evaluate("page.canUndo")
    assert (await stored(server, token, lambda value: not value["list"])) == {"list": []}


async def test_no_edit_is_lost_when_the_server_is_killed(
    context: BrowserContext, server: RunningServer, proxy: Proxy
) -> None:
    ada, bo = await server.mint("ada"), await server.mint("bo")
    first = await opened(context, proxy, ada, {"ada": "", "bo": ""})
    second = await opened(context, proxy, bo)
    # A tab in the background runs its timers once a second, so each turn types some letters.
    typing = (
        "let left = 60; const type = () => { for (let count = 0; count < 10; count++) {"
        " page.set('/WHO', page.value.WHO + 'x'); left -= 1 }"
        " if (left) setTimeout(type, 20) }; type()"
    )
    for tab, who in ((first, "ada"), (second, "bo")):
        await tab.evaluate(typing.replace("WHO", who))
    await until(first, "page.value.ada.length > 15")
    server.kill()
    await asyncio.to_thread(server.start)
    for tab in (first, second):
        await tab.evaluate("page.syncNow()")
        await until(
            tab, "page.saved === 'saved' && page.value.ada.length + page.value.bo.length >= 120"
        )
    value = await stored(server, ada, lambda value: len(value["ada"]) + len(value["bo"]) >= 120)
    assert value == {"ada": "x" * 60, "bo": "x" * 60}
    assert await first.evaluate("page.value") == await second.evaluate("page.value") == value


async def test_a_key_on_a_large_page_costs_less_than_a_hundredth_of_it(
    context: BrowserContext, server: RunningServer, proxy: Proxy
) -> None:
    token = await server.mint("ada")
    texts = [{"id": f"s{count}", "text": "word " * 250} for count in range(40)]
    tab = await opened(context, proxy, token, {"list": texts})
    size = len(json.dumps({"list": texts}))
    assert size > 50_000
    async with Proxy.to(server.port) as others:
        other = await opened(context, others, token)
        await until(tab, "page.saved === 'saved' && page.link === 'online'")
        before = (proxy.bytes, others.bytes)
        key = "page.set('/list/7/text', 'x' + page.value.list[7].text).durable.then(() => null)"
        for _ in range(20):
            await tab.evaluate(key)
        await until(other, "page.value.list[7].text.startsWith('x'.repeat(20))")
        # All bytes of the TCP connections: of the tab that types, and of the tab that reads.
        assert (proxy.bytes - before[0]) / 20 < size / 100
        assert (others.bytes - before[1]) / 20 < size / 100
