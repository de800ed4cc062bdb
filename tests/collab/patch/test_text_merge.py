"""Merging texts: both edits are kept where they are of different words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.patch.text_merge import Merged, hunks, merge, merge_stretch, split

TEXTS = st.lists(st.sampled_from(["Buy", "now", " ", "  ", ".", "é", "😀"]), max_size=8).map(
    "".join
)


@pytest.mark.parametrize(
    ("base", "theirs", "yours", "merged"),
    [
        ("Buy now", "Buy today", "Get now", "Get today"),
        ("Buy now and save", "Buy it now and save", "Buy now and smile", "Buy it now and smile"),
        ("a b c", "a b c d", "x b c", "x b c d"),
        ("a b c", "b c", "a b", "b"),
        ("same", "same", "other", "other"),
        ("same", "other", "same", "other"),
        ("one", "two", "two", "two"),
        ("é 😀 x", "é 😀 y", "ö 😀 x", "ö 😀 y"),
    ],
)
def test_r6_edits_of_different_words_are_both_kept(
    base: str, theirs: str, yours: str, merged: str
) -> None:
    assert merge(base, theirs, yours).text == merged


def test_r6_two_edits_of_one_word_never_make_a_third() -> None:
    assert merge("Buy", "Try", "Get") == Merged("Get", clean=False)
    assert merge("Buy now", "Try now", "Get now") == Merged("Get now", clean=False)


def test_r6_two_insertions_at_one_place_are_an_overlap() -> None:
    assert merge("a", "a b", "a c") == Merged("a c", clean=False)


def test_r6_only_the_overlapping_edit_gives_way() -> None:
    result = merge("one two three four five", "ONE two three four 5", "1 two three four five")
    assert result == Merged("1 two three four 5", clean=False)


@given(TEXTS, TEXTS, TEXTS)
def test_r6_a_merge_with_an_unchanged_side_is_the_other(base: str, one: str, other: str) -> None:
    assert merge(base, base, one).text == one
    assert merge(base, one, base).text == one
    assert merge(base, one, one) == Merged(one, clean=True)
    assert set(merge(base, one, other).text) <= set(base + one + other)


@given(TEXTS, TEXTS)
def test_r6_hunks_rebuild_the_text(old: str, new: str) -> None:
    words, parts, at = split(old), [], 0
    assert "".join(words) == old
    for hunk in hunks(words, split(new)):
        parts += [*words[at : hunk.start], *hunk.words]
        at = hunk.end
    assert "".join([*parts, *words[at:]]) == new


def test_r6_a_long_text_is_merged_in_bounded_time() -> None:
    base = " ".join(f"w{number}" for number in range(20_000))
    theirs = "New " + base
    yours = base + " end"
    assert merge(base, theirs, yours) == Merged(f"New {base} end", clean=True)
    assert merge(base, base.upper(), yours).text.endswith("end")
    assert merge(base, base.replace("w9999 ", "w9x9 "), base.replace("w9999 ", "w99x9 ")) == Merged(
        base.replace("w9999 ", "w99x9 "), clean=False
    )
    far = base.replace("w5000 ", "five "), base.replace("w9000 ", "nine ")
    both = base.replace("w5000 ", "five ").replace("w9000 ", "nine ")
    assert merge(base, *far) == Merged(both, clean=True)


@pytest.mark.parametrize(
    ("theirs", "start", "end", "insert", "merged"),
    [
        ("Hello<y> world", 5, 5, "<p>", "Hello<p><y> world"),  # at one place: both are kept
        ("Hallo world", 5, 5, "!", "Hallo! world"),  # in one word, apart
        ("Oh, Hello wide world", 0, 5, "Bye", "Oh, Bye wide world"),
        ("Hell world", 4, 5, "", None),  # both took the same character
        ("Help world", 2, 4, "y", None),
        ("", 5, 5, "!", None),
    ],
)
def test_r6_who_says_which_characters_are_meant_overlaps_only_where_these_changed(
    theirs: str, start: int, end: int, insert: str, merged: str | None
) -> None:
    assert merge_stretch("Hello world", theirs, start, end, insert) == merged


@given(TEXTS, TEXTS, st.integers(0, 40), st.integers(0, 3), st.sampled_from(["", "x", "😀 "]))
def test_r6_a_stretch_merged_into_what_nobody_changed_is_the_edit_itself(
    base: str, theirs: str, start: int, size: int, insert: str
) -> None:
    start = min(start, len(base))
    end = min(start + size, len(base))
    assert merge_stretch(base, base, start, end, insert) == base[:start] + insert + base[end:]
    merged = merge_stretch(base, theirs, start, end, insert)
    assert merged is None or len(merged) == len(theirs) - (end - start) + len(insert)
