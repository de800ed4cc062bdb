"""A real server for a module's tests; each test uses documents of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import RunningServer


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
def doc(request: pytest.FixtureRequest) -> str:
    """A document's name that no other test uses."""
    return request.node.name.replace("[", "-").replace("]", "").replace("/", "-")[:120]
