"""Three-way merge of texts by whole words. So two edits of one word never make a third word.

A merge by characters turns `Buy` -> `Try` and `Buy` -> `Get` into `TrGet`. By words, they overlap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from collab.entry import TextChange
from collab.patch.subsequence import replacements
from collab.patch.utf16 import length, replaced_range

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
# The most cells (words times words) of one comparison: 400 x 400 take 0.3 ms. When the differing
# middle of two texts has more, it counts as one hunk.
_MAX_CELLS = 160_000
# The most characters of a text that is split into words. Splitting takes up to 0.5 us a character.
# All texts of one patch may have three times as many. `_merge_long` merges the texts beyond that.
_MAX_LENGTH = 20_000
_MAX_WORD = 200


@dataclass(frozen=True, slots=True)
class Hunk:
    """`words` replace the words `start` to `end` of the base."""

    start: int
    end: int
    words: list[str]


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged text. `clean` is False when one of your edits has displaced one of their edits."""

    text: str
    clean: bool


class Merger:
    """Merges the texts of one patch, with a limit on the total work of comparing words."""

    def __init__(self) -> None:
        self._letters = 3 * _MAX_LENGTH
        self._cells = 2 * _MAX_CELLS

    def merge(self, base: str, theirs: str, yours: str) -> Merged:
        """Merge both edits of `base`. When hunks overlap, yours win."""
        if theirs in (base, yours):
            return Merged(yours, clean=True)
        if yours == base:
            return Merged(theirs, clean=True)
        if not self._affords(base, theirs, yours):
            return _merge_long(base, theirs, yours)
        words = split(base)
        left, right = self._hunks(words, split(theirs)), self._hunks(words, split(yours))
        standing = [hunk for hunk in left if not any(_overlap(hunk, other) for other in right)]
        # When both sides made the same hunk, the merged text has it once, and no edit is lost.
        clean = all(hunk in standing or hunk in right for hunk in left)
        return Merged(_join(words, standing, right), clean)

    def changes(self, base: str, theirs: str) -> list[TextChange]:
        """The changes from `base` to `theirs`, when no author has stated them."""
        found = self._changes(base, theirs)
        if base.isascii():
            return found
        return [(length(base[:start]), length(base[:end]), text) for start, end, text in found]

    def _changes(self, base: str, theirs: str) -> list[TextChange]:
        """The changes from `base` to `theirs`, in characters of `base`, from first to last."""
        start = 0
        if max(len(base), len(theirs)) > _MAX_LENGTH:
            # In a long text, only the part from the first to the last difference is compared.
            start, end, theirs = replaced_range(base, theirs)
            base = base[start:end]
        if not self._affords(base, theirs):
            first, last, text = replaced_range(base, theirs)
            return [(start + first, start + last, text)]
        words = split(base)
        places = list(accumulate(map(len, words), initial=start))
        changes: list[TextChange] = []
        for hunk in self._hunks(words, split(theirs)):
            at = places[hunk.start]
            old = base[at - start : places[hunk.end] - start]
            first, last, text = replaced_range(old, "".join(hunk.words))
            changes.append((at + first, at + last, text))
        return changes

    def _affords(self, *texts: str) -> bool:
        """Whether these texts may be split into words. If so, count their letters as used."""
        letters = sum(map(len, texts))
        if max(map(len, texts)) > _MAX_LENGTH or letters > self._letters:
            return False
        self._letters -= letters
        return True

    def _hunks(self, old: list[str], new: list[str]) -> list[Hunk]:
        found, cells = hunks(old, new, self._cells)
        self._cells -= cells
        return found


def merge(base: str, theirs: str, yours: str) -> Merged:
    """Merge both edits of `base`. The limits are those of a patch with no other text to merge."""
    return Merger().merge(base, theirs, yours)


def split(text: str) -> list[str]:
    """Split a text into words, runs of spaces, and other characters one by one."""
    return _WORDS.findall(text)


def hunks(old: list[str], new: list[str], room: int = _MAX_CELLS) -> tuple[list[Hunk], int]:
    """The hunks that turn `old` into `new`, in order, and the cells that the comparison took.

    No two hunks touch. The cells are the differing words of `old` times those of `new`. When they
    exceed `room`, there is one hunk, and the cells are 0.
    """
    start, limit = 0, min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < limit - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    a, b = old[start : len(old) - tail], new[start : len(new) - tail]
    cells = len(a) * len(b)
    if not a and not b:
        return [], 0
    if not cells or cells > min(room, _MAX_CELLS):
        return [Hunk(start, start + len(a), b)], 0
    found = [Hunk(start + i, start + j, b[k:m]) for i, j, k, m in replacements(a, b)]
    return _join_across_spaces(old, found), cells


def _join_across_spaces(old: list[str], found: list[Hunk]) -> list[Hunk]:
    """Join hunks that only a space separates: `a b` -> `c d` is one edit, not two."""
    joined: list[Hunk] = []
    for hunk in found:
        last = joined[-1] if joined else None
        between = old[last.end : hunk.start] if last else []
        if last and all(word.isspace() for word in between):
            words = [*last.words, *between, *hunk.words]
            joined[-1] = Hunk(last.start, hunk.end, words)
        else:
            joined.append(hunk)
    return joined


def _merge_long(base: str, theirs: str, yours: str) -> Merged:
    """Merge long texts: each side's changes are one hunk. When the two overlap, yours wins."""
    left, right = _changed_words(base, theirs), _changed_words(base, yours)
    if _overlap(left, right):
        return Merged(yours, clean=False)
    first, second = sorted((left, right), key=lambda hunk: (hunk.start, hunk.end))
    parts = [base[: first.start], *first.words, base[first.end : second.start]]
    return Merged("".join([*parts, *second.words, base[second.end :]]), clean=True)


def _changed_words(base: str, other: str) -> Hunk:
    """The changed range in characters, extended to whole words, as one hunk."""
    start, end, _ = replaced_range(base, other)
    tail = len(base) - end
    first, last = max(0, start - _MAX_WORD), max(0, tail - _MAX_WORD)
    while start > first and base[start - 1].isalnum():
        start -= 1
    while tail > last and base[len(base) - tail].isalnum():
        tail -= 1
    return Hunk(start, len(base) - tail, [other[start : len(other) - tail]])


def _overlap(a: Hunk, b: Hunk) -> bool:
    if a.start == a.end and b.start == b.end:
        return a.start == b.start
    return a.start < b.end and b.start < a.end


def _join(words: list[str], standing: list[Hunk], yours: list[Hunk]) -> str:
    ordered = sorted([*standing, *yours], key=lambda hunk: (hunk.start, hunk.end))
    parts: list[str] = []
    at = 0
    for hunk in ordered:
        parts += words[at : hunk.start]
        parts += hunk.words
        at = hunk.end
    parts += words[at:]
    return "".join(parts)
