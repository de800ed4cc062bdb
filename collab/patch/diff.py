"""The minimal patch between two values. The diff matches elements of arrays by `id` or by value.

When an element has a string `id`, and no element before it has the same `id`, the diff matches it
by this `id`. It matches every other element by its value.

- A matched element is edited where it differs.
- When the order of the matched elements differs, as few of them as possible are moved.
- The other elements are removed and added.

Two values that are the same Python object need no comparison. So the diff of two versions takes
time only for their differences.

The number of moves in one diff is limited. When an array needs more moves than are left, it is
replaced as a whole. Its moves would take more bytes than its elements, and each move costs as much
work as an element.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from collab.entry import Op
from collab.patch.moves import elements_to_move, moves
from collab.patch.pointer import Tokens, render
from collab.patch.values import same

MAX_MOVES = 1_000

_encode = msgspec.json.Encoder(order="deterministic").encode
_Path = tuple[str | int, ...]


def diff(old: Any, new: Any, *, moves_left: int = MAX_MOVES) -> list[Op]:
    """Exact ops that turn `old` into `new`; none when they are equal.

    The ops contain at most `moves_left` moves.
    """
    run = _Diff(moves_left)
    run.compare(old, new, ())
    return run.ops


def diff_at(place: Tokens, old: Any, new: Any) -> list[Op]:
    """Exact ops that turn `old` into `new` in a value that has `old` at the location `place`."""
    prefix = render(place)
    return [_under(prefix, op) for op in diff(old, new)]


def _under(prefix: str, op: Op) -> Op:
    moved: dict[str, Any] = {**op, "path": prefix + op["path"]}
    if "from" in op:
        moved["from"] = prefix + op["from"]
    return moved


def places(old: Any, new: Any) -> Iterator[Tokens]:
    """Yield each location in `old` whose value is absent, elsewhere or another one in `new`.

    For a value that only `new` has, yield its key in an object. In an array, yield the array's
    location and `-`.
    """
    waiting: list[tuple[Any, Any, Tokens]] = [(old, new, ())]
    while waiting:
        a, b, at = waiting.pop()
        if a is b:
            continue
        if type(a) is dict and type(b) is dict:
            yield from ((*at, key) for key in a.keys() ^ b.keys())
            waiting += [(a[key], b[key], (*at, key)) for key in a.keys() & b.keys()]
        elif type(a) is list and type(b) is list:
            matches = _match(a, b)
            kept = list(matches.values())
            gone = {*range(len(a))}.difference(kept).union(elements_to_move(kept))
            yield from ((*at, str(index)) for index in gone)
            if len(b) > len(kept):
                yield (*at, "-")
            waiting += [(a[was], b[now], (*at, str(was))) for now, was in matches.items()]
        elif not same(a, b):
            yield at


class _Diff:
    """Compares two values: `ops` are the ops so far, `room` is the number of moves left."""

    __slots__ = ("ops", "room")

    def __init__(self, room: int) -> None:
        self.ops: list[Op] = []
        self.room = room

    def compare(self, old: Any, new: Any, path: _Path) -> None:
        if old is new:
            return
        if type(old) is dict and type(new) is dict:
            self._objects(old, new, path)
        elif type(old) is list and type(new) is list:
            self._arrays(old, new, path)
        elif not same(old, new):
            self.ops.append({"op": "replace", "path": render(path), "value": new})

    def _objects(self, old: dict[str, Any], new: dict[str, Any], path: _Path) -> None:
        gone = [key for key in old if key not in new]
        self.ops += [{"op": "remove", "path": render((*path, key))} for key in gone]
        for key, value in new.items():
            if key not in old:
                self.ops.append({"op": "add", "path": render((*path, key)), "value": value})
            elif value is not old[key]:
                self.compare(old[key], value, (*path, key))

    def _arrays(self, old: list[Any], new: list[Any], path: _Path) -> None:
        ops, at = self.ops, render(path)
        matches = _match(old, new)
        wanted = list(matches.values())
        movers = elements_to_move(wanted)
        if len(movers) > self.room:
            ops.append({"op": "replace", "path": at, "value": new})
            return
        self.room -= len(movers)
        kept = set(wanted)
        gone = [index for index in reversed(range(len(old))) if index not in kept]
        ops += [{"op": "remove", "path": f"{at}/{index}"} for index in gone]
        for source, target in moves(wanted, movers):
            ops.append({"op": "move", "from": f"{at}/{source}", "path": f"{at}/{target}"})
        for index, value in enumerate(new):
            if index not in matches:
                ops.append({"op": "add", "path": f"{at}/{index}", "value": value})
        for index, source in matches.items():
            if old[source] is not new[index]:
                self.compare(old[source], new[index], (*path, index))


def _match(old: list[Any], new: list[Any]) -> dict[int, int]:
    """The index in `old` of each matched element, by its index in `new`, ascending."""
    start = 0
    limit = min(len(old), len(new))
    while start < limit and _are_same_element(old[start], new[start]):
        start += 1
    tail = 0
    while tail < limit - start and _are_same_element(old[-1 - tail], new[-1 - tail]):
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
    # An unmatched element of `old` and one of `new` may have no id and follow the same matched
    # element. Then the new element is an edit of the old one.
    for index in right:
        behind = found[index - 1] + 1 if index - 1 in found else start if index == start else -1
        if index not in found and index not in named and behind in spare:
            found[index] = behind
    return dict(sorted(found.items()))


def _keys(items: list[Any], span: range) -> dict[tuple[str, Any, int], int]:
    """The index of each element by a key.

    A key is the element's id or value, and the number of elements before it with the same one.
    """
    seen: dict[tuple[str, Any], int] = {}
    keys: dict[tuple[str, Any, int], int] = {}
    for index in span:
        identity = identity_of(items[index])
        key = ("id", identity) if identity is not None else ("is", _encode(items[index]))
        count = seen.get(key, 0)
        seen[key] = count + 1
        # The second element with an id, and each after it, is matched by its value.
        if count and identity is not None:
            key = ("is", _encode(items[index]))
            count = seen.get(key, 0)
            seen[key] = count + 1
        keys[(*key, count)] = index
    return keys


def identity_of(element: Any) -> str | None:
    """The string `id` of an object; None when it has none."""
    if type(element) is dict:
        identity = element.get("id")
        if type(identity) is str:
            return identity
    return None


def _are_same_element(a: Any, b: Any) -> bool:
    """Whether two elements match: by id, or by value when neither has an id."""
    if a is b:
        return True
    identity = identity_of(a)
    if identity is not None or identity_of(b) is not None:
        return identity == identity_of(b)
    return same(a, b)
