"""Finds elements that a user has created again, under the same id, after they were hidden.

Ada deletes a section, Bo restores it from the history, and Ada takes her deletion back. The section
is there already. If Ada's undo showed the old one too, the page would have two with one id.
"""

from __future__ import annotations

from typing import Any, Final

from collab.identity.incarnations import Incarnations, Mark
from collab.types.handles import Txn, get_or_none, is_map
from collab.types.layout import ArrayNode
from collab.types.place import Place
from collab.types.records import Path

ID: Final = "id"


class CreatedAgain:
    """The newest visible element of each id, in the arrays that one undo has asked about.

    Only elements with a token count. A token grows with the version that made it, so it shows which
    of two elements is newer. Elements that had one id from the start are not affected.
    """

    def __init__(self, incarnations: Incarnations | None) -> None:
        self._incarnations = incarnations
        self._known: dict[Path, dict[str, int]] = {}

    def is_there(self, txn: Txn, place: Place, node: ArrayNode, hidden: Any, mark: Mark) -> bool:
        """Whether the array shows an element with the same id, made after this one was hidden."""
        name = get_or_none(txn, hidden, ID)
        if self._incarnations is None or not isinstance(name, str):
            return False
        known = self._known.get(place.path)
        if known is None:
            known = self._known[place.path] = self._read(txn, place, node)
        return known.get(name, 0) > mark.now

    def _read(self, txn: Txn, place: Place, node: ArrayNode) -> dict[str, int]:
        found: dict[str, int] = {}
        assert self._incarnations is not None
        for key in node.orders:
            token = self._incarnations.token_at((*place.path, key))
            if token:
                held = get_or_none(txn, place.handle, key)
                name = get_or_none(txn, held, ID) if is_map(held) else None
                if isinstance(name, str):
                    found[name] = max(found.get(name, 0), token)
        return found
