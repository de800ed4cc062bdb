"""The topology of compose.yaml as processes: PostgreSQL, Redis, two servers, and a proxy."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from storage.store import SqlStore
from tests.deploy.running_proxy import RunningProxy
from tests.deploy.shipped import KINDS
from tests.running import UNLIMITED, RunningServer
from tests.storage import postgres_server as postgres
from tests.storage import redis_server as redis
from tests.storage.conftest import execute

Instances = tuple[RunningServer, RunningServer]

# An idle client hears from the server once a second.
SETTINGS = {"WEFT_TRUSTED_PROXIES": "127.0.0.1", "WEFT_PING_SECONDS": "1"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.PostgresServer]:
    """A cluster for one module, because a test stops it."""
    with postgres.running_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis.running_redis() as server:
        yield server.url


@pytest.fixture(scope="module")
def instances(
    cluster: postgres.PostgresServer, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Instances]:
    """Two servers on one database, as `one` and `two` of compose.yaml."""
    url = cluster.url("weft")
    asyncio.run(_migrate(cluster, url))
    env = {**SETTINGS, **UNLIMITED, "WEFT_REDIS": redis_url}
    with ExitStack() as running:
        one, two = (
            running.enter_context(
                RunningServer(tmp_path_factory.mktemp(name), env=env, database=url)
            )
            for name in ("one", "two")
        )
        yield one, two


async def _migrate(cluster: postgres.PostgresServer, url: str) -> None:
    await execute(cluster, "CREATE DATABASE weft")
    store = SqlStore(url)
    await store.migrate()
    await store.close()


@pytest.fixture(scope="module", params=KINDS)
def proxy(
    request: pytest.FixtureRequest,
    instances: Instances,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningProxy]:
    """Each proxy with its shipped file. It ends idle WebSockets after three seconds."""
    one, two = instances
    folder = tmp_path_factory.mktemp(request.param)
    made = RunningProxy(request.param, folder, (one.port, two.port), impatient=True)
    with made as running, pytest.MonkeyPatch.context() as patch:
        # The clients of the tests trust the proxy's certificate.
        patch.setenv("SSL_CERT_FILE", str(running.certificate))
        yield running
