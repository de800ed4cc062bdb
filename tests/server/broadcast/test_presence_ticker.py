"""The presence ticker: a failing subscriber does not stop the broadcast."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from collab.presence.book import PresenceBook
from collab.presence.presence_entry import ClientIdentity
from server.broadcast.audience import Audience
from server.broadcast.news import LockNews, News, PresenceNews
from server.broadcast.presence_ticker import PresenceTicker
from server.broadcast.subscriber import Answered, one_by_one
from tests.faults.inside import PAGE
from tests.manual_clock import ManualClock


class Looker:
    """A subscriber that keeps the presence news, or fails on them."""

    fan_out = staticmethod(one_by_one)

    def __init__(self, session: str, *, fails: bool = False) -> None:
        self.session = session
        self.fails = fails
        self.shown: list[PresenceNews] = []
        self.dismissed: list[int] = []
        self.saw = asyncio.Event()

    def on_presence(self, news: PresenceNews, now: float) -> None:
        if self.fails:
            raise ValueError(self.session)
        self.shown.append(news)
        self.saw.set()

    def dismiss(self, code: int, reason: str, retry_after_ms: int | None = None) -> None:
        self.dismissed.append(code)

    def on_commit(self, news: News, answers: Sequence[Answered], now: float) -> None: ...
    def on_locks(self, news: LockNews, now: float) -> None: ...
    def notice(self, payload: bytes) -> None: ...
    def resynchronise(self) -> None: ...


async def test_a_failing_subscriber_is_closed_and_others_get_presence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, audience = ManualClock(), Audience(PAGE, ManualClock())
    board = PresenceTicker(clock, audience, PresenceBook())
    broken, sound = Looker("s-1", fails=True), Looker("s-2")
    audience.join(broken)
    audience.join(sound)
    for number in (7, 8):
        sound.saw.clear()
        name = f"p-{number}"
        board.book.join(ClientIdentity(name, "ada", "Ada", "", "editor", "patch", number), 0.0)
        board.changed()
        async with asyncio.timeout(5):
            await sound.saw.wait()
    assert len(sound.shown) == 2
    assert broken.dismissed == [1011, 1011]
    assert "sending to a connection failed" in caplog.text
    board.close()
