"""Taking hunks back out of a text that others have edited since."""

from __future__ import annotations

from difflib import SequenceMatcher

from collab.yjs.tree_records import Hunk
from collab.yjs.tree_text import words

_REACH = 400  # characters around where a hunk is expected
_SHARE = 0.5  # of a pattern's characters, to be believed
_TELLING = 3  # characters
_MOST_COMPARED = 100_000  # characters or words of both multiplied: 10 ms at the worst

Block = tuple[int, int, int]  # there in the pattern, there in the text, so many characters


class Effort:
    """How much may still be compared; one undo of many hunks must not stall everybody."""

    def __init__(self, left: int = 20 * _MOST_COMPARED) -> None:
        self._left = left

    def allows(self, work: int) -> bool:
        if work > min(self._left, _MOST_COMPARED):
            return False
        self._left -= work
        return True


def take_back(text: str, hunks: tuple[Hunk, ...], effort: Effort | None = None) -> str | None:
    """`text` without what the hunks did; what others have typed since stays.

    None where nothing of what they did can be found any more: others have overwritten it.
    """
    effort = effort or Effort()
    changed = False
    for hunk in reversed(hunks):
        result = _take_back(text, hunk, effort)
        if result is not None:
            text, changed = result, True
    return text if changed else None


def _take_back(text: str, hunk: Hunk, effort: Effort) -> str | None:
    pattern = hunk.left + hunk.inserted + hunk.right
    at = _nearest(text, pattern, hunk.at - len(hunk.left)) if pattern else 0
    if at is not None and len(pattern) < _TELLING and at and at + len(pattern) < len(text):
        at = None  # so few characters may as well be somebody else's
    if at is not None:
        start = at + len(hunk.left)
        return text[:start] + hunk.deleted + text[start + len(hunk.inserted) :]
    return _take_back_aligned(text, hunk, pattern, effort)


def _nearest(text: str, pattern: str, expected: int) -> int | None:
    """Where `pattern` stands nearest to where it is expected."""
    expected = max(0, expected)
    if text[expected : expected + len(pattern)] == pattern:
        return expected
    after = text.find(pattern, expected)
    before = text.rfind(pattern, 0, expected + len(pattern))
    found = [at for at in (before, after) if at >= 0]
    return min(found, key=lambda at: abs(at - expected)) if found else None


def _take_back_aligned(text: str, hunk: Hunk, pattern: str, effort: Effort) -> str | None:
    """Others have typed inside or right beside: align what was left there with what is there."""
    if len(pattern) < _TELLING:
        return None
    low = max(0, hunk.at - len(hunk.left) - _REACH)
    region = text[low : hunk.at + len(hunk.inserted) + len(hunk.right) + _REACH]
    blocks = _aligned(pattern, region, effort)
    if sum(size for _, _, size in blocks) < _SHARE * len(pattern):
        return None
    own = _own(hunk, pattern, region, blocks)
    put = own[0][0] if own else _gap(hunk, blocks)
    if put is None or (hunk.inserted and not own):
        return None
    for first, last in reversed(own):
        text = text[: low + first] + text[low + last :]
    return text[: low + put] + hunk.deleted + text[low + put :]


def _own(hunk: Hunk, pattern: str, region: str, blocks: list[Block]) -> list[tuple[int, int]]:
    """Where in the text the inserted characters still are.

    Of a long insertion, a letter or two that match, or the spaces between words, are chance.
    """
    start, end = len(hunk.left), len(hunk.left) + len(hunk.inserted)
    least = min(3, _letters(hunk.inserted))
    own: list[tuple[int, int]] = []
    for at, there, size in blocks:
        first, last = max(at, start), min(at + size, end)
        if first >= last or _letters(pattern[first:last]) < least:
            continue
        here, until = there + first - at, there + last - at
        while last < end and region[until : until + 1] == pattern[last] == " ":
            last, until = last + 1, until + 1
        own.append((here, until))
    return own


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _gap(hunk: Hunk, blocks: list[Block]) -> int | None:
    """Where in the text the place between what stood on the left and on the right is."""
    start, put = len(hunk.left), None
    for at, there, size in blocks:
        if at < start:
            put = there + min(at + size, start) - at
        elif at == start or put is None:
            put = there
    return put


def _aligned(pattern: str, region: str, effort: Effort) -> list[Block]:
    """Equal stretches of both, in order: by characters, of longer ones by words, or none."""
    if effort.allows(len(pattern) * len(region)):
        matcher = SequenceMatcher(None, pattern, region, autojunk=False)
        return [(a, b, size) for a, b, size in matcher.get_matching_blocks() if size]
    ours, theirs = words(pattern), words(region)
    if not effort.allows(len(ours) * len(theirs)):
        return []
    found = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    return [
        (
            sum(map(len, ours[:a])),
            sum(map(len, theirs[:b])),
            sum(map(len, ours[a : a + size])),
        )
        for a, b, size in found
        if size
    ]
