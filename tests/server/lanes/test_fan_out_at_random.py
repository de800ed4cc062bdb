"""One loop for all readers of a lane, compared with one call for each reader.

Random days of several clients are played twice. Each client must be sent the same both times.
"""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import Any, Final

import pytest

from collab.yjs import frames as yjs_frames
from server.broadcast import presence_ticker
from server.broadcast.subscriber import one_by_one
from server.lanes.feed import FULL_SOCKET, Feed
from server.lanes.patch_feed import PatchFeed
from server.lanes.yjs_feed import YjsFeed
from tests.seeds import seeds
from tests.server.lanes.lane_clients import Lanes, PatchClient, YjsClient, lanes

EVENTS: Final = ("set",) * 4 + ("patch",) * 4 + ("fill", "drain", "wait", "pump", "leave", "come")
USERS: Final = ("ada", "bo")
# The others contain random ids.
FIELDS: Final = ("type", "id", "version", "from", "ops", "acks", "state", "code", "behind")
Client = PatchClient | YjsClient


class Day:
    """Random events around clients of both lanes. Two users have several tabs each."""

    def __init__(self, it: Lanes, choose: random.Random) -> None:
        self.it, self.choose = it, choose
        self.clients: list[Client] = []
        self.sent: list[list[Any]] = []
        self._number = 0

    async def come(self) -> None:
        user, choose = self.choose.choice(USERS), self.choose
        fields: dict[str, Any] = {"max_fps": choose.choice((None, 5.0))}
        if choose.random() < 0.5:
            fields["accept"] = ["splice"]
        if choose.random() < 0.4:
            self.clients.append(await self.it.yjs_client(self.it.token(user)))
        else:
            self.clients.append(await self.it.patch_client(self.it.token(user), **fields))
        self.sent.append([])

    async def play(self, what: str) -> None:
        choose, it = self.choose, self.it
        open_ = [one for one in self.clients if one.is_admitted and not one.socket.closed]
        self._number += 1
        if what == "come":
            await self.come()
        elif what == "set":
            await it.set(f"/{choose.choice('ab')}", "x" * choose.choice((1, 300, 3_000)))
        elif open_:
            await self._client(choose.choice(open_), what)
        if choose.random() < 0.8:
            await it.settled()
        self._collect()

    async def _client(self, one: Client, what: str) -> None:
        choose = self.choose
        value = choose.choice(("short", "y" * 500, self._number))
        if what == "patch" and isinstance(one, PatchClient):
            for _ in range(choose.choice((1, 1, 3))):
                self._number += 1
                one.patch(f"p-{self._number}", "/t", value, base=self.it.live.room.version)
        elif what == "fill":
            one.socket.waiting = FULL_SOCKET + 1
        elif what == "drain":
            one.socket.waiting = 0
            one.session.on_writable()
        elif what == "wait":
            self.it.clock.advance(choose.choice((0.01, 0.1, 0.5, 3.0)))
            self._pump()
        elif what == "leave" and choose.random() < 0.5:
            one.socket.lose(1006)
        self._pump()

    def _pump(self) -> None:
        for one in self.clients:
            if one.is_admitted:
                one.session.feed.pump()

    def _collect(self) -> None:
        """Keep what each client was sent, without presence, which a timer sends at any moment."""
        for one, sent in zip(self.clients, self.sent, strict=True):
            if isinstance(one, YjsClient):
                found = one.socket.yjs()
                sent += [say for say in found if not isinstance(say, yjs_frames.AwarenessUpdate)]
                continue
            for say in one.socket.messages():
                if say["type"] != "notice":
                    sent.append({name: said for name, said in say.items() if name in FIELDS})

    async def end(self) -> None:
        for one in self.clients:
            one.socket.waiting = 0
        for _ in range(8):
            self.it.clock.advance(60.0)
            self._pump()
            await self.it.settled()
        self._collect()


async def played(seed: int) -> list[list[Any]]:
    """Return what each client was sent on the day of this seed."""
    choose = random.Random(seed)
    rate = choose.choice((0, 2_000, 20_000))
    limits: dict[str, Any] = {}
    if rate:
        limits = {"out_bytes_per_second": rate, "out_burst": 2 * rate}
    async with lanes({"t": "text", "a": "", "b": ""}, **limits) as it:
        day = Day(it, choose)
        for _ in range(5):
            await day.come()
        for _ in range(60):
            await day.play(choose.choice(EVENTS))
        await day.end()
        for one in day.clients:
            if one.is_admitted and not one.socket.closed:
                assert one.session.feed.position == it.live.room.version
        return day.sent


def _call_by_the_clock_of_the_test(feed: Feed, seconds: float) -> None:
    """Wait for `Day._pump`, unless no time is to pass."""
    feed._cancel()
    loop = asyncio.get_running_loop()
    feed._timer = loop.call_later(3_600.0 if seconds else 0.0, feed.pump)


@pytest.mark.parametrize("seed", seeds(2, 6))
async def test_each_reader_is_sent_what_it_would_be_sent_alone(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Feed, "_call_in", _call_by_the_clock_of_the_test)
    # Presence is sent by timers of the real clock, and takes from the same budgets.
    monkeypatch.setattr(presence_ticker.PresenceTicker, "_call_in", lambda self, seconds: None)
    in_one_loop = await played(seed)
    for feed in (PatchFeed, YjsFeed):
        monkeypatch.setattr(feed, "fan_out", staticmethod(partial(one_by_one)))
    assert await played(seed) == in_one_loop
