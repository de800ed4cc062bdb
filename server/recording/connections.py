"""The roster: who is connected, since when, and how far behind, for those who look on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collab.ids import DocKey
    from collab.room.member import Member
    from server.runtime.clock import Clock
    from server.websocket.socket import Socket


class Standing(NamedTuple):
    """How a reader stands: level with the document, or behind it and why."""

    is_level: bool
    versions: int
    bytes: int
    buffered: int
    cause: str  # "", "budget" or "socket"


class Reader(Protocol):
    """A connection's feed, as the list of connections sees it."""

    @property
    def standing(self) -> Standing: ...


@dataclass(slots=True, eq=False)
class Visit:
    """One WebSocket, from its upgrade to its end; it has a document once it was let in."""

    lane: str
    socket: Socket
    since: float
    key: DocKey | None = None
    member: Member | None = None
    feed: Reader | None = None
    asker: tuple[DocKey, str] | None = None  # what it asked for and who it is, by a good token

    def admit(self, key: DocKey, member: Member, feed: Reader) -> None:
        self.key, self.member, self.feed = key, member, feed

    @property
    def is_behind(self) -> bool:
        return self.feed is not None and not self.feed.standing.is_level


class Roster:
    """Every WebSocket of this process.

    Invariant: what the visits that ended have sent and received is in the sums; what those that
    are here have is on their sockets, so that a write adds to one number only.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: dict[str, int] = {}
        self._received: dict[str, int] = {}
        self.visits: dict[Visit, None] = {}

    def enter(self, lane: str, socket: Socket) -> Visit:
        visit = Visit(lane, socket, self._clock.monotonic())
        self.visits[visit] = None
        return visit

    def leave(self, visit: Visit) -> None:
        del self.visits[visit]
        lane = visit.lane
        self._sent[lane] = self._sent.get(lane, 0) + visit.socket.sent
        self._received[lane] = self._received.get(lane, 0) + visit.socket.received

    def sent(self) -> dict[str, int]:
        """Bytes by lane, since the start."""
        sums = dict(self._sent)
        for visit in self.visits:
            sums[visit.lane] = sums.get(visit.lane, 0) + visit.socket.sent
        return sums

    def received(self) -> dict[str, int]:
        sums = dict(self._received)
        for visit in self.visits:
            sums[visit.lane] = sums.get(visit.lane, 0) + visit.socket.received
        return sums
