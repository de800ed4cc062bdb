"""The members of a `conflict` refusal: the changes since its base, and the conflicting values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from collab.messages import Conflict
from collab.patch.bounds import json_size
from collab.room.tail import approximate_size

if TYPE_CHECKING:
    from collab.room.working import Working

# A conflict lists the changes since its base, so that the client can offer the edit again.
MAX_CONFLICT_CHANGES = 50
# Without this limit, each short patch on an old base could cause an answer of megabytes.
MAX_CONFLICT_BYTES = 64 * 1024
# The most bytes of conflicting values that are measured for this limit: 2 ms of work.
MAX_MEASURED = 2 * 1024 * 1024


def conflict(working: Working, base: int) -> dict[str, Any]:
    """Return the members that every `conflict` refusal has, even when no value conflicts."""
    changes = conflict_changes(working, base)
    return {"base": base, "version": working.head, "conflicts": [], **changes}


def conflict_changes(working: Working, base: int) -> dict[str, Any]:
    """Return the entries since `base` as `changes`; empty when they are too many or too large."""
    entries = working.entries_since(base)
    if entries is None or len(entries) > MAX_CONFLICT_CHANGES:
        return {}
    if sum(map(approximate_size, entries)) > MAX_CONFLICT_BYTES:
        return {}
    return {"changes": entries}


def fit_values(conflicts: list[Conflict]) -> list[Conflict]:
    """Return the conflicts. A value that exceeds the limit of bytes is left out."""
    room, fitting, measured = MAX_CONFLICT_BYTES, list[Conflict](), 0
    for one in conflicts:
        size = json_size(one) if measured < MAX_MEASURED else MAX_MEASURED
        measured += size
        if size > room:
            fitting.append(Conflict(path=one.path, resolution=one.resolution))
        else:
            fitting.append(one)
            room -= size
    return fitting
