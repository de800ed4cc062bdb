"""Three-way merge of texts on whole words, so that two edits of one word never make a third.

Merging by characters turns `Buy` -> `Try` and `Buy` -> `Get` into `TrGet`; by words they overlap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

from collab.patch.utf16 import edit

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
# SequenceMatcher is quadratic at worst: 400 x 400 words take it about 10 ms. Longer middles count
# as one hunk.
_MAX_CELLS = 160_000
# Cutting a text into words takes about 0.1 us a character; a longer one is merged by its ends.
_MAX_LENGTH = 20_000
_MAX_WORD = 200


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


def merge(base: str, theirs: str, yours: str) -> Merged:
    """What both made of `base`. Where their hunks overlap, yours stand."""
    if theirs in (base, yours):
        return Merged(yours, clean=True)
    if yours == base:
        return Merged(theirs, clean=True)
    if max(len(base), len(theirs), len(yours)) > _MAX_LENGTH:
        return _merge_long(base, theirs, yours)
    words = split(base)
    left, right = hunks(words, split(theirs)), hunks(words, split(yours))
    standing = [hunk for hunk in left if not any(_overlap(hunk, other) for other in right)]
    # What both wrote alike is kept once, and takes nothing from either.
    clean = all(hunk in standing or hunk in right for hunk in left)
    return Merged(_join(words, standing, right), clean)


def merge_stretch(base: str, theirs: str, start: int, end: int, insert: str) -> str | None:
    """`theirs` with `insert` for what was `base[start:end]`; None where they changed that too.

    For whoever says which characters they mean: two who type into one word both keep their own,
    where the later one started in front of the other's.
    """
    words = split(base)
    places = [0, *accumulate(map(len, words))]
    shift = 0
    for hunk in hunks(words, split(theirs)):
        old, new = base[places[hunk.start] : places[hunk.end]], "".join(hunk.words)
        first, last, text = edit(old, new)
        at = places[hunk.start] + first
        until = places[hunk.start] + last
        if end <= at:
            break
        if start < until:
            return None
        shift += len(text) - (until - at)
    return theirs[: start + shift] + insert + theirs[end + shift :]


def split(text: str) -> list[str]:
    """Words, runs of space, and other characters one by one."""
    return _WORDS.findall(text)


def hunks(old: list[str], new: list[str]) -> list[Hunk]:
    """The stretches of `old` that became something else, in order, none touching another."""
    start, limit = 0, min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < limit - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    a, b = old[start : len(old) - tail], new[start : len(new) - tail]
    if not a and not b:
        return []
    if not a or not b or len(a) * len(b) > _MAX_CELLS:
        return [Hunk(start, start + len(a), b)]
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    found = [
        Hunk(start + i, start + j, b[k:m])
        for tag, i, j, k, m in matcher.get_opcodes()
        if tag != "equal"
    ]
    return _settle(old, found)


def _settle(old: list[str], found: list[Hunk]) -> list[Hunk]:
    """Join hunks that only a space parts: `a b` -> `c d` is one edit, not two about a space."""
    settled: list[Hunk] = []
    for hunk in found:
        last = settled[-1] if settled else None
        between = old[last.end : hunk.start] if last else []
        if last and all(word.isspace() for word in between):
            words = [*last.words, *between, *hunk.words]
            settled[-1] = Hunk(last.start, hunk.end, words)
        else:
            settled.append(hunk)
    return settled


def _merge_long(base: str, theirs: str, yours: str) -> Merged:
    """Each side's changes as one stretch of whole words; yours stand where they overlap."""
    left, right = _stretch(base, theirs), _stretch(base, yours)
    if _overlap(left, right):
        return Merged(yours, clean=False)
    first, second = sorted((left, right), key=lambda hunk: (hunk.start, hunk.end))
    parts = [base[: first.start], *first.words, base[first.end : second.start]]
    return Merged("".join([*parts, *second.words, base[second.end :]]), clean=True)


def _stretch(base: str, other: str) -> Hunk:
    """What changed, in characters, widened to whole words."""
    start, end, _ = edit(base, other)
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
