"""Exports: they read a page of the log at a time, are limited in number, and clean up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from collab.errors import Code, Rejected
from collab.ports.store import PAGE_BYTES
from server.archives.archive import decode
from server.archives.export import Exports
from server.services import Services
from tests.server.heavy import (
    HOME,
    LARGE,
    URL,
    VERSIONS,
    CountingStore,
    heavy_store,
    http_of,
    served,
    token_of,
)

pytestmark = pytest.mark.thorough


@pytest.fixture
async def store() -> CountingStore:
    return await heavy_store()


@pytest.fixture
async def app(store: CountingStore) -> AsyncIterator[Starlette]:
    async with served(store, max_exports=4) as app:
        yield app


def running(app: Starlette) -> int:
    services: Services = app.state.services
    return len(services.exports)


class Client:
    """An ASGI client that reads some parts of an answer, and then disconnects."""

    def __init__(self, parts: int) -> None:
        self.parts = parts
        self.sizes: list[int] = []
        self.status = 0
        self.running: list[int] = []

    async def get(self, app: Starlette, token: str) -> None:
        headers = [(b"authorization", f"Bearer {token}".encode())]
        scope = {"type": "http", "method": "GET", "path": f"{URL}/export", "query_string": b""}
        scope |= {"headers": headers, "client": ("127.0.0.1", 1), "raw_path": URL.encode()}

        async def receive() -> dict[str, Any]:
            if len(self.sizes) >= self.parts:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            else:
                self.sizes.append(len(message["body"]))
                self.running.append(running(app))

        await app(scope, receive, send)


async def test_h5_an_export_reads_one_page_of_the_log_at_a_time(
    app: Starlette, store: CountingStore
) -> None:
    client = Client(parts=10**6)
    await client.get(app, await token_of(app))
    assert sum(client.sizes) > VERSIONS * LARGE
    assert max(client.sizes) < 2 * PAGE_BYTES
    assert store.largest < 2 * PAGE_BYTES
    assert set(client.running) == {1}
    assert running(app) == 0


async def test_an_export_is_the_whole_archive(app: Starlette) -> None:
    async with http_of(app) as http:
        answer = await http.get(f"{URL}/export")
    archive = decode(answer.content)
    assert [entry.version for entry in archive.entries] == list(range(1, VERSIONS + 1))
    assert (archive.doc, archive.version) == ("home", VERSIONS)
    assert len(archive.value["text"]) == LARGE


async def test_h5_an_export_ends_when_its_client_leaves(
    app: Starlette, store: CountingStore
) -> None:
    client = Client(parts=2)
    await client.get(app, await token_of(app))
    assert (client.status, len(client.sizes)) == (200, 2)
    assert running(app) == 0
    checked = VERSIONS * LARGE
    assert store.handed < checked + checked // 2


async def test_h5_an_export_is_cut_off_when_its_document_is_deleted(
    app: Starlette, store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(parts=10**6)
    token, hand_out = await token_of(app), store.entries

    async def entries(*asked: Any) -> Any:
        page = await hand_out(*asked)
        if client.sizes:
            await store.delete(HOME, 1)
        return page

    monkeypatch.setattr(store, "entries", entries)
    with pytest.raises(RuntimeError, match="response already started"):
        await client.get(app, token)
    assert client.sizes[-1] > 0
    assert running(app) == 0


def test_h5_one_user_may_run_half_of_the_exports() -> None:
    exports = Exports(4)
    with exports.running("acme", "ada"), exports.running("acme", "ada"):
        with pytest.raises(Rejected) as caught, exports.running("acme", "ada"):
            pass
        assert caught.value.refusal.code is Code.RATE_LIMITED
        assert caught.value.refusal.extra["retry_after_ms"] > 0
        with exports.running("acme", "bo"), exports.running("other", "ada"):
            assert len(exports) == 4
            with pytest.raises(Rejected), exports.running("acme", "cy"):
                pass
    assert len(exports) == 0


def test_h5_without_a_limit_every_export_runs() -> None:
    exports = Exports(0)
    with exports.running("acme", "ada"), exports.running("acme", "ada"):
        assert len(exports) == 2


async def test_h6_no_more_versions_are_named_than_the_limit() -> None:
    async with served(await heavy_store(), max_named=2) as app, http_of(app) as http:
        asked = [{"name": "x", "version": version} for version in (30, 29, 28, 30)]
        answers = [await http.post(f"{URL}/versions", json=body) for body in asked]
        assert [answer.status_code for answer in answers] == [201, 201, 403, 201]
        assert answers[2].json()["code"] == "quota_exceeded"
