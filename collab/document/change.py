"""What one accepted change did to a document, and beside that what an undo did."""

from __future__ import annotations

from dataclasses import dataclass

from collab.entry import Op
from collab.ids import Json
from collab.patch.apply import Applied
from collab.patch.values import same


@dataclass(frozen=True, slots=True)
class Change:
    """What one accepted change did.

    Invariant: `ops` give `value` from `before`, exactly; `update` gives peers at the version
    before the state after; `inverse` takes it back. `ops` are empty where only root types other
    than `content` changed.
    """

    ops: list[Op]
    update: bytes
    inverse: bytes
    before: Json
    value: Json


@dataclass(frozen=True, slots=True)
class UndoneEntry:
    """An entry that was taken back or put back, and where that shows now."""

    version: int
    at: int
    pointers: list[str]


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo or a redo did.

    `reverts` are the versions that it took back or put back; `skipped` where it left what others
    have since changed.
    """

    change: Change
    reverts: list[int]
    undone: list[UndoneEntry]
    skipped: list[str]


def cancels_out(before: Json, applied: Applied) -> bool:
    """Ops that do something each, and nothing together: a removal and the same again."""
    several = len(applied.ops) > 1 or applied.ops[0]["op"] == "move"
    return several and same(before, applied.value)
