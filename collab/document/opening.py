"""Opening a document: its snapshot, and the entries since, are applied in memory.

What yrs walked over when an update came it walks over again here, and a forged update is made for
that: 500 structs in 5 KB took 2 s, in one go, at every opening. So it goes on a moment at a time,
and a state that is known to take long is cut into slices before (rule G22 of SPEC.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Final

from collab.document.snapshot_format import Body, Steps, blank, decode_body, decode_steps
from collab.entry import Entry, since_repair
from collab.ports.store import Absent, SavedSteps, Snapshot, Stored
from collab.types.loader import Loader
from collab.yjs.causality import in_causal_order
from collab.yjs.guard import STORED_BOUNDS, inspect
from collab.yjs.server_ids import server_id
from collab.yjs.slices import slices_of
from collab.yjs.state_pieces import state_pieces

# A state may take this long, and so much more for its size: ten thousand small structs, of which
# nothing but their number is long, take a fifth of it.
SECONDS: Final = 0.02
SECONDS_A_BYTE: Final = 0.15e-6
LARGE: Final = 128 * 1024  # bytes of state, read in some 20 ms at the worst
# Bytes of state that are applied in one go, whatever is known of them. yrs keeps the interpreter
# for all of it: some 18 bytes and 0.8 µs a struct where these are as small as they can be.
AT_ONCE: Final = 256 * 1024


class Opening:
    """A document that is being opened.

    Invariant: `loader` has what was handed out of the state and the entries, in their order; when
    all of it was, `opening_seconds` is how long that took, or may take again where it was not
    measured.
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
        self._parts: Iterable[bytes] = (body.state,) if body.state else ()
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
        """From a snapshot, if there is one; what is before a repair is passed over.

        `saved` are the steps that were saved before it, where it has none with it.
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
        """From what the log has."""
        if isinstance(stored, Absent):
            return cls.blank(stored.epoch, stored.last)
        return cls.of(stored.snapshot, stored.entries, stored.epoch, stored.steps)

    @classmethod
    def blank(cls, epoch: int, version: int) -> Opening:
        """A document before the version after this one: `{}`."""
        return cls(blank(version), (), epoch)

    @cached_property
    def steps(self) -> Steps:
        """What could be undone before the `earlier` entries, which the state has already."""
        return decode_steps(self._saved) if self._saved else Steps()

    @property
    def is_large(self) -> bool:
        """Whether reading the document takes long, whatever applying its state takes."""
        return len(self.body.state) + len(self._saved) > LARGE

    @property
    def is_long(self) -> bool:
        """Whether to cut the state before anything is taken, which costs more than most do."""
        return len(self.body.state) > AT_ONCE or self._is_long(self.body.opening_seconds)

    @property
    def was_underestimated(self) -> bool:
        """Whether it took long, and the snapshot did not say so."""
        return not self._is_long(self.body.opening_seconds) and self._is_long(self.opening_seconds)

    @property
    def opening_seconds(self) -> float:
        return self._seconds if self._is_done else self.body.opening_seconds

    def _is_long(self, seconds: float) -> bool:
        return seconds > SECONDS + SECONDS_A_BYTE * len(self.body.state)

    def cut_state(self) -> None:
        """Cut the state into parts: some 3 to 7 µs a struct, and nothing that anybody shares."""
        state = self.body.state
        if not self._is_long(self.body.opening_seconds):
            self._parts = state_pieces(state)
            return
        inspected = inspect(state, STORED_BOUNDS)
        fresh = in_causal_order(inspected.sections, {})
        slices = slices_of(state, inspected, fresh, {}, 0, lambda: 0.0)
        if slices is not None:
            self._parts = slices

    def apply_some(self, seconds: Callable[[], float], most: float) -> bool:
        """Apply what there is for about `most` seconds; whether that was all."""
        began = seconds()
        self.loader.apply(self._until(seconds, began + most))
        self._seconds += seconds() - began
        return self._is_done

    def rest(self) -> Iterator[bytes]:
        """Everything that was not taken."""
        if self._updates is None:
            since = (entry.update for entry in self.entries if entry.update)
            self._updates = iter(chain(self._parts, since))
        return self._updates

    def _until(self, seconds: Callable[[], float], until: float) -> Iterator[bytes]:
        for update in self.rest():
            yield update
            if seconds() > until:
                return
        self._is_done = True
