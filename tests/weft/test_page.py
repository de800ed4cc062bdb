"""The page against a real server: its verbs, typed errors, and edits through crashes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import pytest

import weft
from collab.rights.user_rights import Role
from tests.live.conftest import JoinYjs
from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import RunningServer, free_port
from tests.weft.waiting import until

pytestmark = pytest.mark.real
START = {"title": "Hello", "list": [{"id": "a"}, {"id": "b"}], "log": []}


class Open(Protocol):
    async def __call__(self, user: str = "ada", **options: Any) -> weft.Page: ...


@pytest.fixture
async def page_of(server: RunningServer, doc: str) -> AsyncIterator[Open]:
    """Opens pages of the test's document, and closes them at its end."""
    pages: list[weft.Page] = []

    async def connect(user: str = "ada", **options: Any) -> weft.Page:
        token = await server.mint(user)
        fields = {"token": token, "create": START, "patience": PATIENCE, **options}
        pages.append(await weft.connect(server.http, doc, **fields))
        return pages[-1]

    yield connect
    for page in pages:
        await page.close()


async def test_an_edit_is_shown_at_once_and_durable_later(page_of: Open) -> None:
    async with await page_of() as page:
        change = page.set("/title", "Hi")
        assert page.value["title"] == "Hi"
        assert (page.saved, page.pending, page.link) == ("saving", 1, "online")
        result = await change.durable
        assert (result.version, result.conflicts, change.state) == (2, [], "durable")
        assert (page.saved, page.pending, page.mode) == ("saved", 0, "edit")
        assert (page.user, page.name, page.role, page.tenant) == ("ada", "Ada", "editor", "demo")
        assert await change.durable == result, "a change can be awaited again"
    assert page.link == "closed"
    with pytest.raises(weft.ClosedError):
        page.set("/title", "late")


async def test_all_verbs_reach_another_page(page_of: Open) -> None:
    ada, bo = await page_of("ada"), await page_of("bo")
    seen: list[Any] = []
    end = bo.subscribe("/title", lambda value, info: seen.append((value, info.by["user"])))
    with ada.group():
        ada.set("/title", "Hi")
        ada.set("/list/0/text", "new")
        ada.set("/list/2", {"id": "c"})
        ada.move("/list/2", "/list/0")
        ada.remove("/list/1")
        ada.patch([{"op": "add", "path": "/more", "value": 1}])
        change = ada.change(lambda draft: draft["log"].append(7))
    await change.durable
    await until(lambda: bo.version == ada.version)
    expected = {"title": "Hi", "list": [{"id": "c"}, {"id": "b"}], "log": [7], "more": 1}
    assert ada.value == bo.value == expected
    assert seen[-1] == ("Hi", "ada")
    with pytest.raises(weft.PatchError):
        bo.subscribe("title", print)
    end()
    undone = await ada.undo()
    assert len(undone.undone) >= 1
    await until(lambda: bo.value == START)
    assert seen[-1][0] == "Hi", "the subscription has ended"
    assert ada.can_redo
    await ada.redo()
    assert ada.value == expected


async def test_a_refused_change_raises_and_leaves_the_value(page_of: Open, doc: str) -> None:
    ada, bo = await page_of("ada"), await page_of("bo")
    refused: list[weft.Refusal] = []
    bo.on("refused", refused.append)
    lock = await ada.lock("/title")
    assert lock.mine
    assert (await bo.lock("/title")).mine is False
    change = bo.set("/title", "Mine")
    with pytest.raises(weft.Refusal) as caught:
        await change.durable
    refusal = caught.value
    assert (refusal.code, refusal.path) == ("locked", "/title")
    assert (refusal.yours, refusal.theirs) == ("Mine", "Hello")
    assert refusal.by is not None
    assert refusal.by["user"] == "ada"
    assert (bo.value["title"], change.state, refused) == ("Hello", "refused", [refusal])
    await ada.set("/title", "Under the lock").durable
    await lock.release()
    await bo.set("/title", "Free").durable


