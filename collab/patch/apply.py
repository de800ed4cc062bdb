"""Apply JSON Patches (RFC 6902) to plain values, within limits, by path-copying.

Several versions of a document share their values. So an op does not change a value in place: it
copies the containers that lead to its location (path-copying). The patch may then change its own
copies in place, until another value shares them. When an op is refused, the copies are dropped. So
a patch is applied as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from collab.entry import Entry, Op, TextChanges
from collab.errors import Code, Rejected
from collab.ids import Json
from collab.patch.bounds import TRUSTED, UNBOUNDED, Bounds
from collab.patch.run import PatchRun
from collab.patch.text_changes import NO_TEXTS


class Applied(Struct, frozen=True):
    """The result of a patch: the new value, the exact ops and their inverse.

    Invariant: `ops` lead from the value before the patch to `value`, and `inverse` leads back.
    `ops` are exact:

    - They contain no `test`, no `splice` and no index `-`.
    - Each op changes something. An `add` or a `move` never overwrites a value.
    - When a sent op is exact already, `ops` has the same object.

    An exact op may come from a `splice`, or its author may have stated otherwise which characters
    it changes. Then `texts` has these changes, by the number of this op. This is a Struct, because
    creating a frozen dataclass takes 0.5 us longer.

    Both values share their unchanged parts. `copied` are the bytes of memory of the containers that
    only one of them has, without the values in them.
    """

    value: Any
    ops: list[Op]
    inverse: list[Op]
    size: int
    texts: dict[int, TextChanges] = {}
    copied: int = 0


def apply(
    value: Any,
    ops: Sequence[Any],
    *,
    size: int = 0,
    bounds: Bounds = UNBOUNDED,
    splices: bool = False,
    tests: bool = True,
    texts: Mapping[int, TextChanges] = NO_TEXTS,
) -> Applied:
    """Apply a patch to a value of `size` JSON bytes, or raise `Rejected`.

    When `size` is 0, the limit of bytes applies only to the growth. `splices` allows the op
    `splice`. When `tests` is off, every `test` op passes. `texts` has the exact changes of a text,
    by the number of the op in `ops`.
    """
    if len(ops) > bounds.max_ops > 0:
        raise too_many_ops(bounds)
    run = PatchRun(value, size, bounds, splices, tests)
    done = 0
    try:
        for op in ops:
            number = len(run.ops)
            run.apply(op)
            if done in texts and len(run.ops) > number:
                run.texts[number] = texts[done]
            done += 1
    except Rejected as error:
        raise with_op(error, done, ops[done]) from None
    run.inverse.reverse()
    return Applied(run.root, run.ops, run.inverse, run.size, run.texts, run.copied)


def replay(value: Any, ops: Sequence[Op]) -> Any:
    """The value after exact ops from the log. The server checked their bounds when they came in."""
    return apply(value, ops, bounds=TRUSTED, splices=True).value


def values_before(value: Json, entries: Sequence[Entry]) -> list[Json]:
    """The value before each of the entries. `value` is the value before the first."""
    values: list[Json] = []
    for entry in entries:
        values.append(value)
        value = replay(value, entry.ops)
    return values


def too_many_ops(bounds: Bounds) -> Rejected:
    """The refusal of a patch that has more ops than `bounds` allow."""
    return Rejected(
        Code.TOO_LARGE,
        f"a patch may have at most {bounds.max_ops} operations; send smaller patches",
    )


def with_op(error: Rejected, index: int, op: Any) -> Rejected:
    """The refusal of an op, with the op's number and pointer added."""
    refusal = error.refusal
    path = op.get("path") if isinstance(op, dict) else None
    sound = isinstance(path, str) and not any("\ud800" <= unit <= "\udfff" for unit in path)
    extra = {**refusal.extra, "op": index, "path": path if sound else ""}
    return Rejected(refusal.code, refusal.message, **extra)
