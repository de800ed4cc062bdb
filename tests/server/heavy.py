"""A document with a heavy log, in a store that counts the bytes that it hands out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette

from collab.document.document import Document
from collab.entry import Author, Entry, Summary
from collab.ids import DocKey
from collab.ports.store import PAGE_BYTES, Append, Committed, Snapshot
from collab.rights.user_rights import Rights, Role
from server.access.tokens import Claims, mint
from server.app import build
from server.runtime.settings import Settings
from server.services import Services
from storage.memory.document import size_of
from storage.memory.store import MemoryStore

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
        return self._note(await super().entries(key, after, upto, limit, most))

    async def summaries(
        self, key: DocKey, after: int, upto: int, limit: int, most: int = PAGE_BYTES
    ) -> list[Summary]:
        return self._note(await super().summaries(key, after, upto, limit, most))

    def _note(self, rows: list[Any]) -> list[Any]:
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
    snapshot = document.snapshot()
    document.close()
    return entries, snapshot


async def heavy_store() -> CountingStore:
    store = CountingStore()
    entries, snapshot = heavy_log()
    made = Append(HOME, 1, 0, 0, entries, create=True)
    assert await store.commit([made]) == [Committed()]
    await store.save_snapshot(HOME, 1, snapshot)
    return store


@asynccontextmanager
async def served(store: CountingStore, **settings: Any) -> AsyncIterator[Starlette]:
    """Yield an application that runs on a store."""
    app = build(Settings(**settings), store)
    async with app.router.lifespan_context(app):
        yield app


async def token_of(app: Starlette, user: str = "root") -> str:
    services: Services = app.state.services
    key = await services.keyring.ensure_key("demo")
    now = services.clock.now_ms()
    claims = Claims("demo", user, user, Rights(Role.ADMIN, now + 60_000), now, kid="")
    return mint(key, claims)


@asynccontextmanager
async def http_of(app: Starlette, user: str = "root") -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {await token_of(app, user)}"}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://weft", headers=headers
    ) as http:
        yield http
