"""Merging texts: edits of different words are both kept."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.entry import TextChange
from collab.patch.subsequence import Replacement, replacements
from collab.patch.text_changes import changed_text, joined, rebased
from collab.patch.utf16 import length
from collab.rebase import text_merge
from collab.rebase.text_merge import Merged, Merger, hunks, merge, split


def spliced(base: str, theirs: str, start: int, end: int, insert: str) -> str | None:
    return by_splices(base, theirs, [(start, end, insert)])


def by_splices(base: str, theirs: str, splices: list[TextChange]) -> str | None:
    seen, in_units = base, []
    for start, end, insert in splices:
        in_units.append((length(seen[:start]), length(seen[:end]), insert))
        seen = seen[:start] + insert + seen[end:]
    both = rebased(in_units, Merger().changes(base, theirs))
    if both is None:
        return None
    moved, others = both
    assert changed_text(changed_text(base, joined(in_units)), others) == changed_text(
        theirs, joined(moved)
    )
    return changed_text(theirs, joined(moved))


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
        (" now", "Buy it now", "now and save", "Buy itnow and save"),  # your edit removed the space
    ],
)
def test_r6_edits_of_different_words_are_both_kept(
    base: str, theirs: str, yours: str, merged: str
) -> None:
    assert merge(base, theirs, yours).text == merged


def test_r6_two_edits_of_one_word_never_make_a_third_word() -> None:
    assert merge("Buy", "Try", "Get") == Merged("Get", clean=False)
    assert merge("Buy now", "Try now", "Get now") == Merged("Get now", clean=False)


def test_r6_two_insertions_at_one_place_are_an_overlap() -> None:
    assert merge("a", "a b", "a c") == Merged("a c", clean=False)


def test_r6_only_the_overlapping_edit_is_dropped() -> None:
    result = merge("one two three four five", "ONE two three four 5", "1 two three four five")
    assert result == Merged("1 two three four 5", clean=False)


@given(TEXTS, TEXTS, TEXTS)
def test_r6_a_merge_with_an_unchanged_side_gives_the_other(base: str, one: str, other: str) -> None:
    assert merge(base, base, one).text == one
    assert merge(base, one, base).text == one
    assert merge(base, one, one) == Merged(one, clean=True)
    assert set(merge(base, one, other).text) <= set(base + one + other)


@given(TEXTS, TEXTS)
def test_r6_hunks_rebuild_the_text(old: str, new: str) -> None:
    words, parts, at = split(old), [], 0
    assert "".join(words) == old
    for hunk in hunks(words, split(new))[0]:
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
        ("Hallo world", 5, 5, "!", "Hallo! world"),  # two places in one word
        ("Oh, Hello wide world", 0, 5, "Bye", "Oh, Bye wide world"),
        ("Hell world", 4, 5, "", None),  # both removed the same character
        ("Help world", 2, 4, "y", None),
        ("", 5, 5, "!", None),
    ],
)
def test_r6_a_splice_overlaps_only_changes_of_its_characters(
    theirs: str, start: int, end: int, insert: str, merged: str | None
) -> None:
    assert spliced("Hello world", theirs, start, end, insert) == merged


@given(TEXTS, TEXTS, st.integers(0, 40), st.integers(0, 3), st.sampled_from(["", "x", "😀 "]))
def test_r6_a_splice_of_an_unchanged_text_is_applied_as_it_is(
    base: str, theirs: str, start: int, size: int, insert: str
) -> None:
    start = min(start, len(base))
    end = min(start + size, len(base))
    assert spliced(base, base, start, end, insert) == base[:start] + insert + base[end:]
    merged = spliced(base, theirs, start, end, insert)
    assert merged is None or len(merged) == len(theirs) - (end - start) + len(insert)


def by_characters(base: str, changes: list[TextChange], splices: list[TextChange]) -> str | None:
    """The oracle for splices: both texts as lists of characters, each with its own number."""
    seen = list(enumerate(base))
    head = list(seen)
    made = count(len(base))
    inserted: set[tuple[int, str]] = set()  # by changes that remove nothing
    for at, until, text in reversed(changes):
        head[at:until] = new = [(next(made), char) for char in text]
        if at == until:
            inserted.update(new)
    for start, end, insert in splices:
        mine = [(next(made), char) for char in insert]
        doomed = seen[start:end]
        if doomed:
            if any(one not in head for one in doomed):
                return None
            at = head.index(doomed[0])
            if head[at : at + len(doomed)] != doomed:
                return None
        elif not start or seen[start - 1] in head:
            at = head.index(seen[start - 1]) + 1 if start else 0
        elif start == len(seen) or seen[start] in head:
            at = head.index(seen[start]) if start < len(seen) else len(head)
            while at and head[at - 1] in inserted:  # of two insertions, the later one comes first
                at -= 1
        else:
            return None
        seen[start:end] = mine
        head[at : at + len(doomed)] = mine
    return "".join(char for _, char in head)


def test_r6_an_insertion_beside_an_own_deletion_comes_before_the_insertion_of_another() -> None:
    for base, theirs, merged in ((" .", ".Buy", "xBuy"), (" .b", ".Buyb", "xBuyb")):
        splices = [(1, 2, ""), (1, 1, "x")]
        changes = Merger()._changes(base, theirs)
        assert by_splices(base, theirs, splices) == by_characters(base, changes, splices)
        assert by_splices(base, theirs, splices) == merged


@given(TEXTS, TEXTS, st.data())
def test_r6_splices_find_their_characters_in_a_changed_text(
    base: str, theirs: str, data: st.DataObject
) -> None:
    splices, length = [], len(base)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, length))
        end = min(length, start + data.draw(st.integers(0, 3)))
        insert = data.draw(st.sampled_from(["", "x", "yz "]))
        splices.append((start, end, insert))
        length += len(insert) - (end - start)
    changes = Merger()._changes(base, theirs)
    assert by_splices(base, theirs, splices) == by_characters(base, changes, splices)


def test_r6_a_splice_between_far_edits_of_a_long_text_is_kept() -> None:
    base = " ".join(f"w{number}" for number in range(6_000))
    assert len(base) > 30_000
    theirs = base.replace("w3000 ", "three ").replace("w3100 ", "four ")
    at = base.index("w3050 ")
    assert spliced(base, theirs, at, at + 5, "mine") == theirs.replace("w3050 ", "mine ")


def test_r6_one_patch_cuts_a_bounded_length_into_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut = 0

    def counting(text: str) -> list[str]:
        nonlocal cut
        cut += len(text)
        return split(text)

    monkeypatch.setattr(text_merge, "split", counting)
    merger, base = Merger(), "a b " * 300
    for number in range(500):
        merged = merger.merge(base, f"x{base}", f"{base}y{number}")
        assert merged == Merged(f"x{base}y{number}", clean=True)
    assert 0 < cut <= 60_000


def test_r6_comparing_words_is_bounded_for_one_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def counting(old: list[str], new: list[str]) -> list[Replacement]:
        nonlocal compared
        compared += len(old) * len(new)
        return replacements(old, new)

    monkeypatch.setattr(text_merge, "replacements", counting)
    merger = Merger()
    for _ in range(100):
        merger.merge("a b " * 90, "c a b " * 60, "b d a " * 60)
    assert 0 < compared <= 2 * 160_000
