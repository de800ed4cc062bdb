"""Facts about a client's update from before it is applied: its summary, and ids that it deletes.

These are the ids of the characters and items in each text and list that the update deletes from.
After the update pycrdt cannot find a deleted character.

A *step* is what one undo takes back. Steps name characters and items by their first ids
(`collab/types/records.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from collab.errors import Rejected
from collab.identity.characters import Characters, id_at, text_id
from collab.identity.identity_index import IdentityIndex
from collab.identity.item_chains import ItemChains
from collab.identity.items import MOST_STEPS, NO_CHAINS, spots
from collab.identity.labels import plain_text, reach_any, removed_text
from collab.identity.new_strings import NewStrings, new_strings
from collab.structs.guard import Checked
from collab.tree.overwriting import NewValue
from collab.types.handles import Txn, is_array, is_text
from collab.types.records import UNNAMED, Path, Reinsertion, RemovedText
from collab.yjs.spans import Id, Run, merged
from collab.yjs.update import GuardBounds, Inspected, inspect

# For each client, the deleted ranges: the first clock, and the clock after the last.
Deletes: TypeAlias = Mapping[int, Sequence[tuple[int, int]]]


class UpdateSummary(Struct, frozen=True):
    """The ranges that an update deletes, and the ids of its new characters.

    `values` are the new values of map entries, if they are known. `chains` tell the order of new
    items.
    """

    deletes: Deletes = {}
    strings: NewStrings = {}
    values: tuple[NewValue, ...] = ()
    chains: ItemChains = NO_CHAINS

    @classmethod
    def of(
        cls,
        inspected: Inspected,
        known: Mapping[int, int],
        values: tuple[NewValue, ...] = (),
        *,
        has_arrays: bool = True,
        placed: Checked | None = None,
    ) -> UpdateSummary:
        """Return the summary. `known` is the document's state vector before the update.

        `has_arrays` says whether the document has a Y.Array before the update. `placed` is the
        same update with the places of its structs, if they are known.
        """
        if placed is None:
            sections = inspected.sections.items()
            every = ((client, struct) for client, structs in sections for struct in structs)
            strings = new_strings(every, known)
        else:
            strings = new_strings(placed.fresh, known, placed.places)
        chains = ItemChains.of(inspected, known) if has_arrays else NO_CHAINS
        return cls(inspected.deletes, strings, values, chains)


NO_SUMMARY = UpdateSummary()
_UNBOUNDED: Final = GuardBounds(update_bytes=0)


def summary_of(update: bytes | Iterable[bytes], known: Mapping[int, int]) -> UpdateSummary:
    """Return the summary of an update. It is empty for slices and for an invalid update."""
    if not isinstance(update, bytes):
        return NO_SUMMARY
    try:
        return UpdateSummary.of(inspect(update, _UNBOUNDED), known)
    except Rejected:
        return NO_SUMMARY


class _ListBefore(Struct, eq=False):
    """A Y.Array before an update: its length, and the first ids of the items that it may lose."""

    length: int
    firsts: dict[int, Id] = {}

    def add(self, txn: Txn, array: Any, identity: IdentityIndex, run: Run) -> None:
        """Add the items in a run of first ids."""
        if (len(self.firsts) + run[2]) * self.length > MOST_STEPS:
            return
        for index in spots(txn, array, identity, run):
            self.firsts[index] = identity.first_id(id_at(txn, array, index))


class TextsBefore(Struct, eq=False):
    """The ids of texts and Y.Arrays before an update.

    It holds only the texts that lose characters which steps name. It holds only the Y.Arrays that
    lose items which steps name.
    """

    _texts: dict[Path, tuple[Id, Characters]] = {}
    _lists: dict[Path, _ListBefore] = {}

    @classmethod
    def of(cls, txn: Txn, content: Any, identity: IdentityIndex, deletes: Deletes) -> TextsBefore:
        before = cls()
        for client, ranges in deletes.items():
            for start, end in ranges:
                for _, run, path, _ in identity.named([(client, start, end - start)]):
                    before._add(txn, content, identity, path, run)
        return before

    def _add(self, txn: Txn, content: Any, identity: IdentityIndex, path: Path, run: Run) -> None:
        """Add the text or the Y.Array at a path, which loses the part `run` of first ids."""
        if path in self._texts:
            return
        held = reach_any(txn, content, path)
        if is_array(held):
            kept = self._lists.setdefault(path, _ListBefore(held.len(txn)))
            kept.add(txn, held, identity, run)
            return
        text = plain_text(txn, held) if is_text(held) else None
        if text is not None:
            own = identity.first_id(text_id(txn, text))
            self._texts[path] = own, identity.characters(txn, text, own).copy()

    def items(self, path: Path, start: int, end: int) -> tuple[Run, ...]:
        """Return the first ids of a Y.Array's items before the update.

        Runs of the client `UNNAMED` stand for items whose ids are not kept.
        """
        kept = self._lists.get(path)
        if kept is None:
            return ()
        firsts = kept.firsts
        return tuple(merged((*firsts.get(at, (UNNAMED, at)), 1) for at in range(start, end)))

    def reinserted(self, txn: Txn, content: Any, identity: IdentityIndex) -> list[Reinsertion]:
        """Return the reinsertions that a rollback made: from the first ids to the current ids.

        Texts and lists whose length differs from before the update are left out.
        """
        found: list[Reinsertion] = []
        for path, (own, was) in self._texts.items():
            held = reach_any(txn, content, path)
            text = plain_text(txn, held) if is_text(held) else None
            if text is None:
                continue
            now = Characters.read(txn, text, identity.deletions)
            first = identity.first_runs(was.runs)
            found += _paired([(*own, 1), *first], [(*text_id(txn, text), 1), *now.runs], identity)
        for path, kept in self._lists.items():
            held = reach_any(txn, content, path)
            if is_array(held) and held.len(txn) == kept.length:
                for index, one in kept.firsts.items():
                    found += _paired([(*one, 1)], [(*id_at(txn, held, index), 1)], identity)
        return found

    def under(self, identity: IdentityIndex, path: Path) -> tuple[RemovedText, ...]:
        """Return the kept texts at a path and below it, which the update has deleted."""
        return tuple(
            removed_text(characters, identity, own, where[len(path) :])
            for where, (own, characters) in self._texts.items()
            if where[: len(path)] == path
        )


def _paired(
    first: Sequence[Run], now: Sequence[Run], identity: IdentityIndex
) -> Iterator[Reinsertion]:
    """Pair runs of first ids with the current ids in their places; none if the lengths differ."""
    if sum(run[2] for run in first) != sum(run[2] for run in now):
        return
    waiting = deque(now)
    for client, clock, length in first:
        while length:
            to_client, to_clock, left = waiting.popleft()
            size = min(length, left)
            if (client, clock) != identity.first_id((to_client, to_clock)):
                yield client, clock, size, to_client, to_clock
            clock, length = clock + size, length - size
            if left > size:
                waiting.appendleft((to_client, to_clock + size, left - size))