async def test_a_holder_keeps_a_lock_and_then_yields_it(page_of: Open) -> None:
    ada, bo = await page_of("ada"), await page_of("bo")
    events: list[str] = []
    mine = await ada.lock("/title")
    stop = mine.on("asked", lambda lock: lock.keep())
    theirs = await bo.lock("/title")
    for name in ("kept", "held"):
        theirs.on(name, lambda _, name=name: events.append(name))
    await theirs.take_over()
    await until(lambda: events == ["kept"])
    stop()
    mine.on("asked", lambda lock: lock.release())
    await theirs.take_over()
    await until(lambda: events == ["kept", "held"])
    assert theirs.mine
    assert not mine.mine


async def test_presence_shows_the_others(page_of: Open) -> None:
    ada = await page_of("ada", client="agent-1")
    bo = await page_of("bo")
    bo.presence.set({"cursor": {"path": "/title", "offset": 1}})
    await until(lambda: [peer["state"] for peer in ada.presence.others] == [bo_state()])
    assert [peer["client"] for peer in bo.presence.others] == ["agent-1"]
    await bo.close()
    await until(lambda: ada.presence.others == [])


def bo_state() -> dict[str, Any]:
    return {"cursor": {"path": "/title", "offset": 1}}


async def test_history_and_publishing(page_of: Open, server: RunningServer) -> None:
    page = await page_of(token=await server.mint("cy", Role.PUBLISHER))
    await page.set("/title", "Hi").durable
    await page.history.name(1, "first")
    rows = (await page.history.list(each=True))["items"]
    assert [row["version"] for row in rows] == [2, 1]
    assert await page.history.at(1) == START
    assert await page.history.diff(1, 2) == [{"op": "replace", "path": "/title", "value": "Hi"}]
    published = await page.publish()
    assert published["published"] == 2
    await page.unpublish()
    await page.history.restore(1)
    await until(lambda: page.value == START)


async def test_documents_are_listed_created_shared_and_deleted(
    server: RunningServer, doc: str
) -> None:
    documents = weft.documents(server.http, await server.mint("root", Role.ADMIN))
    await documents.create(doc, START)
    with pytest.raises(weft.Refusal) as caught:
        await documents.create(doc, START)
    assert caught.value.code == "already_exists"
    items = (await documents.list(include="summary", limit=1000))["items"]
    [item] = [item for item in items if item["doc"] == doc]
    assert item["summary"]["title"] == "Hello"
    link = await documents.share(doc, "viewer", ttl=60)
    reader = await weft.connect(server.http, doc, token=link["token"])
    assert (reader.value, reader.mode, reader.role) == (START, "read-only", "viewer")
    with pytest.raises(weft.ReadOnlyError):
        reader.set("/title", "x")
    await documents.unshare(doc, link["id"])
    await until(lambda: reader.link == "refused")
    with pytest.raises(weft.ForbiddenError):
        reader.set("/title", "x")
    await reader.close()
    await documents.delete(doc)


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"url": "weft.example"}, weft.BadAddressError, "https://weft.example"),
        ({"url": f"http://127.0.0.1:{free_port()}"}, weft.UnreachableError, "check the address"),
        ({"document": "missing"}, weft.NoSuchDocumentError, "check the name"),
        ({"document": ""}, weft.BadAddressError, "name the document"),
        ({"token": "not a token"}, weft.TokenRefusedError, "get a new token"),
        ({"token": lambda: "not a token"}, weft.TokenRefusedError, "get a new token"),
        ({"token": ""}, weft.TokenRefusedError, "must be a text"),
        ({"create": {1: 2}}, weft.NotJsonError, "must be strings"),
    ],
)
async def test_a_wrong_argument_is_a_typed_error_that_says_what_to_do(
    server: RunningServer, options: Any, error: type[weft.WeftError], says: str
) -> None:
    right = {"url": server.http, "document": "home", "token": await server.mint("ada")}
    with pytest.raises(error) as caught:
        await weft.connect(**{**right, "patience": 1.0, **options})
    assert says in str(caught.value)


