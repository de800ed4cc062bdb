"""Reads a Y.Array after an update. Only Yjs clients create Y.Arrays.

The time depends on what the update changes, not on the length of the array. The event of the array
has the new items, and the counts of the deleted ones. Other items are read only when an event names
a place in them.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from collab.ids import Json
from collab.tree.difference import Difference
from collab.tree.event_records import ListChange
from collab.tree.read_array import Nested
from collab.types.events import Delta, DirtyPlace
from collab.types.handles import get_or_none, is_text, matches_node, raw_of
from collab.types.layout import ListNode, Node, read, write_layout
from collab.types.records import Path

# Steps of yrs for the items that an update changes: 0.3 s. A changed item takes a step for each
# item of the array. Beyond that, the whole array is read in one call.
MOST_STEPS: Final = 50_000_000


class Hunk(NamedTuple):
    """One replacement: `gone` items at the old index `was` became `new`, at the new index `at`."""

    was: int
    gone: int
    at: int
    new: list[tuple[Json, Node | None]]


class ListReader:
    """Updates the node of a Y.Array to match it, and collects the difference."""

    def __init__(
        self,
        difference: Difference,
        handle: Any,
        node: ListNode,
        old: list[Json],
        dirty: DirtyPlace,
        path: Path,
        pointer: str,
    ) -> None:
        self._difference = difference
        self._txn = difference.txn
        self._handle = handle
        self._node = node
        self._old = old
        self._dirty = dirty
        self._path = path
        self._pointer = pointer

    def arrange(self) -> list[tuple[int, Json]]:
        """Remove and add items. Return the other items that have changed, with their old values.

        Each is the index of an item and its value before the update.
        """
        hunks = self._hunks()
        spots = None if hunks is None else self._old_indexes(hunks)
        if hunks is None or spots is None:
            self._read_again()
            return []
        if hunks:
            self._replace(hunks)
        return [(index, self._old[was]) for index, was in spots]

    # --- which items ------------------------------------------------------------------------

    def _hunks(self) -> list[Hunk] | None:
        """Return what the event of the array reports; None when that is not known."""
        dirty, length = self._dirty, self._handle.len(self._txn)
        if any(not isinstance(step, int) for step in dirty.below):
            return None
        if len(dirty.below) * length > MOST_STEPS:
            return None
        if not dirty.items:
            return []
        if dirty.delta is None:
            return None
        hunks = self._read(dirty.delta)
        grown = sum(len(hunk.new) - hunk.gone for hunk in hunks)
        return hunks if len(self._old) + grown == length else None

    def _read(self, delta: Delta) -> list[Hunk]:
        """Read the new items. Return the hunks in their order in the array."""
        hunks: list[Hunk] = []
        was = now = 0
        is_open = False
        for step in delta:
            if "retain" in step:
                was, now, is_open = was + int(step["retain"]), now + int(step["retain"]), False
                continue
            last = hunks.pop() if is_open else Hunk(was, 0, now, [])
            count = int(step.get("delete", 0))
            new = [read(raw_of(self._txn, held)) for held in step.get("insert", ())]
            last.new.extend(new)
            hunks.append(last._replace(gone=last.gone + count))
            was, now, is_open = was + count, now + len(new), True
        return hunks

    def _old_indexes(self, hunks: list[Hunk]) -> list[tuple[int, int]] | None:
        """Return the index of each changed item that is not new, with its old index."""
        found: list[tuple[int, int]] = []
        waiting = iter(hunks)
        hunk = next(waiting, None)
        shift = 0
        for step in sorted(step for step in self._dirty.below if isinstance(step, int)):
            while hunk is not None and hunk.at + len(hunk.new) <= step:
                shift += len(hunk.new) - hunk.gone
                hunk = next(waiting, None)
            was = step - shift
            if (hunk is not None and hunk.at <= step) or was >= len(self._old):
                return None
            found.append((step, was))
        return found

    # --- ops, nodes and records -------------------------------------------------------------

    def _replace(self, hunks: list[Hunk]) -> None:
        old, nodes = self._old, self._node.children
        changes = [
            ListChange(
                hunk.was,
                tuple(map(write_layout, old[part(hunk)], nodes[part(hunk)])),
                hunk.at,
                tuple(value for value, _ in hunk.new),
            )
            for hunk in hunks
        ]
        if self._change(hunks):
            self._difference.note_items(self._path, self._handle, changes)
        children: list[Node | None] = []
        end = 0
        for hunk in hunks:
            children += nodes[end : hunk.was]
            children += [node for _, node in hunk.new]
            end = hunk.was + hunk.gone
        self._node.children = children + nodes[end:]

    def _change(self, hunks: list[Hunk]) -> bool:
        """Add the ops of the hunks. Return whether there are any."""
        difference, before = self._difference, len(self._difference.ops)
        if len({bool(hunk.gone) for hunk in hunks} | {not hunk.new for hunk in hunks}) > 1:
            hunks = [self._joined(hunks)]  # an item may have moved from one hunk to another
        for hunk in hunks:
            new = [value for value, _ in hunk.new]
            if not difference.change_items(self._old[part(hunk)], new, self._pointer, hunk.at):
                whole = [*self._old[: hunk.was], *new, *self._old[hunk.was + hunk.gone :]]
                difference.ops.append({"op": "replace", "path": self._pointer, "value": whole})
        return len(difference.ops) > before

    def _joined(self, hunks: list[Hunk]) -> Hunk:
        """Return one hunk from the beginning of the first hunk to the end of the last one."""
        first, last = hunks[0], hunks[-1]
        new: list[tuple[Json, Node | None]] = []
        end = first.was
        for hunk in hunks:
            new += [(value, None) for value in self._old[end : hunk.was]]
            new += hunk.new
            end = hunk.was + hunk.gone
        return Hunk(first.was, last.was + last.gone - first.was, first.at, new)

    def _read_again(self) -> None:
        """Read the whole Y.Array."""
        value, fresh = read(raw_of(self._txn, self._handle))
        assert isinstance(value, list)
        assert isinstance(fresh, ListNode)
        self._node.children = fresh.children
        if self._difference.change(self._old, value, self._pointer):
            self._difference.note_items(self._path, self._handle, None)

    # --- the contents of items --------------------------------------------------------------

    def refresh(self, index: int, before: Json) -> Nested | None:
        """Read a changed item again. Return its container if that needs a refresh."""
        node, deeper, path = self._node, self._dirty.below[index], self._path
        inner, held = node.children[index], get_or_none(self._txn, self._handle, index)
        at = f"{self._pointer}/{index}"
        if inner is not None and not deeper.is_new_kind and matches_node(inner, held):
            return held, inner, before, deeper, (*path, index), at
        was = write_layout(before, inner)
        value, node.children[index] = read(raw_of(self._txn, held))
        changed = self._difference.change(before, value, at)
        if is_text(held) and type(before) is str:
            self._difference.note_text((*path, index), held, before, value, deeper)
        elif changed:
            self._difference.note_item(path, self._handle, index, was, value)
        return None


def part(hunk: Hunk) -> slice:
    """Return the old items of a hunk as a slice."""
    return slice(hunk.was, hunk.was + hunk.gone)
