"""The states of a circuit breaker: which events open it, and which close it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest

from collab.ports.availability import BreakerState
from collab.ports.store import Corrupt, StorageUnavailable
from storage.circuit_breaker import CircuitBreaker, State

# The table in the docstring of the module, and the events that change nothing.
TABLE: list[tuple[State, str, State]] = [
    (State.CLOSED, "on_failure", State.CHECKING),
    (State.CLOSED, "on_success", State.CLOSED),
    (State.CLOSED, "on_failed_probe", State.CLOSED),
    (State.CHECKING, "on_failure", State.CHECKING),
    (State.CHECKING, "on_success", State.CLOSED),
    (State.CHECKING, "on_failed_probe", State.OPEN),
    (State.OPEN, "on_failure", State.OPEN),
    (State.OPEN, "on_success", State.CLOSED),
    (State.OPEN, "on_failed_probe", State.OPEN),
]


class Asked:
    """Counts how often the breaker asked for a probe."""

    def __init__(self, state: State = State.CLOSED) -> None:
        self.count = 0
        self.breaker = CircuitBreaker("reads", self._add)
        self.breaker.state = state

    def _add(self) -> None:
        self.count += 1


async def answer(given: int) -> int:
    return given


async def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(("state", "event", "then"), TABLE)
def test_each_event_leads_to_the_state_of_the_table(state: State, event: str, then: State) -> None:
    asked = Asked(state)
    on_event: Callable[[], None] = getattr(asked.breaker, event)
    on_event()
    assert asked.breaker.state is then
    assert asked.count == (then is State.CHECKING and state is State.CLOSED)
    assert asked.breaker.openings == (then is State.OPEN and state is not State.OPEN)


async def test_a_failed_call_alone_refuses_no_other_call() -> None:
    asked = Asked()
    for _ in range(20):
        with pytest.raises(StorageUnavailable, match="dead"):
            await asked.breaker.run(fail, StorageUnavailable("dead"))
    assert (asked.breaker.state, asked.count) == (State.CHECKING, 1)
    assert await asked.breaker.run(answer, 5) == 5
    assert asked.breaker.state is State.CLOSED


@pytest.mark.parametrize("error", [Corrupt("torn"), ValueError("wrong"), asyncio.CancelledError()])
async def test_an_error_of_another_kind_is_no_failure(error: BaseException) -> None:
    asked = Asked()
    with pytest.raises(type(error)):
        await asked.breaker.run(fail, error)
    assert (asked.breaker.state, asked.count) == (State.CLOSED, 0)


async def test_an_open_breaker_makes_no_call() -> None:
    asked = Asked(State.OPEN)
    made: list[int] = []

    async def call() -> None:
        made.append(1)

    with pytest.raises(StorageUnavailable, match="reads are refused"):
        await asked.breaker.run(call)
    assert made == []
    assert asked.breaker.report() == BreakerState("reads", is_open=True, openings=0)


async def test_a_call_that_began_earlier_closes_an_open_breaker() -> None:
    asked, gate = Asked(), asyncio.Event()

    async def slow() -> int:
        await gate.wait()
        return 3

    call = asyncio.create_task(asked.breaker.run(slow))
    await asyncio.sleep(0)
    asked.breaker.on_failure()
    asked.breaker.on_failed_probe()
    assert asked.breaker.report() == BreakerState("reads", is_open=True, openings=1)
    gate.set()
    assert await call == 3
    assert asked.breaker.report() == BreakerState("reads", is_open=False, openings=1)


def test_the_log_says_once_when_calls_are_refused_and_once_when_they_pass(
    caplog: pytest.LogCaptureFixture,
) -> None:
    breaker = Asked().breaker
    with caplog.at_level(logging.INFO):
        breaker.on_failure()
        for _ in range(3):
            breaker.on_failed_probe()
        for _ in range(3):
            breaker.on_success()
    assert [record.getMessage() for record in caplog.records] == [
        "the database does not answer: its reads are refused",
        "the database answers again: its reads pass",
    ]
