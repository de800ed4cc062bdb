"""Strings as edits: the smallest hunks between two texts."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import accumulate

from collab.patch.utf16 import edit
from collab.yjs.tree_records import CONTEXT, Hunk

# One hunk from the first to the last difference is exact enough for typing and pasting; a
# rewrite in several places gets several hunks while comparing costs little.
_MOST_COMPARED = 40_000  # words of one times words of the other: 10 ms at the worst
_MOST_SLID = 400  # characters


def hunks_between(old: str, new: str) -> tuple[Hunk, ...]:
    """The hunks that make `new` of `old`; `at` counts code points in `new`."""
    start, end, new_middle = edit(old, new)
    old_middle = old[start:end]
    if not old_middle and not new_middle:
        return ()
    if not old_middle or not new_middle:
        start, middle = _at_a_word(old, start, old_middle or new_middle)
        deleted, inserted = (middle, "") if old_middle else ("", middle)
        return (_hunk(old, start, new, start, deleted, inserted),)
    old_words, new_words = words(old_middle), words(new_middle)
    if len(old_words) * len(new_words) > _MOST_COMPARED:
        return (_hunk(old, start, new, start, old_middle, new_middle),)
    return _compared(old, new, start, old_words, new_words)


def _at_a_word(text: str, start: int, middle: str) -> tuple[int, str]:
    """The same insertion or removal of several words, begun where a word begins.

    "Hello bay" to "Hello big bay" would otherwise be told as "ig b" behind "Hello b".
    """
    if len(middle) > _MOST_SLID or all(map(str.isalnum, middle)):
        return start, middle
    at, slid = start, middle
    while at and text[at - 1].isalnum():
        if text[at - 1] != slid[-1]:
            return start, middle
        at, slid = at - 1, slid[-1] + slid[:-1]
    return at, slid


def _compared(
    old: str, new: str, start: int, old_words: list[str], new_words: list[str]
) -> tuple[Hunk, ...]:
    """Hunks by words: by characters, a replaced word would be left as a mixture of two."""
    hunks = []
    matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
    old_at, new_at = _offsets(start, old_words), _offsets(start, new_words)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            deleted, inserted = "".join(old_words[i1:i2]), "".join(new_words[j1:j2])
            hunks.append(_hunk(old, old_at[i1], new, new_at[j1], deleted, inserted))
    return tuple(hunks)


def _offsets(start: int, words: list[str]) -> list[int]:
    return list(accumulate(map(len, words), initial=start))


def words(text: str) -> list[str]:
    """Words and single other characters, in order, nothing lost."""
    found: list[str] = []
    start = 0
    for index, char in enumerate(text):
        if not char.isalnum():
            if start < index:
                found.append(text[start:index])
            found.append(char)
            start = index + 1
    if start < len(text):
        found.append(text[start:])
    return found


def _hunk(old: str, old_at: int, new: str, at: int, deleted: str, inserted: str) -> Hunk:
    """The context on the right is the old text's: the last hunk is taken back first."""
    end = old_at + len(deleted)
    return Hunk(at, deleted, inserted, new[max(0, at - CONTEXT) : at], old[end : end + CONTEXT])
