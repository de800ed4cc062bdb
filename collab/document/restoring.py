"""Restores a part of an older version: finds its place in the current document."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.diff import diff_at, identity_of
from collab.patch.moves import elements_to_move
from collab.patch.pointer import Tokens, lookup, parse, render


def restore_ops(
    old: Json, now: Json, pointer: str, *, moves: bool = True
) -> tuple[Tokens, list[Op]]:
    """Return the place in `now` of the value at `pointer` in `old`, and the ops that restore it.

    An element of a list is found by its `id`, even when it has moved in the list. With `moves`, a
    move brings such an element back to its place among the other elements. A removed element is
    inserted at this place. When `old` has no such value, or its container is gone, raise
    `path_not_found`.
    """
    tokens = parse(pointer)
    wanted = lookup(old, tokens)
    place: Tokens = ()
    for depth, token in enumerate(tokens):
        was, is_ = lookup(old, tokens[:depth]), lookup(now, place)
        found = _find(was, is_, token)
        if found is None:
            if depth < len(tokens) - 1:
                raise Rejected(
                    Code.PATH_NOT_FOUND, "the parent object or list is gone", path=pointer
                )
            place = (*place, _slot(was, is_, token))
            return place, [{"op": "add", "path": render(place), "value": wanted}]
        if moves and depth == len(tokens) - 1:
            home = _home(was, is_, token, found)
            if home != found:
                there = (*place, home)
                move: Op = {"op": "move", "from": render((*place, found)), "path": render(there)}
                edits = diff_at(there, lookup(now, (*place, found)), wanted)
                return (*place, found), [move, *edits]
        place = (*place, found)
    return place, diff_at(place, lookup(now, place), wanted)


def _find(was: Json, is_: Json, token: str) -> str | None:
    """Return the key or index in `is_` of the value that `token` names in `was`; None if gone."""
    if isinstance(was, list) and isinstance(is_, list):
        element = was[int(token)]
        wanted = element.get("id") if isinstance(element, dict) else None
        if isinstance(wanted, str):
            for index, other in enumerate(is_):
                if isinstance(other, dict) and other.get("id") == wanted:
                    return str(index)
            return None
        return token if int(token) < len(is_) else None
    if isinstance(was, dict) and isinstance(is_, dict):
        return token if token in is_ else None
    raise Rejected(Code.PATH_NOT_FOUND, "the parent object or list has another type now")


def _slot(was: Json, is_: Json, token: str) -> str:
    """Return where a removed value is inserted."""
    if not isinstance(was, list) or not isinstance(is_, list):
        return token
    known, stay = _stay(was, is_, int(token))
    return str(_index(known, stay, int(token), min(int(token), len(is_))))


def _home(was: Json, is_: Json, token: str, found: str) -> str:
    """Return the index of an element when it is back in its place; `found` when it has not moved.

    An element has moved when the longest part of the list in its old order is as long without it.
    """
    if not isinstance(was, list) or not isinstance(is_, list):
        return found
    own, index = int(token), int(found)
    if identity_of(was[own]) is None:
        return found
    known, stay = _stay(was, is_, own)
    order = [rank for rank, _ in known]
    at = bisect_left([place for _, place in known], index)
    with_own = [*order[:at], own, *order[at:]]
    if len(with_own) - len(elements_to_move(with_own)) > len(stay):
        return found
    # The places of the elements behind it change when it leaves.
    known = [(rank, place - (place > index)) for rank, place in known]
    return str(_index(known, stay, own, index))


def _stay(
    was: Sequence[Json], is_: Sequence[Json], own: int
) -> tuple[list[tuple[int, int]], set[int]]:
    """Return the elements that both lists have, and which of them are in their old order.

    Each is its index in `was`, its rank, with its index in `is_`. The element `own` is left out.
    """
    ranks: dict[str, int] = {}
    for rank, element in enumerate(was):
        name = identity_of(element)
        if name is not None:
            ranks.setdefault(name, rank)
    ranks.pop(identity_of(was[own]) or "", None)
    known: list[tuple[int, int]] = []
    for index, element in enumerate(is_):
        found = ranks.pop(identity_of(element) or "", None)
        if found is not None:
            known.append((found, index))
    order = [rank for rank, _ in known]
    return known, set(order).difference(elements_to_move(order))


def _index(known: Sequence[tuple[int, int]], stay: set[int], own: int, default: int) -> int:
    """Return the index after the nearest element before `own`, or before the nearest one after."""
    before = [each for each in known if each[0] in stay and each[0] < own]
    if before:
        return max(before)[1] + 1
    after = [each for each in known if each[0] in stay and each[0] > own]
    return min(after)[1] if after else default
