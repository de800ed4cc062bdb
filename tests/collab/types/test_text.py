"""Text differences: the smallest changes between two texts, and whose the words are then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.types.text import Change, changes_between, whole_words

TEXT = st.text(alphabet="ab é😀-", max_size=30)


def replayed(old: str, changes: list[Change]) -> str:
    text, last = old, len(old)
    for start, end, new in reversed(changes):
        assert start <= end <= last
        text, last = text[:start] + new + text[end:], start
    return text


def nobody(start: int, end: int) -> bool:
    return False


def everybody(start: int, end: int) -> bool:
    return True


@given(TEXT, TEXT)
def test_changes_turn_the_old_text_into_the_new_one(old: str, new: str) -> None:
    assert replayed(old, changes_between(old, new)) == new


@given(TEXT, TEXT)
def test_changes_of_whole_words_give_the_same_text(old: str, new: str) -> None:
    assert replayed(old, whole_words(old, changes_between(old, new), nobody)) == new


@given(TEXT, TEXT)
def test_an_authors_own_words_keep_their_characters(old: str, new: str) -> None:
    changes = changes_between(old, new)
    assert whole_words(old, changes, everybody) == changes


def test_an_inserted_word_begins_at_the_start_of_a_word() -> None:
    assert changes_between("Hello world", "Hello wonderful world") == [(6, 6, "wonderful ")]


def test_a_long_rewrite_is_one_change() -> None:
    old, new = "x" + "a b " * 9_000 + "y", "z" + "b a " * 9_000 + "w"
    assert len(changes_between(old, new)) == 1


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        ("7", "79", ["7"]),
        ("25", "125", ["25"]),
        ("up to 15%", "up to 25%", ["15"]),
        ("for $1,199", "for $1,499", ["1,199"]),
        ("15%", "25%", ["15%"]),
        ("Hello wide world!", "Good small cats!", ["Hello wide world!"]),
        ("Our hello, world now", "Our bye, cats now", ["hello, world"]),
        ("Our world now", "Our world, now", [""]),
        ("Our - world", "Our + cats", ["-", "world"]),
        ("2024-06-01", "2025-06-15", ["2024-06-01"]),
        ("new@x.org", "news@x.org", ["new@x.org"]),
        ("Tue 9-17", "Tue 10-18", ["9-17"]),
        ("Hello brave world", "Hello brave new world", [""]),
        ("our album today", "our album, today", [""]),
        ("Grüße an alle", "Grüßen an alle", ["Grüße"]),
        ("今日は良い天気", "今日は悪い天気", ["良"]),
        ("a 😀 b", "a 😀😀 b", [""]),
    ],
)
def test_a_changed_word_is_replaced_as_a_whole(old: str, new: str, gone: list[str]) -> None:
    changes = whole_words(old, changes_between(old, new), nobody)
    assert [old[start:end] for start, end, _ in changes] == gone
    assert replayed(old, changes) == new
