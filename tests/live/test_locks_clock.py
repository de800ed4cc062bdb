"""Edit locks on a database whose clock is an hour ahead of the server's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.live.locking import HERO, PAGE, ask, hold, refused, until_heard
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.storage.conftest import execute, new_database
from tests.storage.postgres_server import PostgresServer, running_postgres

AHEAD = timedelta(hours=1)
# The search path makes PostgreSQL find this function before its own.
AN_HOUR_AHEAD = [
    "CREATE SCHEMA fast",
    "CREATE FUNCTION fast.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE"
    " AS 'SELECT pg_catalog.clock_timestamp() + interval ''1 hour'''",
    "ALTER DATABASE fast SET search_path = fast, public, pg_catalog",
]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with running_postgres() as cluster:
        asyncio.run(_make(cluster))
        yield cluster.url("fast")


async def _make(cluster: PostgresServer) -> None:
    await new_database(cluster, "fast")
    for statement in AN_HOUR_AHEAD:
        await execute(cluster, statement, "fast")


def _seconds_left(lock: Any) -> float:
    left = datetime.fromisoformat(lock["expires_at"]) - datetime.now(UTC) - AHEAD
    return left.total_seconds()


def test_l3_a_lock_ends_by_the_databases_clock_at_every_instance(
    tmp_path: Path, database: str
) -> None:
    (tmp_path / "two").mkdir()
    with (
        RunningServer(tmp_path, database=database) as first,
        RunningServer(tmp_path / "two", database=database) as second,
    ):
        ada, bo = first.token("ada"), first.token("bo")
        lasting = asyncio.run(_hold_at(first, second, ada, bo))
        first.kill()
        first.start()
        asyncio.run(_find_at(first, ada, lasting))


async def _hold_at(first: RunningServer, second: RunningServer, ada: str, bo: str) -> Any:
    one = await PatchClient.connect(first.ws, "page", ada, create=PAGE, client="tab-1")
    two = await PatchClient.connect(second.ws, "page", bo, client="tab-2")
    lasting = (await hold(one, "/sections/1", ttl=600))["lock"]
    assert 500 < _seconds_left(lasting) <= 600
    short = (await hold(one, HERO, ttl=1))["lock"]
    assert (await refused(two, f"{HERO}/headline", "Mine"))["code"] == "locked"
    ended = await until_heard(one, id=short["id"], holder=None)
    assert ended["reason"] == "expired"
    assert (await two.set(f"{HERO}/headline", "Free"))["type"] == "ack"
    assert (await refused(two, "/sections/1/headline", "Mine"))["code"] == "locked"
    await one.close()
    await two.close()
    return lasting


async def _find_at(server: RunningServer, ada: str, lasting: Any) -> None:
    """After a crash the holder finds its lock again by its client name."""
    back = await PatchClient.connect(server.ws, "page", ada, client="tab-1")
    assert back.opened["locks"] == [lasting]
    renewed = await ask(back, "renew", lock_id=lasting["id"], ttl=600)
    assert renewed["lock"]["expires_at"] > lasting["expires_at"]
    await back.close()
