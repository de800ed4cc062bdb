"""Editors that go to another instance when their connection ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from websockets.exceptions import WebSocketException

from tests.faults.editor import Editor
from tests.faults.log_check import check_log, read_log
from tests.instances.several import Several
from tests.patience import PATIENCE
from tests.running import RunningServer

EDITORS = 6


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


@asynccontextmanager
async def editing(several: Several, database: str) -> AsyncIterator[list[RoamingEditor]]:
    """Edit at all instances during the block. Then compare clients, instances and the log."""
    names = [f"user{number}" for number in range(EDITORS)]
    editors = [
        RoamingEditor(several, number, name, await several.token(name))
        for number, name in enumerate(names)
    ]
    for editor in editors:
        await editor.connect({name: {} for name in names})
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for editor in editors:
            group.create_task(editor.roam(stop))
        yield editors
        stop.set()
    for editor in editors:
        await editor.settle()
    ended = time.monotonic()
    value = await level_value(several, database)
    print(f"level {time.monotonic() - ended:.2f} s after the last answer")
    entries = await read_log(database, "page")
    check_log(entries, list(editors), value)
    assert sum(len(editor.acked) for editor in editors) > 100
    for editor in editors:
        await editor.client.until_version(len(entries))
        assert editor.client.value == value
        await editor.close()


async def level_value(several: Several, database: str) -> object:
    """Return the value that all instances have. Each answers with what the log has."""
    token, head = await several.token("reader"), len(await read_log(database, "page"))
    values = []
    for number in range(len(several.servers)):
        reply = await several.get(number, "page", token)
        while reply.status == 503:  # as a client does; a busy machine may delay the database
            await a_while(0.2)
            reply = await several.get(number, "page", token)
        assert reply.position[1] == head
        values.append(reply.body)
    assert values[0] == values[1] == values[2]
    return values[0]


async def start_again(server: RunningServer, end: Callable[[], object]) -> None:
    """End an instance, and start it again after a while."""
    await asyncio.to_thread(end)
    await a_while()
    await asyncio.to_thread(server.start)


async def a_while(seconds: float = 1.0) -> None:
    """Let the editors work for some time."""
    stopped = asyncio.Event()
    try:
        async with asyncio.timeout(min(seconds, PATIENCE)):
            await stopped.wait()
    except TimeoutError:
        pass
