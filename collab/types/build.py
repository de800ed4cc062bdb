"""Makes the layout of a JSON value, and writes layouts into Yjs types.

The layout is the form in which JSON is stored (`collab/types/layout.py`). Rule numbers such as P8
are those of `collab/SPEC.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from collab.ids import Json
from collab.patch.pointer import Tokens
from collab.patch.values import FORBIDDEN_KEYS
from collab.types.handles import ArrayHandle, MapHandle, TextHandle
from collab.types.layout import (
    ARRAY,
    ORDER,
    RESERVED,
    UNSEEN,
    VALUE,
    escape,
    in_order,
    is_hidden,
    order_of,
    scalar,
    unescape,
)
from collab.types.order_keys import spread
from collab.types.yjs_document import OpenTransaction


class Layouts(Struct, eq=False):
    """Makes the layouts of new values. The same values and `prefix` give the same keys each time.

    Invariant: an element's key is its own `id` when that is a valid key and not in use. Otherwise
    the key is `prefix` and a number that was not used before.
    """

    _prefix: str
    _made: int = 0

    def layout(self, value: Json) -> Any:
        """Return the layout of a value, in its JSON form."""
        if isinstance(value, dict):
            return {
                escape(key): inner if type(inner) is str else self.layout(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return self._array(value)
        return value

    def element(self, value: Json, order: str) -> dict[str, Any]:
        """Return the layout of an array's element with this order key."""
        laid = self.layout(value)
        if isinstance(value, dict):
            laid[ORDER] = order
            return laid  # type: ignore[no-any-return]  # a dict's layout is a dict
        return {VALUE: laid, ORDER: order}

    def key(self, value: Json, taken: Callable[[str], bool]) -> str:
        """Return the key for a new element of an array. `taken` tells whether a key is in use."""
        own = own_id(value)
        if own is not None and not taken(own):
            return own
        while True:
            key = f"{self._prefix}-{self._made:x}"
            self._made += 1
            if not taken(key):
                return key

    def _array(self, items: list[Json]) -> dict[str, Any]:
        array: dict[str, Any] = {ARRAY: True}
        for item, order in zip(items, spread(None, None, len(items)), strict=True):
            array[self.key(item, array.__contains__)] = self.element(item, order)
        return array


def own_id(value: Json) -> str | None:
    """Return the key made from an element's own `id`, or None when `id` is no valid key (P8)."""
    own = value.get("id") if isinstance(value, dict) else None
    if not isinstance(own, str) or own in FORBIDDEN_KEYS:
        return None
    return escape(own) if 0 < len(own) <= 128 else None


class Builder(Struct, eq=False):
    """Writes layouts into Yjs types. A large layout is written in several transactions.

    A string becomes a Y.Text. An atom, which is a string that is never merged, stays a plain value.
    """

    _open: OpenTransaction
    _is_atom: Callable[[Tokens], bool]

    def put(self, parent: MapHandle, key: str, raw: Any, tokens: Tokens) -> None:
        """Set a map's key to a layout. `tokens` is the JSON location of the new value."""
        txn = self._open.txn
        if isinstance(raw, dict):
            self._fill_map(parent.insert_map_prelim(txn, key), raw, tokens)
        elif isinstance(raw, list):
            self._fill_list(parent.insert_array_prelim(txn, key), raw, tokens)
        elif type(raw) is str and not self._is_plain(key, tokens):
            self._fill_text(parent.insert_text_prelim(txn, key), raw)
        else:
            parent.insert(txn, key, scalar(raw))
        self._open.spend()

    def put_at(self, parent: ArrayHandle, index: int, raw: Any, tokens: Tokens) -> None:
        """Insert a layout into a Y.Array at `index`. `tokens` is the item's JSON location."""
        txn = self._open.txn
        if isinstance(raw, dict):
            self._fill_map(parent.insert_map_prelim(txn, index), raw, tokens)
        elif isinstance(raw, list):
            self._fill_list(parent.insert_array_prelim(txn, index), raw, tokens)
        elif type(raw) is str and not self._is_atom(tokens):
            self._fill_text(parent.insert_text_prelim(txn, index), raw)
        else:
            parent.insert(txn, index, scalar(raw))
        self._open.spend()

    def _is_plain(self, key: str, tokens: Tokens) -> bool:
        return (key in RESERVED and key != VALUE) or self._is_atom(tokens)

    def _fill_text(self, text: TextHandle, value: str) -> None:
        if value:
            text.insert(self._open.txn, 0, value, None)

    def _fill_map(self, handle: MapHandle, raw: dict[str, Any], tokens: Tokens) -> None:
        if raw.get(ARRAY) is True:
            self._fill_array(handle, raw, tokens)
            return
        for key, inner in raw.items():
            if key in FORBIDDEN_KEYS:
                continue  # such a key is not part of the JSON, and no client may write it
            deeper = tokens if key in UNSEEN else (*tokens, unescape(key))
            self.put(handle, key, inner, deeper)

    def _fill_array(self, handle: MapHandle, raw: dict[str, Any], tokens: Tokens) -> None:
        for key in sorted(RESERVED & raw.keys()):
            self.put(handle, key, raw[key], tokens)
        pairs = [(order_of(inner), key) for key, inner in raw.items() if key not in RESERVED]
        shown = 0
        for _, key in in_order(pairs):
            hidden = is_hidden(raw[key])
            self.put(handle, key, raw[key], (*tokens, "-" if hidden else str(shown)))
            shown += not hidden

    def _fill_list(self, handle: ArrayHandle, raw: list[Any], tokens: Tokens) -> None:
        for index, inner in enumerate(raw):
            self.put_at(handle, index, inner, (*tokens, str(index)))
