"""Writes beside the log whose answer is lost: the document follows the stored state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from collab.ids import DocKey
from collab.ports.publications import Publication
from collab.ports.store import StorageUnavailable
from server.app import build
from server.runtime.settings import Settings
from storage.memory.store import MemoryStore
from tests.server.heavy import http_of

URL = "/v1/docs/page"
SCHEMA = {"type": "object", "required": ["n"]}


class UnheardStore(MemoryStore):
    """A store that writes, and then reports that the database does not answer."""

    is_heard = True

    def _say(self) -> None:
        if not self.is_heard:
            self.is_heard = True
            raise StorageUnavailable("gone away")

    async def delete(self, key: DocKey, at: int) -> bool:
        deleted = await super().delete(key, at)
        self._say()
        return deleted

    async def set_schema(self, key: DocKey, schema: bytes, revision: int) -> bool:
        is_set = await super().set_schema(key, schema, revision)
        self._say()
        return is_set

    async def publish(self, key: DocKey, step: Publication, revision: int) -> bool:
        is_taken = await super().publish(key, step, revision)
        self._say()
        return is_taken


@pytest.fixture
def store() -> UnheardStore:
    return UnheardStore()


@pytest.fixture
async def root(store: UnheardStore) -> AsyncIterator[httpx.AsyncClient]:
    app = build(Settings(), store)
    async with app.router.lifespan_context(app), http_of(app) as http:
        assert (await http.put(URL, json={"n": 1})).status_code == 201
        yield http


async def test_a_schema_whose_write_lost_its_answer_holds(
    root: httpx.AsyncClient, store: UnheardStore
) -> None:
    store.is_heard = False
    assert (await root.put(f"{URL}/schema", json=SCHEMA)).status_code == 503
    patch = [{"op": "remove", "path": "/n"}]
    refused = await root.patch(URL, json=patch)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_document")
    assert (await root.get(f"{URL}/schema")).json() == SCHEMA
    assert (await root.put(f"{URL}/schema", json=SCHEMA)).status_code == 204


async def test_a_document_whose_deletion_lost_its_answer_is_gone(
    root: httpx.AsyncClient, store: UnheardStore
) -> None:
    store.is_heard = False
    assert (await root.delete(URL)).status_code == 503
    while (await root.get(URL)).status_code != 404:
        await asyncio.sleep(0)
    assert (await root.put(URL, json={"fresh": True})).status_code == 201
    assert (await root.get(URL)).json() == {"fresh": True}


async def test_a_publication_whose_write_lost_its_answer_is_published(
    root: httpx.AsyncClient, store: UnheardStore
) -> None:
    store.is_heard = False
    assert (await root.post(f"{URL}/publish")).status_code == 503
    assert (await root.get(f"{URL}/publish")).json()["published"] == 1
    patch = [{"op": "add", "path": "/m", "value": 1}]
    assert (await root.patch(URL, json=patch)).status_code == 200
