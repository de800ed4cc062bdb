"""Offsets and splices of a text in UTF-16 units, as browsers count them."""

from __future__ import annotations

from collab.errors import Code, Rejected


def length(text: str) -> int:
    """The number of UTF-16 units of a text."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le")) // 2


def splice(text: str, offset: object, delete: object, insert: object) -> str:
    """Return `text` with `delete` units at `offset` replaced by `insert`, or raise `Rejected`."""
    if type(offset) is not int or type(delete) is not int or offset < 0 or delete < 0:
        raise Rejected(Code.INVALID_PATCH, "`offset` and `delete` must be integers, at least 0")
    if type(insert) is not str:
        raise Rejected(Code.INVALID_PATCH, "`insert` must be a string")
    end = offset + delete
    if end > length(text):
        raise Rejected(Code.INVALID_PATCH, "the `splice` ends beyond the end of the text")
    return text[: _index(text, offset)] + insert + text[_index(text, end) :]


def units_between(text: str, start: int, end: int) -> str:
    """The part of a text between two offsets."""
    if text.isascii():
        return text[start:end]
    part = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
    return part.decode("utf-16-le", "surrogatepass")


def _index(text: str, offset: int) -> int:
    """The index of the code point that starts at a UTF-16 unit.

    Refuse an offset between the two units of a surrogate pair.
    """
    if text.isascii():
        return offset
    try:
        return len(text.encode("utf-16-le")[: 2 * offset].decode("utf-16-le"))
    except UnicodeDecodeError:
        raise Rejected(
            Code.INVALID_PATCH,
            "the `splice` splits a surrogate pair; `offset` and `delete` count UTF-16 units",
        ) from None


def replaced_range(old: str, new: str) -> tuple[int, int, str]:
    """The smallest range to replace in `old` to get `new`: its start, its end, its new text.

    Start and end count code points. Python compares slices fast, so a binary search finds the
    common start and the common end.
    """
    shortest = min(len(old), len(new))
    start = _shared_start(old, new, shortest)
    tail = _shared_end(old, new, shortest - start)
    return start, len(old) - tail, new[start : len(new) - tail]


def _shared_start(a: str, b: str, most: int) -> int:
    low, high = 0, most
    if a[:high] == b[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shared_end(a: str, b: str, most: int) -> int:
    # This is a binary search too. Reversing both texts, to search for their common start instead,
    # takes ten times as long for a megabyte.
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low
