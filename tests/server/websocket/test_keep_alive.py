"""The budget of control frames."""

from __future__ import annotations

from server.websocket.frames import PING, PONG
from server.websocket.keep_alive import ControlBudget
from server.websocket.socket import SocketBounds

BOUNDS = SocketBounds(control_frames_per_second=10, control_frames_burst=2)


def test_an_expected_pong_costs_nothing() -> None:
    budget = ControlBudget(BOUNDS, 0.0)
    for _ in range(50):
        budget.expect_pong()
    assert all(budget.spend(PONG, 0.0) for _ in range(50))
    assert [budget.spend(PING, 0.0) for _ in range(3)] == [True, True, False]


def test_an_unexpected_pong_costs_a_control_frame() -> None:
    budget = ControlBudget(BOUNDS, 0.0)
    assert [budget.spend(PONG, 0.0) for _ in range(3)] == [True, True, False]
