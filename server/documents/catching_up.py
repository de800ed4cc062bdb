"""Brings the room of a live room up to the log: it follows new entries, or gets another room."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from collab.locks.events import changes_between
from collab.locks.state import Locks
from collab.ports.positions import Control
from collab.room.tail import newest_kept
from server.broadcast.news import News
from server.documents.changes import LastChange
from server.documents.room_state import LiveState
from server.loading.opening import has_long_schema
from server.runtime.worker_threads import LARGE, free_in_thread

if TYPE_CHECKING:
    from collab.entry import Entry
    from collab.locks.terms import LockTerms
    from collab.ports.positions import Newer
    from collab.room.room import Room
    from collab.schema.check import Schema
    from server.documents.live_room import LiveRoom

logger = logging.getLogger(__name__)


def follow(live: LiveRoom, entries: Sequence[Entry], now: float) -> bool:
    """Apply a portion of entries that another instance has committed, and send it to all clients.

    Return False when the room cannot follow them: then it must be loaded again. The entries are in
    the form of the log. Call this between batches only.
    """
    room = live.room
    before, previous = room.version, room.value
    try:
        followed = room.follow(room.epoch, entries)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of pycrdt is not an `Exception`
        logger.exception("a document could not follow another instance; it is loaded again")
        return False
    if followed is None:
        return False
    received, changes = followed
    if received:
        live.last_change = LastChange.of(received[-1])
        news = News(received, before, room.value, previous_value=previous)
        live.audience.broadcast(news, [], now)
        live.presence.relocate_cursors(changes)
    return True


def can_follow(live: LiveRoom, newer: Newer) -> bool:
    """Whether the room can follow what the database has: the same document, a few changes."""
    is_same = live.room.exists and newer.position.epoch == live.room.epoch
    return is_same and newer.entries is not None


def has_schema_of(live: LiveRoom, newer: Newer) -> bool:
    """Whether the room has the schema of the database."""
    return newer.control is None or newer.control.schema == live.room.control.schema


def follow_control(live: LiveRoom, newer: Newer, schema: Schema | None, terms: LockTerms) -> None:
    """Take over the schema, the locks and the publication. The room is at their version."""
    room, position = live.room, newer.position
    if newer.control is None or newer.locks is None:
        return
    old = room.locks()
    _use_control(live, newer.control, schema)
    room.set_locks(Locks.load(position.revision, newer.locks, position.version, terms=terms).locks)
    exchange_locks(live, old, room.locks())


def take_schema(live: LiveRoom, raw: bytes, schema: Schema | None, revision: int) -> bool:
    """Use a schema that this instance has written at a revision.

    Return False when the room must be loaded again instead: a task uses it, or it is behind.
    """
    control = live.room.control
    if live.state is not LiveState.OPEN or live.batch or control.revision != revision:
        return False
    _use_control(live, Control(revision + 1, raw, control.published), schema)
    return True


def _use_control(live: LiveRoom, control: Control, schema: Schema | None) -> None:
    """Replace the control and the schema of a room. A thread frees a long schema."""
    was_long, old = has_long_schema(live.room.control), live.room.schema
    live.room.note_control(control, schema)
    if was_long and old is not live.room.schema:
        free_in_thread(old)


def replace_room(
    live: LiveRoom, room: Room, missed: Sequence[Entry], newest: LastChange | None = None
) -> None:
    """Replace the room by a room that was loaded from the log, and send the missed entries.

    When the missed entries cannot be sent, `newest` is the change of the new room's version.
    """
    old, live.room = live.room, room
    room.ids.merge(old.ids)
    old.close()
    size = old.document.work_size  # the rooms share no value
    room.tail.prepend(newest_kept(old.value, missed, room.tail.free, size))
    if room.tail.base == old.version and room.epoch == old.epoch:
        # Waiting requests may have a base in it.
        room.tail.prepend_tail(old.tail, size if not missed else 0)
    if room.version != old.version:
        live.last_change = LastChange.of(missed[-1]) if missed else newest or live.last_change
        news = News(missed, old.version, room.value, after=room.version, previous_value=old.value)
        live.audience.broadcast(news, [], live.audience.clock.monotonic())
        live.presence.relocate_cursors(room.tail.changes(max(old.version, room.tail.base)))
    exchange_locks(live, old.locks(), room.locks())
    if old.document.work_size > LARGE:
        free_in_thread(old)


def exchange_locks(live: LiveRoom, old: Locks, new: Locks) -> None:
    """Announce the lock changes that another instance has written."""
    now = live.lock_announcer.time.now()
    live.lock_announcer.announce(changes_between(old.held, new.held, now))
    live.lock_announcer.watch(new)
