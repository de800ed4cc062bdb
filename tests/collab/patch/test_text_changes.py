"""Exact changes of a text: applied, composed, rebased and sent as splices."""

from __future__ import annotations

import random
from typing import Any

import pytest

from collab.entry import TextChange
from collab.patch.apply import apply
from collab.patch.text_changes import (
    MOST_CHANGES,
    as_splices,
    bounded,
    changed_text,
    composed,
    difference,
    joined,
    lead_to,
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
