"""Rules B1 to B4: token buckets, meters and purses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collab.flow.budget import Allowance, Budget, Meter, Purses, to_ms

SMALL = Allowance(bytes_per_second=100, bytes_burst=200, messages_per_second=10, messages_burst=20)
NONE = Allowance(0, 0)


def test_b1_a_frame_within_the_level_goes_at_once_and_the_level_comes_back_with_time() -> None:
    budget = Budget(rate=100, burst=200, now=0.0)
    budget.spend(150, now=0.0)
    assert budget.wait(now=0.0, amount=100) == 0.5
    assert budget.wait(now=0.5, amount=100) == 0.0
    assert budget.wait(now=60.0, amount=200) == 0.0


def test_b1_a_frame_larger_than_the_burst_goes_out_once_and_is_waited_for() -> None:
    budget = Budget(rate=100, burst=200, now=0.0)
    assert budget.would_fit(300, now=0.0)
    budget.spend(300, now=0.0)
    assert budget.wait(now=0.0) == 1.0
    assert budget.wait(now=1.0) == 0.0
    assert not budget.would_fit(300, now=1.0)
    assert budget.would_fit(300, now=3.0)


def test_b1_a_rate_of_nought_is_no_budget() -> None:
    budget = Budget(rate=0, burst=0, now=0.0)
    budget.spend(10**9, now=0.0)
    assert budget.try_spend(10**9, now=0.0)
    assert budget.wait(now=0.0, amount=10**9) == 0.0
    assert budget.whole_units(now=0.0) is None


def test_b1_a_clock_that_stands_still_or_steps_back_earns_nothing() -> None:
    budget = Budget(rate=100, burst=200, now=10.0)
    budget.spend(200, now=10.0)
    assert budget.wait(now=9.0, amount=100) == 1.0
    assert budget.wait(now=10.5, amount=100) == 0.5


@given(
    st.lists(st.tuples(st.floats(0, 3), st.integers(1, 200), st.booleans()), max_size=60),
)
def test_b1_what_goes_by_its_budget_never_exceeds_burst_and_rate(
    frames: list[tuple[float, int, bool]],
) -> None:
    budget = Budget(rate=100, burst=200, now=0.0)
    now, spent = 0.0, 0
    for pause, size, ask in frames:
        now += pause
        if ask:
            spent += size if budget.try_spend(size, now) else 0
        elif budget.would_fit(size, now):
            budget.spend(size, now)
            spent += size
        assert spent <= 200 + 100 * now + 1e-6


@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_b1_no_frame_starves_whatever_its_size(first: int, second: int) -> None:
    budget = Budget(rate=100, burst=200, now=0.0)
    budget.spend(first, now=0.0)
    wait = budget.wait(now=0.0, amount=second)
    assert wait <= (first + 200) / 100
    assert budget.try_spend(second, now=wait + 1e-6)


def test_b2_bytes_and_messages_are_spent_together() -> None:
    meter = Meter(SMALL, now=0.0)
    meter.spend(10, now=0.0, count=25)
    assert meter.wait(now=0.0) == 0.5
    assert not meter.try_spend(1, now=0.0)
    assert meter.try_spend(1, now=0.7)
    assert Meter(NONE, now=0.0).try_spend(10**9, now=0.0)


def test_b9_work_beyond_a_millisecond_counts_as_ten_times_as_long_a_flow_of_bytes() -> None:
    meter = Meter(SMALL, now=0.0)
    meter.charge(0.001, now=0.0)
    assert meter.would_fit(200, now=0.0)
    meter.charge(0.201, now=0.0)
    assert meter.wait(now=0.0) == 0.0
    meter.charge(0.101, now=0.0)
    assert meter.wait(now=0.0) == 1.0
    free = Meter(NONE, now=0.0)
    free.charge(60.0, now=0.0)
    assert free.wait(now=0.0) == 0.0


def test_b3_reconnecting_refills_nothing() -> None:
    purses = Purses(inbound=SMALL, outbound=NONE)
    owner = ("demo", "home", "ada")
    taken = 0
    for attempt in range(100):
        now = attempt * 0.01
        purse = purses.take(owner, now)
        while purse.inbound.try_spend(20, now):
            taken += 20
        purses.put_back(owner, now)
        purses.forget(now)
    assert taken <= 200 + 100 * 1.0


def test_b3_two_tabs_of_a_user_share_one_purse_and_another_user_has_their_own() -> None:
    purses = Purses(inbound=SMALL, outbound=NONE)
    first, second = purses.take("ada", 0.0), purses.take("ada", 0.0)
    assert first is second
    assert purses.take("bo", 0.0) is not first


def test_b4_a_purse_is_forgotten_when_it_is_full_and_nobody_holds_it() -> None:
    purses = Purses(inbound=SMALL, outbound=NONE)
    purse = purses.take("ada", 0.0)
    purse.inbound.spend(300, 0.0)
    assert purses.forget(1_000.0) == 0
    purses.put_back("ada", 0.0)
    assert purses.forget(2.9) == 0
    assert purses.take("ada", 2.9) is purse
    purses.put_back("ada", 2.9)
    assert purses.forget(3.0) == 1
    assert len(purses) == 0


def test_b4_memory_is_bounded_by_who_is_not_yet_full() -> None:
    purses = Purses(inbound=SMALL, outbound=NONE)
    for user in range(1_000):
        purses.take(user, 0.0).inbound.spend(1, 0.0)
        purses.put_back(user, 0.0)
    assert purses.forget(0.2) == 1_000


def test_a_wait_is_rounded_up_on_the_wire() -> None:
    assert [to_ms(0.0), to_ms(0.0001), to_ms(0.4), to_ms(1.0)] == [0, 1, 400, 1000]
