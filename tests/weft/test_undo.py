"""Undo and redo of the Python client against a real server."""

from __future__ import annotations

import asyncio

import pytest

import weft
from collab.rights.user_rights import Role
from tests.browser.proxy import Proxy
from tests.patience import PATIENCE
from tests.running import RunningServer
from tests.weft.waiting import until

pytestmark = pytest.mark.real


async def opened(
    server: RunningServer, doc: str, role: Role = Role.EDITOR, *, user: str = "ada", url: str = ""
) -> weft.Page:
    token = await server.mint(user, role)
    create = {"a": 0, "b": 0}
    return await weft.connect(
        url or server.http, doc, token=token, create=create, patience=PATIENCE
    )


def can(page: weft.Page) -> tuple[bool, bool]:
    return page.can_undo, page.can_redo


async def test_a_page_knows_at_once_what_can_be_undone_and_redone(
    server: RunningServer, doc: str
) -> None:
    async with await opened(server, doc) as page:
        assert can(page) == (False, False)
        assert can_after_edit(page) == (True, False)
        await page.set("/a", 2).durable
        assert can(page) == (True, False)
    async with await opened(server, doc) as page:
        assert can(page) == (True, False)
        while page.can_undo:
            await page.undo()
        assert (page.value, can(page)) == ({"a": 0, "b": 0}, (False, True))
    async with await opened(server, doc) as page:
        assert can(page) == (False, True)
        await page.redo()
        assert page.can_undo
    async with await opened(server, doc, user="bo") as page:
        assert can(page) == (False, False)


def can_after_edit(page: weft.Page) -> tuple[bool, bool]:
    page.set("/a", 1)
    return can(page)


async def test_another_page_of_the_user_has_the_same_buttons(
    server: RunningServer, doc: str
) -> None:
    async with await opened(server, doc) as one, await opened(server, doc) as other:
        await one.set("/a", 1).durable
        await until(lambda: can(other) == (True, False))
        await one.undo()
        assert can(one) == (False, True)
        await until(lambda: other.can_redo)


async def test_a_viewer_has_nothing_to_undo(server: RunningServer, doc: str) -> None:
    async with await opened(server, doc) as page:
        await page.set("/a", 1).durable
    async with await opened(server, doc, Role.VIEWER) as page:
        assert can(page) == (False, False)


async def test_an_undo_whose_answer_was_lost_tells_what_it_skipped(
    server: RunningServer, doc: str
) -> None:
    async with Proxy.to(server.port) as proxy, await opened(server, doc, user="bo") as bo:
        ada = await opened(server, doc, url=proxy.http)
        both = [{"op": "replace", "path": path, "value": 1} for path in ("/a", "/b")]
        await ada.patch(both).durable
        await bo.set("/b", 2).durable
        await until(lambda: ada.value["b"] == 2)
        proxy.is_mute = True
        asked = asyncio.create_task(ada.undo())
        await until(lambda: bo.value["a"] == 0)
        proxy.cut()
        proxy.is_mute = False
        proxy.mend()
        ada.sync_now()
        result = await asked
        assert [(one["version"], one["pointers"]) for one in result.undone] == [(2, ["/a"])]
        assert (result.skipped, result.version, ada.value) == (["/b"], 4, {"a": 0, "b": 2})
        assert (can(ada), bo.version) == ((False, True), 4)
        await ada.close()
