"""Cursors: a patch client's `cursor.path` and `cursor.offset`, carried through changes."""

from __future__ import annotations

from typing import Any

from collab.errors import Rejected
from collab.patch.carry import Past
from collab.patch.pointer import parse, render


def carry_state(state: dict[str, Any], past: Past) -> dict[str, Any]:
    """A presence state after a change, itself where its cursor did not move.

    A cursor whose element is gone is left out of the state. Used for states that stand on an
    earlier `base` too: once for each entry since.
    """
    cursor = state.get("cursor")
    if not isinstance(cursor, dict) or not isinstance(cursor.get("path"), str):
        return state
    path, offset = cursor["path"], cursor.get("offset")
    placed = isinstance(offset, int)
    try:
        carried = past.carry_cursor(parse(path), offset if isinstance(offset, int) else 0)
    except Rejected:  # no pointer at all: it is shown as its client wrote it
        return state
    if carried is None:
        return {key: value for key, value in state.items() if key != "cursor"}
    moved = {**cursor, "path": render(carried[0])}
    if placed:
        moved["offset"] = carried[1]
    return state if moved == cursor else {**state, "cursor": moved}
