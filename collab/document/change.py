"""What one accepted change did to a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from collab.patch.values import same

if TYPE_CHECKING:
    from collab.entry import Op
    from collab.ids import Json
    from collab.patch.apply import Applied


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


def cancels_out(before: Json, applied: Applied) -> bool:
    """Ops that do something each, and nothing together: a removal and the same again."""
    several = len(applied.ops) > 1 or applied.ops[0]["op"] == "move"
    return several and same(before, applied.value)
