"""Follows entries that another instance has committed, without loading the document again.

The room first prepares the entries, which changes nothing. When it cannot follow them exactly, or
when they are large, it refuses all of them. Then the caller loads the document from the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from collab.document.change import Followed
from collab.entry import is_renewal
from collab.errors import Rejected
from collab.patch.relocate import AppliedChange
from collab.room.yjs_rules import NOTABLE_SECONDS
from collab.structs.guard import STORED_BOUNDS, inspect
from collab.types.yjs_document import MOST_BLOCKS
from collab.yjs.slices import RANGES, slices_of

if TYPE_CHECKING:
    from collab.entry import Entry, Kind
    from collab.ids import Json
    from collab.room.working import Working

# The other kinds begin a document, or begin it again.
FOLLOWED: Final[frozenset[Kind]] = frozenset({"edit", "undo", "redo", "restore"})
# Bytes of updates and undo records in one call. 32 KiB of small values take 17 ms (measured), and a
# batch of requests may take 20 ms. An entry takes 0.12 ms, and 0.5 µs more for each byte.
MOST_BYTES: Final = 32 * 1024
ENTRY: Final = 256
# A shorter update of a Yjs client has too few structs for a long walk: each has five bytes or more.
MOST_UNCUT: Final = 1_024
# Deleted clocks of one entry. At most `MOST_BLOCKS` of them are not characters of edited texts,
# because a block of yrs has many characters.
MOST_CHARACTERS: Final = 10_000


class Prepared(NamedTuple):
    """Entries that the room can follow, and the same entries as changes."""

    followed: list[Followed]
    changes: list[AppliedChange]


def portions(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Split entries into portions for one call of `Room.follow` each.

    An entry that is too large is a portion of its own. The room refuses it.
    """
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        if portion and size + _size(entry) > MOST_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += _size(entry)
    if portion:
        yield portion


def prepare(working: Working, entries: Sequence[Entry]) -> Prepared | None:
    """Prepare entries to be applied; None when the document must be loaded again instead.

    The reasons are a gap, a kind that is not in `FOLLOWED`, a renewal, a large entry, and entries
    that move or end a lock.
    """
    if sum(map(_size, entries)) > MOST_BYTES or not working.exists:
        return None
    followed: list[Followed] = []
    changes: list[AppliedChange] = []
    value, size, version = working.document.value, working.document.size, working.head
    for entry in entries:
        if entry.version != version + 1 or entry.kind not in FOLLOWED or is_renewal(entry):
            return None
        try:
            one = Followed.of(entry, value, size)
        except Rejected:  # the entry does not fit to this document
            return None
        if _takes_long(one):
            return None
        followed.append(one)
        changes.append(_change(one, value))
        value, size, version = one.applied.value, one.applied.size, entry.version
    step = working.guard.batch_step(changes, working.guard.committed.revision)
    if step is not None and step.is_written:
        return None
    return Prepared(followed, changes)


def follow(working: Working, prepared: Prepared) -> None:
    """Apply prepared entries to the working document.

    After an exception, the document is not usable any more.
    """
    document = working.document
    for one in prepared.followed:
        began = working.seconds()
        document.follow(one)
        working.structs.add(one.entry.update)
        working.head = document.version
        took = working.seconds() - began
        if took > NOTABLE_SECONDS:
            document.opening_seconds += took


def _change(one: Followed, before: Json) -> AppliedChange:
    entry, after, copied = one.entry, one.applied.value, one.applied.copied
    return AppliedChange(entry.version, entry.author, entry.ops, before, entry.texts, after, copied)


def _size(entry: Entry) -> int:
    return ENTRY + len(entry.update) + len(entry.inverse)


def _takes_long(one: Followed) -> bool:
    """Whether yrs may take long for the update of an entry.

    The author of a Yjs update decides how many blocks yrs has to walk over to find the places of
    its structs. The author's instance has counted the blocks of the document, and applied no more
    than it can in a few milliseconds. So only the walks over the update's own blocks count here.
    """
    deletes = [end - start for own in one.summary.deletes.values() for start, end in own]
    if len(deletes) > RANGES or sum(deletes) > MOST_CHARACTERS:
        return True
    if sum(deletes) > MOST_BLOCKS:
        texts = one.applied.texts.values()
        characters = sum(end - start for changes in texts for start, end, _ in changes)
        if sum(deletes) - characters > MOST_BLOCKS:
            return True
    if one.entry.lane != "yjs" or len(one.entry.update) < MOST_UNCUT:
        return False
    inspected = inspect(one.entry.update, STORED_BOUNDS)
    fresh = [(client, each) for client, own in inspected.sections.items() for each in own]
    known = {client: own[0].clock for client, own in inspected.sections.items()}
    return slices_of(one.entry.update, inspected, fresh, known, 0, lambda: 0.0) is not None
