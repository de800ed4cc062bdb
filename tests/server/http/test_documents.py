"""Documents over HTTP, without sockets: their queries to the database, and their use of memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from collab.ids import DocKey
from collab.ports.store import Absent, DocRow, StorageUnavailable, Stored
from collab.rights.user_rights import Rights, Role
from server.access.tokens import Claims, mint
from server.app import build
from server.instances.relay import Relay
from server.loading.opening import stored_schemas
from server.runtime.settings import Settings
from server.services import Services
from storage.memory.store import MemoryStore
from tests.server.instances.network import Network

HOME = "/v1/docs/home"


class WatchedStore(MemoryStore):
    """A store that counts reads of rows, can fail them, and can run another write in between."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = self.lists = self.loads = 0
        self.is_down = False
        self.before_schema: Callable[[], Awaitable[object]] | None = None

    async def row(self, key: DocKey) -> DocRow | None:
        self.rows += 1
        if self.is_down:
            raise StorageUnavailable
        return await super().row(key)

    async def load(self, key: DocKey) -> Stored | Absent:
        self.loads += 1
        return await super().load(key)

    async def list_docs(self, tenant: str, after: str, limit: int) -> list[DocRow]:
        self.lists += 1
        if self.is_down:
            raise StorageUnavailable
        return await super().list_docs(tenant, after, limit)

    async def titles(self, tenant: str, docs: Sequence[str]) -> dict[str, str]:
        self.lists += 1
        return await super().titles(tenant, docs)

    async def set_schema(self, key: DocKey, schema: bytes, revision: int) -> bool:
        meanwhile, self.before_schema = self.before_schema, None
        if meanwhile is not None:
            await meanwhile()
        return await super().set_schema(key, schema, revision)


@pytest.fixture
def store() -> WatchedStore:
    return WatchedStore()


@pytest.fixture
async def app(store: WatchedStore) -> AsyncIterator[Starlette]:
    application = build(Settings(), store)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
def services(app: Starlette) -> Services:
    found: Services = app.state.services
    return found


@asynccontextmanager
async def client_of(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    services: Services = app.state.services
    key = await services.keyring.ensure_key("demo")
    now = services.clock.now_ms()
    claims = Claims("demo", "root", "Root", Rights(Role.ADMIN, now + 60_000), now, kid="")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://weft",
        headers={"Authorization": f"Bearer {mint(key, claims)}"},
    ) as client:
        yield client


