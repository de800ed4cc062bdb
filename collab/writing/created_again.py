"""Finds elements that a user has created again, under the same id, after they were hidden.

Ada deletes a section, Bo restores it from the history, and Ada takes her deletion back. The section
is there already. If Ada's undo showed the old one too, the page would have two with one id.
"""

from __future__ import annotations

from typing import Final

from collab.identity.incarnations import Incarnations, Mark, token_from
from collab.types.handles import Txn, get_or_none, is_map
from collab.types.layout import ArrayNode
from collab.types.place import Place, open_path
from collab.types.records import Path, ShownRecord, SingleRecord

ID: Final = "id"
Named = dict[str, list[tuple[int, str]]]


class CreatedAgain:
    """The elements of each id with their tokens, in the arrays that one undo has asked about.

    Only elements with a token count. A token grows with the version that made it, so it shows which
    of two elements is newer. Elements that had one id from the start are not affected.

    The undo itself may hide elements meanwhile. So an element counts only while its array shows it.
    """

    def __init__(self, incarnations: Incarnations | None) -> None:
        self._incarnations = incarnations
        self._known: dict[Path, Named] = {}

    def is_there(self, txn: Txn, root: Place, record: SingleRecord, mark: Mark, made: int) -> bool:
        """Whether a record hid an element, and its array shows one with its id that is newer.

        Version `made` hid the element. A redo hides it with the token of the original change. So an
        element is newer only when its token is also from version `made` or a later one.
        """
        if self._incarnations is None or not isinstance(record, ShownRecord) or record.shown:
            return False
        place = open_path(txn, root, record.path)
        if place is None or type(place.node) is not ArrayNode:
            return False
        held = get_or_none(txn, place.handle, record.key)
        name = get_or_none(txn, held, ID) if is_map(held) else None
        if not isinstance(name, str):
            return False
        named = self._known.get(place.path)
        if named is None:
            named = self._known[place.path] = self._read(self._incarnations, txn, place, place.node)
        hidden = max(mark.now, token_from(made))
        return any(
            token > hidden and key != record.key and key in place.node.orders
            for token, key in named.get(name, ())
        )

    def _read(self, incarnations: Incarnations, txn: Txn, place: Place, node: ArrayNode) -> Named:
        found: Named = {}
        for key in node.orders:
            token = incarnations.token_at((*place.path, key))
            if token:
                held = get_or_none(txn, place.handle, key)
                name = get_or_none(txn, held, ID) if is_map(held) else None
                if isinstance(name, str):
                    found.setdefault(name, []).append((token, key))
        return found
