"""Rebases a patch from the value that it was made on to another value.

Elements of a list are found by their `id`, or by the elements before or after them. A patch is
rebased only when each pointer certainly names the same element, and when it overwrites no value
that its author did not see. Otherwise the server has to rebase it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from weft.core.patch import (
    ABSENT,
    Json,
    Op,
    apply,
    child,
    covers,
    get,
    parse,
    render,
    same,
    splits,
    units,
)
from weft.errors import PatchError


@dataclass(slots=True)
class Rebased:
    """The patch for the other value.

    `merged` are pointers of texts that both sides changed at different places. `start` and `end`
    are the values after the patch: on the side where it was made, and on the other side. With
    `is_sure`, no splice is rebased when the other change may be at its place among equal letters.
    """

    start: Json
    end: Json
    ops: list[Op] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    is_sure: bool = False


def rebase(
    ops: list[Op], start: Json, end: Json, *, overwrite: bool = False, is_sure: bool = False
) -> Rebased | None:
    """Return the patch `ops`, made on `start`, for the value `end`; None when it is not certain.

    With `overwrite`, a write may replace another value than its author saw. With `is_sure`, the
    place of another change among equal letters counts as unknown.
    """
    rebased = Rebased(start, end, is_sure=is_sure)
    try:
        if start is end:  # nothing to rebase: one pass over all operations
            after = apply(start, ops)
            return Rebased(after, after, [op for op in ops if op["op"] != "test"])
        for op in ops:
            if op["op"] != "test":
                moved = _rebase_one(op, rebased, overwrite)
                if moved is None:
                    return None
                rebased.end = apply(rebased.end, [moved])
                rebased.ops.append(moved)
            rebased.start = apply(rebased.start, [op])
    except PatchError:
        return None
    return rebased


def _rebase_one(op: Op, rebased: Rebased, overwrite: bool) -> Op | None:
    start, end, tokens = rebased.start, rebased.end, parse(op["path"])
    match op["op"]:
        case "splice" | "replace" | "remove":
            return _rebase_write(op, rebased, tokens, overwrite)
        case "copy":
            copied = {"op": "add", "path": op["path"], "value": get(start, op["from"])}
            return _rebase_one(copied, rebased, overwrite)
        case "add":
            found = _place(start, end, tokens, overwrite)
            return None if found is None else {**op, "path": render(found)}
        case "move":
            source = _element(start, end, parse(op["from"]))
            if source is None or covers(op["path"], op["from"]):
                return None
            moved = render(source)
            start = apply(start, [{"op": "remove", "path": op["from"]}])
            end = apply(end, [{"op": "remove", "path": moved}])
            found = _place(start, end, tokens, overwrite)
            return None if found is None else {**op, "from": moved, "path": render(found)}
    return None


def _rebase_write(op: Op, rebased: Rebased, tokens: list[str], overwrite: bool) -> Op | None:
    """Rebase an operation that changes or removes an existing value."""
    found = _element(rebased.start, rebased.end, tokens)
    if found is None:
        return None
    path = render(found)
    old, now = get(rebased.start, tokens), get(rebased.end, found)
    if same(old, now):
        return {**op, "path": path}
    if op["op"] != "splice":
        return {**op, "path": path} if overwrite else None
    moved = _shift({**op, "path": path}, old, now, rebased.is_sure)
    if moved is not None:
        rebased.merged.append(path)
    return moved


def _shift(op: Op, old: Json, now: Json, is_sure: bool) -> Op | None:
    """Return a splice after another author's change of the text; None when the parts overlap."""
    if not isinstance(old, str) or not isinstance(now, str):
        return None
    before, after = units(old), units(now)
    start, end = _changed_part(before, after)
    if is_sure:
        start, end = _possible_part(before, after, start, end)
    offset, count = op["offset"], op.get("delete", 0)
    if offset >= end:
        return {**op, "offset": offset + (len(after) - len(before)) // 2}
    return op if offset + count <= start else None


def _changed_part(old: bytes, new: bytes) -> tuple[int, int]:
    """Return where the part of `old` starts and ends that `new` lacks, in UTF-16 units."""
    most, start, tail = min(len(old), len(new)) // 2, 0, 0
    while start < most and old[2 * start : 2 * start + 2] == new[2 * start : 2 * start + 2]:
        start += 1
    start -= splits(old, start) or splits(new, start)
    while tail < most - start and _unit(old, tail) == _unit(new, tail):
        tail += 1
    tail -= splits(old, len(old) // 2 - tail) or splits(new, len(new) // 2 - tail)
    return start, len(old) // 2 - tail


def _possible_part(old: bytes, new: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the changed part may start and end: equal letters do not show its place."""
    grown = (len(new) - len(old)) // 2
    text, size = (new, grown) if start == end else (old, end - start)
    if start < end and grown != start - end:
        return start, end  # characters were replaced by others
    low, high = start, start + size
    while low and text[2 * low - 2 : 2 * low] == text[2 * (low + size) - 2 : 2 * (low + size)]:
        low -= 1
    while 2 * high < len(text) and text[2 * high : 2 * high + 2] == _unit_at(text, high - size):
        high += 1
    return low, high if start < end else high - size


def _unit_at(data: bytes, at: int) -> bytes:
    return data[2 * at : 2 * at + 2]


def _unit(data: bytes, from_end: int) -> bytes:
    end = len(data) - 2 * from_end
    return data[end - 2 : end]


# --- elements and places ------------------------------------------------------------------------


def _element(start: Json, end: Json, tokens: list[str]) -> list[str] | None:
    """Return where the element at `tokens` of `start` is in `end`; None when not certain."""
    found = []
    for token in tokens:
        at = token
        if isinstance(start, list) and isinstance(end, list):
            at = str(_index_of(start, end, int(token))) if token.isdigit() else ""
        elif not (isinstance(start, dict) and isinstance(end, dict)):
            return None
        start, end = child(start, token), child(end, at)
        if start is ABSENT or end is ABSENT:
            return None
        found.append(at)
    return found


def _id_of(element: Json) -> str | None:
    id = element.get("id") if isinstance(element, dict) else None
    return id if isinstance(id, str) else None


def _index_of(start: list[Any], end: list[Any], index: int) -> int:
    """Return the index of an element of one list in the other list; -1 when not certain."""
    if start is end:
        return index
    id = _id_of(start[index]) if index < len(start) else None
    if id is not None:
        places = [at for at, each in enumerate(end) if _id_of(each) == id]
        once = sum(_id_of(each) == id for each in start) == 1
        return places[0] if once and len(places) == 1 else -1
    before, after = index + 1, len(start) - index
    if same(start[:before], end[:before]):
        return index
    if 0 < after <= len(end) and same(start[index:], end[len(end) - after :]):
        return len(end) - after
    return -1


def _place(start: Json, end: Json, tokens: list[str], overwrite: bool) -> list[str] | None:
    """Return where an `add` at `tokens` of `start` belongs in `end`; None when not certain."""
    if not tokens:
        return [] if overwrite or same(start, end) else None
    holder = _element(start, end, tokens[:-1])
    if holder is None:
        return None
    last = tokens[-1]
    old, now = get(start, tokens[:-1]), get(end, holder)
    if not isinstance(old, list):
        is_same = isinstance(now, dict) and same(child(old, last), child(now, last))
        return [*holder, last] if is_same or (overwrite and isinstance(now, dict)) else None
    if not isinstance(now, list):
        return None
    index = len(old) if last == "-" else int(last)
    if not old or old is now:
        return [*holder, str(index if old else len(now))]
    # The nearest earlier element that is still there decides, else the nearest later one.
    for at in range(min(index, len(old)) - 1, -1, -1):
        found = _index_of(old, now, at)
        if found >= 0:
            return [*holder, str(found + 1)]
    later = (_index_of(old, now, at) for at in range(index, len(old)))
    first = next((at for at in later if at >= 0), None)
    return None if first is None else [*holder, str(first)]
