"""Three-way merge of texts on whole words, so that two edits of one word never make a third.

Merging by characters turns `Buy` -> `Try` and `Buy` -> `Get` into `TrGet`; by words they overlap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from collab.patch.subsequence import replacements
from collab.patch.utf16 import replaced_range

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
# What comparing words may take: 400 x 400 of them take 0.3 ms. Longer middles count as one hunk.
_MAX_CELLS = 160_000
# Cutting a text into words takes up to 0.5 us a character. Where the texts of one patch have more
# characters than this in all, the rest of them are merged by their ends.
_MAX_LENGTH = 20_000
_MAX_WORD = 200

# Code points `start` to `end` give way to a text.
Splice: TypeAlias = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Hunk:
    """Words `start` to `end` of the base became `words`."""

    start: int
    end: int
    words: list[str]


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged text; `clean` unless an edit of theirs gave way to one of yours."""

    text: str
    clean: bool


class Merger:
    """Merges the texts of one patch, with a bound on what comparing words may take in all."""

    def __init__(self) -> None:
        self._letters = 3 * _MAX_LENGTH
        self._cells = 2 * _MAX_CELLS

    def merge_or_splice(
        self, base: str, theirs: str, yours: str, splices: Sequence[Splice] | None
    ) -> Merged:
        """What both made of `base`; `splices`, where given, lead from it to `yours`."""
        if splices:
            text = self.splice(base, theirs, splices)
            if text is not None:
                return Merged(text, clean=True)
        return self.merge(base, theirs, yours)

    def merge(self, base: str, theirs: str, yours: str) -> Merged:
        """What both made of `base`. Where their hunks overlap, yours stand."""
        if theirs in (base, yours):
            return Merged(yours, clean=True)
        if yours == base:
            return Merged(theirs, clean=True)
        if not self._affords(base, theirs, yours):
            return _merge_long(base, theirs, yours)
        words = split(base)
        left, right = self._hunks(words, split(theirs)), self._hunks(words, split(yours))
        standing = [hunk for hunk in left if not any(_overlap(hunk, other) for other in right)]
        # What both wrote alike is kept once, and takes nothing from either.
        clean = all(hunk in standing or hunk in right for hunk in left)
        return Merged(_join(words, standing, right), clean)

    def splice(self, base: str, theirs: str, splices: Sequence[Splice]) -> str | None:
        """`theirs` with the splices of `base`; None where they changed these characters too.

        For a client that says which characters it means: two who type into one word both keep
        their own, where the later one started in front of the other's. Each splice counts on the
        text after those before it. What they changed is found once, and moves along.
        """
        changes = self._changes(base, theirs)
        for start, end, insert in splices:
            shift = 0
            for number, (at, until, text) in enumerate(changes):
                if end <= at:
                    growth = len(insert) - (end - start)
                    changes[number:] = [
                        (low + growth, high + growth, new) for low, high, new in changes[number:]
                    ]
                    break
                if start < until:
                    return None
                shift += len(text) - (until - at)
            theirs = theirs[: start + shift] + insert + theirs[end + shift :]
        return theirs

    def _changes(self, base: str, theirs: str) -> list[Splice]:
        """What they changed, in characters of `base`, first to last."""
        start = 0
        if max(len(base), len(theirs)) > _MAX_LENGTH:
            # Of a long text only what lies between the first and the last difference is compared.
            start, end, theirs = replaced_range(base, theirs)
            base = base[start:end]
        if not self._affords(base, theirs):
            first, last, text = replaced_range(base, theirs)
            return [(start + first, start + last, text)]
        words = split(base)
        places = list(accumulate(map(len, words), initial=start))
        changes: list[Splice] = []
        for hunk in self._hunks(words, split(theirs)):
            at = places[hunk.start]
            old = base[at - start : places[hunk.end] - start]
            first, last, text = replaced_range(old, "".join(hunk.words))
            changes.append((at + first, at + last, text))
        return changes

    def _affords(self, *texts: str) -> bool:
        """Whether these texts may be cut into words; what that takes is gone."""
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
    """What both made of `base`, where nothing else is merged along with it."""
    return Merger().merge(base, theirs, yours)


def split(text: str) -> list[str]:
    """Words, runs of space, and other characters one by one."""
    return _WORDS.findall(text)


def hunks(old: list[str], new: list[str], room: int = _MAX_CELLS) -> tuple[list[Hunk], int]:
    """The stretches of `old` that became something else, in order, none touching another.

    Also what comparing took: the words of one times the words of the other, at most `room`.
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
    """Join hunks that only a space parts: `a b` -> `c d` is one edit, not two about a space."""
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
    """Each side's changes as one stretch of whole words; yours stand where they overlap."""
    left, right = _changed_words(base, theirs), _changed_words(base, yours)
    if _overlap(left, right):
        return Merged(yours, clean=False)
    first, second = sorted((left, right), key=lambda hunk: (hunk.start, hunk.end))
    parts = [base[: first.start], *first.words, base[first.end : second.start]]
    return Merged("".join([*parts, *second.words, base[second.end :]]), clean=True)


def _changed_words(base: str, other: str) -> Hunk:
    """What changed, in characters, widened to whole words."""
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
