"""JSON Patch (RFC 6902) on plain values: atomic, bounded, by path-copying.

Values are shared between versions. An op copies the containers on its way down and nothing else;
what a patch has copied once it may change in place, until another value shares it. A refusal drops
the copies, so a patch is applied whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from collab.entry import Entry, Op
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.bounds import TRUSTED, UNBOUNDED, Bounds
from collab.patch.run import PatchRun


class Applied(Struct, frozen=True):
    """What a patch did.

    Invariant: `ops` give `value` from the value before, and `inverse` gives that back from
    `value`. `ops` are exact: no `test`, no `splice`, no index `-`, nothing that changes nothing,
    `add` and `move` never overwrite, and each op that was exact already is the one that was sent.
    `spliced` says of a text op, by the number of its exact op, which code points gave way to which.
    A Struct, because a frozen dataclass takes half a microsecond more to make.
    """

    value: Any
    ops: list[Op]
    inverse: list[Op]
    size: int
    spliced: dict[int, tuple[int, int, str]] = {}


def apply(
    value: Any,
    ops: Sequence[Any],
    *,
    size: int = 0,
    bounds: Bounds = UNBOUNDED,
    splices: bool = False,
    tests: bool = True,
) -> Applied:
    """Apply a patch to a value of `size` JSON bytes (0: only growth counts), or raise `Rejected`.

    `splices` allows the text op; with `tests` off, `test` ops are passed over.
    """
    check_length(ops, bounds)
    run = PatchRun(value, size, bounds, splices, tests)
    done = 0
    try:
        for op in ops:
            run.apply(op)
            done += 1
    except Rejected as error:
        raise with_op(error, done, ops[done]) from None
    run.inverse.reverse()
    return Applied(run.root, run.ops, run.inverse, run.size, run.spliced)


def replay(value: Any, ops: Sequence[Op]) -> Any:
    """The value after exact ops out of the log, which were bounded when they were accepted."""
    return apply(value, ops, bounds=TRUSTED, splices=True).value


def values_before(value: Json, entries: Sequence[Entry]) -> list[Json]:
    """The value before each of the entries, of which the first was made on `value`."""
    values: list[Json] = []
    for entry in entries:
        values.append(value)
        value = replay(value, entry.ops)
    return values


def check_length(ops: Sequence[Any], bounds: Bounds) -> None:
    """Refuse more ops than one patch may have."""
    if bounds.max_ops and len(ops) > bounds.max_ops:
        raise Rejected(Code.TOO_LARGE, f"a patch holds at most {bounds.max_ops} ops")


def with_op(error: Rejected, index: int, op: Any) -> Rejected:
    """A refusal of an op with its number and its pointer."""
    refusal = error.refusal
    path = op.get("path") if isinstance(op, dict) else None
    sound = isinstance(path, str) and not any("\ud800" <= unit <= "\udfff" for unit in path)
    extra = {**refusal.extra, "op": index, "path": path if sound else ""}
    return Rejected(refusal.code, refusal.message, **extra)
