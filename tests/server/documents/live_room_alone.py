"""A live room without a hub and a commit loop, with two clients that share a journal."""

from __future__ import annotations

from math import inf

from collab.ids import DocKey
from collab.ports.store import Absent, Append
from collab.presence.book import PresenceBook
from collab.room.requests import Create, PatchRequest, Round
from collab.room.room import Room
from collab.room.working import RoomBounds
from server.broadcast.subscriber import Submission
from server.documents.live_room import LiveRoom
from server.documents.room_state import Event
from server.runtime.database_clock import DatabaseClock
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock
from tests.server.listener import Event as Said
from tests.server.listener import Listener

PAGE = DocKey("demo", "page")
ROUND = Round(0, commit_id="c-1")


class Alone:
    """The live room, and its clients Ada and Bo."""

    def __init__(self, **bounds: int) -> None:
        self.clock = ManualClock()
        self.woken: list[LiveRoom] = []
        self.bounds = RoomBounds(**bounds)  # type: ignore[arg-type]
        time = DatabaseClock(MemoryStore(), self.clock)
        room = Room(PAGE, Absent(), self.bounds, None)
        self.live = LiveRoom(room, self.clock, PresenceBook(), time, self.woken.append)
        self.journal: list[Said] = []
        self.ada = Listener(self.live, "ada", self.journal)
        self.bo = Listener(self.live, "bo", self.journal)
        self.set("make", "", {"list": ["a"]}, self.ada, create=True)
        self.commit()
        self.journal.clear()

    def queue(self, by: Listener, request: object) -> Submission:
        submission = Submission(by.member, request, 0.0, subscriber=by)  # type: ignore[arg-type]
        self.live.queue.put(submission)
        return submission

    def set(
        self, id: str, path: str, value: object, by: Listener, *, create: bool = False
    ) -> Submission:
        if create:
            return self.queue(by, Create(value, id))  # type: ignore[arg-type]
        return self.queue(by, PatchRequest(id, None, [{"op": "add", "path": path, "value": value}]))

    def begin(self, until: float = inf) -> Append | None:
        """Apply the waiting requests, and give the batch to a store that never answers."""
        self.live.apply_waiting(ROUND, until)
        if not self.live.batch:
            return None
        self.live.move(Event.WRITE)
        return self.live.room.pending()

    def commit(self) -> None:
        assert self.begin() is not None
        self.live.commit_batch(self.clock.monotonic())
        self.live.move(Event.COMMITTED)

    def ids(self) -> list[str]:
        return [one.request.id for one in self.live.queue]  # type: ignore[union-attr]
