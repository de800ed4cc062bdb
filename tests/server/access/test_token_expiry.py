"""The expiry of a token: a warning a minute before, and then the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from server.access.token_expiry import TokenExpiry
from tests.manual_clock import ManualClock


@dataclass
class Holder:
    """A client whose token is watched, and the calls that it got."""

    clock: ManualClock = field(default_factory=ManualClock)
    warned: list[int] = field(default_factory=list)
    expired: int = 0

    def __post_init__(self) -> None:
        self.watch = TokenExpiry(self.clock, self.warned.append, self.expire)

    def expire(self) -> None:
        self.expired += 1

    def shows_token(self, seconds: int) -> None:
        self.watch.start(self.clock.now_ms() + seconds * 1000)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.watch.check()


@pytest.fixture
async def holder() -> AsyncIterator[Holder]:
    holder = Holder()
    yield holder
    holder.watch.cancel()


async def test_a_warning_comes_a_minute_before_expiry(holder: Holder) -> None:
    holder.shows_token(600)
    holder.pass_time(539)
    assert (holder.warned, holder.expired) == ([], 0)
    holder.pass_time(1)
    holder.pass_time(30)
    assert (holder.warned, holder.expired) == ([60], 0)
    holder.pass_time(30)
    assert (holder.warned, holder.expired) == ([60], 1)


async def test_a_newer_token_restarts_the_timer(holder: Holder) -> None:
    holder.shows_token(30)
    holder.pass_time(15)
    holder.shows_token(600)
    holder.pass_time(545)
    holder.pass_time(50)
    assert (holder.warned, holder.expired) == ([15, 55], 0)


async def test_a_token_of_seconds_is_warned_of_after_half_of_its_time(holder: Holder) -> None:
    for renewals in range(5):
        holder.shows_token(6)
        assert holder.warned == [3] * renewals
        holder.pass_time(2.9)
        assert holder.warned == [3] * renewals
        holder.pass_time(0.1)


async def test_the_same_token_again_is_warned_of_seldom(holder: Holder) -> None:
    holder.shows_token(64)
    for _ in range(5):
        left = holder.watch._ends_at - holder.clock.monotonic()
        holder.pass_time(left / 2)
        holder.shows_token(round(left / 2))
    assert (holder.warned, holder.expired) == ([32, 16, 8, 4, 2], 0)


@pytest.mark.parametrize("jump", [3_600_000, -3_600_000])
async def test_a_jump_of_the_wall_clock_disconnects_no_client(holder: Holder, jump: int) -> None:
    holder.shows_token(600)
    holder.clock.ms += jump
    holder.pass_time(539)
    assert (holder.warned, holder.expired) == ([], 0)
    holder.pass_time(61)
    assert holder.expired == 1
