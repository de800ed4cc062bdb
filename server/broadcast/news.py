"""What is sent to a document's subscribers: entries, locks and presence, encoded once a lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from collab import wire
from collab.entry import Entry
from collab.ids import Json
from collab.messages import Change
from collab.patch.apply import values_before
from collab.patch.splices import as_splices
from collab.room.requests import Answer, Request
from collab.yjs import awareness
from collab.yjs import frames as yjs_frames
from server.websocket import frames

if TYPE_CHECKING:
    from collab.messages import LockChange, Peer
    from collab.presence.difference import PresenceDifference

# Each op is applied to find what it changed in a text: 3 µs an op. A merged change may have more.
MOST_OPS: Final = 1_000


class News:
    """What one commit changed in one document, encoded once for all subscribers.

    `before` and `after` are the versions around it, with `previous_value` and `value`. The news
    `is_incomplete` where some entries between them are missing: readers then get the value.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        before: int,
        value: Json,
        *,
        after: int | None = None,
        previous_value: Json = None,
    ) -> None:
        self.entries = entries
        self.before = before
        self.after = before + len(entries) if after is None else after
        self.is_incomplete = self.after - self.before != len(entries)
        self.value = value
        self._previous_value = previous_value
        self.users = {entry.author.user for entry in entries if entry.id}

    @cached_property
    def payloads(self) -> list[bytes]:
        """One `change` an entry, without the requests' ids."""
        return [wire.encode(wire.change(entry)) for entry in self.entries]

    @cached_property
    def patch_frame(self) -> bytes:
        return frames.text(wire.join(self.payloads))

    @cached_property
    def spliced(self) -> list[Change]:
        """The same for those who accept splices."""
        pairs = zip(self.entries, values_before(self._previous_value, self.entries), strict=True)
        return [spliced(wire.change(entry), before) for entry, before in pairs]

    @cached_property
    def splice_frame(self) -> bytes:
        return frames.text(wire.join([wire.encode(change) for change in self.spliced]))

    @cached_property
    def yjs_frame(self) -> bytes:
        """One WebSocket frame an update: y-websocket reads only the first message of a frame."""
        return self._yjs_frame_of(self.entries)

    def yjs_frame_after(self, version: int) -> bytes:
        """The same of the entries behind a version that may lie among them."""
        return self._yjs_frame_of([one for one in self.entries if one.version > version])

    def _yjs_frame_of(self, entries: Sequence[Entry]) -> bytes:
        return b"".join(
            frames.binary(yjs_frames.update(entry.update)) for entry in entries if entry.update
        )

    def size(self, lane: str) -> int:
        """Bytes, in the words of a lane."""
        return len(self.yjs_frame) if lane == "yjs" else sum(map(len, self.payloads))


class LockNews:
    """What happened to locks in one step, encoded once."""

    def __init__(self, events: Sequence[LockChange]) -> None:
        self.events = events

    @cached_property
    def patch_frame(self) -> bytes:
        return frames.text(wire.join([wire.encode(event) for event in self.events]))


class PresenceNews:
    """One difference, encoded once for each lane."""

    def __init__(self, difference: PresenceDifference) -> None:
        self.difference = difference

    @cached_property
    def patch_frame(self) -> bytes:
        change = self.difference.change
        return b"" if change is None else frames.text(wire.encode(change))

    @cached_property
    def yjs_frame(self) -> bytes:
        states = self.difference.awareness
        if not states:
            return b""
        return frames.binary(yjs_frames.awareness(awareness.encode(states)))

    def patch_frame_for(self, session: str, already_sent: Mapping[str, Peer]) -> bytes:
        """The frame for a session whose own presence is in it, or that was sent a part before."""
        if session not in self.difference.sessions and not already_sent:
            return self.patch_frame
        change = self.difference.without(session, already_sent)
        return b"" if change is None else frames.text(wire.encode(change))


def render(request: Request, answer: Answer) -> dict[str, Any] | None:
    """The ack or reject of a request that had an id; None where it has none."""
    request_id: str = getattr(request, "id", "")
    if answer.refusal is not None:
        if request_id:
            return wire.reject(request_id, answer.refusal, answer.version)
        return wire.error(answer.refusal)
    return wire.ack(request_id, answer.version, answer.ack) if request_id else None


def spliced(change: Change, before: Json) -> Change:
    """For readers who accept splices; `before` is the value that the change stands on."""
    if len(change.ops) > MOST_OPS:
        return change
    return replace(change, ops=as_splices(before, change.ops))
