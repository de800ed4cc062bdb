"""Finds elements that a user has created again, under the same id, after they were removed.

Ada deletes a section, Bo restores it from the history, and Ada takes her deletion back. The section
is there already. If Ada's undo showed the old one too, the page would have two with one id.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from typing import Any, Final

from collab.identity.incarnations import Incarnations, Mark, token_from
from collab.types.handles import Txn, get_or_none, is_map
from collab.types.layout import ArrayNode
from collab.types.place import Place, open_path
from collab.types.records import Absent, Path, Record, SetRecord, ShownRecord, removes_element

ID: Final = "id"
Named = dict[str, list[tuple[int, str]]]


class CreatedAgain:
    """The elements of each id with their tokens, in the arrays that one undo has asked about.

    Invariant: the elements of an id are sorted by their tokens.

    Only elements with a token count. A token grows with the version that made it, so it shows which
    of two elements is newer. Elements that had one id from the start are not affected.

    The undo itself may hide elements meanwhile. So an element counts only while its array shows it.
    The undo may also bring elements back. They are added when the undo asks about them.
    """

    def __init__(self, incarnations: Incarnations | None) -> None:
        self._incarnations = incarnations
        self._known: dict[Path, Named] = {}

    def is_there(self, txn: Txn, root: Place, record: Record, mark: Mark, made: int) -> bool:
        """Whether a record removed an element, and its array shows a newer one with its id.

        Version `made` removed the element. A redo removes it with the token of the original change.
        So an element is newer only when its token is also from version `made` or a later one.
        """
        if self._incarnations is None or not removes_element(record):
            return False
        place = open_path(txn, root, record.path)
        if place is None or type(place.node) is not ArrayNode:
            return False
        name = _id_before(txn, place, record)
        if name is None:
            return False
        named = self._known.get(place.path)
        if named is None:
            named = self._known[place.path] = self._read(self._incarnations, txn, place, place.node)
        known = named.setdefault(name, [])
        if _shows_newer(known, max(mark.now, token_from(made)), record.key, place.node):
            return True
        hidden = isinstance(record, ShownRecord)
        token = self._incarnations.token_at((*place.path, record.key)) if hidden else mark.was
        insort(known, (token, record.key))
        return False

    def _read(self, incarnations: Incarnations, txn: Txn, place: Place, node: ArrayNode) -> Named:
        found: Named = {}
        for key in node.orders:
            token = incarnations.token_at((*place.path, key))
            name = _id(txn, get_or_none(txn, place.handle, key)) if token else None
            if name is not None:
                found.setdefault(name, []).append((token, key))
        for known in found.values():
            known.sort()
        return found


def _shows_newer(known: Sequence[tuple[int, str]], token: int, own: str, node: ArrayNode) -> bool:
    """Whether an array shows a known element, besides its own one, with a larger token."""
    for other, key in reversed(known):
        if other <= token:
            break
        if key != own and key in node.orders:
            return True
    return False


def _id_before(txn: Txn, place: Place, record: ShownRecord | SetRecord) -> str | None:
    """Return the id of the element that a record removed."""
    if isinstance(record, ShownRecord):
        return _id(txn, get_or_none(txn, place.handle, record.key))
    return None if isinstance(record.before, Absent) else _id(txn, record.before.raw)


def _id(txn: Txn, element: Any) -> str | None:
    """Return the id of an element: a Y.Map, or a plain value."""
    if is_map(element):
        name = get_or_none(txn, element, ID)
    else:
        name = element.get(ID) if isinstance(element, dict) else None
    return name if isinstance(name, str) else None
