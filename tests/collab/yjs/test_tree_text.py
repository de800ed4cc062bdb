"""Hunks: the smallest edits between two texts, and taking them back later."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collab.yjs.tree_records import Hunk
from collab.yjs.tree_take_back import take_back
from collab.yjs.tree_text import hunks_between

TEXT = st.text(alphabet="ab é😀", max_size=30)


def replayed(old: str, hunks: tuple[Hunk, ...]) -> str:
    text = old
    for hunk in hunks:
        assert text[hunk.at : hunk.at + len(hunk.deleted)] == hunk.deleted
        text = text[: hunk.at] + hunk.inserted + text[hunk.at + len(hunk.deleted) :]
    return text


@given(TEXT, TEXT)
def test_hunks_lead_from_one_text_to_the_other(old: str, new: str) -> None:
    assert replayed(old, hunks_between(old, new)) == new


@given(TEXT, TEXT)
def test_hunks_are_taken_back_whole_where_nothing_else_happened(old: str, new: str) -> None:
    if old != new:
        assert take_back(new, hunks_between(old, new)) == old


def test_a_word_is_inserted_where_a_word_begins() -> None:
    (hunk,) = hunks_between("Hello world", "Hello wonderful world")
    assert (hunk.at, hunk.inserted) == (6, "wonderful ")


def test_what_others_wrote_before_and_after_stays() -> None:
    hunks = hunks_between("Hello world", "Hello brave world")
    assert take_back("Oh! Hello brave world, hi", hunks) == "Oh! Hello world, hi"


def test_a_replaced_word_comes_back_beside_what_others_wrote() -> None:
    hunks = hunks_between("Buy our book today", "Buy our album today")
    assert take_back("Please buy our album, today", hunks) == "Please buy our book, today"


def test_what_others_have_overwritten_is_not_taken_back() -> None:
    hunks = hunks_between("Hello world", "Hello brave world")
    assert take_back("Something else entirely", hunks) is None


def test_a_single_letter_is_not_found_in_somebody_elses_text() -> None:
    assert take_back("banana split", hunks_between("", "n")) is None


def test_a_word_that_somebody_put_in_place_of_mine_is_left() -> None:
    hunks = hunks_between("The offer of today", "The wonderful offer of today")
    assert take_back("The rather good offer of today", hunks) is None


def test_my_letter_between_two_of_others_is_taken_back() -> None:
    assert take_back("helBXBlo", hunks_between("hello", "helXlo")) == "helBBlo"


def test_what_is_left_of_my_words_is_taken_back() -> None:
    hunks = hunks_between("Hello world", "Hello wonderful big world")
    assert take_back("Hello big blue world", hunks) == "Hello blue world"


def test_a_long_insertion_is_found_by_words() -> None:
    prose = " ".join(f"word{number}" for number in range(150))
    hunks = hunks_between("Before. After.", f"Before. {prose} After.")
    edited = prose.replace("word70", "another")
    assert take_back(f"Before. {edited} After.", hunks) == "Before. anotherAfter."


def test_hostile_texts_cost_no_more_than_their_bound() -> None:
    hunks = hunks_between("", "ab" * 50_000)
    assert take_back("ba" * 49_999 + "c", hunks) is None
    assert len(hunks_between("x" + "a b " * 9_000 + "y", "z" + "b a " * 9_000 + "w")) == 1
