"""A stall of the event loop is counted, and logged with its stack."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from server.recording.metrics import Metrics
from server.runtime.clock import SystemClock
from server.status.loop_watchdog import Watchdog
from tests.manual_clock import ManualClock


def test_a_beat_is_a_stall_when_it_is_late_by_the_limit() -> None:
    metrics = Metrics()
    dog = Watchdog(ManualClock(), metrics, patience=0.1)
    dog.on_beat(0.099)
    assert metrics.loop_stalls.value == 0
    dog.on_beat(0.1)
    assert metrics.loop_stalls.value == 1
    assert dog.take_worst() == 0.1
    assert dog.take_worst() == 0.0


def test_with_limit_0_there_is_no_stall_and_no_thread() -> None:
    metrics = Metrics()
    dog = Watchdog(ManualClock(), metrics, patience=0)
    with dog.watching():
        dog.on_beat(5.0)
        assert not any(thread.name == "watchdog" for thread in threading.enumerate())
    assert metrics.loop_stalls.value == 0


class Told(logging.Handler):
    """Sets an event when the watchdog logs the stack."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.told = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        stack = getattr(record, "stack", None)
        if stack is not None:
            self.stack = stack
            self.told.set()


def test_a_stall_with_a_logged_stack_gets_its_length_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    dog = Watchdog(clock, Metrics(), patience=0.1)
    clock.advance(0.2)
    dog.look()
    dog.look()
    clock.advance(3.0)
    dog.on_beat(3.15)
    where, length = caplog.records
    assert where.getMessage() == "the event loop has been blocked for 150 ms so far"
    assert hasattr(where, "stack")
    assert length.getMessage() == "the event loop was blocked for 3150 ms"


def test_a_loop_that_is_always_late_is_logged_at_intervals(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, metrics = ManualClock(), Metrics()
    dog = Watchdog(clock, metrics, patience=0.1)
    for _ in range(40):
        clock.advance(0.25)
        dog.look()
        dog.on_beat(0.2)
    assert metrics.loop_stalls.value == 40
    assert len(caplog.records) == 4  # stack and length, twice in ten seconds


async def test_the_stack_is_logged_during_a_stall() -> None:
    logger, handler = logging.getLogger("server.status.loop_watchdog"), Told()
    logger.addHandler(handler)
    dog = Watchdog(SystemClock(), Metrics(), patience=0.02)
    beat = asyncio.create_task(dog.beat())
    try:
        with dog.watching():
            await asyncio.sleep(0)
            _stand_still_until(handler.told)
    finally:
        beat.cancel()
        logger.removeHandler(handler)
    assert any("_stand_still_until" in line for line in handler.stack)


def _stand_still_until(told: threading.Event) -> None:
    assert told.wait(10), "the watchdog logged nothing"


@pytest.mark.parametrize("patience", [0.05, 0.1])
def test_the_thread_ends_with_its_block(patience: float) -> None:
    with Watchdog(SystemClock(), Metrics(), patience).watching():
        pass
    assert not any(thread.name == "watchdog" for thread in threading.enumerate())
