"""Restoring a part of an older version: where it belongs in the document as it is now."""

from __future__ import annotations

from typing import Any

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.diff import diff
from collab.patch.pointer import lookup, parse, render


def restoring(old: Json, now: Json, pointer: str) -> list[Op]:
    """The ops that bring back what stood under `pointer` in `old`.

    An element of a list is found again by its `id`, wherever it has moved in that list; one that
    was removed is inserted near where it stood. `path_not_found` where there is nothing to bring
    back, or no place left for it.
    """
    tokens = parse(pointer)
    wanted = lookup(old, tokens)
    place: tuple[str, ...] = ()
    for depth, token in enumerate(tokens):
        was, is_ = lookup(old, tokens[:depth]), lookup(now, place)
        found = _find(was, is_, token)
        if found is None:
            if depth < len(tokens) - 1:
                raise Rejected(Code.PATH_NOT_FOUND, "what held it is gone", path=pointer)
            return [{"op": "add", "path": render((*place, _slot(is_, token))), "value": wanted}]
        place = (*place, found)
    prefix = render(place)
    return [_under(prefix, op) for op in diff(lookup(now, place), wanted)]


def _find(was: Json, is_: Json, token: str) -> str | None:
    """The key or index in `is_` of what `token` named in `was`; None when it is gone."""
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
    raise Rejected(Code.PATH_NOT_FOUND, "what held it is something else now")


def _slot(is_: Json, token: str) -> str:
    return str(min(int(token), len(is_))) if isinstance(is_, list) else token


def _under(prefix: str, op: Op) -> Op:
    moved: dict[str, Any] = {**op, "path": prefix + op["path"]}
    if "from" in op:
        moved["from"] = prefix + op["from"]
    return moved
