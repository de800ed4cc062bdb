"""Opening: a document's way from its snapshot and the entries since into memory.

What yrs walked over when an update came it walks over again here, and a forged update is made for
that: 500 structs in 5 KB took 2 s, in one go, at every opening. So it goes on a moment at a time,
and a state that is known to take long is cut into slices before (rule G22 of SPEC.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec
from msgspec import Struct

from collab.document.stacks import Stacks
from collab.entry import Entry, since_repair
from collab.ports import Stored, Vacant
from collab.yjs.causality import in_causal_order
from collab.yjs.guard import OWN, inspect
from collab.yjs.server_ids import server_id
from collab.yjs.slices import slices_of
from collab.yjs.tree_load import Load
from collab.yjs.tree_records import Path, Reinsertion

FORMAT: Final = 2
# Its steps found text by its content; they end with it, and all else is as now.
_FORMAT_1: Final = 1
# A state may take this long, and so much more for its size: ten thousand small structs, of which
# nothing but their number is long, take a fifth of it.
SECONDS: Final = 0.02
SECONDS_A_BYTE: Final = 0.15e-6


class Body(Struct, array_like=True):
    """A snapshot's inside.

    `labour` is how many seconds its state may take to apply. An undo finds characters by
    `reinsertions`, and values and elements by `tokens`; with more than `most_tokens` of these some
    are forgotten.
    """

    format: int
    version: int
    state: bytes
    stacks: dict[str, Stacks]
    leases: dict[int, str]
    labour: float = 0.0
    reinsertions: list[Reinsertion] = []
    tokens: list[tuple[int, Path, int]] = []
    most_tokens: int = 0


encode = msgspec.msgpack.Encoder().encode
_decode_body = msgspec.msgpack.Decoder(Body).decode
_decode_any = msgspec.msgpack.Decoder(strict=False).decode


def _decode(raw: bytes) -> Body:
    if raw[1:2] != bytes((_FORMAT_1,)):
        return _decode_body(raw)
    _, version, state, _, leases, *labour = _decode_any(raw)
    return Body(FORMAT, version, state, {}, leases, *labour)


class Opening:
    """A document that is being opened.

    Invariant: `load` has what was handed out of the state and the entries, in their order; when
    all of it was, `labour` is how long that took, or may take again where nobody looked.
    """

    def __init__(self, body: Body, entries: Sequence[Entry], epoch: int) -> None:
        self.body = body
        self.entries = entries
        self.epoch = epoch
        self.load = Load(server_id(epoch))
        self._parts: Iterable[bytes] = (body.state,) if body.state else ()
        self._updates: Iterator[bytes] | None = None
        self._seconds = 0.0
        self._is_done = False

    @classmethod
    def of(cls, raw: bytes | None, entries: Sequence[Entry], epoch: int) -> Opening:
        """From a snapshot's bytes, if there is one; what is before a repair is passed over."""
        repaired = since_repair(entries)
        if repaired is not None:
            return cls(_blank(repaired[0].version - 1), repaired, epoch)
        if raw is None:
            return cls(_blank(0), entries, epoch)
        body = _decode(raw)
        if body.format != FORMAT:
            raise ValueError(f"a snapshot of format {body.format} is of another Weft")
        return cls(body, entries, epoch)

    @classmethod
    def of_stored(cls, stored: Stored | Vacant) -> Opening:
        """From what the log has."""
        if isinstance(stored, Vacant):
            return cls.blank(stored.epoch, stored.last)
        body = stored.snapshot.body if stored.snapshot is not None else None
        return cls.of(body, stored.entries, stored.epoch)

    @classmethod
    def blank(cls, epoch: int, version: int) -> Opening:
        """A document before the version after this one: `{}`."""
        return cls(_blank(version), (), epoch)

    @property
    def is_long(self) -> bool:
        """Whether to cut the state before anything is taken, which costs more than most do."""
        return self._is_long(self.body.labour)

    @property
    def was_misjudged(self) -> bool:
        """Whether it took long, and the snapshot did not say so."""
        return not self.is_long and self._is_long(self.labour)

    @property
    def labour(self) -> float:
        return self._seconds if self._is_done else self.body.labour

    def _is_long(self, seconds: float) -> bool:
        return seconds > SECONDS + SECONDS_A_BYTE * len(self.body.state)

    def cut(self) -> None:
        """Cut the state into slices: some 6 µs a struct, and nothing that anybody shares."""
        state = self.body.state
        inspected = inspect(state, OWN)
        fresh = in_causal_order(inspected.sections, {})
        slices = slices_of(state, inspected, fresh, {}, 0, lambda: 0.0)
        if slices is not None:
            self._parts = slices

    def take(self, seconds: Callable[[], float], most: float) -> bool:
        """Apply what there is for about `most` seconds; whether that was all."""
        began = seconds()
        self.load.apply(self._until(seconds, began + most))
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


def _blank(version: int) -> Body:
    return Body(FORMAT, version, b"", {}, {})


def with_version(raw: bytes, version: int) -> bytes:
    """The same snapshot as of another version."""
    body = _decode(raw)
    return encode(msgspec.structs.replace(body, version=version))
