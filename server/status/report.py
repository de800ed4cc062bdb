"""The status report (`/status.json`): the numbers of the process, its documents and connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from collab.rights.user_rights import Rights
from server.documents.room_state import LiveState
from server.status.open_documents import OpenDocuments
from server.status.samples import Sample

if TYPE_CHECKING:
    from collab.ids import DocKey
    from server.documents.live_room import LiveRoom
    from server.recording.connections import ConnectionInfo
    from server.status.monitor import Monitor

DOCUMENTS = 50
CONNECTIONS = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """What the user may see: one tenant, and the documents that the token allows."""

    tenant: str
    rights: Rights | None = None

    def shows(self, key: DocKey) -> bool:
        return key.tenant == self.tenant and (self.rights is None or self.rights.may_see(key.doc))


def report(monitor: Monitor, scope: Scope, since: int) -> dict[str, Any]:
    """Return everything that the status page shows, with the samples after `since`."""
    lives = [live for key, live in monitor.hub.lives.items() if scope.shows(key)]
    infos = [
        each for each in monitor.recorder.connections.infos if each.key and scope.shows(each.key)
    ]
    return {
        "version": monitor.version,
        "now": monitor.clock.now_ms(),
        "uptime_ms": int((monitor.clock.monotonic() - monitor.started_at) * 1000),
        "tenant": scope.tenant,
        "storage": _storage(monitor),
        "samples": _columns(monitor.samples.since(since)),
        "documents": _documents(lives, infos),
        "documents_total": len(lives),
        "connections": _connections(monitor, infos, with_address=scope.rights is not None),
        "connections_total": len(infos),
    }


def _columns(samples: Iterable[Sample]) -> dict[str, list[Any]]:
    columns = list(zip(*samples, strict=True)) or [()] * len(Sample._fields)
    return {name: list(column) for name, column in zip(Sample._fields, columns, strict=True)}


def _storage(monitor: Monitor) -> dict[str, Any]:
    read_only = OpenDocuments.of(monitor.hub).read_only
    kind = monitor.settings.database.partition(":")[0].partition("+")[0]
    return {
        "kind": kind,
        "state": "read_only" if read_only else "ok",
        "read_only": read_only,
        "audit_waiting": len(monitor.recorder.trail),
        "draining": monitor.hub.draining,
    }


def _documents(lives: list[LiveRoom], infos: list[ConnectionInfo]) -> list[dict[str, Any]]:
    """Return the documents, sorted by their number of connections, the most first."""
    readers = Counter(info.key for info in infos)
    behind = Counter(info.key for info in infos if info.is_behind)

    def weight(live: LiveRoom) -> tuple[int, int]:
        return readers[live.key], live.room.version

    return [
        {
            "doc": live.key.doc,
            "version": live.room.version,
            "state": _shown_state(live),
            "connections": readers[live.key],
            "behind": behind[live.key],
            "present": len(live.presence.book),
            "locks": len(live.room.guard.committed.held),
            "waiting": len(live.queue),
        }
        for live in nlargest(DOCUMENTS, lives, key=weight)
    ]


def _shown_state(live: LiveRoom) -> str:
    """Return the state of a document as the status page shows it."""
    if live.is_read_only:
        return "read_only"
    return "fetching" if live.state is LiveState.RELOADING else live.state.value


def _connections(
    monitor: Monitor, infos: list[ConnectionInfo], *, with_address: bool
) -> list[dict[str, Any]]:
    """Return the connections, sorted by their lag and then by their age, the most first."""
    now = monitor.clock.monotonic()

    def weight(info: ConnectionInfo) -> tuple[int, int, float]:
        assert info.feed is not None
        lag = info.feed.lag
        return lag.bytes, lag.versions, now - info.since

    return [
        _connection(info, now, with_address=with_address)
        for info in nlargest(CONNECTIONS, infos, key=weight)
    ]


def _connection(info: ConnectionInfo, now: float, *, with_address: bool) -> dict[str, Any]:
    assert info.key is not None
    assert info.member is not None
    assert info.feed is not None
    lag, author = info.feed.lag, info.member.author
    row = {
        "session": author.session,
        "doc": info.key.doc,
        "user": author.user,
        "name": author.name,
        "role": info.member.rights.role.value,
        "lane": info.lane,
        "for_ms": int((now - info.since) * 1000),
        "sent": info.socket.sent,
        "received": info.socket.received,
        "buffered": lag.buffered,
        "behind": {"versions": lag.versions, "bytes": lag.bytes},
        "cause": lag.cause,
    }
    return {**row, "address": info.socket.peer} if with_address else row
