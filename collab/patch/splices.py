"""Changes of texts as splices: in the log, and for clients that accept `splice`.

A splice is an op that names only the changed characters of a text. Other clients get a `replace`
with the whole text, so they need not know the text before the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from collab.entry import Entry, Op
from collab.ids import Json
from collab.patch.apply import apply
from collab.patch.bounds import TRUSTED
from collab.patch.pointer import lookup, parse
from collab.patch.run import PatchRun
from collab.patch.utf16 import as_splice
from collab.patch.values import same

# The log stores texts up to this length as a whole. A splice would save little: the row of an entry
# takes half as many bytes even without its ops.
SHORT: Final = 500


def as_splices(before: Json, ops: list[Op]) -> list[Op]:
    """The ops of a change for a client that accepts splices. `before` is the value before them."""
    return _spliced(before, ops[0]) if len(ops) == 1 else splice_long_texts(before, ops)


def splice_long_texts(before: Json, ops: list[Op]) -> list[Op]:
    """The ops, with a splice for each `replace` by a text longer than `SHORT`."""
    if not _has_long_text(ops):
        return ops
    run = PatchRun(before, 0, TRUSTED, False, False)
    spliced: list[Op] = []
    for op in ops:
        spliced += _spliced(run.root, op) if _has_long_text([op]) else [op]
        run.apply(op)
    return spliced


def drop_overwritten_texts(ops: list[Op]) -> list[Op]:
    """The ops, without each `replace` of a text that a later op of the same run overwrites.

    A run is a sequence of ops that replace texts.
    """
    kept: list[Op] = []
    row: set[str] = set()  # the texts that later ops of this run replace
    for op in reversed(ops):
        if op["op"] != "replace" or not isinstance(op["value"], str):
            row.clear()
        elif op["path"] in row:
            continue
        else:
            row.add(op["path"])
        kept.append(op)
    kept.reverse()
    return kept if len(kept) < len(ops) else ops


# --- the log --------------------------------------------------------------------------------


def for_log(entry: Entry, before: Json) -> Entry:
    """The entry as the log stores it: a change of a long text is a splice."""
    ops = splice_long_texts(before, entry.ops)
    if ops is entry.ops:
        return entry
    answer = {**entry.answer, "ops": ops} if "ops" in entry.answer else entry.answer
    return replace(entry, ops=ops, answer=answer)


def from_log(entry: Entry, before: Json) -> tuple[Entry, Json]:
    """The entry as clients received it, and the value after it."""
    applied = apply(before, entry.ops, bounds=TRUSTED, splices=True)
    if not has_splices(entry.ops):
        return entry, applied.value
    answer = entry.answer
    if "ops" in answer:
        answer = {**answer, "ops": drop_overwritten_texts(applied.ops)}
    return replace(entry, ops=applied.ops, answer=answer), applied.value


def has_splices(ops: Sequence[Op]) -> bool:
    return any(op["op"] == "splice" for op in ops)


def is_spliced(answer: Mapping[str, Any]) -> bool:
    """Whether an answer from the log has splices instead of the ops that its client received."""
    return has_splices(answer.get("ops", ()))


def _has_long_text(ops: list[Op]) -> bool:
    for op in ops:
        value = op.get("value")
        if type(value) is str and len(value) > SHORT:
            return True
    return False


def _spliced(before: Json, op: Op) -> list[Op]:
    if op["op"] != "replace" or not isinstance(op["value"], str):
        return [op]
    old = lookup(before, parse(op["path"]))
    if not isinstance(old, str) or same(old, op["value"]):
        return [op]
    return [as_splice(op["path"], old, op["value"])]
