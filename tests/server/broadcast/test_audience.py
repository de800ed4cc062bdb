"""The audience: active subscribers get news, paused subscribers do not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from collab.entry import Author, Entry
from server.broadcast.audience import Audience
from server.broadcast.close_reasons import DELETED
from server.broadcast.news import LockNews, News, PresenceNews
from server.broadcast.subscriber import Answered, one_by_one
from tests.faults.inside import PAGE
from tests.manual_clock import ManualClock

NOW = 1.0


class Follower:
    """A subscriber that keeps the versions of its news."""

    fan_out = staticmethod(one_by_one)

    session = "s-1"

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.dismissed: list[tuple[int, str]] = []

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
        self.heard.append(news.after)

    def on_presence(self, news: PresenceNews, now: float) -> None: ...
    def on_locks(self, news: LockNews, now: float) -> None: ...
    def notice(self, payload: bytes) -> None: ...
    def resynchronise(self) -> None: ...

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        self.dismissed.append((code, reason))


def news(version: int) -> News:
    entry = Entry(
        version=version,
        id="",
        author=Author("ada"),
        at=0,
        kind="edit",
        ops=[{"op": "replace", "path": "/n", "value": version}],
        update=b"\x00\x00",
    )
    return News([entry], version - 1, {"n": version}, previous_value={"n": version - 1})


@pytest.fixture
def audience() -> Audience:
    return Audience(PAGE, ManualClock())


@pytest.fixture
def follower(audience: Audience) -> Follower:
    follower = Follower()
    audience.join(follower)
    return follower


def test_b8_a_paused_subscriber_gets_no_news_until_it_resumes(
    audience: Audience, follower: Follower
) -> None:
    audience.broadcast(news(2), [], NOW)
    assert audience.pause(follower, "patch")
    audience.broadcast(news(3), [], NOW)
    audience.resume(follower)
    audience.broadcast(news(4), [], NOW)
    assert follower.heard == [2, 4]


def test_the_first_client_of_a_lane_may_join_while_news_are_sent(audience: Audience) -> None:
    class OfAnotherLane(Follower):
        fan_out = staticmethod(partial(one_by_one))

    class Inviting(Follower):
        def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None:
            super().on_commit(news, answers, now)
            audience.join(late)

    late, inviting = OfAnotherLane(), Inviting()
    audience.join(inviting)
    audience.broadcast(news(2), [], NOW)
    audience.broadcast(news(3), [], NOW)
    assert (inviting.heard, late.heard) == ([2, 3], [3])


def test_b8_missed_bytes_are_counted_once_for_all_paused(
    audience: Audience, follower: Follower
) -> None:
    audience.broadcast(news(2), [], NOW)
    assert audience.missed["patch"] == 0
    other = Follower()
    audience.join(other)
    audience.pause(follower, "patch")
    audience.pause(other, "patch")
    audience.broadcast(news(3), [], NOW)
    assert audience.missed["patch"] == len(news(3).payloads[0])
    assert audience.missed["yjs"] == 0


def test_b8_a_paused_or_gone_subscriber_is_not_paused_again(
    audience: Audience, follower: Follower
) -> None:
    assert audience.pause(follower, "patch")
    assert not audience.pause(follower, "patch")
    audience.leave(follower)
    audience.resume(follower)
    assert not audience.pause(follower, "patch")
    audience.broadcast(news(2), [], NOW)
    assert follower.heard == []
    assert audience.missed["patch"] == 0


def test_the_end_closes_present_and_later_subscribers_for_one_reason(
    audience: Audience, follower: Follower
) -> None:
    late = Follower()
    audience.end(DELETED)
    audience.join(late)
    expected = [(DELETED.code, DELETED.reason)]
    assert (follower.dismissed, late.dismissed) == (expected, expected)
    assert late not in audience.subscribers
