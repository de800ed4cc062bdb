"""The minimal patch between two values: elements of arrays are matched by identity.

An element is known by its string `id`, where it has one of its own in the array, else by what it
says. Matched elements are edited where they differ, moved where their order changed (all but a
longest run that is in order already), the rest is removed and added. Values that are the same
object cost nothing, so the diff of two versions costs what changed between them.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import msgspec

from collab.entry import Op
from collab.patch.equality import same
from collab.patch.pointer import render

# Above this many list steps for the moves of one array, the array is replaced as a whole.
_MAX_MOVE_WORK = 1_000_000

_encode = msgspec.json.Encoder(order="deterministic").encode
_Path = tuple[str | int, ...]


def diff(old: Any, new: Any) -> list[Op]:
    """Exact ops that turn `old` into `new`; none where they are the same."""
    ops: list[Op] = []
    _diff(old, new, (), ops)
    return ops


def _diff(old: Any, new: Any, path: _Path, ops: list[Op]) -> None:
    if old is new:
        return
    if type(old) is dict and type(new) is dict:
        _diff_objects(old, new, path, ops)
    elif type(old) is list and type(new) is list:
        _diff_arrays(old, new, path, ops)
    elif not same(old, new):
        ops.append({"op": "replace", "path": render(path), "value": new})


def _diff_objects(old: dict[str, Any], new: dict[str, Any], path: _Path, ops: list[Op]) -> None:
    gone = [key for key in old if key not in new]
    ops += [{"op": "remove", "path": render((*path, key))} for key in gone]
    for key, value in new.items():
        if key not in old:
            ops.append({"op": "add", "path": render((*path, key)), "value": value})
        elif value is not old[key]:
            _diff(old[key], value, (*path, key), ops)


def _diff_arrays(old: list[Any], new: list[Any], path: _Path, ops: list[Op]) -> None:
    matches = _match(old, new)
    kept = set(matches.values())
    order = [index for index in range(len(old)) if index in kept]
    wanted = [matches[index] for index in range(len(new)) if index in matches]
    movers = _movers(wanted)
    if len(movers) * len(order) > _MAX_MOVE_WORK:
        ops.append({"op": "replace", "path": render(path), "value": new})
        return
    gone = [index for index in reversed(range(len(old))) if index not in kept]
    ops += [{"op": "remove", "path": render((*path, index))} for index in gone]
    _emit_moves(order, wanted, movers, path, ops)
    for index, value in enumerate(new):
        if index not in matches:
            ops.append({"op": "add", "path": render((*path, index)), "value": value})
    for index, source in matches.items():
        if old[source] is not new[index]:
            _diff(old[source], new[index], (*path, index), ops)


def _emit_moves(
    order: list[int], wanted: list[int], movers: set[int], path: _Path, ops: list[Op]
) -> None:
    """One move for each mover, to right behind the one that it follows in the end."""
    before: int | None = None
    for element in wanted:
        if element in movers:
            source = order.index(element)
            order.pop(source)
            target = 0 if before is None else order.index(before) + 1
            order.insert(target, element)
            if source != target:
                move = {"op": "move", "from": render((*path, source))}
                ops.append({**move, "path": render((*path, target))})
        before = element


def _match(old: list[Any], new: list[Any]) -> dict[int, int]:
    """Which element of `new` (by index, ascending) is which of `old`."""
    start = 0
    limit = min(len(old), len(new))
    while start < limit and _twins(old[start], new[start]):
        start += 1
    tail = 0
    while tail < limit - start and _twins(old[-1 - tail], new[-1 - tail]):
        tail += 1
    matches = {index: index for index in range(start)}
    matches.update(_match_middle(old, new, start, tail))
    shift = len(old) - len(new)
    for index in range(len(new) - tail, len(new)):
        matches[index] = index + shift
    return matches


def _match_middle(old: list[Any], new: list[Any], start: int, tail: int) -> dict[int, int]:
    left, right = range(start, len(old) - tail), range(start, len(new) - tail)
    if not left or not right:
        return {}
    olds, news = _keys(old, left), _keys(new, right)
    found = {index: olds[key] for key, index in news.items() if key in olds}
    taken = set(found.values())
    spare = {index for key, index in olds.items() if index not in taken and key[0] != "id"}
    named = {index for key, index in news.items() if key[0] == "id"}
    # What follows the same element in both and is known in neither was edited, not replaced.
    for index in right:
        behind = found[index - 1] + 1 if index - 1 in found else start if index == start else -1
        if index not in found and index not in named and behind in spare:
            found[index] = behind
    return dict(sorted(found.items()))


def _keys(items: list[Any], span: range) -> dict[tuple[str, Any, int], int]:
    """What each element is known by: its id, or what it says, and the how-manieth that is."""
    seen: dict[tuple[str, Any], int] = {}
    keys: dict[tuple[str, Any, int], int] = {}
    for index in span:
        identity = identity_of(items[index])
        key = ("id", identity) if identity is not None else ("is", _encode(items[index]))
        count = seen.get(key, 0)
        seen[key] = count + 1
        # An id that occurs twice names nothing: further ones go by what they say.
        if count and identity is not None:
            key = ("is", _encode(items[index]))
            count = seen.get(key, 0)
            seen[key] = count + 1
        keys[(*key, count)] = index
    return keys


def identity_of(element: Any) -> str | None:
    """The string `id` of an object, None where it has none."""
    if type(element) is dict:
        identity = element.get("id")
        if type(identity) is str:
            return identity
    return None


def _twins(a: Any, b: Any) -> bool:
    """Whether two elements are surely one and the same: by id, or with no id by what they say."""
    if a is b:
        return True
    identity = identity_of(a)
    if identity is not None or identity_of(b) is not None:
        return identity == identity_of(b)
    return same(a, b)


def _movers(wanted: list[int]) -> set[int]:
    """All but a longest increasing run: the fewest that have to move."""
    tails: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for position, element in enumerate(wanted):
        at = bisect_left(tails, element)
        previous.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(element)
            ends.append(position)
        else:
            tails[at] = element
            ends[at] = position
    stay: set[int] = set()
    position = ends[-1] if ends else -1
    while position >= 0:
        stay.add(wanted[position])
        position = previous[position]
    return set(wanted) - stay
