"""Section rights: the `sections` of a token limit its user to some parts of a document.

Rules X1 to X9 of collab/SPEC.md. Each section is a JSON Pointer, which is looked up in the value
before the change. The location that the pointer leads to is an area. Every allowed op is at or
below an area, and no allowed op moves an area. So one look-up is enough for a whole patch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from collab.entry import Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.apply import apply
from collab.patch.bounds import Bounds
from collab.patch.pointer import Tokens, child, index_of, parse, render
from collab.patch.values import same


class Area(NamedTuple):
    """A location that the user may change, with everything below it.

    `id` is set when the pointer names an element by its `id`. Then the element must keep its `id`.
    `in_list` is set when the location is an element of a list.
    """

    tokens: Tokens
    id: str | None = None
    in_list: bool = False


def areas_of(sections: Iterable[str], value: Json) -> list[Area]:
    """The areas of the pointers in a value. A pointer to a missing location has no area."""
    known: dict[int, Named] = {}
    found = (_resolve(_parsed(pointer), value, known) for pointer in sections)
    return [area for area in found if area is not None]


# The indexes of the elements of one list by their ids; None for an id that two elements have.
Named: TypeAlias = dict[str, int | None]


class Sections:
    """Keeps the areas of one value, and checks changes against them."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self._areas: dict[Tokens, Area] = {}
        for area in areas:
            known = self._areas.get(area.tokens)
            # A pointer by index allows changes of the `id` too. The wider of two rights counts.
            if known is None or area.id is None:
                self._areas[area.tokens] = area

    @property
    def areas(self) -> Sequence[Area]:
        return tuple(self._areas.values())

    def covers(self, tokens: Tokens) -> bool:
        """Whether a location is an area or lies below one."""
        return any(tokens[:depth] in self._areas for depth in range(len(tokens) + 1))

    def check(self, ops: Sequence[Op], value: Json, bounds: Bounds) -> None:
        """Raise `forbidden` when a patch changes something outside the areas of its value.

        An op with an invalid pointer ends the check: the patch is refused later, when it is
        applied.
        """
        renaming: set[Area] = set()
        for index, op in enumerate(ops):
            try:
                is_inside = self._allows(op, renaming)
            except Rejected:
                return
            if not is_inside:
                raise forbidden(op["path"], index)
        if renaming:
            _check_ids(renaming, ops, value, bounds)

    def check_result(self, before: Json, after: Json) -> None:
        """Raise `forbidden` when `after` differs from `before` outside the areas.

        The areas are those of `before`.
        """
        holders = {at[:depth] for at in self._areas for depth in range(len(at))}
        other = self._difference(before, after, (), holders)
        if other is not None:
            raise forbidden(render(other))
        for area in self._areas.values():
            is_free = self._is_below(area.tokens) or (*area.tokens, "id") in self._areas
            if not is_free and not keeps_id(after, area):
                raise forbidden(render(area.tokens))

    def _difference(
        self, before: Json, after: Json, at: Tokens, holders: Collection[Tokens]
    ) -> Tokens | None:
        """The first location where two values differ outside the areas, or None."""
        if before is after or at in self._areas:
            return None
        if at not in holders:
            return None if same(before, after) else at
        pairs = _members(before, after)
        if pairs is None:
            return at
        found = (self._difference(*pair, (*at, token), holders) for token, pair in pairs)
        return next((other for other in found if other is not None), None)

    def _allows(self, op: Op, renaming: set[Area]) -> bool:
        """Whether an op is inside the areas. Add areas to `renaming` whose `id` it may change."""
        kind, path = op.get("op"), parse(op.get("path"))
        if kind == "test":
            return True
        if kind == "move":
            source = parse(op.get("from"))
            if not self._is_below(source):
                return False
            renaming.update(self._named(source))
        if kind in ("replace", "splice"):
            is_inside = self.covers(path)
        elif kind == "remove":
            is_inside = self._is_below(path)
        else:
            is_inside = self._is_below(path) or self._is_member(path)
        if is_inside:
            is_own = kind != "remove" and path in self._areas and self._areas[path].id is None
            renaming.update(() if is_own else self._named(path))
        return is_inside

    def _is_below(self, tokens: Tokens) -> bool:
        return bool(tokens) and self.covers(tokens[:-1])

    def _is_member(self, tokens: Tokens) -> bool:
        """Whether an `add` overwrites an area. In a list, it would insert beside the area."""
        area = self._areas.get(tokens)
        return area is not None and not area.in_list

    def _named(self, place: Tokens) -> Iterable[Area]:
        """The areas whose `id` a change may affect, without areas that a wider right covers."""
        holder = place[:-1] if place[-1:] == ("id",) else place
        for area in (self._areas.get(at) for at in {place, holder}):
            if area is not None and area.id is not None and not self._is_below(area.tokens):
                yield area


