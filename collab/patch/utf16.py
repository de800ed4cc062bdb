"""Text in UTF-16 units, which is how browsers count: offsets, splices, what changed."""

from __future__ import annotations

from typing import Any

from collab.errors import Code, Rejected


def length(text: str) -> int:
    """How many UTF-16 units a text is."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le")) // 2


def splice(text: str, offset: object, delete: object, insert: object) -> str:
    """`text` with `delete` units at `offset` replaced by `insert`, or `invalid_patch`."""
    if type(offset) is not int or type(delete) is not int or offset < 0 or delete < 0:
        raise Rejected(Code.INVALID_PATCH, "offset and delete must be integers from 0")
    if type(insert) is not str:
        raise Rejected(Code.INVALID_PATCH, "insert must be a string")
    end = offset + delete
    if end > length(text):
        raise Rejected(Code.INVALID_PATCH, "the splice ends beyond the text")
    return text[: _index(text, offset)] + insert + text[_index(text, end) :]


def code_point_range(text: str, offset: int, delete: int) -> tuple[int, int]:
    """The code points that a splice replaces: the first, and the one after the last."""
    return _index(text, offset), _index(text, offset + delete)


def _index(text: str, offset: int) -> int:
    """The code point that starts at a unit; a unit inside a surrogate pair is refused."""
    if text.isascii():
        return offset
    try:
        return len(text.encode("utf-16-le")[: 2 * offset].decode("utf-16-le"))
    except UnicodeDecodeError:
        raise Rejected(Code.INVALID_PATCH, "the splice is inside a surrogate pair") from None


def replaced_range(old: str, new: str) -> tuple[int, int, str]:
    """The one replaced range between two texts: its start, its end in `old`, its new text.

    In code points. Python compares whole strings fast, so common ends are found by halving.
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
    # By halves as well: to turn two texts of a megabyte round takes ten times as long.
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def relocate_offset(offset: int, old: str, new: str) -> int:
    """Where a unit offset in `old` is in `new`; inside a replaced range, at its end."""
    start, end, text = replaced_range(old, new)
    units = length(old[:start])
    if offset <= units:
        return offset
    if offset >= length(old[:end]):
        return offset + length(new) - length(old)
    return units + length(text)


def as_splice(path: str, old: str, new: str) -> dict[str, Any]:
    """The splice that turns `old` into `new`."""
    start, end, text = replaced_range(old, new)
    offset = length(old[:start])
    return {
        "op": "splice",
        "path": path,
        "offset": offset,
        "delete": length(old[start:end]),
        "insert": text,
    }
