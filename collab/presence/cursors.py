"""Cursors: a patch client's `cursor.path` and `cursor.offset`, relocated through changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.errors import Rejected
from collab.ids import MAX_SAFE_INTEGER
from collab.patch.pointer import parse, render
from collab.patch.relocate import AppliedChange

# The most ops through which the server relocates one cursor. Without a limit, a client could delay
# all other clients: it could send 200 states a second, each for a version a thousand changes ago.
# Above the limit, the cursor is dropped. The client's next state has a cursor at the head.
MOST_RELOCATIONS = 100


def relocate_cursor_since(
    state: dict[str, Any], changes: Sequence[AppliedChange] | None
) -> dict[str, Any]:
    """Relocate the cursor of a state from an earlier version to the head.

    `changes` are the changes since this version; None when some of them are no longer kept. The
    cursor is dropped when `changes` is None or has too many ops.
    """
    if "cursor" not in state:
        return state
    if changes is None or sum(len(change.ops) for change in changes) > MOST_RELOCATIONS:
        return _without_cursor(state)
    for change in changes:
        state = relocate_cursor(state, change)
    return state


def relocate_cursor(state: dict[str, Any], change: AppliedChange) -> dict[str, Any]:
    """Relocate the cursor of a state through a change.

    When the cursor did not move, return the same object. When its text is gone, drop the cursor.
    """
    cursor = state.get("cursor")
    if not isinstance(cursor, dict) or not isinstance(cursor.get("path"), str):
        return state
    path, offset = cursor["path"], cursor.get("offset")
    placed = isinstance(offset, int)
    try:
        relocated = change.relocate_cursor(parse(path), offset if isinstance(offset, int) else 0)
    except Rejected:  # the path is no JSON Pointer: show the cursor as the client sent it
        return state
    if relocated is None:
        return _without_cursor(state)
    moved = {**cursor, "path": render(relocated[0])}
    if placed:
        moved["offset"] = min(relocated[1], MAX_SAFE_INTEGER)  # no text is longer
    return state if moved == cursor else {**state, "cursor": moved}


def _without_cursor(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != "cursor"}
