"""Exact changes of a text: applied, composed, rebased and sent as splices."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from collab.entry import TextChange
from collab.patch import text_changes
from collab.patch.apply import apply
from collab.patch.text_changes import (
    MOST_CHANGES,
    all_composed,
    as_splices,
    bounded,
    changed_text,
    composed,
    difference,
    joined,
    lead_to,
    one_after_the_other,
    rebased,
    relocated,
)
from collab.patch.utf16 import length, units_between


def test_changes_count_units_of_the_old_text() -> None:
    assert changed_text("a😀b😀", ((1, 3, "x"), (4, 4, "é"))) == "axbé😀"
    assert changed_text("aaa", ((1, 2, "bb"),)) == "abba"
    assert changed_text("aaa", ()) == "aaa"


def test_changes_lead_only_from_one_text_to_the_other() -> None:
    assert lead_to("aaa", "aaaa", ((1, 1, "a"),))
    assert not lead_to("aaa", "aaaa", ((1, 1, "b"),))
    assert not lead_to("a", "aa", ((2, 2, "a"),))  # beyond the end
    assert not lead_to(1, "a", ())


def test_of_two_texts_only_the_difference_is_known() -> None:
    assert difference("aaa", "aaaa") == ((3, 3, "a"),)
    assert difference("😀a", "😀b") == ((2, 3, "b"),)
    assert difference("same", "same") == ()


def test_a_caret_moves_with_the_letters_before_it() -> None:
    changes = ((1, 1, "aa"), (3, 5, "b"))
    assert [relocated(at, changes) for at in range(7)] == [0, 1, 4, 5, 6, 6, 7]


def test_very_many_changes_become_one() -> None:
    old = "😀a" * (MOST_CHANGES + 1)
    many = tuple((3 * number, 3 * number + 2, "b") for number in range(MOST_CHANGES + 1))
    [one] = bounded(old, many)
    assert one[:2] == (0, 3 * MOST_CHANGES + 2)
    assert changed_text(old, [one]) == changed_text(old, many)
    assert bounded(old, many[1:]) == many[1:]


def test_splices_of_one_place_become_one_change() -> None:
    assert joined([(1, 1, "a"), (2, 2, "b"), (1, 2, "")]) == ((1, 1, "b"),)
    assert composed(((0, 1, "xy"),), ((1, 2, ""),)) == ((0, 1, "x"),)
    assert joined([(1, 2, ""), (1, 2, "")]) == ((1, 3, ""),)


def test_a_splice_is_rebased_over_exact_changes() -> None:
    assert rebased([(1, 1, "m")], [(1, 1, "theirs")]) == ([(1, 1, "m")], [(2, 2, "theirs")])
    assert rebased([(2, 3, "m")], [(0, 1, "")]) == ([(1, 2, "m")], [(0, 1, "")])
    assert rebased([(0, 2, "")], [(1, 1, "t")]) is None


@pytest.mark.parametrize("seed", range(200))
def test_joined_splices_keep_and_replace_the_same_characters(seed: int) -> None:
    dice = random.Random(seed)
    base = "".join(dice.choice("ab😀") for _ in range(dice.randrange(9)))
    start = [(0, at) for at in range(length(base))]
    seen, text = list(start), base
    splices: list[TextChange] = []
    for number in range(1, dice.randrange(2, 9)):
        whole = [at for at in range(length(text) + 1) if _is_whole(text, at)]
        low, high = sorted((dice.choice(whole), dice.choice(whole)))
        insert = "".join(dice.choice("ab😀") for _ in range(dice.randrange(3)))
        if low == high and not insert:
            continue
        splices.append((low, high, insert))
        seen[low:high] = [(number, at) for at in range(length(insert))]
        text = changed_text(text, [(low, high, insert)])
    changes = joined(splices)
    kept: list[Any] = list(start)
    for low, high, insert in reversed(changes):
        kept[low:high] = [None] * length(insert)
    assert kept == [one if one[0] == 0 else None for one in seen]
    assert apply({"t": base}, as_splices("/t", changes), splices=True).value == {"t": text}


def _is_whole(text: str, at: int) -> bool:
    """Whether an offset is not between the two units of a character."""
    return "\ud83d" not in units_between(text, 0, at)


def rebased_one_by_one(
    splices: Sequence[TextChange], changes: Sequence[TextChange]
) -> tuple[list[TextChange], list[TextChange]] | None:
    """Rebase each splice over each change: the rule itself."""
    others, moved = list(changes), list[TextChange]()
    for start, end, insert in splices:
        shift, growth = 0, length(insert) - (end - start)
        for number, (at, until, text) in enumerate(others):
            if end <= at:
                later = [(low + growth, high + growth, new) for low, high, new in others[number:]]
                others[number:] = later
                break
            if start < until:
                return None
            shift += length(text) - (until - at)
        moved.append((start + shift, end + shift, insert))
    return moved, others


def some_changes(dice: random.Random, size: int, gap: int) -> list[TextChange]:
    """Changes of a text of `size` units that do not touch."""
    changes, at = list[TextChange](), dice.randrange(gap)
    while at < size:
        end = min(size, at + dice.choice((0, 0, 1, 2)))
        changes.append((at, end, "x" * dice.randrange(int(at == end), 3)))
        at = end + 1 + dice.randrange(gap)
    return changes


@pytest.mark.parametrize("seed", range(300))
def test_splices_are_rebased_as_one_by_one(seed: int) -> None:
    dice = random.Random(seed)
    size = dice.randrange(1, 40)
    changes, splices, now = some_changes(dice, size, 12), list[TextChange](), size
    for _ in range(dice.randrange(1, 6)):
        start = dice.randrange(now + 1)
        end = min(now, start + dice.choice((0, 0, 1)))
        insert = "y" * dice.randrange(3)
        splices.append((start, end, insert))
        now += len(insert) - (end - start)
    assert rebased(splices, changes) == rebased_one_by_one(splices, changes)


@pytest.mark.parametrize("seed", range(50))
def test_very_many_splices_are_joined_before_they_are_rebased(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    changes = some_changes(dice, 200, 9)
    taken = {at for low, high, _ in changes for at in range(low - 1, high + 2)}
    mine = [(at, at, "y" * dice.randrange(1, 3)) for at in range(200) if at not in taken]
    splices = one_after_the_other(mine)
    one_by_one = rebased(splices, changes)
    monkeypatch.setattr(text_changes, "MOST_PAIRS", 0)
    assert rebased(splices, changes) == one_by_one == rebased_one_by_one(splices, changes)


@pytest.mark.parametrize("seed", range(50))
def test_composed_parts_have_the_effect_of_all(seed: int) -> None:
    dice = random.Random(seed)
    base = "".join(dice.choice("abc") for _ in range(30))
    text, parts = base, list[list[TextChange]]()
    for _ in range(dice.randrange(9)):
        parts.append(some_changes(dice, len(text), 15))
        text = changed_text(text, parts[-1])
    changes = all_composed(parts)
    assert changed_text(base, changes) == text
    assert all(one[1] < two[0] for one, two in pairwise(changes))


def test_a_stale_text_with_many_changes_needs_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [0]

    def counted(text: str) -> int:
        calls[0] += 1
        return length(text)

    monkeypatch.setattr(text_changes, "length", counted)
    dice = random.Random(1)
    parts = [[(at, at, "b")] for at in (dice.randrange(5_000) for _ in range(1_000))]
    changes = all_composed(parts)
    splices = [(at, at, "c") for at in (dice.randrange(5_000) for _ in range(1_000))]
    assert rebased(splices, changes) is not None
    assert len(changes) > 500
    assert calls[0] < 100_000  # a step for each pair would be a million
