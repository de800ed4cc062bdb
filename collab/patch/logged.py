"""Entries as the log keeps them: a letter that was typed into a long text is logged as a letter.

Readers are told a `replace` with the whole text, which they can read without the text before.
The log always has that: whoever reads it stands on a value.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from collab.entry import Entry, Op
from collab.ids import Json
from collab.patch.apply import apply
from collab.patch.bounds import JUDGED
from collab.patch.run import Run
from collab.patch.utf16 import as_splices

# Shorter texts are logged whole: that costs less than to look for what changed.
SHORT: Final = 500


def logged(entry: Entry, before: Json) -> Entry:
    """The entry with long texts as what changed in them.

    What an answer says as well stays as it is said: a request that comes again gets it.
    """
    if "ops" in entry.answer or not any(_is_long(op.get("value")) for op in entry.ops):
        return entry
    run = Run(before, 0, JUDGED, False, False)
    ops: list[Op] = []
    for op in entry.ops:
        ops += as_splices(run.root, [op]) if _is_long(op.get("value")) else [op]
        run.step(op)
    return replace(entry, ops=ops)


def is_short(entry: Entry) -> bool:
    """Whether an entry out of the log does not say whole texts."""
    return any(op["op"] == "splice" for op in entry.ops)


def spelled_out(entry: Entry, before: Json) -> tuple[Entry, Json]:
    """The entry with whole texts, and the value after it."""
    applied = apply(before, entry.ops, bounds=JUDGED, splices=True)
    told = replace(entry, ops=applied.ops) if is_short(entry) else entry
    return told, applied.value


def _is_long(value: object) -> bool:
    return isinstance(value, str) and len(value) > SHORT
