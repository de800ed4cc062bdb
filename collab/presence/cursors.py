"""Cursors: a patch client's `cursor.path` and `cursor.offset`, relocated through changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.errors import Rejected
from collab.ids import MAX_SAFE_INTEGER
from collab.patch.pointer import parse, render
from collab.patch.relocate import AppliedChange

# Ops that one state's cursor is relocated through. A client that sends 200 states a second on a
# version behind a thousand changes would delay all others; its next state is on the head.
MOST_RELOCATIONS = 100


def relocate_cursor_since(
    state: dict[str, Any], changes: Sequence[AppliedChange] | None
) -> dict[str, Any]:
    """A state whose cursor is of an earlier version, at the head.

    The cursor is left out when the changes since are too many, or (None) not kept any more.
    """
    if "cursor" not in state:
        return state
    if changes is None or sum(len(change.ops) for change in changes) > MOST_RELOCATIONS:
        return _without_cursor(state)
    for change in changes:
        state = relocate_cursor(state, change)
    return state


def relocate_cursor(state: dict[str, Any], change: AppliedChange) -> dict[str, Any]:
    """A presence state after a change, itself where its cursor did not move.

    A cursor whose element is gone is left out of the state.
    """
    cursor = state.get("cursor")
    if not isinstance(cursor, dict) or not isinstance(cursor.get("path"), str):
        return state
    path, offset = cursor["path"], cursor.get("offset")
    placed = isinstance(offset, int)
    try:
        relocated = change.relocate_cursor(parse(path), offset if isinstance(offset, int) else 0)
    except Rejected:  # it is no pointer: it is shown as its client wrote it
        return state
    if relocated is None:
        return _without_cursor(state)
    moved = {**cursor, "path": render(relocated[0])}
    if placed:
        moved["offset"] = min(relocated[1], MAX_SAFE_INTEGER)  # no text is that long
    return state if moved == cursor else {**state, "cursor": moved}


def _without_cursor(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != "cursor"}
