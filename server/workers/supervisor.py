"""The parent of the workers: starts, replaces and stops them."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

from server.runtime import logs
from server.startup import (
    CANNOT_START,
    CannotServeError,
    open_bus,
    permission_to_serve,
    warn_of_unknown_settings,
)
from server.workers.exchange import (
    Assignment,
    FromWorker,
    Question,
    Ready,
    Reply,
)
from server.workers.listening import CannotListenError, bind_sockets
from server.workers.questions import Questions
from server.workers.worker_process import WorkerProcess

if TYPE_CHECKING:
    from server.runtime.settings import Settings

logger = logging.getLogger(__name__)

# When no worker is ready and one has died so often in a row, the server gives up.
MOST_DEATHS: Final = 5
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 30.0
# A worker that has served for this long starts its next life without a wait.
_STABLE_SECONDS: Final = 10.0
# A stop takes `drain_seconds` and a little more. A worker that needs longer hangs.
_LATE_SECONDS: Final = 15.0


def serve(settings: Settings) -> int:
    """Run the workers until a signal stops them; return the exit code."""
    logs.configure(settings.log_level, settings.log_format)
    if sys.platform == "win32":
        print("weft: WEFT_WORKERS must be 1 on Windows", file=sys.stderr)
        return CANNOT_START
    warn_of_unknown_settings()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until there are workers to restart
    try:
        with permission_to_serve(settings) as bus, ExitStack() as opened:
            if bus is None and not settings.redis:  # PostgreSQL: a bus for these workers only
                folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="weft-"))
                bus = Path(folder, "bus")
            sockets = bind_sockets(settings.host, settings.port)
            for each in sockets:
                opened.enter_context(each)
            return asyncio.run(Supervisor(settings, sockets, bus).run())
    except (CannotServeError, CannotListenError) as error:
        print(f"weft: {error}", file=sys.stderr)
        return CANNOT_START


class Supervisor:
    """Keeps the workers running.

    Invariant: each number has at most one worker. The first worker is ready before the others
    start, so it alone migrates the tables and makes the demo pages.

    The parent has little to do, so it is the broker of the local bus. When it is killed, a worker
    takes over.
    """

    def __init__(self, settings: Settings, sockets: list[socket.socket], bus: Path | None) -> None:
        self._settings = settings
        self._sockets = sockets
        self._bus = bus
        self._stopping = asyncio.Event()
        self._workers: dict[int, WorkerProcess] = {}
        self._questions = Questions(self._workers)
        self._ready = {number: asyncio.Event() for number in range(1, settings.workers + 1)}
        self._has_started = False
        self._code = 0
        self._restarting: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Run until a signal comes, or until no worker can start. Return the exit code."""
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, self._stop, each)
        async with self._on_the_bus(), asyncio.TaskGroup() as group:
            loop.add_signal_handler(signal.SIGUSR1, self._restart, group)
            for number, ready in self._ready.items():
                group.create_task(self._keep(number), name=f"worker {number}")
                if number == 1:
                    await self._until(ready)
        return self._code

    @asynccontextmanager
    async def _on_the_bus(self) -> AsyncIterator[None]:
        """Take part in the local bus while the block runs."""
        if self._bus is None:
            yield
            return
        running = asyncio.create_task(open_bus(self._bus).run(), name="local bus")
        try:
            yield
        finally:
            running.cancel()
            await asyncio.wait([running])

    async def _keep(self, number: int) -> None:
        """Run one worker, and replace it whenever it ends, until the server stops."""
        deaths = 0
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            code = await self._run_one(number)
            if self._stopping.is_set():
                return
            if code == 0:  # another process has stopped the worker, or a restart of all workers
                deaths = 0
                continue
            if asyncio.get_running_loop().time() - began > _STABLE_SECONDS:
                deaths = 0
            deaths += 1
            is_hopeless = self._is_hopeless(code, deaths)
            then = "" if is_hopeless else "; it starts again"
            logger.error("worker %d has ended (%s)%s", number, _reason(code), then)
            if is_hopeless:
                self._give_up(number, code)
                return
            await self._pause(min(_FIRST_WAIT * 2 ** (deaths - 1), _LONGEST_WAIT))

    async def _run_one(self, number: int) -> int:
        """Start a worker, and wait for its end. Return its exit code, which is 0 after a stop."""
        try:
            worker = await WorkerProcess.start(self._assignment(number), self._sockets)
        except OSError as error:  # for example, too many processes
            logger.error("worker %d cannot be started: %s", number, error)
            return 1
        self._workers[number] = worker
        if self._stopping.is_set():
            worker.stop()
        async with asyncio.TaskGroup() as group:
            late = group.create_task(self._kill_late(number, worker), name=f"late worker {number}")
            async for message in worker.messages():
                self._handle(number, message)
            code = await worker.until_ended()
            late.cancel()
        self._ready[number].clear()
        del self._workers[number]
        if worker.is_replaced:
            return 0
        return code if worker.was_ready else code or 1

    def _assignment(self, number: int) -> Assignment:
        return Assignment(
            settings=self._settings,
            worker=number,
            sockets=tuple(each.fileno() for each in self._sockets),
            bus="" if self._bus is None else str(self._bus),
            creates_demo=not self._has_started,
            program=sys.argv[0],
        )

    def _handle(self, number: int, message: FromWorker) -> None:
        match message:
            case Ready():
                self._on_ready(number, message.message)
            case Question():
                ready = {one for one, event in self._ready.items() if event.is_set()}
                self._questions.ask(number, message, ready)
            case Reply():
                self._questions.reply(number, message)
            case _:
                assert_never(message)

    def _on_ready(self, number: int, message: str) -> None:
        self._ready[number].set()
        self._workers[number].was_ready = True
        if not self._has_started:
            self._has_started = True
            print(message, flush=True)
        logger.info("worker %d is ready", number, extra={"pid": self._workers[number].pid})

    # --- when workers cannot start ------------------------------------------------------------

    def _is_hopeless(self, code: int, deaths: int) -> bool:
        if any(ready.is_set() for ready in self._ready.values()):
            return False
        return deaths >= MOST_DEATHS or (code == CANNOT_START and not self._has_started)

    def _give_up(self, number: int, code: int) -> None:
        why = f"worker {number} has ended again and again ({_reason(code)})"
        if code == CANNOT_START:
            why = f"worker {number} cannot start"
        print(f"weft: {why}: the log above has the reason", file=sys.stderr)
        self._code = CANNOT_START
        self._begin_stop()

    # --- signals ------------------------------------------------------------------------------

    def _stop(self, number: signal.Signals) -> None:
        """Stop all workers. A second Ctrl-C does not wait for open connections."""
        if not self._stopping.is_set():
            self._code = 130 if number == signal.SIGINT else 0
            self._begin_stop()
        elif number == signal.SIGINT:
            for worker in self._workers.values():
                worker.send_signal(signal.SIGINT)

    def _begin_stop(self) -> None:
        self._stopping.set()
        for each in self._sockets:
            each.close()
        for worker in self._workers.values():
            worker.stop()

    async def _kill_late(self, number: int, worker: WorkerProcess) -> None:
        """After the stop, kill this worker if it hangs."""
        await self._stopping.wait()
        await self._until_ended(number, worker)

    async def _until_ended(self, number: int, worker: WorkerProcess) -> None:
        """Wait for the end of a worker that stops. Kill it when it takes too long."""
        try:
            async with asyncio.timeout(self._settings.drain_seconds + _LATE_SECONDS):
                await worker.until_ended()
        except TimeoutError:
            logger.error("worker %d does not stop; it is killed", number)
            worker.send_signal(signal.SIGKILL)

    def _restart(self, group: asyncio.TaskGroup) -> None:
        if self._stopping.is_set():
            return
        if self._restarting is None or self._restarting.done():
            self._restarting = group.create_task(self._restart_all(), name="restart")

    async def _restart_all(self) -> None:
        """Restart the workers one after the other, so that the others serve meanwhile."""
        for number, ready in self._ready.items():
            worker = self._workers.get(number)
            if worker is not None:
                worker.is_replaced = True
                worker.stop()
                await self._until_ended(number, worker)
                ready.clear()
            await self._until(ready)

    # --- waits --------------------------------------------------------------------------------

    async def _until(self, event: asyncio.Event) -> None:
        """Wait for an event, or for the stop."""
        waits = [asyncio.ensure_future(each.wait()) for each in (event, self._stopping)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    async def _pause(self, seconds: float) -> None:
        """Wait for some time, or for the stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"
