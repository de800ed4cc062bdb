"""The guard in front of pycrdt: check whether pycrdt may apply a well-formed update now.

`inspect` decodes the bytes, and `check` compares them with the document. When both accept an
update, pycrdt applies all of it: it does not panic, it keeps no struct pending, and a reload loses
nothing. A lease gives a Yjs client id to one user: only this user may send new structs under it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Final

import msgspec

from collab.errors import Code, Refusal, Rejected
from collab.structs.array_sizes import ArraySizes
from collab.structs.clock_runs import is_in
from collab.structs.struct_index import StructIndex
from collab.yjs.causality import Clocks, Fresh, in_causal_order, refuse_missing
from collab.yjs.contents import FORMAT, STRING, TYPE
from collab.yjs.lib0 import refuse, refuse_size
from collab.yjs.lists import GONE, KEYED, TAKES_TEXT, UNKNOWN, StructPlace
from collab.yjs.update import (
    DEFAULT_BOUNDS,
    STORED_BOUNDS,
    GuardBounds,
    Id,
    Inspected,
    Range,
    Struct,
    inspect,
    inspect_state_vector,
    second_halves,
)

__all__ = [
    "DEFAULT_BOUNDS",
    "STALE",
    "STORED_BOUNDS",
    "Checked",
    "GuardBounds",
    "Inspected",
    "StructIndex",
    "check",
    "check_state_vector",
    "inspect",
    "inspect_state_vector",
]

_BLANK: Final = StructIndex()
_ANY: Final = 2**62
_OF_TEXTS: Final = (STRING, FORMAT)
STALE: Final = Refusal(
    Code.STALE_DOCUMENT,
    "load the document again: this copy has edits that the server does not have",
)


class Checked(msgspec.Struct, frozen=True):
    """An update that may be integrated.

    - `has_effect` is false when the update adds and deletes nothing. Without an index, every
      deletion counts as an effect.
    - `new_clients` are its client ids without a lease. They are leased to its user from now on.
    - `clocks` is the document's state vector after the update, for the clients with new structs.
    - `fresh` are its new structs, in an order in which yrs can integrate them, with their `places`.
    - `deletes` are the ranges that it deletes, by client.
    """

    has_effect: bool
    new_clients: list[int]
    clocks: dict[int, int]
    fresh: Fresh
    places: list[StructPlace]
    deletes: Mapping[int, list[Range]]


def check(
    inspected: Inspected,
    known: Clocks,
    *,
    leases: Mapping[int, str],
    user: str,
    reserved: Container[int] = (),
    index: StructIndex | None = None,
    replaced: Clocks = {},  # noqa: B006  # it is never changed
) -> Checked:
    """Check an update against the document's state vector, leases (client id → user) and structs.

    Raise `Rejected`:

    - STALE_DOCUMENT when a new struct has the id of another user, a reserved id, or an id that the
      document has without a lease. So it is when a new struct is inside content that a renewal has
      replaced: `replaced` are the clocks of this content, by client.
    - MISSING_DEPENDENCY when the update depends on edits that the document does not have.
    - TOO_LARGE when a Y.Array would get too many values (`collab/structs/array_sizes.py`), or the
      document too many client ids.
    """
    fresh = in_causal_order(inspected.sections, known)
    clocks: dict[int, int] = {}
    new_clients: list[int] = []
    for client, struct in fresh:
        if client not in clocks and client not in leases:
            new_clients.append(client)
        clocks[client] = struct.end
    _check_ids(clocks, known, leases, user, reserved)
    if new_clients:
        _check_new_ids(len(new_clients), known, leases, user, inspected.bounds)
    layer = index or _BLANK
    # The check of a struct may need the structs before it, and the cuts of its own text.
    has_layer = bool(fresh) and (len(fresh) > 1 or fresh[0][1].text is not None)
    if has_layer:
        layer = StructIndex(layer)
    arrays = layer.arrays
    if arrays.there and not has_layer:
        arrays = ArraySizes(arrays)
    places = []
    former: set[Id] = set()  # values in Y.Arrays that yrs deletes, although no range names them
    for client, struct in fresh:
        reached = known.get(client, 0)
        new = struct if struct.clock >= reached else _rest(client, struct, reached, layer)
        place = _check_struct(new, layer, inspected.bounds)
        if place == GONE and replaced and _is_in_replaced(new, replaced):
            raise Rejected(STALE.code, STALE.message)
        places.append(place)
        if has_layer:
            layer.append(client, new, place)
        elif place.array:
            arrays.add(place, new.end - new.clock)
        if place.array and place.list & KEYED and new.origin is not None:
            former.add(new.origin)
    has_effect = bool(fresh)
    for client, ranges in inspected.deletes.items():
        reached = clocks.get(client) or known.get(client, 0)
        for start, end in ranges:
            if end > reached:
                refuse_missing()
            if layer.cuts(client, start) or layer.cuts(client, end):
                refuse("a deletion splits a surrogate pair")
            has_effect = has_effect or index is None or not index.has_deleted(client, start, end)
            if arrays.there:
                layer.count_deletion(client, start, end, arrays)
    for client, clock in former:
        if not is_in(inspected.deletes.get(client, ()), clock):
            layer.count_deletion(client, clock, clock + 1, arrays)
    if arrays.there and arrays.outgrow(inspected.bounds.array_values or _ANY):
        refuse_size("a Y.Array has too many values; store them in a Y.Map")
    return Checked(has_effect, new_clients, clocks, fresh, places, inspected.deletes)


def _check_new_ids(
    count: int, known: Clocks, leases: Mapping[int, str], user: str, bounds: GuardBounds
) -> None:
    """Refuse new client ids when the update, the document or the user has too many of them."""
    if count > bounds.new_clients:
        refuse_size(f"an update has more than {bounds.new_clients} new client ids")
    if len(known) + count > bounds.document_clients:
        refuse_size(
            f"the document would have more than {bounds.document_clients} Yjs client ids; "
            "use an id again, or send patches"
        )
    if len(leases) + count > bounds.user_clients:
        own = sum(owner == user for owner in leases.values())
        if own + count > bounds.user_clients:
            refuse_size(
                f"a user would have more than {bounds.user_clients} Yjs client ids of the document"
            )


def check_state_vector(
    vector: Clocks,
    known: Clocks,
    *,
    leases: Mapping[int, str],
    user: str,
    reserved: Container[int] = (),
) -> None:
    """Raise STALE_DOCUMENT for a client whose copy comes from another history of the document.

    Such a copy has edits of another user or of the server that the document lacks. So the document
    had these edits before, and lost them. Missing edits of the user itself are allowed: they may
    still be on their way.
    """
    ahead = [client for client, clock in vector.items() if clock > known.get(client, 0)]
    _check_ids(ahead, known, leases, user, reserved)


def _check_ids(
    clients: Iterable[int],
    known: Clocks,
    leases: Mapping[int, str],
    user: str,
    reserved: Container[int],
) -> None:
    """Refuse edits under the ids of other users and of the server.

    When the document has edits under an id without a lease, the server made them.
    """
    for client in clients:
        owner = leases.get(client)
        is_free = owner is None and not known.get(client, 0)
        if client in reserved or not (is_free or owner == user):
            raise Rejected(STALE.code, STALE.message)


def _is_in_replaced(struct: Struct, replaced: Clocks) -> bool:
    """Whether a struct depends on content that a renewal has replaced. yrs would drop it."""
    beside = (struct.origin, struct.right, struct.parent)
    return any(isinstance(at, tuple) and at[1] < replaced.get(at[0], 0) for at in beside)


def _check_struct(struct: Struct, layer: StructIndex, bounds: GuardBounds) -> StructPlace:
    """Check a new struct, and return the place that it will have."""
    if struct.end - struct.clock > bounds.run:
        refuse_size(f"a struct has more clocks than {bounds.run}")
    beside = None if struct.origin is None else layer.place(struct.origin)
    _check_neighbours(struct.origin, beside, struct.right, layer)
    if isinstance(struct.parent, tuple) and not layer.place(struct.parent).holds:
        refuse("the parent of a struct is not a shared type")
    place = layer.place_of(struct, beside)
    if struct.kind == TYPE and place.depth > bounds.depth:
        refuse_size(f"shared types nest deeper than {bounds.depth}")
    # An array counts a surrogate pair as one item. For a text in an array, the walk of yrs would
    # never end. An array does not count a format as an item, but the events of yrs do.
    if struct.kind in _OF_TEXTS and not place.list & TAKES_TEXT:
        refuse("a text or a format is in a shared type that is not a text")
    return place


def _check_neighbours(
    origin: Id | None, beside: StructPlace | None, right: Id | None, layer: StructIndex
) -> None:
    """Check the two neighbours of a struct. `beside` is the place of its `origin`."""
    if origin is not None and layer.cuts(origin[0], origin[1] + 1):
        refuse("a struct splits a surrogate pair")
    if right is None:
        return
    if layer.cuts(*right):
        refuse("a struct splits a surrogate pair")
    place = layer.place(right)
    if origin is not None and beside is not None:
        # Both neighbours may be gone with the type that contained them, and a client that has not
        # received this deletion may insert between them. The index may still know one place.
        is_gone_between = (place == GONE and layer.is_deleted(origin)) or (
            place != GONE and beside == GONE and layer.is_deleted(right)
        )
        if not is_gone_between:
            _check_same_list(beside, place)
    # A client inserts a new value of a key only after the last value of this key. For other
    # places, yjs and yrs have different results.
    if right == origin or place.list & KEYED:
        refuse("a struct has a right origin that nothing can be inserted before")


def _rest(client: int, struct: Struct, reached: int, layer: StructIndex) -> Struct:
    """The new rest of a struct whose beginning is known. yrs integrates it after the beginning.

    When the struct names a parent, the rest keeps it. But when the beginning is garbage-collected
    or unknown, a reload would lose this parent. So the update is refused as MISSING_DEPENDENCY.
    Then the client sends its edits from the server's clock on, and they name no parent.
    """
    origin = (client, reached - 1)
    if struct.parent is not None:
        before = layer.place(origin)
        if not before.depth:
            refuse_missing()
        _check_same_list(before, layer.place_of(struct))
    if reached in second_halves(struct):
        refuse("a struct splits a surrogate pair")
    text = struct.text
    if text is not None:
        units = text.encode("utf-16-le")[2 * (reached - struct.clock) :]
        text = units.decode("utf-16-le")
    return struct._replace(clock=reached, origin=origin, parent=None, key=None, text=text)


def _check_same_list(one: StructPlace, other: StructPlace) -> None:
    if one.list != other.list and UNKNOWN not in (one, other):
        refuse("the neighbours of a struct are in two lists")
