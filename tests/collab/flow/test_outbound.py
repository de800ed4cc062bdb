"""Rules B6 and B7: a reader that is slower than the document, and a reader with a frame rate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collab.errors import Close
from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.flow.outbound import (
    FULL_SOCKET_WAIT,
    FrameRate,
    OutboundFlow,
    OutboundState,
    WriteDecision,
)
from collab.messages import Backpressure, Behind, Budget, DisconnectNotice

ALLOWANCE = Allowance(bytes_per_second=100, bytes_burst=200)
AT_HEAD = Behind(versions=0, bytes=0)
SOME = Behind(versions=3, bytes=150)
CLEAR = Backpressure(direction="out", state="clear")


def outbound_flow(patience: float = 30.0, allowance: Allowance = ALLOWANCE) -> OutboundFlow:
    return OutboundFlow(ByteAndMessageBudget(allowance, now=0.0), patience=patience)


def test_b6_a_reader_that_is_not_behind_gets_the_shared_frame() -> None:
    flow = outbound_flow()
    assert flow.try_send(150, now=0.0, full=False)
    assert flow.state is OutboundState.NORMAL


def test_b6_over_budget_the_cursor_stops_and_on_is_sent_once() -> None:
    flow = outbound_flow()
    flow.try_send(150, now=0.0, full=False)
    assert not flow.try_send(150, now=0.0, full=False)
    assert flow.fall_behind(0.0, SOME) == Backpressure(
        direction="out",
        state="on",
        budget=Budget(bytes_per_second=100, burst=200),
        behind=SOME,
        retry_after_ms=1000,
    )
    assert flow.fall_behind(0.1, SOME) is None
    assert not flow.try_send(1, now=9.0, full=False)


def test_b6_a_slow_reader_gets_one_catch_up_and_then_clear() -> None:
    flow = outbound_flow()
    flow.try_send(200, now=0.0, full=False)
    flow.fall_behind(0.0, SOME)
    assert flow.decide(0.0, full=False, behind=SOME) == WriteDecision(wait=1.5)
    assert flow.decide(1.5, full=False, behind=SOME) == WriteDecision(catch_up=True)
    flow.caught_up(150, 1.5)
    assert flow.decide(1.5, full=False, behind=AT_HEAD) == WriteDecision(announce=CLEAR)
    assert flow.try_send(10, now=2.0, full=False)


def test_b6_a_full_socket_stops_the_cursor() -> None:
    flow = outbound_flow()
    assert not flow.try_send(1, now=0.0, full=True)
    told = flow.fall_behind(0.0, SOME)
    assert told is not None
    assert told.retry_after_ms == 1000
    assert flow.decide(0.5, full=True, behind=SOME).wait == FULL_SOCKET_WAIT
    assert flow.decide(0.6, full=False, behind=SOME).catch_up


def test_b6_a_reader_with_a_full_socket_is_closed_after_patience() -> None:
    flow = outbound_flow(patience=30.0)
    flow.fall_behind(0.0, SOME)
    now, decision = 0.0, WriteDecision()
    while not decision.close:
        now += decision.wait
        decision = flow.decide(now, full=True, behind=SOME)
    assert now == 30.0
    assert decision.close == Close.SLOW_CONSUMER
    assert decision.announce == DisconnectNotice(
        code=4508, reason="slow_consumer", retry_after_ms=2000
    )
    assert flow.decide(31.0, full=False, behind=SOME) == WriteDecision()
    assert not flow.try_send(1, 31.0, full=False)


def test_b6_a_reader_slowed_by_its_budget_is_never_closed() -> None:
    flow = outbound_flow(patience=1.0)
    flow.fall_behind(0.0, SOME)
    flow.caught_up(10_000, 0.0)
    flow.fall_behind(0.0, SOME)
    assert flow.decide(50.0, full=False, behind=SOME).wait > 0
    assert flow.decide(97.0, full=True, behind=SOME).wait > 0
    assert flow.decide(102.0, full=False, behind=SOME).catch_up


def test_b6_a_catch_up_restarts_the_time() -> None:
    flow = outbound_flow(patience=10.0)
    flow.fall_behind(0.0, SOME)
    assert flow.decide(9.0, full=False, behind=SOME).catch_up
    flow.caught_up(10, 9.0)
    flow.fall_behind(9.0, SOME)
    assert flow.decide(18.0, full=True, behind=SOME).close == 0
    assert flow.decide(19.0, full=True, behind=SOME).close == Close.SLOW_CONSUMER


def test_b6_between_catch_ups_no_on_and_no_clear_is_sent() -> None:
    flow = outbound_flow()
    assert flow.fall_behind(0.0, SOME) is not None
    now = 0.0
    for _ in range(5):
        decision = flow.decide(now, full=False, behind=SOME)
        now += decision.wait
        if decision.catch_up:
            flow.caught_up(150, now)
        assert flow.fall_behind(now, SOME) is None
        assert decision.announce is None


def test_b6_another_tab_of_the_user_cannot_starve_a_catch_up() -> None:
    budget = ByteAndMessageBudget(ALLOWANCE, now=0.0)
    flow = OutboundFlow(budget, patience=30.0)
    flow.fall_behind(0.0, Behind(versions=9, bytes=5_000))
    now = 0.0
    while not flow.decide(now, full=False, behind=Behind(versions=9, bytes=5_000)).catch_up:
        budget.bytes.try_spend(10, now)
        now += 0.1
    assert now < 2.2


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 150)), min_size=1, max_size=120))
def test_b6_a_reader_stays_in_its_budget_and_reaches_the_head(
    changes: list[tuple[float, int]],
) -> None:
    flow = outbound_flow()
    now, sent, owed, versions = 0.0, 0, 0, 0
    for pause, size in [*changes, *[(2.0, 0)] * 5]:
        now += pause
        if size and not flow.try_send(size, now, full=False):
            # A merged change is never larger than the page, for any number of versions.
            owed, versions = min(200, owed + size), versions + 1
            flow.fall_behind(now, Behind(versions, owed))
        elif size:
            sent += size
        if flow.decide(now, full=False, behind=Behind(versions, owed)).catch_up:
            flow.caught_up(owed, now)
            sent, owed, versions = sent + owed, 0, 0
        assert sent <= 200 + 100 * now + 1e-6
    assert flow.state is OutboundState.NORMAL
    assert versions == 0


def test_b7_changes_go_out_no_faster_than_max_fps() -> None:
    frame_rate = FrameRate(20)
    sent, now = 0, 0.0
    while now < 1.0:
        if frame_rate.wait(now) == 0.0:
            frame_rate.sent(now)
            sent += 1
        now += 0.001
    assert 19 <= sent <= 20


def test_b7_the_newest_change_waits_one_interval_at_most() -> None:
    frame_rate = FrameRate(20)
    frame_rate.sent(0.0)
    assert frame_rate.wait(0.0) == 0.05
    assert frame_rate.wait(0.05) == 0.0
    assert FrameRate(0.001).interval == 5.0


def test_b7_without_max_fps_nothing_waits() -> None:
    for fps in (None, 0, -1):
        frame_rate = FrameRate(fps)
        frame_rate.sent(1.0)
        assert frame_rate.wait(1.0) == 0.0
