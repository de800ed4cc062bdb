"""A store for tests that can hold, delay, reorder or fail each call, and replace its answer.

    store, calls = held(MemoryStore())
    calls.hold("commit")
    editing = asyncio.create_task(edit())
    await calls.reached("commit")  # the commit has begun, and nothing is written yet
    calls.release("commit")
    await editing

Without an order, each call goes to the wrapped store at once. The same works for every port whose
methods are coroutines: the store, the audit trail.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from inspect import iscoroutinefunction
from typing import Any, Final, TypeVar, cast

from collab.ports.store import StorageUnavailable
from server.runtime.worker_threads import work_counts
from tests.patience import PATIENCE

Port = TypeVar("Port")

# A test fails when what it waits for has not happened after so many turns of the event loop.
MOST_TURNS: Final = 3_000


async def until(condition: Callable[[], object], turns: int = MOST_TURNS) -> None:
    """Let other tasks run until the condition is true; fail after `turns` turns.

    A turn in which a worker thread has work does not count: a busy machine may let the thread wait.
    """
    async with asyncio.timeout(PATIENCE):
        while turns > 0:
            if condition():
                return
            await asyncio.sleep(0)
            submitted, ended = work_counts()
            turns -= submitted == ended
    raise AssertionError("the test waited for a condition that did not come true")


@dataclass(eq=False)
class Call:
    """One call of the port, with its arguments by place and by name."""

    name: str
    args: tuple[Any, ...]
    named: dict[str, Any]
    is_written: bool = False  # the wrapped port has done its part
    _gate: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let this call continue; calls that arrived before it may still wait."""
        self._gate.set()

    async def wait(self) -> None:
        await self._gate.wait()


@dataclass(frozen=True)
class _Fault:
    error: BaseException
    is_after: bool


class HeldCalls:
    """The orders of a test about the calls of one port, and the calls that were made.

    An order names a method. Its call takes the orders in this sequence: delay, hold, fault before
    the write, the write (or a ready answer), hold after the write, fault after the write.
    """

    def __init__(self) -> None:
        self.made: list[Call] = []  # all calls, in the order in which they began
        self._holds: dict[str, bool] = {}  # by method; whether the hold is after the write
        self._waiting: list[Call] = []
        self._delays: dict[str, int] = {}
        self._faults: defaultdict[str, deque[_Fault]] = defaultdict(deque)
        self._broken: dict[str, BaseException] = {}
        self._answers: defaultdict[str, deque[Any]] = defaultdict(deque)

    # --- orders -----------------------------------------------------------------------------

    def hold(self, name: str, *, after: bool = False) -> None:
        """Hold the calls of this method from now on: before they write, or `after` it."""
        self._holds[name] = after

    def release(self, name: str) -> None:
        """End the hold: the waiting calls continue in their order, and later calls pass."""
        self._holds.pop(name, None)
        for call in self.held(name):
            call.release()

    def delay(self, name: str, turns: int) -> None:
        """Let other tasks run for `turns` turns before each call of this method."""
        self._delays[name] = turns

    def fail_next(
        self, name: str, *, after: bool = False, error: BaseException | None = None
    ) -> None:
        """Fail one more call of this method: before it writes, or `after` it."""
        self._faults[name].append(_Fault(error or _unavailable(), after))

    def fail(self, *names: str, error: BaseException | None = None) -> None:
        """Fail all calls of these methods before they write, until `mend`."""
        self._broken.update(dict.fromkeys(names, error or _unavailable()))

    def mend(self, *names: str) -> None:
        """End `fail` for these methods; for all of them without a name."""
        for name in names or tuple(self._broken):
            self._broken.pop(name, None)

    def answer_next(self, name: str, answer: Any) -> None:
        """Answer the next call of this method without a call of the wrapped port."""
        self._answers[name].append(answer)

    # --- what happened ----------------------------------------------------------------------

    async def reached(self, name: str, count: int = 1) -> list[Call]:
        """Return the held calls of this method when there are `count` of them."""
        await until(lambda: len(self.held(name)) >= count)
        return self.held(name)

    def held(self, name: str) -> list[Call]:
        """Return the calls of this method that are held now, in the order of their arrival."""
        return [call for call in self._waiting if call.name == name]

    def of(self, name: str) -> list[Call]:
        """Return all calls of this method so far."""
        return [call for call in self.made if call.name == name]

    # --- one call ---------------------------------------------------------------------------

    async def run(
        self, name: str, method: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **named: Any
    ) -> Any:
        """Make one call of the wrapped port under the orders."""
        call = Call(name, args, named)
        self.made.append(call)
        for _ in range(self._delays.get(name, 0)):
            await asyncio.sleep(0)
        if self._holds.get(name) is False:
            await self._wait(call)
        fault = self._faults[name].popleft() if self._faults[name] else None
        if name in self._broken:
            raise self._broken[name]
        if fault is not None and not fault.is_after:
            raise fault.error
        answers = self._answers[name]
        answer = answers.popleft() if answers else await method(*args, **named)
        call.is_written = True
        if self._holds.get(name) is True:
            await self._wait(call)
        if fault is not None:
            raise fault.error
        return answer

    async def _wait(self, call: Call) -> None:
        self._waiting.append(call)
        try:
            await call.wait()
        finally:
            self._waiting.remove(call)


class _HeldPort:
    """Stands for a port: each coroutine of the port becomes a call of `HeldCalls`."""

    def __init__(self, port: object, calls: HeldCalls) -> None:
        self._port = port
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not iscoroutinefunction(found):
            return found

        async def call(*args: Any, **named: Any) -> Any:
            return await self._calls.run(name, found, *args, **named)

        return call


def held(port: Port) -> tuple[Port, HeldCalls]:
    """Wrap a port; return it with the orders for its calls."""
    calls = HeldCalls()
    return cast(Port, _HeldPort(port, calls)), calls


def _unavailable() -> StorageUnavailable:
    return StorageUnavailable("a fault that the test has ordered")
