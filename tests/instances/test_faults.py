"""Three instances under load, while Redis, PostgreSQL and the instances fail one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException

from tests.faults.editor import Editor
from tests.faults.log_check import check_log, read_log
from tests.instances.several import Several
from tests.patience import PATIENCE
from tests.running import RunningServer
from tests.storage.postgres_server import PostgresServer
from tests.storage.redis_server import RedisServer

pytestmark = pytest.mark.real

EDITORS = 6
Fault = Callable[[], Awaitable[None]]


class RoamingEditor(Editor):
    """Edits all the time. When its connection ends, it goes to another instance."""

    def __init__(self, several: Several, number: int, user: str, token: str) -> None:
        super().__init__(several[number].ws, "page", user, token, window=4)
        self._several, self._at = several, number
        self.moves = 0
        self.away: list[float] = []  # seconds from the end of a connection to the next answer

    async def roam(self, stop: asyncio.Event) -> None:
        """Edit until `stop` is set, at the instance that answers."""
        ended = 0.0
        while not stop.is_set():
            try:
                if self._is_over():
                    ended = ended or time.monotonic()
                    await self._move()
                await self.edit(4)
                if ended and not self._is_over():
                    self.away.append(time.monotonic() - ended)
                    ended = 0.0
            except (OSError, TimeoutError, WebSocketException):
                continue

    async def settle(self) -> None:
        """Finish what is pending, at the instance that answers."""
        while self.waiting:
            try:
                if self._is_over():
                    await self._move()
                await self.finish()
            except (OSError, TimeoutError, WebSocketException):
                continue

    async def _move(self) -> None:
        """Connect to the next instance, and send again what has no answer."""
        self._at += 1
        self.moves += 1
        self._again = []
        self._ws = self._several[self._at].ws
        await self.connect()
        for request_id in list(self.waiting):
            await self.client.patch(self._ops[request_id], id=request_id)


def faults_of(several: Several, redis: RedisServer, cluster: PostgresServer) -> dict[str, Fault]:
    """Return what may happen, by name."""

    async def wipe_redis() -> None:
        redis.kill()
        await _a_while()
        redis.start()

    async def freeze_redis() -> None:
        redis.freeze()
        await _a_while(3.0)
        redis.thaw()

    async def restart_postgres() -> None:
        await asyncio.to_thread(cluster.stop)
        await asyncio.to_thread(cluster.start)

    async def kill_an_instance() -> None:
        await _again(several[1], several[1].kill)

    async def drain_an_instance() -> None:
        await _again(several[2], several[2].stop)

    return {
        "wipe": wipe_redis,
        "freeze": freeze_redis,
        "postgres": restart_postgres,
        "kill": kill_an_instance,
        "drain": drain_an_instance,
    }


@pytest.mark.parametrize(
    "faults",
    [
        ("wipe", "kill", "postgres", "drain"),
        pytest.param(
            ("wipe", "freeze", "postgres", "wipe", "kill", "freeze", "drain", "postgres", "wipe"),
            marks=pytest.mark.long,
        ),
    ],
    ids=["short", "long"],
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
        editors = [
            RoamingEditor(several, number, f"user{number}", await several.token(f"user{number}"))
            for number in range(EDITORS)
        ]
        for editor in editors:
            await editor.connect({f"user{number}": {} for number in range(EDITORS)})
        stop = asyncio.Event()
        roaming = [asyncio.create_task(editor.roam(stop)) for editor in editors]
        happen = faults_of(several, redis, cluster)
        for fault in faults:
            await _a_while()
            await happen[fault]()
        await _a_while()
        stop.set()
        await asyncio.gather(*roaming)
        for editor in editors:
            await editor.settle()
        ended = time.monotonic()
        value = await _level(several, database)
        print(f"level {time.monotonic() - ended:.2f} s after the last answer")
        entries = await read_log(database, "page")
        check_log(entries, list(editors), value)
        assert sum(len(editor.acked) for editor in editors) > 100
        away = sorted(seconds for editor in editors for seconds in editor.away)
        if away:
            middle, last = away[len(away) // 2], away[-1]
            print(f"{len(away)} clients moved: half within {middle:.2f} s, all within {last:.2f} s")
        for editor in editors:
            await editor.client.until_version(len(entries))
            assert editor.client.value == value
            await editor.close()


async def _level(several: Several, database: str) -> object:
    """Return the value that all instances have. Each answers with what the log has."""
    token, head = await several.token("reader"), len(await read_log(database, "page"))
    values = []
    for number in range(len(several.servers)):
        reply = await several.get(number, "page", token)
        while reply.status == 503:  # as a client does; a busy machine may delay the database
            await _a_while(0.2)
            reply = await several.get(number, "page", token)
        assert reply.position[1] == head
        values.append(reply.body)
    assert values[0] == values[1] == values[2]
    return values[0]


async def _again(server: RunningServer, end: Callable[[], object]) -> None:
    """End an instance, and start it again after a while."""
    await asyncio.to_thread(end)
    await _a_while()
    await asyncio.to_thread(server.start)


async def _a_while(seconds: float = 1.0) -> None:
    """Let the editors work for some time."""
    stopped = asyncio.Event()
    try:
        async with asyncio.timeout(min(seconds, PATIENCE)):
            await stopped.wait()
    except TimeoutError:
        pass