def _members(before: Json, after: Json) -> Iterable[tuple[str, tuple[Json, Json]]] | None:
    """The members of two containers in pairs; None when their keys or lengths differ."""
    if type(before) is dict and type(after) is dict and before.keys() == after.keys():
        return ((key, (before[key], after[key])) for key in before)
    if type(before) is list and type(after) is list and len(before) == len(after):
        pairs = zip(before, after, strict=True)
        return ((str(index), pair) for index, pair in enumerate(pairs))
    return None


def forbidden(path: str, op: int | None = None) -> Rejected:
    """The refusal of a change outside the sections of a token."""
    extra: dict[str, Any] = {"path": path} if op is None else {"path": path, "op": op}
    return Rejected(Code.FORBIDDEN, "the `sections` of the token do not allow this change", **extra)


def _check_ids(areas: Iterable[Area], ops: Sequence[Op], value: Json, bounds: Bounds) -> None:
    bounds = replace(bounds, max_ops=0)  # the ops for a whole new value may be more than a patch's
    try:
        after = apply(value, ops, bounds=bounds, splices=True).value
    except Rejected as rejected:
        if rejected.refusal.code is Code.TOO_LARGE:
            raise forbidden(*_first(areas, ops)) from rejected
        return  # the patch is refused later, when it is applied
    for area in areas:
        if not keeps_id(after, area):
            raise forbidden(*_first([area], ops))


def keeps_id(value: Json, area: Area) -> bool:
    """Whether the element of an area still has the `id` by which the token names it."""
    if area.id is None:
        return True
    element: Any = value
    for token in area.tokens:
        element = child(element, token)
    return has_id(element, area.id)


def has_id(element: Json, wanted: str) -> bool:
    return type(element) is dict and is_id(element.get("id"), wanted)


def is_id(own: object, wanted: str) -> bool:
    return type(own) is str and own == wanted


def _first(areas: Iterable[Area], ops: Sequence[Op]) -> tuple[str, int]:
    """The pointer and number of the first op that touches the `id` of one of the areas."""
    own = {place for area in areas for place in (area.tokens, (*area.tokens, "id"))}
    for index, op in enumerate(ops):
        if parse(op["path"]) in own or ("from" in op and parse(op["from"]) in own):
            return op["path"], index
    raise AssertionError("no op touches the `id` of these elements")


@lru_cache(maxsize=4096)
def _parsed(pointer: str) -> Tokens:
    return parse(pointer)


def _resolve(tokens: Tokens, value: Any, known: dict[int, Named]) -> Area | None:
    path: list[str] = []
    named: str | None = None
    in_list = False
    for token in tokens:
        named, in_list = None, type(value) is list
        key = token
        if in_list:
            if not _is_index(token):
                named = token
                if id(value) not in known:
                    known[id(value)] = _named(value)
                index = known[id(value)].get(token)
            else:
                index = index_of(token)
            if index is None or index >= len(value):
                return None
            key, value = str(index), value[index]
        elif type(value) is dict and token in value:
            value = value[token]
        else:
            return None
        path.append(key)
    return Area(tuple(path), named, in_list)


def _is_index(token: str) -> bool:
    return token.isascii() and token.isdigit()


def _named(elements: list[Any]) -> Named:
    named: Named = {}
    for index, element in enumerate(elements):
        own = element.get("id") if type(element) is dict else None
        if type(own) is str:
            named[own] = None if own in named else index
    return named
