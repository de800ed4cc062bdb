"""A reader's messages give the true state, however slow it was: changes, presence and locks."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from collab.errors import Rejected
from collab.ids import Json
from collab.messages import LockAction
from collab.patch.apply import replay
from collab.room.requests import LockRequest, PatchRequest
from server.broadcast.news import PresenceNews
from server.broadcast.subscriber import Submission
from server.documents.live_room import LiveRoom
from server.lanes.feed import FULL_SOCKET
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.server.lanes.test_feed import Reading, come

pytestmark = pytest.mark.thorough


class Day:
    """Random events around one reader."""

    def __init__(self, hall: Inside, live: LiveRoom, rng: random.Random) -> None:
        self.hall, self.live, self.rng = hall, live, rng
        fps, rate = rng.choice((None, 5.0)), rng.choice((0, 500, 5000))
        self.reading = Reading(hall.hub, live, hall.clock, fps=fps, rate=rate)
        self.start: Json = live.room.value
        self.asked: dict[str, int] = {}  # the values that the reader set, by request id
        self.client_ids = count(1000)
        self.here = {f"p-{number}" for number in range(rng.randrange(3))}
        for session in self.here:
            come(live, session, next(self.client_ids))
        self.reading.meet()  # these peers are not announced yet
        self.met = {session: peer.state for session, peer in self.reading.feed.already_sent.items()}

    async def edit(self) -> None:
        await self.hall.set(f"/{self.rng.choice('abc')}", "x" * self.rng.choice((1, 300, 3000)))

    async def ask(self) -> None:
        """Edit as the reader, alone or together with another client."""
        name, value = f"mine-{len(self.asked)}", self.rng.choice((len(self.asked), 1))
        self.asked[name] = value
        request = PatchRequest(name, None, [{"op": "add", "path": "/mine", "value": value}])
        reader, feed = self.hall.member("reader"), self.reading.feed
        submission = Submission(reader, request, 0.0, subscriber=feed)
        self.hall.hub.submit(self.live, submission)
        if self.rng.random() < 0.5:
            await self.edit()

    async def move(self) -> None:
        """Let a peer join, change its state, hide or leave, and announce it."""
        book, session = self.live.presence.book, f"p-{self.rng.randrange(3)}"
        if session not in self.here:
            self.here.add(session)
            come(self.live, session, next(self.client_ids))
        elif self.rng.random() < 0.3:
            self.here.discard(session)
            book.leave(session)
        else:
            book.set_state(session, self.rng.choice((None, {}, {"at": len(self.asked)})), 0.0)
        self.tell()

    def tell(self) -> None:
        self.hall.clock.advance(0.1)
        difference = self.live.presence.book.flush(self.hall.clock.monotonic())
        if difference is not None:
            self.reading.feed.on_presence(PresenceNews(difference), self.hall.clock.monotonic())

    async def lock(self) -> None:
        action: LockAction = self.rng.choice(("acquire", "release"))
        with suppress(Rejected):  # no client may hold the lock to release
            await self.hall.ask(LockRequest("", action, scope="/n"))

    async def fill_or_drain(self) -> None:
        self.reading.pipe.untaken = self.rng.choice((0, FULL_SOCKET + 1))
        self.reading.feed.pump()

    async def wait(self) -> None:
        self.hall.clock.advance(self.rng.choice((0.05, 0.3, 2.0)))
        self.reading.feed.pump()

    async def end(self) -> None:
        """Let the reader drain its socket while no more events happen."""
        while self.live.is_busy:
            await asyncio.sleep(0)
        self.hall.clock.advance(1.0)
        self.tell()
        self.reading.pipe.untaken = 0
        for _ in range(5):
            self.hall.clock.advance(60.0)
            self.reading.feed.pump()
        self.reading.feed.close()
        self.live.presence.close()


def value_of(day: Day) -> tuple[Json, int]:
    """Check that each version arrives once and in order, as a change or an own ack."""
    value, version = day.start, 1
    for message in day.reading.pipe.messages:
        if message["type"] == "change":
            assert message.get("from", message["version"]) == version + 1
            value, version = replay(value, message["ops"]), message["version"]
        elif message["type"] == "ack" and message["version"] > version:
            assert message["version"] == version + 1
            own = [{"op": "add", "path": "/mine", "value": day.asked[message["id"]]}]
            value, version = replay(value, own), message["version"]
    return value, version


def present_in(day: Day) -> dict[str, Any]:
    """Check that no peer joins twice, and none is updated or leaves before it joined."""
    here: dict[str, Any] = dict(day.met)
    for message in day.reading.pipe.messages:
        for peer in message.get("joined", ()):
            assert peer["session"] not in here
            here[peer["session"]] = peer["state"]
        for peer in message.get("updated", ()):
            assert peer["session"] in here
            here[peer["session"]] = peer["state"]
        for session in message.get("left", ()):
            del here[session]
    return here


def locks_in(messages: list[dict[str, Any]]) -> set[str]:
    held: set[str] = set()
    for message in messages:
        if message["type"] == "lock":
            (held.discard if message["holder"] is None else held.add)(message["id"])
    return held


@pytest.mark.parametrize("seed", range(40))
async def test_b6_b7_b8_w8_l16_a_slow_reader_ends_with_the_true_state(seed: int) -> None:
    rng = random.Random(seed)
    async with inside(MemoryStore()) as hall:
        await hall.make({"n": 0})
        async with hall.hub.using(PAGE) as live:
            day = Day(hall, live, rng)
            for _ in range(60):
                acts = (day.edit, day.ask, day.move, day.lock, day.fill_or_drain, day.wait)
                await rng.choices(acts, (35, 15, 12, 8, 10, 15))[0]()
            await day.end()
            told = day.reading.pipe.messages
            assert value_of(day) == (live.room.value, live.room.version)
            shown = {peer.session: peer.state for peer in live.presence.book.peers()}
            assert present_in(day) == shown
            assert locks_in(told) == {lock.id for lock in live.room.locks().held}
            flow = [one["state"] for one in told if one["type"] == "backpressure"]
            assert flow == ["on", "clear"] * (len(flow) // 2)
            assert day.reading.feed.lag.is_level
