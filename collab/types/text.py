"""Strings as edits: the smallest changes between two texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, islice
from typing import TypeAlias

from collab.patch.subsequence import replacements
from collab.patch.utf16 import replaced_range

# Code points `start` to `end` of the old text give way to the new ones.
Change: TypeAlias = tuple[int, int, str]

# One change from the first to the last difference is exact enough for typing and pasting; a
# rewrite in several places gets several changes while comparing costs little.
_MOST_WORDS = 400  # with the characters between them
_WORDS = re.compile(r"[^\W_]+|[\W_]", re.DOTALL)
_MOST_SLID = 400  # characters


def changes_between(old: str, new: str) -> list[Change]:
    """The changes that make `new` of `old`, first to last."""
    start, end, new_middle = replaced_range(old, new)
    old_middle = old[start:end]
    if not old_middle and not new_middle:
        return []
    if not old_middle or not new_middle:
        start, middle = _at_a_word(old, start, old_middle or new_middle)
        return [(start, start + len(middle), "") if old_middle else (start, start, middle)]
    old_words, new_words = words(old_middle, _MOST_WORDS), words(new_middle, _MOST_WORDS)
    if _MOST_WORDS in (len(old_words), len(new_words)):
        return [(start, end, new_middle)]
    return _compared(start, old_words, new_words)


def _at_a_word(text: str, start: int, middle: str) -> tuple[int, str]:
    """The same insertion or removal of several words, begun where a word begins.

    "Hello bay" to "Hello big bay" would otherwise be an insertion of "ig b" behind "Hello b".
    """
    if len(middle) > _MOST_SLID or all(map(str.isalnum, middle)):
        return start, middle
    at, slid = start, middle
    while at and text[at - 1].isalnum():
        if text[at - 1] != slid[-1]:
            return start, middle
        at, slid = at - 1, slid[-1] + slid[:-1]
    return at, slid


def _compared(start: int, old_words: list[str], new_words: list[str]) -> list[Change]:
    """Changes by words: by characters, a replaced word would be left as a mixture of two."""
    at = _offsets(start, old_words)
    return [
        (at[i], at[j], "".join(new_words[k:m])) for i, j, k, m in replacements(old_words, new_words)
    ]


def _offsets(start: int, words: list[str]) -> list[int]:
    return list(accumulate(map(len, words), initial=start))


def words(text: str, most: int | None = None) -> list[str]:
    """The first words and single other characters, in order, nothing between them lost."""
    return [found[0] for found in islice(_WORDS.finditer(text), most)]


def whole_words(
    old: str, changes: Sequence[Change], is_own: Callable[[int, int], bool]
) -> list[Change]:
    """The changes, with a word that is changed and not the author's own replaced as a whole.

    A client that sends a text as a whole does not say which characters it kept. Where it changed
    a word, the word is its own: an undo by another user must not leave a mixture of two words. A
    word is what stands between spaces, without the punctuation at its ends: a price, a date or an
    address is one. Of a text of which it kept no word nothing stays.
    """
    widened: list[Change] = []
    starts = [start for start, _, _ in changes[1:]]
    ends = [end for _, end, _ in changes]
    for number, (start, end, new) in enumerate(changes):
        low, high = start, end
        gone = old[start:end].strip(_JOINERS), new.strip(_JOINERS)
        if any(map(_begins_word, gone)):
            low = max(_word_start(old, start), *ends[number - 1 : number], 0)
        if any(map(_ends_word, gone)):
            high = min(_word_end(old, end), *starts[number : number + 1], len(old))
        if low < start and not is_own(low, start):
            new, start = old[low:start] + new, low
        if high > end and not is_own(end, high):
            new, end = new + old[end:high], high
        if widened and start < widened[-1][1]:
            # Both took in what is between them, which is a part of one word.
            before = widened.pop()
            new, start = before[2] + new[before[1] - start :], before[0]
        widened.append((start, end, new))
    return _whole_text(old, _whole_phrases(old, widened, is_own), is_own)


def _whole_phrases(
    old: str, changes: Sequence[Change], is_own: Callable[[int, int], bool]
) -> list[Change]:
    """The changes, with what stands between two words that both went replaced with them."""
    joined: list[Change] = []
    for start, end, new in changes:
        if joined:
            first, last, before = joined[-1]
            between = old[last:start]
            both = _has_word(old[first:last]) and _has_word(old[start:end])
            if both and not _has_word(between) and not is_own(last, start):
                joined[-1] = (first, end, before + between + new)
                continue
        joined.append((start, end, new))
    return joined


def _whole_text(
    old: str, changes: list[Change], is_own: Callable[[int, int], bool]
) -> list[Change]:
    """The changes; one of the whole text where no word of it stays.

    Then the text is the author's own, also the spaces and the punctuation that are in both.
    """
    if not any(_has_word(old[start:end]) for start, end, _ in changes):
        return changes
    if not any(_has_word(new) for _, _, new in changes):
        return changes
    kept, made, at = "", "", 0
    for start, end, new in changes:
        kept, made, at = kept + old[at:start], made + old[at:start] + new, end
    kept, made = kept + old[at:], made + old[at:]
    if not kept or _has_word(kept) or is_own(0, len(old)):
        return changes
    return [(0, len(old), made)]


# Punctuation within a word.
_JOINERS = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
_LONGEST_WORD = 100  # on either side of a change
_IDEOGRAPHS = "\u2e80"  # from here on scripts that write without spaces


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))


def _is_word(char: str) -> bool:
    return char.isalnum() and char < _IDEOGRAPHS


def _begins_word(text: str) -> bool:
    return _is_word(text[:1])


def _ends_word(text: str) -> bool:
    return _is_word(text[-1:])


def _word_start(text: str, until: int) -> int:
    """Where the word begins that goes on at `until`; what is longer than any word is none."""
    at, least = until, max(0, until - _LONGEST_WORD)
    while at > least and (text[at - 1] in _JOINERS or _is_word(text[at - 1])):
        at -= 1
    if at == least and until - at == _LONGEST_WORD:
        return until
    while at < until and not _is_word(text[at]):
        at += 1
    return at


def _word_end(text: str, start: int) -> int:
    """Where the word ends that has begun before `start`; what is longer than any word is none."""
    at, most = start, min(len(text), start + _LONGEST_WORD)
    while at < most and (text[at] in _JOINERS or _is_word(text[at])):
        at += 1
    if at == most and at - start == _LONGEST_WORD:
        return start
    while at > start and not _is_word(text[at - 1]):
        at -= 1
    return at
