"""Users after each other in one browser profile: each edit is sent by its user only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page

from collab.rights.user_rights import Role
from tests.browser.proxy import Proxy
from tests.browser.sdk_pages import connected, inside
from tests.browser.waits import until
from tests.live.http_client import call
from tests.running import RunningServer

STORED = inside("page._session.outbox.write({ put: [], remove: [] }).then(() => null)")
ADOPTED = inside("page._session.outbox.adopt()")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, env={"WEFT_DEMO": "1"}) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def proxy(server: RunningServer) -> AsyncIterator[Proxy]:
    async with Proxy.to(server.port) as running:
        yield running


async def opened(tab: Page, proxy: Proxy, token: str, document: str = "home") -> None:
    await connected(tab, proxy.http, document, token, {"t": ""})
    await until(tab, "page.link === 'online'")


async def edited_offline(tab: Page, proxy: Proxy, key: str) -> None:
    proxy.cut()
    await until(tab, "page.link !== 'online'")
    await tab.evaluate(f"page.set('/{key}', 'offline').id")
    await tab.evaluate(STORED)
    assert await tab.evaluate("page.saved") == "unsaved"


async def left(tab: Page, proxy: Proxy) -> None:
    """Leave the page, and only then mend the connection: else the page may send its edit."""
    await tab.goto("about:blank")
    proxy.mend()


async def saved(tab: Page, key: str) -> None:
    await tab.evaluate(f"page.set('/{key}', 'online').durable.then(() => null)")
    await until(tab, "page.saved === 'saved' && page.pending === 0")


async def authors(server: RunningServer, document: str = "home") -> dict[str, str]:
    """Who has written each member of the document."""
    token = await server.mint("root", Role.ADMIN)
    url = f"{server.http}/v1/docs/{document}/versions?each=1"
    items = (await asyncio.to_thread(call, "GET", url, token=token)).body["items"]
    edits = [each for each in items if each["kind"] == "edit"]
    return {path: each["by"]["user"] for each in edits for path in each["pointers"]}


@pytest.mark.parametrize("is_same_tab", [True, False])
@pytest.mark.parametrize("other", ["bo", "guest"])
async def test_the_edits_of_a_user_wait_while_another_one_is_there(
    context: BrowserContext, server: RunningServer, proxy: Proxy, other: str, is_same_tab: bool
) -> None:
    ada = await server.mint("ada")
    guest: dict[str, Any] = call("POST", f"{server.http}/v1/demo/token").body
    user, token = (other, await server.mint(other)) if other == "bo" else guest_of(guest)
    first = await context.new_page()
    await opened(first, proxy, ada)
    await edited_offline(first, proxy, "ada")
    await left(first, proxy)
    if not is_same_tab:
        await first.close()
    second = first if is_same_tab else await context.new_page()
    await opened(second, proxy, token)
    assert await second.evaluate("[page.user, page.value.ada ?? null]") == [user, None]
    await saved(second, "other")
    assert await second.evaluate(ADOPTED) is None
    assert await authors(server) == {"/other": user}

    await second.close()
    third = await context.new_page()
    await opened(third, proxy, ada)
    await until(third, "page.saved === 'saved' && page.value.ada === 'offline'")
    assert await authors(server) == {"/other": user, "/ada": "ada"}


def guest_of(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["user"], answer["token"]


async def test_the_edits_of_a_user_wait_for_their_document(
    page: Page, server: RunningServer, proxy: Proxy
) -> None:
    ada = await server.mint("ada")
    await opened(page, proxy, ada)
    await edited_offline(page, proxy, "ada")
    await left(page, proxy)
    await opened(page, proxy, ada, "other")
    await saved(page, "here")
    assert await page.evaluate(ADOPTED) is None
    assert await authors(server) == {}
    assert await authors(server, "other") == {"/here": "ada"}
    await opened(page, proxy, ada)
    await until(page, "page.saved === 'saved' && page.value.ada === 'offline'")
    assert await authors(server) == {"/ada": "ada"}


async def test_a_page_whose_user_changes_leaves_the_edits_of_the_first_one(
    page: Page, server: RunningServer, proxy: Proxy
) -> None:
    ada, bo = await server.mint("ada"), await server.mint("bo")
    await opened(page, proxy, ada)
    await edited_offline(page, proxy, "ada")
    await page.evaluate(inside(f"void (page._session.options.token = () => '{bo}')"))
    proxy.mend()
    await page.evaluate("page.syncNow()")
    await until(page, "page.user === 'bo' && page.link === 'online'")
    assert await page.evaluate("[page.value.ada ?? null, page.pending]") == [None, 0]
    await saved(page, "bo")
    assert await authors(server) == {"/bo": "bo"}
    await opened(page, proxy, ada)
    await until(page, "page.saved === 'saved' && page.value.ada === 'offline'")
    assert await authors(server) == {"/bo": "bo", "/ada": "ada"}
