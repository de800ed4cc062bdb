"""The read throttle: when the server reads from a connection, and when it closes one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.flow.inbound import InboundFlow, InboundState, ReadDecision
from collab.messages import Backpressure, DisconnectNotice
from server.lanes.read_throttle import CHECK_AGAIN, CHECK_AT_LEAST, MAX_UNREAD, ReadThrottle
from tests.manual_clock import ManualClock

ALLOWANCE = Allowance(bytes_per_second=100, bytes_burst=1000)
PATIENCE = 30.0


class Peer:
    """A socket with an adjustable number of unread bytes, and its client."""

    def __init__(self) -> None:
        self.sent = self.received = 0
        self.peer = "somebody"
        self.reads: bool = True
        self.closed: int = 0
        self.is_backlogged = False
        self.said: list[Backpressure | DisconnectNotice] = []
        self.marked_alive = 0
        self.unread = 0

    def hand_over(self, handler: object) -> None: ...
    def write(self, frames: bytes) -> None: ...
    def limit(self, max_message: int, code: int = 1009) -> None: ...
    def pause_before_large(self, size: int, on_large: object) -> None: ...

    def ping(self, payload: bytes = b"") -> None: ...
    def abort(self) -> None: ...
    async def run(self) -> None: ...

    def buffered(self) -> int:
        return self.unread

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def close(self, code: int, reason: str = "") -> None:
        self.closed = code

    def send_notice(self, message: Backpressure | DisconnectNotice, now: float) -> None:
        self.said.append(message)

    def mark_alive(self, now: float) -> None:
        self.marked_alive += 1

    def disconnect_slow(self) -> None:
        self.closed = 4508


class Line:
    """A peer, its read throttle, and a clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.peer = Peer()
        self.inbound_flow = InboundFlow(
            ByteAndMessageBudget(ALLOWANCE, self.clock.monotonic()), patience=PATIENCE
        )
        self.read_throttle = ReadThrottle(
            self.peer, self.inbound_flow, self.peer, now=self.clock.monotonic, patience=PATIENCE
        )

    def receive(self, size: int) -> ReadDecision:
        now = self.clock.monotonic()
        decision = self.inbound_flow.receive(size, now, refusable=False)
        self.read_throttle.apply(decision, now)
        return decision

    def reads(self) -> bool:
        return self.peer.reads

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.read_throttle.check()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    yield line
    line.read_throttle.close()


async def test_reading_stops_at_a_debt_and_resumes_when_it_is_paid(line: Line) -> None:
    line.receive(1500)
    line.pass_time(4.9)
    assert not line.reads()
    line.pass_time(0.2)
    assert line.reads()
    assert [type(message) for message in line.peer.said] == [Backpressure]


async def test_a_debt_long_after_an_earlier_debt_is_a_first_debt(line: Line) -> None:
    """A bug counted a debt an hour later as the same debt, if no call came in between."""
    line.receive(1500)
    line.pass_time(5.0)
    for _ in range(60):
        line.pass_time(0.1)
    assert line.inbound_flow.state is InboundState.NORMAL
    line.pass_time(3600)
    line.receive(1500)
    assert line.peer.closed == 0
    assert not line.reads()


async def test_a_client_that_does_not_read_its_answers_is_not_read(line: Line) -> None:
    line.peer.unread = MAX_UNREAD + 1
    line.receive(1)
    line.pass_time(10)
    assert not line.reads()
    line.peer.unread = 0
    line.pass_time(0.1)
    assert line.reads()
    assert line.peer.closed == 0


async def test_a_client_that_reads_nothing_for_too_long_is_closed(line: Line) -> None:
    line.peer.unread = 3 * MAX_UNREAD
    line.receive(1)
    line.pass_time(29)
    line.peer.unread -= 1  # a slow client still reads
    line.pass_time(2)
    line.pass_time(29)
    assert line.peer.closed == 0
    line.pass_time(2)
    assert line.peer.closed == 4508


async def test_time_spent_in_debt_does_not_count_as_a_full_socket(line: Line) -> None:
    line.receive(6000)
    line.pass_time(40)
    line.peer.unread = MAX_UNREAD + 1
    line.pass_time(1)
    assert line.peer.closed == 0
    line.pass_time(PATIENCE + 1)
    assert line.peer.closed == 4508


async def test_a_client_whose_answers_the_budget_delays_is_not_closed(line: Line) -> None:
    line.peer.is_backlogged = True
    line.receive(1)
    line.pass_time(PATIENCE + 1)
    assert not line.reads()
    assert line.peer.closed == 0


async def test_reading_waits_until_an_answer_is_paid(line: Line) -> None:
    now = line.clock.monotonic()
    line.read_throttle.apply(line.inbound_flow.receive(1, now), now, wait=7.0)
    line.pass_time(6.9)
    assert not line.reads()
    line.pass_time(0.2)
    assert line.reads()


async def test_a_client_that_is_not_read_stays_alive_in_presence(line: Line) -> None:
    line.receive(6000)
    for _ in range(8):
        line.pass_time(5.0)
    assert line.peer.marked_alive == 8
    assert not line.reads()


async def test_the_next_check_is_at_the_end_of_the_wait_but_soon_and_not_too_soon(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later

    def note(seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        waits.append(round(seconds, 6))
        return call_later(3_600, callback)

    monkeypatch.setattr(loop, "call_later", note)
    line.receive(1_700)
    line.pass_time(3)
    line.pass_time(3.95)
    assert waits == [CHECK_AT_LEAST, 4.0, CHECK_AGAIN]
    line.pass_time(0.1)
    line.peer.is_backlogged = True
    line.receive(0)
    assert waits[-1] == CHECK_AGAIN
