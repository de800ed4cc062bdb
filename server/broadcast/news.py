"""News for a document's subscribers: entries, lock events, presence. Each lane encodes them once.

An entry is one accepted change. A splice is an op that names the changed characters of a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw
from msgspec.structs import replace

from collab import wire
from collab.entry import Entry, Op
from collab.ids import Json
from collab.messages import Change
from collab.patch.apply import values_before
from collab.patch.diff import diff
from collab.patch.splices import as_splices, needs_value
from collab.rebase.text_history import merged_texts
from collab.room.requests import Answer, Request
from collab.yjs import awareness
from collab.yjs import frames as yjs_frames
from server.websocket import frames

if TYPE_CHECKING:
    from collab.messages import LockChange, Peer
    from collab.patch.relocate import AppliedChange
    from collab.presence.difference import PresenceDifference

# Splices take 3 µs an op, because the server applies each op to find what it changed in a text. So
# a merged change with more ops than this has no splices.
MOST_OPS: Final = 1_000

_UPDATE: Final = attrgetter("update")


class News:
    """The changes of one commit in one document, encoded once for all subscribers.

    `before` is the version before the commit, with `previous_value`. `after` is the version after
    the commit, with `value`. When entries between these versions are missing, `is_incomplete` is
    true, and readers get one merged change instead.
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
        self.users: set[str] = set()  # whose requests with ids made these entries
        # Encoded for all clients of a user: own changes by their index, and frames by the user.
        self._own: dict[tuple[int, bool], bytes] = {}
        self._own_frames: dict[tuple[str, bool], bytes] = {}
        for entry in entries:
            if entry.id:
                self.users.add(entry.author.user)

    @cached_property
    def payloads(self) -> list[bytes]:
        """One encoded `change` for each entry, without the requests' ids."""
        return list(map(wire.encode, map(wire.change, self.entries)))

    @cached_property
    def patch_frame(self) -> bytes:
        return frames.text(wire.join(self.payloads))

    @cached_property
    def spliced(self) -> list[Change]:
        """The changes for clients that accept splices."""
        entries = self.entries
        values: list[Json] = [None] * len(entries)
        if [one for one in entries if needs_value(one.ops, one.texts)]:
            values = values_before(self._previous_value, entries)
        return [spliced(one, before) for one, before in zip(entries, values, strict=True)]

    @cached_property
    def spliced_payloads(self) -> list[bytes]:
        return list(map(wire.encode, self.spliced))

    @cached_property
    def splice_frame(self) -> bytes:
        return frames.text(wire.join(self.spliced_payloads))

    def payload_for(self, user: str, index: int, *, splice: bool) -> bytes:
        """Return one encoded `change` for a client of a user. An own change has its id."""
        entry = self.entries[index]
        if not entry.id or entry.author.user != user:
            return (self.spliced_payloads if splice else self.payloads)[index]
        own = self._own.get((index, splice))
        if own is None:
            change = (
                replace(self.spliced[index], id=entry.id)
                if splice
                else wire.change(entry, with_id=True)
            )
            own = self._own[index, splice] = wire.encode(change)
        return own

    def frame_for(self, user: str, *, splice: bool) -> bytes:
        """Return the frame for a client of one of `users` that has no answers in it."""
        frame = self._own_frames.get((user, splice))
        if frame is None:
            every = range(len(self.entries))
            payloads = [self.payload_for(user, index, splice=splice) for index in every]
            frame = self._own_frames[user, splice] = frames.text(wire.join(payloads))
        return frame

    @cached_property
    def yjs_frame(self) -> bytes:
        """WebSocket frames, one for each update: y-websocket reads only a frame's first message."""
        return self._yjs_frame_of(self.entries)

    def yjs_frame_after(self, version: int) -> bytes:
        """Return the frames of the entries after `version`."""
        return self._yjs_frame_of([one for one in self.entries if one.version > version])

    def _yjs_frame_of(self, entries: Sequence[Entry]) -> bytes:
        updates = filter(None, map(_UPDATE, entries))
        return b"".join(map(frames.binary, map(yjs_frames.update, updates)))

    def size(self, lane: str) -> int:
        """Return the bytes of the news on a lane."""
        return len(self.yjs_frame) if lane == "yjs" else sum(map(len, self.payloads))


class LockNews:
    """Lock events that happened together, encoded once."""

    def __init__(self, events: Sequence[LockChange]) -> None:
        self.events = events

    @cached_property
    def patch_frame(self) -> bytes:
        return frames.text(wire.join([wire.encode(event) for event in self.events]))


class PresenceNews:
    """The presence changes of one tick, encoded once for each lane."""

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
        """Return the frame for one session, without itself and without peers that it knows."""
        if session not in self.difference.sessions and not already_sent:
            return self.patch_frame
        change = self.difference.without(session, already_sent)
        return b"" if change is None else frames.text(wire.encode(change))


def render(request: Request, answer: Answer) -> dict[str, Any] | None:
    """Return the message that answers a request: ack, reject or error.

    A request without an id gets no ack, so the result is None when it was accepted.
    """
    request_id: str = getattr(request, "id", "")
    if answer.refusal is not None:
        if request_id:
            return wire.reject(request_id, answer.refusal, answer.version)
        return wire.error(answer.refusal)
    return wire.ack(request_id, answer.version, answer.ack) if request_id else None


def spliced(entry: Entry, before: Json, *, with_id: bool = False) -> Change:
    """Return an entry for clients that accept splices; `before` is the value before it.

    Set `with_id` only for the user who made the entry.
    """
    change = wire.change(entry, with_id=with_id)
    if len(entry.ops) > MOST_OPS:
        return change
    return replace(change, ops=as_splices(before, entry.ops, entry.texts))


def encoded_ops(
    before: Json, after: Json, changes: Sequence[AppliedChange], *, splice: bool
) -> Raw:
    """Return the ops between two values as JSON. Several megabytes take 10 ms each to encode."""
    return Raw(wire.encode_ops(merged_ops(before, after, changes, splice=splice)))


def merged_ops(
    before: Json, after: Json, changes: Sequence[AppliedChange], *, splice: bool
) -> list[Op]:
    """Return the ops between two values, with splices if asked.

    `changes` are the changes between them. They tell which of equal characters have changed. They
    may be empty when they are no longer kept.
    """
    ops = diff(before, after)
    if not splice or len(ops) > MOST_OPS:
        return ops
    return as_splices(before, ops, merged_texts(changes, before, ops))
