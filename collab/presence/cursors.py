"""Cursors: a patch client's `cursor.path` and `cursor.offset`, carried through changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.errors import Rejected
from collab.ids import MAX_SAFE_INTEGER
from collab.patch.pointer import parse, render
from collab.patch.relocate import AppliedChange

# Ops that one state's cursor is carried through. A client that sends 200 states a second on a
# version behind a thousand changes would keep everybody waiting; its next move is on the head.
MOST_CARRIES = 100


def carry_since(state: dict[str, Any], changes: Sequence[AppliedChange] | None) -> dict[str, Any]:
    """A state whose cursor stands on an earlier version, at the head.

    The cursor is left out where the changes since are too many, or (None) not at hand any more.
    """
    if "cursor" not in state:
        return state
    if changes is None or sum(len(change.ops) for change in changes) > MOST_CARRIES:
        return _without_cursor(state)
    for change in changes:
        state = carry_state(state, change)
    return state


def carry_state(state: dict[str, Any], change: AppliedChange) -> dict[str, Any]:
    """A presence state after a change, itself where its cursor did not move.

    A cursor whose element is gone is left out of the state.
    """
    cursor = state.get("cursor")
    if not isinstance(cursor, dict) or not isinstance(cursor.get("path"), str):
        return state
    path, offset = cursor["path"], cursor.get("offset")
    placed = isinstance(offset, int)
    try:
        carried = change.relocate_cursor(parse(path), offset if isinstance(offset, int) else 0)
    except Rejected:  # no pointer at all: it is shown as its client wrote it
        return state
    if carried is None:
        return _without_cursor(state)
    moved = {**cursor, "path": render(carried[0])}
    if placed:
        moved["offset"] = min(carried[1], MAX_SAFE_INTEGER)  # no text is that long
    return state if moved == cursor else {**state, "cursor": moved}


def _without_cursor(state: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != "cursor"}
