"""Clients' updates, taken into the types of a Yjs document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from collab.types.depth import cut, too_deep

if TYPE_CHECKING:
    from collab.types.dirt import Dirt
    from collab.types.ear import Ear


def take_in(doc: Any, content: Any, ear: Ear, slices: Iterable[bytes]) -> list[bytes]:
    """Apply an update, and remove what lies too deep; what each transaction did."""
    taken_in = [_apply(doc, ear, slices)]
    while ear.dirt is not None and (taken_out := _take_out(doc, content, ear, ear.dirt)):
        taken_in.append(taken_out)
    return taken_in


def _apply(doc: Any, ear: Ear, slices: Iterable[bytes]) -> bytes:
    txn = doc.create_transaction()
    try:
        for one in slices:
            doc.apply_update(txn, one)
    finally:
        txn.commit()
        txn.drop()
    return ear.take_update()


def _take_out(doc: Any, content: Any, ear: Ear, dirt: Dirt) -> bytes:
    txn = doc.create_transaction()
    for path in ear.take_too_deep():
        cut(txn, content, path)
    for path in too_deep(txn, content, dirt):
        cut(txn, content, path)
    txn.commit()
    txn.drop()
    return ear.take_update()
