"""Three instances under load, while Redis, PostgreSQL and the instances fail one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.instances.roaming import a_while, editing, start_again
from tests.instances.several import Several
from tests.storage.conftest import another, execute
from tests.storage.postgres_server import PostgresServer
from tests.storage.redis_server import RedisServer

pytestmark = pytest.mark.real

Fault = Callable[[], Awaitable[None]]
KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weft'"


def faults_of(
    several: Several, redis: RedisServer, cluster: PostgresServer, database: str
) -> dict[str, Fault]:
    """Return what may happen, by name."""

    async def wipe_redis() -> None:
        redis.kill()
        await a_while()
        redis.start()

    async def freeze_redis() -> None:
        redis.freeze()
        await a_while(3.0)
        redis.thaw()

    async def restart_postgres() -> None:
        await asyncio.to_thread(cluster.stop)
        await asyncio.to_thread(cluster.start)

    async def end_connections() -> None:
        for _ in range(5):
            await execute(cluster, KILL)
            await a_while(0.2)

    async def lock_a_table() -> None:
        """Contended commits are repeated, and documents become read-only."""
        for seconds in (1.5, 2.5, 7.0):
            async with another(cluster, database) as other:
                await other.execute("LOCK TABLE entries IN EXCLUSIVE MODE")
                await a_while(seconds)
            await a_while()

    async def kill_an_instance() -> None:
        await start_again(several[1], several[1].kill)

    async def drain_an_instance() -> None:
        await start_again(several[2], several[2].stop)

    return {
        "wipe": wipe_redis,
        "freeze": freeze_redis,
        "postgres": restart_postgres,
        "connections": end_connections,
        "lock": lock_a_table,
        "kill": kill_an_instance,
        "drain": drain_an_instance,
    }


@pytest.mark.parametrize(
    "faults",
    [
        ("wipe", "kill", "postgres", "drain"),
        ("connections", "lock", "connections"),
        pytest.param(
            ("wipe", "freeze", "postgres", "wipe", "kill", "freeze", "drain", "postgres", "wipe"),
            marks=pytest.mark.long,
        ),
    ],
    ids=["short", "database", "long"],
)
async def test_no_acknowledged_edit_is_lost(
    tmp_path: Path,
    database: str,
    redis: RedisServer,
    cluster: PostgresServer,
    faults: tuple[str, ...],
) -> None:
    async with Several(tmp_path, database, redis.url) as several:
        await several.until_connected()
        happen = faults_of(several, redis, cluster, database)
        async with editing(several, database) as editors:
            for fault in faults:
                await a_while()
                await happen[fault]()
            await a_while()
        away = sorted(seconds for editor in editors for seconds in editor.away)
        if away:
            middle, last = away[len(away) // 2], away[-1]
            print(f"{len(away)} clients moved: half within {middle:.2f} s, all within {last:.2f} s")