async def test_an_address_that_is_no_weft_server_says_so() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    other = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with other:
        url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        with pytest.raises(weft.BadAddressError, match="answered 404"):
            await weft.connect(url, "home", token="t")


async def test_an_expired_token_fails_what_is_pending(server: RunningServer, doc: str) -> None:
    brief = await server.mint("ada", seconds=2)
    page = await weft.connect(server.http, doc, token=brief, create=START)
    errors: list[weft.WeftError] = []
    page.on("error", errors.append)
    await until(lambda: page.link == "refused")
    assert isinstance(errors[0], weft.TokenExpiredError)
    with pytest.raises(weft.TokenExpiredError):
        page.set("/title", "late")
    await page.close()
    with pytest.raises(weft.TokenExpiredError, match="get a new token"):
        await weft.connect(server.http, doc, token=brief)


async def test_a_token_function_renews_the_token(server: RunningServer, doc: str) -> None:
    # Made here: a page that closes would cancel the task that makes a token in the database.
    tokens = [await server.mint("ada", seconds=seconds) for seconds in (2, 3600)]
    asked: list[str] = []

    async def token() -> str:
        asked.append(tokens[len(asked)])
        return asked[-1]

    notices: list[str] = []
    async with await weft.connect(server.http, doc, token=token, create=START) as page:
        page.on("notice", lambda notice: notices.append(notice["code"]))
        await until(lambda: len(asked) == 2)
        await page.set("/title", "Hi").durable
        assert page.link == "online"


# --- crashes --------------------------------------------------------------------------------------


async def test_a_killed_server_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada")
        page = await weft.connect(server.http, "home", token=token, create=START)
        links: list[str] = []
        page.on("link", links.append)
        changes = []
        for n in range(120):
            changes.append(page.set("/log/-", n))
            if n in (30, 70):
                await changes[n - 10].durable
                await asyncio.to_thread(server.kill)
                changes.append(page.set("/title", f"after crash {n}"))
                await asyncio.to_thread(server.start)
                page.sync_now()
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            results = [await change.durable for change in changes]
        assert page.value["log"] == list(range(120))
        stored = await asyncio.to_thread(call, "GET", f"{server.http}/v1/docs/home", token=token)
        assert stored.body == page.value
        assert [result.version for result in results] == sorted(r.version for r in results)
        assert "reconnecting" in links
        await page.close()


async def test_edits_without_a_server_are_kept_and_sent(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada")
        page = await weft.connect(server.http, "home", token=token, create=START)
        await asyncio.to_thread(server.stop)
        await until(lambda: page.link == "offline")
        changes = [page.set("/title", f"offline {n}") for n in range(200)]
        assert (page.saved, page.value["title"]) == ("unsaved", "offline 199")
        await asyncio.to_thread(server.start)
        page.sync_now()
        async with asyncio.timeout(PATIENCE):
            await changes[-1].durable
        assert page.version == 2, "the edits are joined"
        await page.close()


async def test_a_closed_page_fails_what_was_not_sent(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada")
        page = await weft.connect(server.http, "home", token=token, create=START)
        await asyncio.to_thread(server.stop)
        await until(lambda: page.link == "offline")
        kept = page.set("/title", "lost")
        await page.close(patience=0)
        with pytest.raises(weft.ClosedError):
            await kept.durable


# --- beside a Yjs client --------------------------------------------------------------------------


async def test_a_page_and_a_yjs_client_edit_one_document(
    server: RunningServer, join_yjs: JoinYjs, page_of: Open, doc: str
) -> None:
    page = await page_of("ada")
    peer = await join_yjs(doc, await server.mint("bo"))
    await page.set("/title", "From Python").durable
    await peer.until_equals("/title", "From Python")
    for n in range(20):
        change = page.set(f"/python{n}", n)
        await peer.run(f"content.set('yjs{n}', {n})")
    await change.durable
    await until(lambda: page.value.get("yjs19") == 19)
    await peer.until_equals("/python19", 19)
    assert await peer.read() == page.value
    assert [page.value[f"{who}{n}"] for who in ("python", "yjs") for n in range(20)] == [
        *range(20),
        *range(20),
    ]
