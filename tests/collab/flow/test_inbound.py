"""Rule B5: a client that sends more than its budget allows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collab.errors import Close, Code
from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.flow.inbound import InboundFlow, InboundState, ReadDecision
from collab.messages import Backpressure, Budget, DisconnectNotice

ALLOWANCE = Allowance(
    bytes_per_second=100, bytes_burst=200, messages_per_second=10, messages_burst=20
)


def inbound_flow(patience: float = 30.0) -> InboundFlow:
    return InboundFlow(ByteAndMessageBudget(ALLOWANCE, now=0.0), patience=patience)


def test_b5_a_frame_within_the_budget_is_accepted() -> None:
    assert inbound_flow().receive(100, now=0.0) == ReadDecision(accepted=1)


def test_b5_reading_stops_until_the_debt_of_a_frame_is_paid() -> None:
    flow = inbound_flow()
    decision = flow.receive(300, now=0.0)
    assert decision == ReadDecision(
        accepted=1,
        announce=Backpressure(
            direction="in",
            state="on",
            budget=Budget(bytes_per_second=100, burst=200),
            retry_after_ms=1000,
        ),
        stop_reading=1.0,
    )
    assert flow.resume(now=0.9) == (False, None)
    assert flow.resume(now=1.0) == (True, None)


def test_b5_a_frame_that_was_buffered_already_is_refused() -> None:
    flow = inbound_flow()
    flow.receive(300, now=0.0)
    decision = flow.receive(100, now=0.0)
    assert decision.accepted == 0
    assert decision.refusal is not None
    assert decision.refusal.code is Code.RATE_LIMITED
    assert decision.refusal.extra == {"retry_after_ms": 2000}
    assert decision.announce is None
    assert decision.stop_reading == 2.0


def test_b5_a_frame_that_cannot_be_refused_is_charged() -> None:
    flow = inbound_flow()
    flow.receive(300, now=0.0)
    assert flow.receive(100, now=0.0, refusable=False) == ReadDecision(accepted=1, stop_reading=2.0)


def test_b5_a_frame_with_too_many_messages_is_accepted_in_part() -> None:
    decision = inbound_flow().receive(100, now=0.0, count=30)
    assert decision.accepted == 20
    assert decision.refusal is not None
    assert decision.refusal.extra == {"retry_after_ms": 1000}


def test_b5_clear_is_sent_when_half_of_the_burst_is_back() -> None:
    flow = inbound_flow()
    flow.receive(300, now=0.0)
    assert flow.resume(now=1.5) == (True, None)
    assert flow.state is InboundState.RECOVERING
    assert flow.resume(now=2.0) == (True, Backpressure(direction="in", state="clear"))
    assert flow.resume(now=2.0) == (True, None)


def test_b5_on_is_sent_once_for_many_stops() -> None:
    flow = inbound_flow()
    now, said = 0.0, []
    for _ in range(5):
        decision = flow.receive(300, now)
        said.append(decision.announce)
        now += decision.stop_reading
        flow.resume(now)
    assert [type(message) for message in said] == [Backpressure] + [type(None)] * 4


def test_b5_a_client_that_goes_on_beyond_patience_is_closed() -> None:
    flow = inbound_flow(patience=30.0)
    now = 0.0
    decision = flow.receive(300, now)
    while not decision.close:
        now += decision.stop_reading
        assert flow.resume(now)[0]
        decision = flow.receive(300, now)
    assert 30.0 < now <= 34.0
    assert decision.accepted == 0
    assert decision.close == Close.RATE
    assert decision.announce == DisconnectNotice(
        code=4529, reason="rate_limited", retry_after_ms=3000
    )
    assert flow.receive(1, now).close == Close.RATE
    assert flow.receive(1, now + 100).accepted == 0


def test_b5_patience_begins_when_the_first_debt_is_paid() -> None:
    flow = inbound_flow(patience=1.0)
    paid_at = flow.receive(5000, now=0.0).stop_reading
    assert paid_at > 40.0
    assert flow.resume(paid_at)[0]
    assert flow.receive(1, paid_at).close == 0
    assert flow.resume(paid_at + 0.5)[0]
    assert flow.receive(500, paid_at + 0.9).close == 0
    assert flow.receive(500, paid_at + 20.0).accepted == 0  # sending on after that is too much


def test_b5_a_transfer_within_the_budget_is_never_closed() -> None:
    flow = inbound_flow(patience=30.0)
    flow.receive(300, now=0.0)
    flow.resume(now=1.0)
    for second in range(1, 120):
        assert flow.receive(99, now=1.0 + second).accepted == 1
        flow.resume(1.0 + second)


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 400), st.integers(1, 40)), max_size=80))
def test_b5_accepted_messages_stay_within_the_budget_plus_one(
    frames: list[tuple[float, int, int]],
) -> None:
    flow = inbound_flow(patience=10_000.0)
    now, taken, told = 0.0, 0, []
    for pause, size, count in frames:
        now += pause
        decision = flow.receive(size, now, count)
        taken += decision.accepted
        told.append(decision.announce)
        now += decision.stop_reading + 1e-6
        told.append(flow.resume(now)[1])
        assert taken <= 20 + 10 * now + 1
    states = [m.state for m in told if isinstance(m, Backpressure)]
    assert states == [("on", "clear")[i % 2] for i in range(len(states))]