@pytest.fixture
async def admin(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


def replace(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


async def test_reading_an_open_document_needs_no_database(
    admin: httpx.AsyncClient, store: WatchedStore
) -> None:
    await admin.put(HOME, json={"n": 0})
    for n in range(1, 4):
        await admin.patch(HOME, json=replace("/n", n))
        read = await admin.get(HOME)
        assert (read.json(), read.headers["weft-updated-by"]) == ({"n": n}, "root")
    assert store.rows == 0


async def test_the_author_of_the_head_is_looked_up_once(
    admin: httpx.AsyncClient, store: WatchedStore, services: Services
) -> None:
    await admin.put(HOME, json={"n": 0})
    [live] = services.hub.lives.values()
    await services.hub.unload(live)
    assert services.hub.lives == {}
    for _ in range(3):
        assert (await admin.get(HOME)).headers["weft-updated-by"] == "root"
    assert store.rows == 1


async def test_without_database_reads_work_and_lists_are_503(
    admin: httpx.AsyncClient, store: WatchedStore, services: Services
) -> None:
    await admin.put(HOME, json={"n": 0})
    [live] = services.hub.lives.values()
    live.last_change = None
    store.is_down = True
    read = await admin.get(HOME)
    assert (read.status_code, read.json()) == (200, {"n": 0})
    assert "last-modified" not in read.headers
    listed = await admin.get("/v1/docs")
    assert (listed.status_code, listed.json()["code"]) == (503, "storage_unavailable")
    assert listed.headers["retry-after"] == "1"


async def test_missing_documents_do_not_stay_open(
    admin: httpx.AsyncClient, services: Services
) -> None:
    for number in range(20):
        assert (await admin.get(f"/v1/docs/nobody-{number}")).status_code == 404
        assert (await admin.patch(f"/v1/docs/nobody-{number}", json=[])).status_code == 404
    assert services.hub.lives == {}


async def test_an_edit_during_put_schema_is_checked_too(
    admin: httpx.AsyncClient, store: WatchedStore
) -> None:
    await admin.put(HOME, json={"n": 0})
    strict = {"properties": {"n": {"type": "integer"}}}
    store.before_schema = lambda: admin.patch(HOME, json=replace("/n", "x"))
    refused = await admin.put(f"{HOME}/schema", json=strict)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_document")
    assert refused.json()["path"] == "/n"
    assert (await admin.get(f"{HOME}/schema")).status_code == 404
    assert (await admin.patch(HOME, json=replace("/n", "y"))).status_code == 200


async def test_an_edit_of_another_instance_during_put_schema_is_checked_too(
    app: Starlette, admin: httpx.AsyncClient, store: WatchedStore
) -> None:
    network = Network(loses=1.0)  # so only the database tells of the edit
    other_app = build(Settings(), store)
    async with other_app.router.lifespan_context(other_app):
        for number, one in enumerate((app, other_app)):
            hub = one.state.services.hub
            hub.others = Relay(hub, network.join(), f"i-{number}")
        await admin.put(HOME, json={"n": 0})
        async with client_of(other_app) as other:
            strict = {"properties": {"n": {"type": "integer"}}}
            store.before_schema = lambda: other.patch(HOME, json=replace("/n", "x"))
            refused = await admin.put(f"{HOME}/schema", json=strict)
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid_document")
            assert refused.json()["path"] == "/n"
            assert (await admin.get(f"{HOME}/schema")).status_code == 404
            assert (await other.patch(HOME, json=replace("/n", "y"))).status_code == 200


async def test_put_schema_retries_after_a_concurrent_one(
    admin: httpx.AsyncClient, store: WatchedStore
) -> None:
    await admin.put(HOME, json={"n": 0})
    one, other = {"title": "one"}, {"title": "other"}
    loads = store.loads
    store.before_schema = lambda: admin.put(f"{HOME}/schema", json=other)
    assert (await admin.put(f"{HOME}/schema", json=one)).status_code == 204
    assert (await admin.get(f"{HOME}/schema")).json() == one
    assert store.loads == loads, "a large document takes long to load again"


async def test_documents_share_a_schema_that_was_set(
    admin: httpx.AsyncClient, services: Services
) -> None:
    """Each compiled schema takes memory. A document that is opened later shares it, too."""
    schema = {"title": "shared", "properties": {"n": {"type": "integer"}}}
    for name in ("one", "two"):
        await admin.put(f"/v1/docs/{name}", json={"n": 0})
        assert (await admin.put(f"/v1/docs/{name}/schema", json=schema)).status_code == 204
    one, two = services.hub.lives.values()
    assert one.room.schema is two.room.schema is not None
    await services.hub.unload(two)
    assert (await admin.get("/v1/docs/two")).status_code == 200
    [again] = [live for live in services.hub.lives.values() if live is not one]
    assert again.room.schema is one.room.schema


async def test_a_refused_schema_is_not_kept(admin: httpx.AsyncClient) -> None:
    await admin.put(HOME, json={"n": 0})
    strict = {"title": "refused", "properties": {"n": {"type": "string"}}}
    assert (await admin.put(f"{HOME}/schema", json=strict)).status_code == 422
    assert stored_schemas.find(json.dumps(strict).encode()) is None


async def test_an_internal_error_does_not_show_the_stack_trace(
    admin: httpx.AsyncClient, services: Services
) -> None:
    await admin.put(HOME, json={"n": 0})
    [live] = services.hub.lives.values()
    del live.presence
    failed = await admin.get(f"{HOME}/presence")
    assert (failed.status_code, failed.json()["title"]) == (500, "Internal Server Error")
    assert failed.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in failed.text


# --- the list -----------------------------------------------------------------------------------


async def listed(admin: httpx.AsyncClient, include: str) -> list[Any]:
    found = await admin.get(f"/v1/docs?include={include}")
    assert found.status_code == 200, found.text
    items: list[Any] = found.json()["items"]
    return items


async def test_a_list_with_summaries_needs_two_queries_for_any_number_of_documents(
    admin: httpx.AsyncClient, store: WatchedStore, services: Services
) -> None:
    for n in range(5):
        await admin.put(f"/v1/docs/page-{n}", json={"title": f"Page {n}"})
    for live in list(services.hub.lives.values()):
        await services.hub.unload(live)
    assert services.hub.lives == {}
    items = await listed(admin, "summary,presence")
    assert [item["summary"]["title"] for item in items] == [f"Page {n}" for n in range(5)]
    assert [item["presence"] for item in items] == [[]] * 5
    assert store.lists == 2
    assert services.hub.lives == {}, "the list opens no document"


async def test_a_summary_has_title_time_and_public_version(admin: httpx.AsyncClient) -> None:
    await admin.put(HOME, json={"site": {"name": "Larkfield"}})
    await admin.post(f"{HOME}/publish", json={})
    [item] = await listed(admin, "summary")
    assert item["summary"] == {"title": "Larkfield", "updated": item["updated_at"], "published": 1}
    assert "presence" not in item
    await admin.patch(HOME, json=[{"op": "add", "path": "/title", "value": "Spring"}])
    [item] = await listed(admin, "summary")
    assert item["summary"]["title"] == "Spring"


async def test_a_document_without_a_title_has_an_empty_one(admin: httpx.AsyncClient) -> None:
    await admin.put(HOME, json={"n": 1})
    [item] = await listed(admin, "summary")
    assert item["summary"] == {"title": "", "updated": item["updated_at"], "published": None}


@pytest.mark.parametrize("include", ["people", "presence,people", "Presence"])
async def test_an_unknown_part_is_refused(admin: httpx.AsyncClient, include: str) -> None:
    found = await admin.get(f"/v1/docs?include={include}")
    assert (found.status_code, found.json()["code"]) == (400, "malformed")
    assert "`presence`" in found.json()["detail"]
