"""A letter that is typed into a long text is logged as a splice, not as the whole text."""

from __future__ import annotations

import random
from typing import Any

import pytest
from msgspec.structs import replace

from collab.entry import Author, Entry, TextChange
from collab.patch.apply import apply, replay
from collab.patch.splices import (
    SHORT,
    as_splices,
    drop_overwritten_texts,
    for_log,
    from_log,
    has_splices,
    needs_value,
)
from collab.patch.text_changes import changed_text

LONG = "word and ünïcode 😀 " * 100


def entry(ops: list[dict[str, Any]], answer: dict[str, Any] | None = None) -> Entry:
    return Entry(2, Author("ada"), 0, "edit", ops, b"", answer=answer or {})


def put(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


def size(one: Entry) -> int:
    return sum(len(str(op)) for op in one.ops)


def logged(short: Entry, before: Any) -> tuple[Entry, Any]:
    """An entry from the log, without the changes of texts: the log has them as splices."""
    told, after = from_log(short, before)
    return replace(told, texts={}), after


def test_a_letter_in_a_long_text_is_logged_as_a_splice() -> None:
    before: Any = {"t": LONG, "n": 1}
    whole = entry([put("/t", LONG[:50] + "x" + LONG[50:])])
    short = for_log(whole, before)
    assert has_splices(short.ops)
    assert size(short) < 100
    assert replay(before, short.ops) == replay(before, whole.ops)
    assert logged(short, before) == (whole, replay(before, whole.ops))


def test_the_ops_of_an_answer_are_logged_as_splices() -> None:
    ops = [put("/t", LONG + "x"), put("/t", LONG + "xy"), put("/n", 2)]
    whole = entry(ops, {"ops": drop_overwritten_texts(ops), "duplicate": True})
    short = for_log(whole, {"t": LONG, "n": 1})
    assert short.answer["ops"] is short.ops
    assert size(short) < 200
    told, _ = logged(short, {"t": LONG, "n": 1})
    assert told == whole
    assert told.answer["ops"] == ops[1:]


def test_of_repeated_replacements_of_a_text_the_last_is_kept() -> None:
    a, b, c, other = put("/t", "a"), put("/t", "b"), put("/t", "c"), put("/u", "x")
    add = {"op": "add", "path": "/l/0", "value": "x"}
    assert drop_overwritten_texts([a, other, b]) == [other, b]
    assert drop_overwritten_texts([a, b, add, b, c]) == [b, add, c]
    assert drop_overwritten_texts([a, put("/t", 1), b]) == [a, put("/t", 1), b]
    untouched = [a, add, b]
    assert drop_overwritten_texts(untouched) is untouched


def test_short_texts_are_logged_as_they_are() -> None:
    small = entry([put("/t", "x" * SHORT)])
    assert for_log(small, {"t": "y" * SHORT}) is small


def test_each_long_text_of_a_change_is_logged_as_a_splice() -> None:
    before: Any = {"l": [LONG] * 40}
    ops = [{"op": "add", "path": "/l/0", "value": "first"}]
    ops += [put(f"/l/{number}", f"{number}" + LONG) for number in range(1, 41)]
    ops += [put("/l/7", "then" + LONG), {"op": "remove", "path": "/l/3"}]
    whole = entry(ops)
    short = for_log(whole, before)
    assert size(short) < 40 * 100
    assert logged(short, before) == (whole, replay(before, ops))


@pytest.mark.parametrize("seed", range(40))
def test_a_random_entry_comes_back_from_the_log_unchanged(seed: int) -> None:
    dice = random.Random(seed)
    value: Any = {"a": LONG, "b": LONG[::-1], "l": [LONG, "short"], "n": 0}
    for _ in range(20):
        ops: list[dict[str, Any]] = []
        after = value
        for _ in range(dice.choice((1, 1, 2, 5))):
            path = dice.choice(("/a", "/b", "/l/0", "/l/1", "/n"))
            old = {"/a": after["a"], "/b": after["b"], "/l/0": after["l"][0]}.get(path, "x")
            at, end = sorted(dice.choices(range(len(old) + 1), k=2))
            new = old[:at] + dice.choice(("", "é", "😀", "words ")) + old[dice.choice((at, end)) :]
            applied = apply(after, [put(path, new)])
            ops += applied.ops
            after = applied.value
        whole = entry(ops)
        short = for_log(whole, value)
        assert replay(value, short.ops) == after
        assert logged(short, value) == (whole, after)
        value = after


def of_texts(*changes: TextChange) -> Entry:
    """A change of a long and a short text of equal letters, by the exact changes of both."""
    texts = {0: changes, 1: ((1, 1, "a"),)}
    ops = [put("/t", changed_text("a" * 600, changes)), put("/u", "aaaa")]
    return replace(entry(ops), texts=texts)


@pytest.mark.parametrize("changes", [((1, 1, "a"),), ((1, 2, "aa"), (9, 9, "a"))])
def test_the_log_keeps_which_of_equal_letters_changed(changes: tuple[TextChange, ...]) -> None:
    before: Any = {"t": "a" * 600, "u": "aaa"}
    whole = of_texts(*changes)
    short = for_log(whole, before)
    assert size(short) < 200
    assert from_log(short, before)[0] == whole


def test_a_reader_is_told_which_of_equal_letters_changed() -> None:
    whole = of_texts((1, 2, "aa"), (9, 9, "a"))
    assert not needs_value(whole.ops, whole.texts)
    spliced = as_splices(None, whole.ops, whole.texts)
    assert [(op["offset"], op["delete"], op["insert"]) for op in spliced] == [
        (1, 1, "aa"),
        (10, 0, "a"),
        (1, 0, "a"),
    ]
