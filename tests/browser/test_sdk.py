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

from tests.browser.chromium import Chromium, Page
from tests.browser.proxy import Proxy
from tests.live.http_client import call
from tests.running import RunningServer

DOC = "home"


@pytest.fixture
def server(tmp_path: Path) -> Any:
    with RunningServer(tmp_path) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def proxy(server: RunningServer) -> AsyncIterator[Proxy]:
    async with Proxy.to(server.port) as running:
        yield running


async def opened(
    browser: Chromium, proxy: Proxy, token: str, create: Any = None, page: Page | None = None
) -> Page:
    """A tab with a page of the SDK, as `page`."""
    tab = page or await browser.page()
    await tab.open(f"{proxy.http}/healthz")
    given = {"url": proxy.http, "document": DOC, "create": create}
    await tab.evaluate(f"globalThis.options = {json.dumps(given)}; options.token = () => '{token}'")
    await tab.evaluate(
        "import('/sdk/weft.js').then(({ connect }) => { globalThis.page = connect(options);"
        " return page.ready }).then(() => null)"
    )
    return tab


async def stored(server: RunningServer, token: str, is_there: Any) -> Any:
    """The value at the server, when a condition holds."""
    url = f"{server.http}/v1/docs/{DOC}"
    while True:
        value = (await asyncio.to_thread(call, "GET", url, token=token)).body
        if is_there(value):
            return value


async def test_edits_made_offline_survive_a_closed_tab_and_arrive_once(
    browser: Chromium, server: RunningServer, proxy: Proxy
) -> None:
    token = await server.mint("ada")
    tab = await opened(browser, proxy, token, {"list": [], "t": ""})
    await tab.until("page.link === 'online'")
    proxy.cut()
    await tab.until("page.link !== 'online'")
    await tab.evaluate(
        "(async () => { for (let count = 0; count < 200; count++) {"
        " page.set('/list/-', count); page.set('/t', page.value.t + 'x');"
        " if (count % 4 === 0) await new Promise((done) => setTimeout(done, 60)) } })()"
    )
    assert await tab.evaluate("[page.value.list.length, page.saved]") == [200, "unsaved"]
    await tab.until("page._session.core.effects.length === 0")
    await tab.evaluate("page._session.outbox.write({ put: [], remove: [] }).then(() => null)")
    await tab.call("Page.close")
    proxy.mend()
    again = await opened(browser, proxy, token)
    await again.until("page.saved === 'saved' && page.link === 'online'")
    value = await stored(server, token, lambda value: len(value["list"]) == 200)
    assert value == {"list": list(range(200)), "t": "x" * 200}
    assert await again.evaluate(
        "[page.value.list.length, page.pending, page.attention.length]"
    ) == [
        200,
        0,
        0,
    ]


async def renderers(browser: Chromium) -> set[int]:
    processes = (await browser.call("SystemInfo.getProcessInfo"))["processInfo"]
    return {each["id"] for each in processes if each["type"] == "renderer"}


async def test_another_tab_delivers_the_edits_of_a_killed_one(
    own_browser: Chromium, server: RunningServer, proxy: Proxy
) -> None:
    token = await server.mint("ada")
    first = await opened(own_browser, proxy, token, {"list": []})
    before = await renderers(own_browser)
    second = await opened(own_browser, proxy, token)
    (process,) = await renderers(own_browser) - before
    await second.until("page.link === 'online'")
    proxy.cut()
    await second.until("page.link !== 'online'")
    await second.evaluate(
        "(async () => { for (let count = 0; count < 20; count++) { page.set('/list/-', count);"
        " await null; await page._session.outbox.write({ put: [], remove: [] }) } })()"
    )
    os.kill(process, signal.SIGKILL)
    proxy.mend()
    await first.until("page.value.list.length === 20")
    assert (await stored(server, token, len))["list"] == list(range(20))
    await first.until("page.saved === 'saved'")


async def test_a_change_whose_answer_a_killed_tab_never_saw_is_applied_once(
    own_browser: Chromium, server: RunningServer, proxy: Proxy
) -> None:
    token = await server.mint("ada")
    first = await opened(own_browser, proxy, token, {"list": []})
    before = await renderers(own_browser)
    second = await opened(own_browser, proxy, token)
    (process,) = await renderers(own_browser) - before
    await second.until("page.link === 'online'")
    client = await second.evaluate("page.client")
    heard = "heard.push([value.length, info.mine, info.by?.client])"
    await first.evaluate(
        f"globalThis.heard = []; page.subscribe('/list', (value, info) => {heard})"
    )
    # The server accepts the first change, and the tab does not hear of it.
    await second.evaluate("page._session.transport.connection.received = () => {}")
    await second.evaluate("page.set('/list/-', 'sent').id")
    await first.until("page.value.list.length === 1")
    await second.evaluate("page.set('/list/-', 'unsent').id")
    await second.evaluate("page._session.outbox.write({ put: [], remove: [] })")
    assert await second.evaluate("page.pending") == 2
    os.kill(process, signal.SIGKILL)
    await first.until("page.value.list.length === 2 && page.saved === 'saved'")
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
    browser: Chromium, server: RunningServer, proxy: Proxy
) -> None:
    ada, bo = await server.mint("ada"), await server.mint("bo")
    first = await opened(browser, proxy, ada, {"ada": "", "bo": ""})
    second = await opened(browser, proxy, bo)
    # A tab in the background runs its timers once a second, so each turn types some letters.
    typing = (
        "let left = 60; const type = () => { for (let count = 0; count < 10; count++) {"
        " page.set('/WHO', page.value.WHO + 'x'); left -= 1 }"
        " if (left) setTimeout(type, 20) }; type()"
    )
    for tab, who in ((first, "ada"), (second, "bo")):
        await tab.evaluate(typing.replace("WHO", who))
    await first.until("page.value.ada.length > 15")
    server.kill()
    await asyncio.to_thread(server.start)
    for tab in (first, second):
        await tab.evaluate("page.syncNow()")
        await tab.until(
            "page.saved === 'saved' && page.value.ada.length + page.value.bo.length >= 120"
        )
    value = await stored(server, ada, lambda value: len(value["ada"]) + len(value["bo"]) >= 120)
    assert value == {"ada": "x" * 60, "bo": "x" * 60}
    assert await first.evaluate("page.value") == await second.evaluate("page.value") == value


async def test_a_key_on_a_large_page_costs_less_than_a_hundredth_of_it(
    browser: Chromium, server: RunningServer, proxy: Proxy
) -> None:
    token = await server.mint("ada")
    texts = [{"id": f"s{count}", "text": "word " * 250} for count in range(40)]
    tab = await opened(browser, proxy, token, {"list": texts})
    size = len(json.dumps({"list": texts}))
    assert size > 50_000
    async with Proxy.to(server.port) as others:
        other = await opened(browser, others, token)
        await tab.until("page.saved === 'saved' && page.link === 'online'")
        before = (proxy.bytes, others.bytes)
        key = "page.set('/list/7/text', 'x' + page.value.list[7].text).durable.then(() => null)"
        for _ in range(20):
            await tab.evaluate(key)
        await other.until("page.value.list[7].text.startsWith('x'.repeat(20))")
        # All bytes of the TCP connections: of the tab that types, and of the tab that reads.
        assert (proxy.bytes - before[0]) / 20 < size / 100
        assert (others.bytes - before[1]) / 20 < size / 100
