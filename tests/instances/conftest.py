"""One PostgreSQL cluster and one Redis for each module, and a new database for each test."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.live.conftest import peers
from tests.storage.conftest import new_database
from tests.storage.postgres_server import PostgresServer, running_postgres
from tests.storage.redis_server import RedisServer, running_redis

__all__ = ["peers"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresServer]:
    """A cluster for one module, because its tests may stop it."""
    with running_postgres() as server:
        yield server


@pytest.fixture
async def database(cluster: PostgresServer, request: pytest.FixtureRequest) -> str:
    """The URL of a new database with the newest schema."""
    name = re.sub(r"\W", "_", request.node.name)[-60:].lower()
    return await new_database(cluster, name)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis for one test, which may stop it."""
    with running_redis() as server:
        yield server
