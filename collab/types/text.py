"""Text differences: the smallest changes that turn one string into another."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate, islice
from typing import TypeAlias

from collab.patch.subsequence import replacements
from collab.patch.utf16 import replaced_range

# The code points from `start` to `end` of the old text are replaced by the new text.
Change: TypeAlias = tuple[int, int, str]

# For typing and pasting, one change from the first to the last difference is exact enough. A
# rewrite in several places is compared word by word, when both sides have few words.
_MOST_WORDS = 400  # including the single characters between words
_WORD = re.compile(r"[^\W_]")
_WORDS = re.compile(r"[^\W_]+|[\W_]", re.DOTALL)
_MOST_SLID = 400  # characters of an insertion or removal that is shifted to the start of a word


def changes_between(old: str, new: str) -> list[Change]:
    """Return the changes that turn `old` into `new`, first to last."""
    start, end, new_middle = replaced_range(old, new)
    old_middle = old[start:end]
    if not old_middle and not new_middle:
        return []
    if not old_middle or not new_middle:
        start, middle = _at_a_word(old, start, old_middle or new_middle)
        return [(start, start + len(middle), "") if old_middle else (start, start, middle)]
    if old_middle.isalnum() and new_middle.isalnum():  # one word replaces another
        return [(start, end, new_middle)]
    old_words, new_words = words(old_middle, _MOST_WORDS), words(new_middle, _MOST_WORDS)
    if _MOST_WORDS in (len(old_words), len(new_words)):
        return [(start, end, new_middle)]
    return _compared(start, old_words, new_words)


def _at_a_word(text: str, start: int, middle: str) -> tuple[int, str]:
    """Shift an insertion or removal of several words so that it begins where a word begins.

    Without the shift, "Hello bay" to "Hello big bay" would insert "ig b" after "Hello b".
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
    """Return the changes, compared word by word. A comparison by characters could mix two words."""
    at = list(accumulate(map(len, old_words), initial=start))
    return [
        (at[i], at[j], "".join(new_words[k:m])) for i, j, k, m in replacements(old_words, new_words)
    ]


def words(text: str, most: int | None = None) -> list[str]:
    """Split a text into words and other single characters. Return at most the first `most`."""
    return list(islice(map(re.Match[str].group, _WORDS.finditer(text)), most))


def whole_words(
    old: str, changes: Sequence[Change], is_own: Callable[[int, int], bool]
) -> list[Change]:
    """Widen each change inside a word to the whole word, unless the author wrote the rest of it.

    `is_own` tells whether the author of the changes wrote all characters of a range. A client that
    sends a whole text does not tell which characters it kept. When it changes a part of a word, the
    change replaces the whole word. Then all characters of the word are by this author. Otherwise
    another user's undo could leave a mixture of two words.

    A word is the text between spaces, without the punctuation at its ends. So a price, a date or an
    e-mail address is one word. When the client kept no word of a text, the whole text is replaced.
    """
    widened: list[Change] = []
    last = len(changes) - 1
    for number, (start, end, new) in enumerate(changes):
        low, high = start, end
        gone, put = old[start:end].strip(_JOINERS), new.strip(_JOINERS)
        if _is_word(gone[:1]) or _is_word(put[:1]):
            low = max(_word_start(old, start), changes[number - 1][1] if number else 0)
        if _is_word(gone[-1:]) or _is_word(put[-1:]):
            behind = changes[number + 1][0] if number < last else len(old)
            high = min(_word_end(old, end), behind)
        if low < start and not is_own(low, start):
            new, start = old[low:start] + new, low
        if high > end and not is_own(end, high):
            new, end = new + old[end:high], high
        if widened and start < widened[-1][1]:
            # Both changes were widened over the part of the word between them.
            before = widened.pop()
            new, start = before[2] + new[before[1] - start :], before[0]
        widened.append((start, end, new))
    if last:
        widened = _whole_phrases(old, widened, is_own)
    return _whole_text(old, widened, is_own)


def _whole_phrases(
    old: str, changes: Sequence[Change], is_own: Callable[[int, int], bool]
) -> list[Change]:
    """Join changes of neighbouring words: replace the characters between them too."""
    joined: list[Change] = []
    for start, end, new in changes:
        if joined:
            first, last, before = joined[-1]
            between = old[last:start]
            both = _WORD.search(old, first, last) and _WORD.search(old, start, end)
            if both and not _WORD.search(between) and not is_own(last, start):
                joined[-1] = (first, end, before + between + new)
                continue
        joined.append((start, end, new))
    return joined


def _whole_text(
    old: str, changes: list[Change], is_own: Callable[[int, int], bool]
) -> list[Change]:
    """Return the changes, or one change of the whole text when no word of the text stays.

    Then all characters are by this author, also the spaces and punctuation that both texts have.
    """
    gone, put, kept, made, at = "", "", "", "", 0
    for start, end, new in changes:
        gone, put = gone + old[start:end], put + new
        kept, made, at = kept + old[at:start], made + old[at:start] + new, end
    kept, made = kept + old[at:], made + old[at:]
    if not kept or not (_WORD.search(gone) and _WORD.search(put)):
        return changes
    if _WORD.search(kept) or is_own(0, len(old)):
        return changes
    return [(0, len(old), made)]


# Punctuation that may occur within a word.
_JOINERS = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
_LONGEST_WORD = 100  # characters of a word on either side of a change
_IDEOGRAPHS = "\u2e80"  # scripts from this character on have no spaces between words


def _is_word(char: str) -> bool:
    return char.isalnum() and char < _IDEOGRAPHS


def _word_start(text: str, until: int) -> int:
    """Return the start of the word that reaches `until`; `until` when the word is too long."""
    at, least = until, max(0, until - _LONGEST_WORD)
    while at > least:
        char = text[at - 1]
        if not (char in _JOINERS or (char.isalnum() and char < _IDEOGRAPHS)):
            break
        at -= 1
    if at == least and until - at == _LONGEST_WORD:
        return until
    while at < until and not _is_word(text[at]):
        at += 1
    return at


def _word_end(text: str, start: int) -> int:
    """Return the end of the word that began before `start`; `start` when the word is too long."""
    at, most = start, min(len(text), start + _LONGEST_WORD)
    while at < most:
        char = text[at]
        if not (char in _JOINERS or (char.isalnum() and char < _IDEOGRAPHS)):
            break
        at += 1
    if at == most and at - start == _LONGEST_WORD:
        return start
    while at > start and not _is_word(text[at - 1]):
        at -= 1
    return at
