"""Reads of the log are bounded in bytes, whatever the number of entries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from collab.messages import Open, Since
from collab.ports.store import PAGE_BYTES
from server.http import history
from server.lanes.admission import MAX_RESUMED_BYTES, admit_to_patch_lane
from server.recording.connections import ConnectionInfo
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
    async with served(store) as app:
        yield app


@pytest.fixture
async def root(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with http_of(app) as http:
        yield http


async def test_h2_history_is_listed_without_the_values(
    root: httpx.AsyncClient, store: CountingStore
) -> None:
    listed = await root.get(f"{URL}/versions?each=1")
    assert [row["version"] for row in listed.json()["items"]] == list(range(VERSIONS, 0, -1))
    assert store.handed < 10_000


async def test_history_continues_below_compacted_versions(
    root: httpx.AsyncClient, store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_ENTRIES", 5)
    for version in range(3, 21):
        del store._documents[HOME].entries[version]
    seen: list[int] = []
    cursor = ""
    while True:
        page = (await root.get(f"{URL}/versions?each=1{cursor}")).json()
        seen += [row["version"] for row in page["items"]]
        if "cursor" not in page:
            break
        cursor = f"&cursor={page['cursor']}"
    assert seen == [*range(VERSIONS, 20, -1), 2, 1]


async def test_h1_a_version_is_read_in_pages_of_bounded_bytes(
    root: httpx.AsyncClient, store: CountingStore
) -> None:
    read = await root.get(f"{URL}/versions/{VERSIONS - 1}")
    assert read.json()["text"][:1] == chr(ord("a") + (VERSIONS - 1) % 26)
    assert store.handed > (VERSIONS - 2) * LARGE
    assert store.largest < 2 * PAGE_BYTES


async def test_h3_a_base_with_too_many_bytes_above_it_is_too_old(
    root: httpx.AsyncClient, store: CountingStore
) -> None:
    patch = [{"op": "add", "path": "/z", "value": 1}]
    refused = await root.patch(f"{URL}?base=1", json=patch)
    assert (refused.status_code, refused.json()["code"]) == (409, "unknown_version")
    assert store.handed < PAGE_BYTES
    carried = await root.patch(f"{URL}?base={VERSIONS - 2}", json=patch)
    assert carried.json()["version"] == VERSIONS + 1


async def test_h3_a_client_that_missed_many_bytes_gets_the_value(
    app: Starlette, store: CountingStore
) -> None:
    services: Services = app.state.services
    token = await token_of(app)

    async def missed(version: int) -> int | None:
        socket: Any = SimpleNamespace(peer="")
        info = ConnectionInfo("patch", socket, 0.0)
        message = Open(since=Since(1, version))
        admission = await admit_to_patch_lane(services, "home", token, message, info)
        services.hub.release(admission.live)
        return None if admission.changes is None else len(admission.changes)

    assert await missed(1) is None
    assert store.handed == 0
    assert await missed(VERSIONS - 2) == 2
    assert store.handed < MAX_RESUMED_BYTES
