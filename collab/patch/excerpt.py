"""What a conflict tells of long texts: where they differ.

A conflict names three versions of a text. Told whole, six letters typed into a long text would be
answered by eighteen copies of it.
"""

from __future__ import annotations

from typing import Any

from collab.patch.utf16 import edit

MAX_TOLD = 400  # characters
_AROUND = 40  # characters of what is alike, on either side of a difference
_ELSE = "…"  # stands for what is left out


def excerpts(base: Any, theirs: Any, yours: Any) -> tuple[Any, Any, Any]:
    """The three values of a conflict, with texts above 400 characters as excerpts."""
    known = base if type(base) is str else ""
    left = edit(known, theirs) if type(theirs) is str else (0, 0, "")
    right = edit(known, yours) if type(yours) is str else (0, 0, "")
    spans = [(left[0], left[1]), (right[0], right[1])]
    return (
        _told(base, spans if type(theirs) is str else spans[1:]),
        _told(theirs, [(left[0], left[0] + len(left[2]))]),
        _told(yours, [(right[0], right[0] + len(right[2]))]),
    )


def _told(value: Any, spans: list[tuple[int, int]]) -> Any:
    if type(value) is not str or len(value) <= MAX_TOLD:
        return value
    parts: list[str] = []
    at = 0
    most = MAX_TOLD // len(spans)
    for start, end in sorted(spans):
        low, high = max(at, start - _AROUND), min(len(value), end + _AROUND)
        if high <= low:
            continue
        parts.append(_ELSE if low > at else "")
        parts.append(_ends(value, low, high, most))
        at = high
    return "".join([*parts, _ELSE if at < len(value) else ""])


def _ends(text: str, low: int, high: int, most: int) -> str:
    """A stretch of a text; of a long one its beginning and its end."""
    if high - low <= most:
        return text[low:high]
    return f"{text[low : low + most // 2]}{_ELSE}{text[high - most // 2 : high]}"
