"""Strings as edits: the smallest hunks between two texts, and taking hunks back later."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import accumulate

from collab.yjs.tree_records import CONTEXT, Hunk

# One hunk from the first to the last difference is exact enough for typing and pasting; a
# rewrite in several places gets several hunks while comparing costs little.
_MOST_COMPARED = 4_000
_MOST_SEARCHED = 400
_SHARE = 0.5  # of a pattern's characters, to be believed
_TELLING = 3  # characters


def hunks_between(old: str, new: str) -> tuple[Hunk, ...]:
    """The hunks that make `new` of `old`; `at` counts code points in `new`."""
    shortest = min(len(old), len(new))
    start = _shared_prefix(old, new, shortest)
    rest = shortest - start
    end = _shared_suffix(old, new, rest)
    old_middle, new_middle = old[start : len(old) - end], new[start : len(new) - end]
    if not old_middle and not new_middle:
        return ()
    if not old_middle or not new_middle:
        start, middle = _at_a_word(old, start, old_middle or new_middle)
        deleted, inserted = (middle, "") if old_middle else ("", middle)
        return (_hunk(old, start, new, start, deleted, inserted),)
    if len(old_middle) + len(new_middle) > _MOST_COMPARED:
        return (_hunk(old, start, new, start, old_middle, new_middle),)
    return _compared(old, new, start, old_middle, new_middle)


def _at_a_word(text: str, start: int, middle: str) -> tuple[int, str]:
    """The same insertion or removal of several words, begun where a word begins.

    "Hello bay" to "Hello big bay" would otherwise be told as "ig b" behind "Hello b".
    """
    if len(middle) > _MOST_SEARCHED or all(map(str.isalnum, middle)):
        return start, middle
    at, slid = start, middle
    while at and text[at - 1].isalnum():
        if text[at - 1] != slid[-1]:
            return start, middle
        at, slid = at - 1, slid[-1] + slid[:-1]
    return at, slid


def _compared(old: str, new: str, start: int, old_middle: str, new_middle: str) -> tuple[Hunk, ...]:
    """Hunks by words: by characters, a replaced word would be left as a mixture of two."""
    old_words, new_words = _words(old_middle), _words(new_middle)
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


def _words(text: str) -> list[str]:
    """Words and single other characters, in order, nothing lost."""
    words: list[str] = []
    start = 0
    for index, char in enumerate(text):
        if not char.isalnum():
            if start < index:
                words.append(text[start:index])
            words.append(char)
            start = index + 1
    if start < len(text):
        words.append(text[start:])
    return words


def _hunk(old: str, old_at: int, new: str, at: int, deleted: str, inserted: str) -> Hunk:
    """The context on the right is the old text's: the last hunk is taken back first."""
    end = old_at + len(deleted)
    return Hunk(at, deleted, inserted, new[max(0, at - CONTEXT) : at], old[end : end + CONTEXT])


def _shared_prefix(old: str, new: str, most: int) -> int:
    """Doubling steps of whole slices: one comparison in C for each, not one a character."""
    low, high = 0, most
    if old[:high] == new[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shared_suffix(old: str, new: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def take_back(text: str, hunks: tuple[Hunk, ...]) -> str | None:
    """`text` without what the hunks did; what others have typed since stays.

    None where a hunk did something that can no longer be found: others have overwritten it.
    """
    changed = False
    for hunk in reversed(hunks):
        result = _take_back(text, hunk)
        if result is not None:
            text, changed = result, True
    return text if changed else None


def _take_back(text: str, hunk: Hunk) -> str | None:
    pattern = hunk.left + hunk.inserted + hunk.right
    at = _nearest(text, pattern, hunk.at - len(hunk.left)) if pattern else 0
    if at is not None and len(pattern) < _TELLING and at and at + len(pattern) < len(text):
        at = None  # so few characters may as well be somebody else's
    if at is not None:
        start = at + len(hunk.left)
        return text[:start] + hunk.deleted + text[start + len(hunk.inserted) :]
    return _take_back_aligned(text, hunk, pattern)


def _nearest(text: str, pattern: str, expected: int) -> int | None:
    """Where `pattern` stands nearest to where it is expected."""
    if text[max(0, expected) : max(0, expected) + len(pattern)] == pattern:
        return max(0, expected)
    after = text.find(pattern, max(0, expected))
    before = text.rfind(pattern, 0, max(0, expected) + len(pattern))
    found = [at for at in (before, after) if at >= 0]
    return min(found, key=lambda at: abs(at - expected)) if found else None


def _take_back_aligned(text: str, hunk: Hunk, pattern: str) -> str | None:
    """Others have typed inside or right beside: align what was left there with what is there."""
    if not _TELLING <= len(pattern) <= _MOST_SEARCHED * 10:
        return None
    low = max(0, hunk.at - len(hunk.left) - _MOST_SEARCHED)
    region = text[low : hunk.at + len(hunk.inserted) + len(hunk.right) + _MOST_SEARCHED]
    blocks = SequenceMatcher(None, pattern, region, autojunk=False).get_matching_blocks()
    if sum(block.size for block in blocks) < _SHARE * len(pattern):
        return None
    start, end = len(hunk.left), len(hunk.left) + len(hunk.inserted)
    own: list[tuple[int, int]] = []
    put: int | None = None
    for at, there, size in blocks:
        first, last = max(at, start), min(at + size, end)
        if first < last:
            own.append((there + first - at, there + last - at))
        if (size and at < start) or (at == start == end):
            put = there + min(at + size, start) - at
        elif size and put is None:
            put = there + max(0, start - at)
    if hunk.inserted and not own:
        return None
    return _without(text, low, own, hunk.deleted, own[0][0] if own else put)


def _without(
    text: str, low: int, own: list[tuple[int, int]], deleted: str, put: int | None
) -> str | None:
    if put is None:
        return None
    for first, last in reversed(own):
        text = text[: low + first] + text[low + last :]
    return text[: low + put] + deleted + text[low + put :]
