"""Opening a document: applies its snapshot and the entries since then in memory.

Opening repeats all the work that yrs did when the updates came. A forged update makes that work
long: 500 structs in 5 KB took 2 s in one call, at every opening. So opening works in short turns,
and other work runs between them. A state that is known to be slow is cut into slices first (rule
G22 of SPEC.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Final

from collab.document.snapshot_format import Body, Steps, blank, decode_body, decode_steps
from collab.entry import Entry, is_renewal, since_repair
from collab.ports.store import Absent, SavedSteps, Snapshot, Stored
from collab.structs.block_estimate import with_replaced
from collab.structs.guard import STORED_BOUNDS, inspect
from collab.types.loader import Loader
from collab.yjs.causality import in_causal_order
from collab.yjs.rewriting import deleted_at_first
from collab.yjs.server_ids import server_id
from collab.yjs.slices import slices_of
from collab.yjs.state_pieces import (
    AT_ONCE,
    count_structs,
    deleted_clocks,
    state_pieces,
)

# Opening counts as long when it takes more than `SECONDS`, plus `SECONDS_A_BYTE` for each byte of
# state. Ten thousand small structs that need no long walk take a fifth of this time.
SECONDS: Final = 0.02
SECONDS_A_BYTE: Final = 0.15e-6
LARGE: Final = 128 * 1024  # bytes of state; reading so many takes at most 20 ms

NOTHING: Final = b"\x00\x00"  # an update that does nothing


class Opening:
    """A document that is being opened.

    Invariant: `loader` holds the updates applied so far, in order: first the state, then the
    entries. `opening_seconds` is the time that opening took once it is done. Before that it is
    the estimate of the snapshot.
    """

    def __init__(
        self,
        body: Body,
        entries: Sequence[Entry],
        epoch: int,
        saved: SavedSteps | None = None,
    ) -> None:
        self.body = body
        self.entries = entries
        self._saved = b"" if saved is None else saved.body
        self.earlier: Sequence[Entry] = () if saved is None else saved.entries
        self.epoch = epoch
        self.loader = Loader(server_id(epoch))
        self.deleted = 0  # clocks that the state deletes; counted only in a large state
        self.blocks = 0  # of the state; counted only in a large state
        self._parts: Iterable[bytes] = (body.state,) if body.state else ()
        self._since: list[bytes] | None = None  # the pieces of the entries' updates, once cut
        self._updates: Iterator[bytes] | None = None
        self._seconds = 0.0
        self._is_done = False

    @classmethod
    def of(
        cls,
        snapshot: Snapshot | None,
        entries: Sequence[Entry],
        epoch: int,
        saved: SavedSteps | None = None,
    ) -> Opening:
        """Open from a snapshot, if there is one. Entries before a repair are skipped.

        `saved` are the steps of an earlier save, for a snapshot without steps.
        """
        repaired = since_repair(entries)
        if repaired is not None:
            return cls(blank(repaired[0].version - 1), repaired, epoch)
        if snapshot is None:
            return cls(blank(0), entries, epoch)
        if snapshot.steps:
            saved = SavedSteps(snapshot.version, snapshot.steps)
        return cls(decode_body(snapshot.body), entries, epoch, saved)

    @classmethod
    def of_stored(cls, stored: Stored | Absent) -> Opening:
        """Open from the stored snapshot and entries."""
        if isinstance(stored, Absent):
            return cls.blank(stored.epoch, stored.last)
        return cls.of(stored.snapshot, stored.entries, stored.epoch, stored.steps)

    @classmethod
    def blank(cls, epoch: int, version: int) -> Opening:
        """Open an empty document, `{}`, at this version."""
        return cls(blank(version), (), epoch)

    @cached_property
    def steps(self) -> Steps:
        """The saved undo steps. The state, but not these steps, includes the `earlier` entries."""
        return decode_steps(self._saved) if self._saved else Steps()

    @property
    def replaced(self) -> dict[int, int]:
        """The clocks that renewals have replaced, by client."""
        replaced = self.body.replaced
        for entry in self.entries:
            if is_renewal(entry):
                replaced = with_replaced(replaced, entry.update)
        return replaced

    @property
    def uncounted(self) -> int:
        """The bytes of the updates whose blocks are not in `blocks`."""
        return self.loader.size - (len(self.body.state) if self.blocks else 0)

    @property
    def is_large(self) -> bool:
        """Whether reading the document takes long, even when applying its state is fast."""
        return len(self.body.state) + len(self._saved) > LARGE

    @property
    def is_long(self) -> bool:
        """Whether to cut the state first. For most documents, this takes longer than opening."""
        size = len(self.body.state) + sum(len(entry.update) for entry in self.entries)
        return size > AT_ONCE or self.is_slow

    @property
    def is_slow(self) -> bool:
        """Whether applying the state takes long for its size, by the snapshot's estimate."""
        return self._is_long(self.body.opening_seconds)

    @property
    def was_underestimated(self) -> bool:
        """Whether opening took long although the snapshot's estimate was short."""
        return not self.is_slow and self._is_long(self.opening_seconds)

    @property
    def opening_seconds(self) -> float:
        return self._seconds if self._is_done else self.body.opening_seconds

    def _is_long(self, seconds: float) -> bool:
        return is_slow(self.body.state, seconds)

    def cut_state(self) -> None:
        """Cut the state into parts; this takes 3 to 7 µs a struct. A worker thread may call it."""
        state, *since = deleted_at_first(self.logged_updates())
        self._since = [piece for update in since for piece in _pieces(update)]
        self._parts = (state,)
        self.blocks = count_structs(state)
        if not self.is_slow:
            self._parts = pieces = state_pieces(state)
            self.deleted = deleted_clocks(pieces)
            return
        inspected = inspect(state, STORED_BOUNDS)
        fresh = in_causal_order(inspected.sections, {})
        self.deleted = sum(end - at for own in inspected.deletes.values() for at, end in own)
        slices = slices_of(state, inspected, fresh, {}, 0, lambda: 0.0)
        if slices is not None:
            self._parts = slices

    def apply_some(self, seconds: Callable[[], float], most: float) -> bool:
        """Apply updates for about `most` seconds. Return whether all are applied."""
        began = seconds()
        self.loader.apply(self._until(seconds, began + most))
        self._seconds += seconds() - began
        return self._is_done

    def rest(self) -> Iterator[bytes]:
        """Return the updates that are not applied yet."""
        if self._updates is None:
            since = self.logged_updates()[1:] if self._since is None else self._since
            self._updates = iter(chain(self._parts, since))
        return self._updates

    def logged_updates(self) -> list[bytes]:
        """Return the state, and the updates of the entries since then."""
        return [
            self.body.state or NOTHING,
            *(entry.update for entry in self.entries if entry.update),
        ]

    def _until(self, seconds: Callable[[], float], until: float) -> Iterator[bytes]:
        for update in self.rest():
            yield update
            if seconds() > until:
                return
        self._is_done = True


def is_slow(state: bytes, seconds: float) -> bool:
    """Whether a state opens so slowly, in so many seconds, that yrs may walk far for a struct."""
    return seconds > SECONDS + SECONDS_A_BYTE * len(state)


def _pieces(update: bytes) -> list[bytes]:
    """Return an entry's update in pieces; an update with several clients' structs is one piece."""
    is_of_one = update[0] == 1
    return state_pieces(update) if len(update) > AT_ONCE and is_of_one else [update]
