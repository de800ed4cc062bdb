"""Refuses changes that would make the Yjs state of a document too large (G29, G31, G33).

One native call of yrs reads the whole state, or frees it. The call takes 40 ns for each block, and
the memory has about 230 bytes for each. A client makes a block with six bytes of an update, or with
a deleted range of two bytes in the middle of a text.

Callers compare `Working.ample_state` first. For most documents they call nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from collab.document.opening import is_slow
from collab.entry import Op
from collab.patch.bounds import nesting
from collab.tree.format_count import FormatCount
from collab.tree.tree import EMPTY_STATE_VECTOR
from collab.types.merging import merge_updates
from collab.yjs.lib0 import refuse_size

if TYPE_CHECKING:
    from collab.document.document import Document
    from collab.room.working import Working
    from collab.structs.guard import Checked, StructIndex

# This part of each limit is left for deletions, patches and undo.
RESERVE: Final = 8
# A deletion of so many clocks makes the state smaller: it takes more from a block, or joins blocks.
LONG_RANGE: Final = 32
# A text in a list takes four blocks. The other half is for former values and for pieces of texts.
BLOCKS_OF_A_VALUE: Final = 8
# A number in a list takes 54 bytes. Everything else takes about as many bytes as in JSON.
BYTES_OF_A_VALUE: Final = 64
_SHRINKING: Final = frozenset({"remove", "test"})


def most_bytes(max_document: int, max_values: int) -> int:
    """Return the most bytes of a Yjs state for these limits of the value; 0 means no limit."""
    if not max_document or not max_values:
        return 0
    return 2 * max_document + BYTES_OF_A_VALUE * max_values


def most_blocks(max_values: int) -> int:
    """Return the most blocks of a Yjs state for this limit of the values; 0 means no limit."""
    return BLOCKS_OF_A_VALUE * max_values


def require_room_for_update(
    working: Working, update: bytes, checked: Checked, index: StructIndex
) -> None:
    """Raise `too_large` when an update of a Yjs client would make the state too large."""
    lengths = [
        end - start
        for client, own in checked.deletes.items()
        for start, end in own
        if not index.has_deleted(client, start, end)
    ]
    working.document.work.note_deletion(sum(lengths))
    short = sum(length < LONG_RANGE for length in lengths)
    if checked.fresh:
        _require(working, len(update), 2 * (len(checked.fresh) + short), reserve=0)
    elif short:
        _require(working, 0, 2 * short, reserve=RESERVE)


def require_short_formats(
    working: Working, update: bytes, checked: Checked, index: StructIndex
) -> bool:
    """Raise `too_large` when the formats of texts would take too many bytes (G33).

    Return whether the formats are also short enough after each part of the update.
    """
    most, formats = working.bounds.patch.max_bytes, index.formats
    changes = checked.fresh, checked.places, checked.deletes
    trial = formats.trial(*changes, index.has_deleted) if most else None
    if trial is None or trial.total <= most:
        return trial is None or trial.peak <= most
    document = working.document
    updates, places = document.updates, checked.places
    state = merge_updates(updates.all()) if updates.may_have_many_blocks else _state(document)
    count = FormatCount(state, index, places, is_slow=is_slow(state, document.opening_seconds))
    before = count.tighten(formats)
    trial = formats.trial(*changes, index.has_deleted)
    assert trial is not None
    if trial.total <= most:
        return trial.peak <= most
    count.add(update, *changes)
    if sum(text.pieces for text in count.texts()) > max(most, before):
        refuse_size(
            f"the formats of the texts would take more than {most} bytes: each piece of a text "
            "has all formats that are active there; use fewer or shorter formats"
        )
    return False


def require_room_for_patch(working: Working, ops: Sequence[Op]) -> None:
    """Raise `too_large` when the state is full, unless the ops only remove values.

    A patch may make the state larger than the limit by as much as the limits of the value allow.
    """
    if any(op["op"] not in _SHRINKING for op in ops):
        _require(working, 0, 0, reserve=RESERVE)


def require_room_for_undo(working: Working) -> None:
    """Raise `too_large` when the state is full."""
    _require(working, 0, 0, reserve=RESERVE)


def _require(working: Working, size: int, blocks: int, *, reserve: int) -> None:
    """Raise when the state has no room for `size` bytes, or for so many `blocks`."""
    document, bounds = working.document, working.bounds
    most = _with_reserve(bounds.max_state, reserve)
    if not document.work.has_room(size, most, lambda: len(_state(document))):
        refuse_size(
            f"the document's Yjs state would have more than {most} bytes; delete content first, "
            "also in root types other than `content`"
        )
    most = _with_reserve(bounds.max_blocks, reserve)
    if most and not _has_blocks(document, blocks, most):
        refuse_size(
            f"the document's Yjs state would have more than {most} blocks, which are pieces of "
            "texts, values and former values; remove a text, a list or an object that has many"
        )


def _has_blocks(document: Document, more: int, most: int) -> bool:
    blocks = document.blocks
    if not blocks.has_room(more, most) and blocks.is_vague(most):
        blocks.count(_state(document), nesting(document.value)[1])
    return blocks.has_room(more, most)


def _with_reserve(most: int, reserve: int) -> int:
    return most + most // reserve if reserve else most


def _state(document: Document) -> bytes:
    return document.update_since(EMPTY_STATE_VECTOR)
