"""Entries: changes of the user that wait for their answer, and how unsent ones are joined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from weft.core.patch import Op, apply, covers, text_of, units

# Changes in this time are one gesture. Times are in seconds.
AT_ONCE = 0.05
# Changes of one value are one undo step when each follows the previous one within this time.
TYPING = 1.0
MOST_OPS = 500
# A patch of many joined changes stays far below the server's limits, so it is never too large when
# none of the changes is. JSON values count as bytes: 256 KiB are 5,000 values.
MOST_BYTES = 256 * 1024
_BYTES_OF_VALUE = MOST_BYTES // 5000


@dataclass(slots=True, eq=False)
class Entry:
    """One or more changes of the user with one id on the wire.

    - `base` is the version that `ops` refer to.
    - When `sent` is true, the id and the ops never change, so that a retry is applied once.
    - `accepted` is the version in which the server has it, when its answer is still to come.
    - `answered` is the version of the answer. `tries` counts the refusals that were only for now.
    - `merged` are pointers of texts that this client has merged.
    - `weight` is the size of `ops` when the last change was joined, or more.
    """

    id: str
    base: int
    ops: list[Op]
    time: float
    step: str | None = None
    fence: int | None = None
    sent: bool = False
    accepted: int | None = None
    answered: int | None = None
    tries: int = 0
    merged: list[str] = field(default_factory=list)
    weight: int = 0

    def __post_init__(self) -> None:
        self.weight = weight(self.ops)


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest patch of joined changes."""

    ops: int = MOST_OPS
    bytes: int = MOST_BYTES

    @classmethod
    def of(cls, limits: dict[str, Any]) -> Limits:
        """Return the limits for a server. `limits` are those of `opened`."""
        frame, ops = limits.get("max_frame") or MOST_BYTES * 2, limits.get("max_ops") or MOST_OPS
        return cls(min(MOST_OPS, ops), min(MOST_BYTES, frame // 2))


def weight(ops: list[Op]) -> int:
    """Return the size of a patch as JSON, or more when it has many small values."""
    raw = msgspec.json.encode(ops)
    values = raw.count(b",") + raw.count(b"{") + raw.count(b"[")  # commas in texts count too
    return max(len(raw), _BYTES_OF_VALUE * values)


def joins(entry: Entry, ops: list[Op], now: float, step: str | None, fence: int | None) -> bool:
    """Whether a new change belongs to the same gesture as an unsent entry."""
    if entry.sent or (entry.step, entry.fence) != (step, fence):
        return False
    if step is not None or now - entry.time <= AT_ONCE:
        return True
    path = entry.ops[0]["path"] if entry.ops else ""
    writes = all(op["path"] == path and _is_write(op) for op in [*entry.ops, *ops])
    return writes and now - entry.time <= TYPING


def join(entry: Entry, ops: list[Op], limits: Limits) -> bool:
    """Make a change a part of an unsent entry. Return False when both would be too large."""
    both = squash(entry.ops, ops)
    size = entry.weight + weight(ops)
    if size > limits.bytes:
        size = weight(both)  # a value that was replaced counts once
    if len(both) > limits.ops or size > limits.bytes:
        return False
    entry.ops, entry.weight = both, size
    return True


def squash(ops: list[Op], more: list[Op]) -> list[Op]:
    """Return both patches as one short patch."""
    joined = list(ops)
    for op in more:
        at = next((at for at in reversed(range(len(joined))) if _meets(joined[at], op)), -1)
        both = _join_writes(joined[at], op) if at >= 0 else None
        if both is None:
            joined.append(op)
        else:
            joined[at] = both
    return joined


def _is_write(op: Op) -> bool:
    return op["op"] in ("replace", "splice")


def _meets(earlier: Op, op: Op) -> bool:
    """Whether the order of both operations matters."""
    paths = earlier["path"], op["path"]
    return not _is_write(earlier) or covers(*paths) or covers(*reversed(paths))


def _join_writes(a: Op, b: Op) -> Op | None:
    """Return two writes of one value as one operation; None when they stay two."""
    if not (_is_write(a) and _is_write(b) and a["path"] == b["path"]):
        return None
    if b["op"] == "replace":
        return b
    if a["op"] == "replace":
        return {**a, "value": apply(a["value"], [{**b, "path": ""}])}
    start, text = a["offset"], units(a.get("insert", ""))
    at, removed, insert = b["offset"] - start, b.get("delete", 0), units(b.get("insert", ""))
    if at >= 0 and 2 * (at + removed) <= len(text):
        return {**a, "insert": text_of(text[: 2 * at] + insert + text[2 * (at + removed) :])}
    if at < 0 <= at + removed and 2 * (at + removed) <= len(text):
        rest = text_of(insert + text[2 * (at + removed) :])
        return {**a, "offset": start + at, "delete": a.get("delete", 0) - at, "insert": rest}
    return None
