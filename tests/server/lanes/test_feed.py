"""Feeds: the messages of one client while it keeps up, and its catch-up when it was slow."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pycrdt
import pytest

from collab import wire
from collab.entry import Author, Op
from collab.flow.budget import Allowance, ByteAndMessageBudget
from collab.flow.outbound import FrameRate, OutboundFlow
from collab.presence.presence_entry import ClientIdentity
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.requests import PatchRequest
from collab.yjs import frames as yjs_frames
from server.broadcast.news import PresenceNews
from server.broadcast.subscriber import Submission
from server.documents.hub import Hub
from server.documents.live_room import LiveRoom
from server.lanes import patch_feed
from server.lanes.feed import FULL_SOCKET, FeedContext
from server.lanes.patch_feed import PatchFeed
from server.lanes.yjs_feed import YjsFeed
from server.lanes.yjs_presence import YjsPresence
from server.runtime.settings import Settings
from storage.memory.store import MemoryStore
from tests.faults.inside import PAGE, Inside, inside
from tests.manual_clock import ManualClock
from tests.server.websocket.splitting import split

PATIENCE = 30.0
RIGHTS = Rights(Role.EDITOR, expires_at=2**53)


class Pipe:
    """A socket that keeps the written messages, with an adjustable fill level."""

    peer = "somebody"

    def __init__(self) -> None:
        self.sent = self.received = self.untaken = 0
        self.messages: list[dict[str, Any]] = []

    def hand_over(self, handler: object) -> None: ...

    def write(self, written: bytes) -> None:
        for _, payload in split(written):
            said = json.loads(payload)
            self.messages += said if isinstance(said, list) else [said]

    def buffered(self) -> int:
        return self.untaken

    def limit(self, max_message: int, code: int = 0) -> None: ...
    def pause_before_large(self, size: int, on_large: object) -> None: ...

    def ping(self, payload: bytes) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self, code: int, reason: str = "") -> None: ...
    def abort(self) -> None: ...
    async def run(self) -> None: ...


class Reading:
    """A patch client in the audience of a document, and its feed."""

    session = "s-reader"

    def __init__(
        self,
        hub: Hub,
        live: LiveRoom,
        clock: ManualClock,
        *,
        fps: float | None = None,
        rate: int = 0,
        splice: bool = False,
    ) -> None:
        self.live, self.clock = live, clock
        self.pipe = Pipe()
        self.budget = ByteAndMessageBudget(Allowance(rate, rate), clock.monotonic())
        member = Member(Author("reader", session=self.session), RIGHTS, "patch", splice=splice)
        outbound_flow = OutboundFlow(self.budget, patience=PATIENCE)
        context = FeedContext(hub, live, self.pipe, member, outbound_flow)
        self.feed = PatchFeed(context, FrameRate(fps))
        live.audience.join(self.feed)

    def meet(self) -> None:
        """Send the reader the unannounced peers, as `opened` does."""
        self.feed.already_sent = self.live.presence.book.unannounced()

    def announce(self) -> None:
        """Broadcast the changes of the presence book."""
        self.clock.advance(1.0)
        difference = self.live.presence.book.flush(self.clock.monotonic())
        assert difference is not None
        self.feed.on_presence(PresenceNews(difference), self.clock.monotonic())

    def stop(self) -> None:
        self.pipe.untaken = FULL_SOCKET + 1

    def drain(self) -> None:
        """Read everything: the catch-up, and then `clear`."""
        self.pipe.untaken = 0
        self.feed.pump()
        self.feed.pump()

    def heard_of(self, session: str) -> list[str]:
        """Return how the reader's messages mention a session: joined, updated, left."""
        return [
            how
            for message in self.pipe.messages
            for how in ("joined", "updated", "left")
            for one in message.get(how, ())
            if session in (one, one["session"] if isinstance(one, dict) else "")
        ]


class YjsReading:
    """A Yjs client in the audience of a document, and its feed."""

    def __init__(self, hall: Inside, live: LiveRoom) -> None:
        self.hall, self.live = hall, live
        self.pipe = BinaryPipe()
        budget = ByteAndMessageBudget(Allowance(0, 0), hall.clock.monotonic())
        outbound_flow = OutboundFlow(budget, patience=PATIENCE)
        member = Member(Author("reader", session="s-yjs"), RIGHTS, "yjs")
        identity = ClientIdentity("s-yjs", "reader", "", "", "editor", "yjs")
        live.presence.book.join(identity, hall.clock.monotonic())
        context = FeedContext(hall.hub, live, self.pipe, member, outbound_flow)
        self.feed = YjsFeed(context, YjsPresence(live, "s-yjs", Settings()))
        live.audience.join(self.feed)


class BinaryPipe(Pipe):
    """A socket whose reader keeps a Y.Doc."""

    def __init__(self) -> None:
        super().__init__()
        self.updates = 0
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc()

    def write(self, written: bytes) -> None:
        for _, payload in split(written):
            for message in yjs_frames.decode(payload):
                assert isinstance(message, yjs_frames.SyncUpdate)
                self.doc.apply_update(message.update)
                self.updates += 1


@pytest.fixture
async def hall() -> AsyncIterator[Inside]:
    async with inside(MemoryStore()) as made:
        await made.make({"n": 0})
        yield made


