"""Restores a part of an older version: finds its place in the current document."""

from __future__ import annotations

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.diff import diff_at
from collab.patch.pointer import Tokens, lookup, parse, render


def restore_ops(old: Json, now: Json, pointer: str) -> tuple[Tokens, list[Op]]:
    """Return the place in `now` of the value at `pointer` in `old`, and the ops that restore it.

    An element of a list is found by its `id`, even when it has moved in the list. A removed element
    is inserted at its old index, or at the end of a shorter list. When `old` has no such value, or
    its container is gone, raise `path_not_found`.
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
            place = (*place, _slot(is_, token))
            return place, [{"op": "add", "path": render(place), "value": wanted}]
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


def _slot(is_: Json, token: str) -> str:
    return str(min(int(token), len(is_))) if isinstance(is_, list) else token
