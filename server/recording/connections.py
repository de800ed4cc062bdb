"""The open WebSockets: the client, the start time and the lag of each connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from collab.errors import Close

if TYPE_CHECKING:
    from collections.abc import Collection

    from collab.ids import DocKey
    from collab.room.member import Member
    from server.runtime.clock import Clock
    from server.websocket.socket import Socket


class ReaderLag(NamedTuple):
    """How far a reader is behind the newest version, and why; `is_level` when it is not behind."""

    is_level: bool
    versions: int
    bytes: int
    buffered: int
    cause: str  # "", "budget" or "socket"


class Reader(Protocol):
    """The part of a connection's feed (`server/lanes/feed.py`) that this module reads."""

    @property
    def lag(self) -> ReaderLag: ...


@dataclass(slots=True, eq=False)
class ConnectionInfo:
    """One WebSocket, from its upgrade to its end.

    `key`, `member` and `feed` are set when the server has admitted the client to a document.
    """

    lane: str
    socket: Socket
    since: float
    key: DocKey | None = None
    member: Member | None = None
    feed: Reader | None = None
    asker: tuple[DocKey, str] | None = None  # document and user, known after a valid token

    def admit(self, key: DocKey, member: Member, feed: Reader) -> None:
        self.key, self.member, self.feed = key, member, feed

    @property
    def is_behind(self) -> bool:
        return self.feed is not None and not self.feed.lag.is_level


class Connections:
    """Every WebSocket of this process.

    Invariant: `_sent` and `_received` are the bytes of ended connections, by lane. The socket of an
    open connection counts its own bytes, so that a write adds to one number only.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: dict[str, int] = {}
        self._received: dict[str, int] = {}
        self.infos: dict[ConnectionInfo, None] = {}

    def enter(self, lane: str, socket: Socket) -> ConnectionInfo:
        info = ConnectionInfo(lane, socket, self._clock.monotonic())
        self.infos[info] = None
        return info

    def leave(self, info: ConnectionInfo) -> None:
        del self.infos[info]
        lane = info.lane
        self._sent[lane] = self._sent.get(lane, 0) + info.socket.sent
        self._received[lane] = self._received.get(lane, 0) + info.socket.received

    def share_links(self) -> set[str]:
        """Return the ids of the share links that open connections came with."""
        members = (info.member for info in self.infos if info.member is not None)
        return {member.rights.share for member in members} - {""}

    def close_shared(self, ended: Collection[str]) -> None:
        """Close the connections that came with one of these share links."""
        for info in list(self.infos):
            if info.member is not None and info.member.rights.share in ended:
                info.socket.close(Close.FORBIDDEN, "the share link was ended")

    def sent(self) -> dict[str, int]:
        """Return the bytes sent since the start, by lane."""
        sums = dict(self._sent)
        for info in self.infos:
            sums[info.lane] = sums.get(info.lane, 0) + info.socket.sent
        return sums

    def received(self) -> dict[str, int]:
        """Return the bytes received since the start, by lane."""
        sums = dict(self._received)
        for info in self.infos:
            sums[info.lane] = sums.get(info.lane, 0) + info.socket.received
        return sums
