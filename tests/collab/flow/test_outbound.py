"""Rules B6 and B7: a reader that is slower than the document, and a reader with a pace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collab.errors import Close
from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.flow.outbound import FULL_SOCKET_WAIT, Outflow, OutflowState, Pace, Turn
from collab.messages import Backpressure, Behind, Budget, DisconnectNotice

ALLOWANCE = Allowance(bytes_per_second=100, bytes_burst=200)
LEVEL = Behind(versions=0, bytes=0)
SOME = Behind(versions=3, bytes=150)
CLEAR = Backpressure(direction="out", state="clear")


def outflow(patience: float = 30.0, allowance: Allowance = ALLOWANCE) -> Outflow:
    return Outflow(ByteAndMessageBudget(allowance, now=0.0), patience=patience)


def test_b6_a_level_reader_gets_the_shared_frame() -> None:
    flow = outflow()
    assert flow.pass_frame(150, now=0.0, full=False)
    assert flow.state is OutflowState.LEVEL


def test_b6_over_budget_the_cursor_stops_and_the_reader_is_told_once() -> None:
    flow = outflow()
    flow.pass_frame(150, now=0.0, full=False)
    assert not flow.pass_frame(150, now=0.0, full=False)
    assert flow.hold(0.0, SOME) == Backpressure(
        direction="out",
        state="on",
        budget=Budget(bytes_per_second=100, burst=200),
        behind=SOME,
        retry_after_ms=1000,
    )
    assert flow.hold(0.1, SOME) is None
    assert not flow.pass_frame(1, now=9.0, full=False)


def test_b6_a_slow_reader_gets_one_merged_catch_up_and_clear_when_it_is_level() -> None:
    flow = outflow()
    flow.pass_frame(200, now=0.0, full=False)
    flow.hold(0.0, SOME)
    assert flow.turn(0.0, full=False, behind=SOME) == Turn(wait=1.5)
    assert flow.turn(1.5, full=False, behind=SOME) == Turn(catch_up=True)
    flow.caught_up(150, 1.5)
    assert flow.turn(1.5, full=False, behind=LEVEL) == Turn(announce=CLEAR)
    assert flow.pass_frame(10, now=2.0, full=False)


def test_b6_a_full_socket_stops_the_cursor_whatever_the_budget() -> None:
    flow = outflow()
    assert not flow.pass_frame(1, now=0.0, full=True)
    told = flow.hold(0.0, SOME)
    assert told is not None
    assert told.retry_after_ms == 1000
    assert flow.turn(0.5, full=True, behind=SOME).wait == FULL_SOCKET_WAIT
    assert flow.turn(0.6, full=False, behind=SOME).catch_up


def test_b6_a_reader_whose_socket_stays_full_is_let_go_after_patience() -> None:
    flow = outflow(patience=30.0)
    flow.hold(0.0, SOME)
    now, turn = 0.0, Turn()
    while not turn.close:
        now += turn.wait
        turn = flow.turn(now, full=True, behind=SOME)
    assert now == 30.0
    assert turn.close == Close.SLOW_CONSUMER
    assert turn.announce == DisconnectNotice(code=4508, reason="slow_consumer", retry_after_ms=2000)
    assert flow.turn(31.0, full=False, behind=SOME) == Turn()
    assert not flow.pass_frame(1, 31.0, full=False)


def test_b6_a_reader_that_is_slow_by_our_own_budget_is_never_let_go() -> None:
    flow = outflow(patience=1.0)
    flow.hold(0.0, SOME)
    flow.caught_up(10_000, 0.0)
    flow.hold(0.0, SOME)
    assert flow.turn(50.0, full=False, behind=SOME).wait > 0
    assert flow.turn(97.0, full=True, behind=SOME).wait > 0
    assert flow.turn(102.0, full=False, behind=SOME).catch_up


def test_b6_a_catch_up_that_went_out_starts_the_time_anew() -> None:
    flow = outflow(patience=10.0)
    flow.hold(0.0, SOME)
    assert flow.turn(9.0, full=False, behind=SOME).catch_up
    flow.caught_up(10, 9.0)
    flow.hold(9.0, SOME)
    assert flow.turn(18.0, full=True, behind=SOME).close == 0
    assert flow.turn(19.0, full=True, behind=SOME).close == Close.SLOW_CONSUMER


def test_b6_between_two_catch_ups_there_is_no_clear_and_no_second_on() -> None:
    flow = outflow()
    assert flow.hold(0.0, SOME) is not None
    now = 0.0
    for _ in range(5):
        turn = flow.turn(now, full=False, behind=SOME)
        now += turn.wait
        if turn.catch_up:
            flow.caught_up(150, now)
        assert flow.hold(now, SOME) is None
        assert turn.announce is None


def test_b6_the_users_other_tab_cannot_starve_a_catch_up() -> None:
    budget = ByteAndMessageBudget(ALLOWANCE, now=0.0)
    flow = Outflow(budget, patience=30.0)
    flow.hold(0.0, Behind(versions=9, bytes=5_000))
    now = 0.0
    while not flow.turn(now, full=False, behind=Behind(versions=9, bytes=5_000)).catch_up:
        budget.try_spend(10, now)
        now += 0.1
    assert now < 2.2


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 150)), min_size=1, max_size=120))
def test_b6_a_reader_receives_its_budget_and_ends_on_the_newest(
    changes: list[tuple[float, int]],
) -> None:
    flow = outflow()
    now, sent, owed, versions = 0.0, 0, 0, 0
    for pause, size in [*changes, *[(2.0, 0)] * 5]:
        now += pause
        if size and not flow.pass_frame(size, now, full=False):
            # Merged changes are no longer than a page, whatever lies behind.
            owed, versions = min(200, owed + size), versions + 1
            flow.hold(now, Behind(versions, owed))
        elif size:
            sent += size
        if flow.turn(now, full=False, behind=Behind(versions, owed)).catch_up:
            flow.caught_up(owed, now)
            sent, owed, versions = sent + owed, 0, 0
        assert sent <= 200 + 100 * now + 1e-6
    assert flow.state is OutflowState.LEVEL
    assert versions == 0


def test_b7_changes_go_out_no_faster_than_the_pace_that_was_asked_for() -> None:
    pace = Pace(20)
    sent, now = 0, 0.0
    while now < 1.0:
        if pace.wait(now) == 0.0:
            pace.sent(now)
            sent += 1
        now += 0.001
    assert 19 <= sent <= 20


def test_b7_the_newest_is_never_held_back_for_longer_than_one_interval() -> None:
    pace = Pace(20)
    pace.sent(0.0)
    assert pace.wait(0.0) == 0.05
    assert pace.wait(0.05) == 0.0
    assert Pace(0.001).interval == 5.0


def test_b7_without_a_pace_nothing_waits() -> None:
    for fps in (None, 0, -1):
        pace = Pace(fps)
        pace.sent(1.0)
        assert pace.wait(1.0) == 0.0
