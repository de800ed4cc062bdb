"""Fixtures for the live tests: one server per module, and new documents for each test."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Protocol

import pytest

from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.storage.conftest import postgres_server, postgres_url
from tests.yjs_peer import YjsPeer, YjsPeers, has_node

__all__ = ["postgres_server", "postgres_url"]

Ask = Callable[..., Reply]


class Join(Protocol):
    def __call__(self, doc: str, token: str, **opening: Any) -> Awaitable[PatchClient]: ...


class JoinYjs(Protocol):
    def __call__(
        self, doc: str, token: str, *, client_id: int = 0, **fields: Any
    ) -> Awaitable[YjsPeer]: ...


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        yield running


@pytest.fixture(scope="module")
def ada(server: RunningServer) -> str:
    return server.token("ada")


@pytest.fixture(scope="module")
def bo(server: RunningServer) -> str:
    return server.token("bo")


@pytest.fixture
async def join(server: RunningServer) -> AsyncIterator[Join]:
    """Opens patch clients, and closes them at the end of the test."""
    clients: list[PatchClient] = []

    async def connect(doc: str, token: str, **opening: Any) -> PatchClient:
        clients.append(await PatchClient.connect(server.ws, doc, token, **opening))
        return clients[-1]

    yield connect
    for client in clients:
        await client.close()


@pytest.fixture
async def peers() -> AsyncIterator[YjsPeers]:
    """A Node process for a test's Yjs clients."""
    if not has_node():
        pytest.skip("Node or its modules are missing: install Node and run `npm ci` in tests/node")
    process = await YjsPeers.start()
    yield process
    await process.close()


@pytest.fixture
def join_yjs(server: RunningServer, peers: YjsPeers) -> JoinYjs:
    """Opens y-websocket clients, synced."""

    async def connect(doc: str, token: str, *, client_id: int = 0, **fields: Any) -> YjsPeer:
        peer = await peers.peer(client_id=client_id)
        await peer.connect(server.ws, doc, token, **fields)
        await peer.synced()
        return peer

    return connect


@pytest.fixture
def doc(request: pytest.FixtureRequest) -> str:
    """The name of a document for this test only."""
    name: str = request.node.name
    return re.sub(r"[^A-Za-z0-9_]+", "-", name)[:120]


def asking(server: RunningServer, doc: str, own: str) -> Ask:
    """Sends requests about a document, with the default token when the test gives none."""

    def send(method: str, path: str = "", body: Any = None, **options: Any) -> Reply:
        options.setdefault("token", own)
        return call(method, f"{server.http}/v1/docs/{doc}{path}", body, **options)

    return send


@pytest.fixture
def ask(server: RunningServer, ada: str, doc: str) -> Ask:
    """Send a request about the test's document as the user ada."""
    return asking(server, doc, ada)
