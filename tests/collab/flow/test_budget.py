"""Rules B1 to B4, and B9: token buckets, and the budgets of users."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collab.flow.budget import Allowance, Budget, BudgetPool, ByteAndMessageBudget, to_ms

SMALL = Allowance(bytes_per_second=100, bytes_burst=200, messages_per_second=10, messages_burst=20)
NONE = Allowance(0, 0)


def test_b1_the_level_refills_with_time() -> None:
    budget = Budget(rate=100, burst=200, now=0.0)
    budget.spend(150, now=0.0)
    assert budget.wait(now=0.0, amount=100) == 0.5
    assert budget.wait(now=0.5, amount=100) == 0.0
    assert budget.wait(now=60.0, amount=200) == 0.0


def test_b1_a_frame_above_the_burst_goes_and_is_paid_afterwards() -> None:
    budget = Budget(rate=100, burst=200, now=0.0)
    assert budget.wait(now=0.0, amount=300) == 0.0
    budget.spend(300, now=0.0)
    assert budget.wait(now=0.0) == 1.0
    assert budget.wait(now=1.0) == 0.0
    assert budget.wait(now=1.0, amount=300) == 2.0
    assert budget.wait(now=3.0, amount=300) == 0.0


def test_b1_a_rate_of_0_means_no_limit() -> None:
    budget = Budget(rate=0, burst=0, now=0.0)
    budget.spend(10**9, now=0.0)
    assert budget.try_spend(10**9, now=0.0)
    assert budget.wait(now=0.0, amount=10**9) == 0.0
    assert budget.whole_units(now=0.0) is None


def test_b1_a_clock_that_stops_or_goes_back_earns_nothing() -> None:
    budget = Budget(rate=100, burst=200, now=10.0)
    budget.spend(200, now=10.0)
    assert budget.wait(now=9.0, amount=100) == 1.0
    assert budget.wait(now=10.5, amount=100) == 0.5


@given(
    st.lists(st.tuples(st.floats(0, 3), st.integers(1, 200), st.booleans()), max_size=60),
)
def test_b1_the_spent_units_never_exceed_burst_and_rate(
    frames: list[tuple[float, int, bool]],
) -> None:
    budget = Budget(rate=100, burst=200, now=0.0)
    now, spent = 0.0, 0
    for pause, size, ask in frames:
        now += pause
        if ask:
            spent += size if budget.try_spend(size, now) else 0
        elif not budget.wait(now, size):
            budget.spend(size, now)
            spent += size
        assert spent <= 200 + 100 * now + 1e-6


@given(st.integers(1, 5_000), st.integers(1, 5_000))
def test_b1_no_frame_of_any_size_starves(first: int, second: int) -> None:
    budget = Budget(rate=100, burst=200, now=0.0)
    budget.spend(first, now=0.0)
    wait = budget.wait(now=0.0, amount=second)
    assert wait <= (first + 200) / 100
    assert budget.try_spend(second, now=wait + 1e-6)


def test_b2_bytes_and_messages_are_spent_together() -> None:
    budget = ByteAndMessageBudget(SMALL, now=0.0)
    budget.spend(10, now=0.0, count=25)
    assert budget.wait(now=0.0) == 0.5
    assert budget.wait(0.0, 1, 1) > 0.5
    assert budget.wait(0.7, 1, 1) == 0.0
    assert ByteAndMessageBudget(NONE, now=0.0).spend(10**9, now=0.0) == 0.0


def test_b9_work_beyond_a_millisecond_is_charged_tenfold() -> None:
    budget = ByteAndMessageBudget(SMALL, now=0.0)
    budget.charge_time(0.001, now=0.0)
    assert budget.wait(0.0, 200, 1) == 0.0
    budget.charge_time(0.201, now=0.0)
    assert budget.wait(now=0.0) == 0.0
    budget.charge_time(0.101, now=0.0)
    assert budget.wait(now=0.0) == 1.0
    free = ByteAndMessageBudget(NONE, now=0.0)
    free.charge_time(60.0, now=0.0)
    assert free.wait(now=0.0) == 0.0


def test_b3_reconnecting_refills_nothing() -> None:
    budget_pool = BudgetPool(inbound=SMALL, outbound=NONE)
    owner = ("demo", "home", "ada")
    taken = 0
    for attempt in range(100):
        now = attempt * 0.01
        budgets = budget_pool.acquire(owner, now)
        while not budgets.inbound.wait(now, 20, 1):
            budgets.inbound.spend(20, now)
            taken += 20
        budget_pool.release(owner, now)
        budget_pool.evict(now)
    assert taken <= 200 + 100 * 1.0


def test_b3_the_tabs_of_one_user_share_their_budgets() -> None:
    budget_pool = BudgetPool(inbound=SMALL, outbound=NONE)
    first, second = budget_pool.acquire("ada", 0.0), budget_pool.acquire("ada", 0.0)
    assert first is second
    assert budget_pool.acquire("bo", 0.0) is not first


def test_b4_full_budgets_without_connections_are_dropped() -> None:
    budget_pool = BudgetPool(inbound=SMALL, outbound=NONE)
    budgets = budget_pool.acquire("ada", 0.0)
    budgets.inbound.spend(300, 0.0)
    assert budget_pool.evict(1_000.0) == 0
    budget_pool.release("ada", 0.0)
    assert budget_pool.evict(2.9) == 0
    assert budget_pool.acquire("ada", 2.9) is budgets
    budget_pool.release("ada", 2.9)
    assert budget_pool.evict(3.0) == 1
    assert len(budget_pool) == 0


def test_b4_all_full_budgets_are_dropped_at_once() -> None:
    budget_pool = BudgetPool(inbound=SMALL, outbound=NONE)
    for user in range(1_000):
        budget_pool.acquire(user, 0.0).inbound.spend(1, 0.0)
        budget_pool.release(user, 0.0)
    assert budget_pool.evict(0.2) == 1_000


def test_a_wait_is_rounded_up_on_the_wire() -> None:
    assert [to_ms(0.0), to_ms(0.0001), to_ms(0.4), to_ms(1.0)] == [0, 1, 400, 1000]
