"""Changes of texts as splices: in the log, and for clients that accept `splice`.

A splice is an op that names only the changed characters of a text. Other clients get a `replace`
with the whole text, so they need not know the text before the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from collab.entry import Entry, Op, TextChanges
from collab.ids import Json
from collab.patch import text_changes
from collab.patch.apply import Applied, apply
from collab.patch.bounds import TRUSTED
from collab.patch.pointer import lookup, parse
from collab.patch.run import PatchRun
from collab.patch.text_changes import NO_TEXTS, bounded, difference
from collab.patch.values import same

Texts: TypeAlias = Mapping[int, TextChanges]

# The log stores texts up to this length as a whole. A splice would save little: the row of an entry
# takes half as many bytes even without its ops.
SHORT: Final = 500


def as_splices(before: Json, ops: list[Op], texts: Texts = NO_TEXTS) -> list[Op]:
    """The ops of a change for a client that accepts splices.

    `before` is the value before them, which only `needs_value` tells to be needed. `texts` has the
    exact changes of a text, by the number of its op.
    """
    if len(ops) == 1:
        changes = texts.get(0)
        if changes is not None:
            return text_changes.as_splices(ops[0]["path"], changes)
        return _spliced(before, ops[0])
    run = PatchRun(before, 0, TRUSTED, False, False) if needs_value(ops, texts) else None
    if run is None and not texts:
        return ops
    spliced: list[Op] = []
    for number, op in enumerate(ops):
        if number in texts:
            spliced += text_changes.as_splices(op["path"], texts[number])
        else:
            spliced += _spliced(run.root, op) if run is not None and _is_long(op) else [op]
        if run is not None:
            run.apply(op)
    return spliced


def needs_value(ops: list[Op], texts: Texts) -> bool:
    """Whether splices for these ops need the value before them: a text has no exact changes."""
    if len(ops) == 1:
        return 0 not in texts and ops[0]["op"] == "replace" and type(ops[0]["value"]) is str
    return any(_is_long(op) and number not in texts for number, op in enumerate(ops))


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
    """The entry as the log stores it: a change of a long text is a splice.

    When an op has several changes, its splice reaches from the first to the last of them.
    """
    if not any(map(_is_long, entry.ops)):
        return entry
    run = PatchRun(before, 0, TRUSTED, False, False)
    ops: list[Op] = []
    texts = dict(entry.texts)
    for number, op in enumerate(entry.ops):
        if not _is_long(op):
            ops.append(op)
        elif len(texts.get(number, ())) == 1:
            ops += text_changes.as_splices(op["path"], texts.pop(number))
        elif number in texts:
            old = lookup(run.root, parse(op["path"]))
            ops += text_changes.as_splices(op["path"], bounded(old, texts[number], 1))
        else:
            ops += _spliced(run.root, op)
        run.apply(op)
    answer = {**entry.answer, "ops": ops} if "ops" in entry.answer else entry.answer
    return replace(entry, ops=ops, texts=texts, answer=answer)


def from_log(entry: Entry, before: Json) -> tuple[Entry, Json]:
    """The entry as clients received it, and the value after it."""
    applied = apply(before, entry.ops, bounds=TRUSTED, splices=True, texts=entry.texts)
    return as_received(entry, applied), applied.value


def as_received(entry: Entry, applied: Applied) -> Entry:
    """The entry of the log as clients received it. `applied` is what its ops do."""
    if not has_splices(entry.ops):
        return entry
    answer = entry.answer
    if "ops" in answer:
        answer = {**answer, "ops": drop_overwritten_texts(applied.ops)}
    return replace(entry, ops=applied.ops, texts=applied.texts, answer=answer)


def has_splices(ops: Sequence[Op]) -> bool:
    return any(op["op"] == "splice" for op in ops)


def is_spliced(answer: Mapping[str, Any]) -> bool:
    """Whether an answer from the log has splices instead of the ops that its client received."""
    return has_splices(answer.get("ops", ()))


def _is_long(op: Op) -> bool:
    return type(value := op.get("value")) is str and len(value) > SHORT


def _spliced(before: Json, op: Op) -> list[Op]:
    if op["op"] != "replace" or not isinstance(op["value"], str):
        return [op]
    old = lookup(before, parse(op["path"]))
    if not isinstance(old, str) or same(old, op["value"]):
        return [op]
    return text_changes.as_splices(op["path"], difference(old, op["value"]))
