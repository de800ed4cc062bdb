"""What is read of the log at once is bounded in bytes, whatever number of entries that is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from collab.document.document import Document
from collab.entry import Author, Entry, Summary
from collab.ids import DocKey
from collab.messages import Open, Since
from collab.ports import PAGE_BYTES, Append, Committed, Snapshot
from collab.room.rights import Rights, Role
from server.admission import MAX_RESUMED_BYTES, admit_to_patch_lane
from server.app import build
from server.auth import Claims, mint
from server.roster import Visit
from server.services import Services
from server.settings import Settings
from storage.memory import MemoryStore
from storage.memory_document import size_of

HOME = DocKey("demo", "home")
URL = "/v1/docs/home"
LARGE = 1_000_000
VERSIONS = 30


class CountingStore(MemoryStore):
    """Counts the bytes that it hands out: in all, and the most in one call."""

    handed = 0
    largest = 0

    async def entries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Entry]:
        return self._count(await super().entries(key, after, upto, limit, most))

    async def summaries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Summary]:
        return self._count(await super().summaries(key, after, upto, limit, most))

    def _count(self, rows: list[Any]) -> list[Any]:
        size = sum(map(size_of, rows))
        self.handed += size
        self.largest = max(self.largest, size)
        return rows


def heavy_log() -> tuple[list[Entry], Snapshot]:
    """Thirty versions of a megabyte, and the snapshot that a document opens from."""
    document = Document.create(1)
    entries = []
    for version in range(1, VERSIONS + 1):
        text = chr(ord("a") + version % 26) * LARGE
        op: dict[str, Any] = {"op": "replace", "path": "/text", "value": text}
        if version == 1:
            op = {"op": "replace", "path": "", "value": {"text": text}}
        change = document.patch([op], version=version, user="ada", at=version)
        assert change is not None
        kind: Any = "create" if version == 1 else "edit"
        entries.append(Entry(version, Author("ada"), version, kind, change.ops, b""))
    snapshot = Snapshot(VERSIONS, document.snapshot())
    document.close()
    return entries, snapshot


@pytest.fixture
async def store() -> CountingStore:
    store = CountingStore()
    entries, snapshot = heavy_log()
    made = Append(HOME, 1, 0, 0, entries, create=True)
    assert await store.commit([made]) == [Committed()]
    await store.save_snapshot(HOME, 1, snapshot)
    return store


@pytest.fixture
async def app(store: CountingStore) -> AsyncIterator[Starlette]:
    application = build(Settings(), store)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def token(app: Starlette) -> str:
    services: Services = app.state.services
    key = await services.keyring.ensure_key("demo")
    now = services.clock.now_ms()
    claims = Claims("demo", "root", "Root", Rights(Role.ADMIN, now + 60_000), now, kid="")
    return mint(key, claims)


@pytest.fixture
async def root(app: Starlette, token: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://weft", headers=headers
    ) as http:
        yield http


async def test_h2_history_is_listed_without_the_values(
    root: httpx.AsyncClient, store: CountingStore
) -> None:
    listed = await root.get(f"{URL}/versions?each=1")
    assert [row["version"] for row in listed.json()["items"]] == list(range(VERSIONS, 0, -1))
    assert store.handed < 10_000


async def test_h1_a_version_is_read_a_page_of_bytes_at_a_time(
    root: httpx.AsyncClient, store: CountingStore
) -> None:
    read = await root.get(f"{URL}/versions/{VERSIONS - 1}")
    assert read.json()["text"][:1] == chr(ord("a") + (VERSIONS - 1) % 26)
    assert store.handed > (VERSIONS - 2) * LARGE
    assert store.largest < 2 * PAGE_BYTES


async def test_h3_a_base_that_many_bytes_lie_above_is_too_old(
    root: httpx.AsyncClient, store: CountingStore
) -> None:
    patch = [{"op": "add", "path": "/z", "value": 1}]
    refused = await root.patch(f"{URL}?base=1", json=patch)
    assert (refused.status_code, refused.json()["code"]) == (409, "unknown_version")
    assert store.handed < PAGE_BYTES
    carried = await root.patch(f"{URL}?base={VERSIONS - 2}", json=patch)
    assert carried.json()["version"] == VERSIONS + 1


async def test_h3_who_missed_many_bytes_resumes_with_the_value(
    app: Starlette, token: str, store: CountingStore
) -> None:
    services: Services = app.state.services

    async def missed(version: int) -> int | None:
        socket: Any = SimpleNamespace(peer="")
        visit = Visit("patch", socket, 0.0)
        message = Open(since=Since(1, version))
        admission = await admit_to_patch_lane(services, "home", token, message, visit)
        services.hub.release(admission.live)
        return None if admission.changes is None else len(admission.changes)

    assert await missed(1) is None
    assert store.handed == 0
    assert await missed(VERSIONS - 2) == 2
    assert store.handed < MAX_RESUMED_BYTES
