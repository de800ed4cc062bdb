"""A real server for a module's tests; each test uses documents of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, Protocol

import pytest

from tests.patch_client import PatchClient
from tests.running import RunningServer


class Join(Protocol):
    def __call__(self, doc: str, token: str, **opening: Any) -> Awaitable[PatchClient]: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/live/" in str(item.path):
            item.add_marker(pytest.mark.real)


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
    """Opens patch clients that are closed when the test is over, however it ends."""
    clients: list[PatchClient] = []

    async def connect(doc: str, token: str, **opening: Any) -> PatchClient:
        clients.append(await PatchClient.connect(server.ws, doc, token, **opening))
        return clients[-1]

    yield connect
    for client in clients:
        await client.close()


@pytest.fixture
def doc(request: pytest.FixtureRequest) -> str:
    """A document's name that no other test uses."""
    name: str = request.node.name
    return name.replace("[", "-").replace("]", "").replace("/", "-")[:120]