@pytest.fixture
async def reading(hall: Inside) -> AsyncIterator[Reading]:
    async with hall.hub.using(PAGE) as live:
        reading = Reading(hall.hub, live, hall.clock)
        yield reading
        reading.feed.close()
        live.presence.close()


def come(live: LiveRoom, session: str, number: int) -> None:
    live.presence.book.join(
        ClientIdentity(session, session, "", "", "editor", "patch", number), 0.0
    )


async def test_w1_slow_newcomer_gets_each_join_once(
    reading: Reading,
) -> None:
    come(reading.live, "bo", 7)
    reading.meet()
    come(reading.live, "cy", 8)
    reading.stop()
    reading.announce()
    reading.drain()
    assert reading.heard_of("bo") == []
    assert reading.heard_of("cy") == ["joined"]


async def test_w1_newcomer_that_is_behind_gets_a_known_peer_as_updated(
    hall: Inside, reading: Reading
) -> None:
    come(reading.live, "bo", 7)
    reading.meet()
    reading.stop()
    await hall.set("/n", 1)
    reading.live.presence.book.set_state("bo", {"at": 1}, 0.0)
    reading.announce()
    reading.drain()
    assert reading.heard_of("bo") == ["updated"]


@pytest.mark.parametrize("is_behind", [False, True])
async def test_w1_a_peer_that_leaves_unannounced_joins_again_later(
    reading: Reading, is_behind: bool
) -> None:
    come(reading.live, "bo", 7)
    reading.meet()
    reading.live.presence.book.set_state("bo", None, 0.0)
    if is_behind:
        reading.stop()
    reading.announce()
    reading.drain()
    reading.live.presence.book.set_state("bo", {}, 0.0)
    reading.announce()
    assert reading.heard_of("bo") == ["left", "joined"]


async def test_b6_a_reader_over_its_budget_gets_notice_then_a_catch_up(
    hall: Inside,
) -> None:
    async with hall.hub.using(PAGE) as live:
        reading = Reading(hall.hub, live, hall.clock, rate=2000)
        reading.budget.spend(1500, hall.clock.monotonic())
        await hall.set("/text", "x" * 1000)
        [told] = reading.pipe.messages
        assert told["behind"]["versions"] == 1
        assert told["behind"]["bytes"] > 1000
        assert 250 < told["retry_after_ms"] < 600
        reading.feed.pump()
        assert len(reading.pipe.messages) == 1
        hall.clock.advance(1.0)
        reading.feed.pump()
        reading.feed.close()
        assert reading.pipe.messages[1]["version"] == 2


async def test_b6_a_yjs_reader_gets_the_updates_after_its_diff(
    hall: Inside,
) -> None:
    """Otherwise each commit would leave the reader behind, and it would get diffs for ever."""
    async with hall.hub.using(PAGE) as live:
        reading = YjsReading(hall, live)
        reading.pipe.untaken = FULL_SOCKET + 1
        await hall.set("/n", 1)
        reading.pipe.untaken = 0
        reading.feed.pump()  # requests a diff; then another edit arrives
        await hall.set("/n", 2)
        reading.feed.pump()
        reading.feed.close()
        assert reading.feed.lag.is_level
        assert reading.pipe.updates == 2
        assert json.loads(str(reading.pipe.doc.get("content", type=pycrdt.Map))) == {"n": 2}


@pytest.mark.parametrize("splice", [False, True])
async def test_b6_a_thread_compares_and_encodes_a_large_catch_up(
    hall: Inside, monkeypatch: pytest.MonkeyPatch, splice: bool
) -> None:
    encoders: list[str] = []
    encode_ops = wire.encode_ops

    def noting(ops: Sequence[Op]) -> bytes:
        encoders.append(threading.current_thread().name)
        return encode_ops(ops)

    monkeypatch.setattr(wire, "encode_ops", noting)
    monkeypatch.setattr(patch_feed, "LARGE", -1)
    async with hall.hub.using(PAGE) as live:
        reading = Reading(hall.hub, live, hall.clock, fps=1.0, splice=splice)
        for text in ("one two", "one or two", "one and two"):  # the first is sent at once
            await hall.set("/text", text)
        hall.clock.advance(1.0)
        reading.feed.pump()
        assert reading.feed._diff_task is not None
        await reading.feed._diff_task
        reading.feed.close()
        [name] = encoders
        assert name.startswith("worker")
        _, change = reading.pipe.messages
        assert (change["from"], change["version"]) == (3, 4)
        [op] = change["ops"]
        assert op["path"] == "/text"
        assert op["op"] == ("splice" if splice else "replace")


async def test_b7_a_reader_with_max_fps_gets_no_backpressure_notice(
    hall: Inside,
) -> None:
    """The frame may be due a moment before its timer fires."""
    async with hall.hub.using(PAGE) as live:
        reading = Reading(hall.hub, live, hall.clock, fps=1.0)
        await hall.set("/n", 1)
        await hall.set("/n", 2)
        hall.clock.advance(1.0)
        asked = PatchRequest("mine", None, [{"op": "add", "path": "/m", "value": 1}])
        now = hall.clock.monotonic()
        hall.hub.submit(live, Submission(hall.member(), asked, now, subscriber=reading.feed))
        await hall.set("/n", 3)
        reading.feed.pump()
        reading.feed.close()
        told = [message["type"] for message in reading.pipe.messages]
        assert told == ["change", "change"]
        assert reading.pipe.messages[-1]["acks"] == [{"type": "ack", "id": "mine", "version": 4}]
