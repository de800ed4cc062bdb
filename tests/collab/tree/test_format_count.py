"""The counted format bytes are those of the texts that yrs returns."""

from __future__ import annotations

from random import Random

import pytest

from collab.errors import Rejected
from collab.structs.guard import Checked, check, inspect
from collab.structs.struct_index import StructIndex
from collab.structs.text_formats import OBJECT, TextBound
from collab.tree.format_count import Counted, FormatCount, counted
from collab.yjs.lists import KEYED
from tests.collab.structs.formatted_peers import Peer, real_bytes

USERS = dict.fromkeys(range(1, 300), "ada")


class Server:
    """The document of random clients, with its index of structs."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.peer = Peer(rng, 99)
        self.doc = self.peer.doc
        self.index = StructIndex()
        self._updates: list[bytes] = []
        self.doc.observe(lambda event: self._updates.append(event.update))

    @property
    def real(self) -> int:
        return real_bytes(self.peer.texts())

    def check(self, update: bytes) -> Checked:
        return check(inspect(update), self.index.clocks, leases=USERS, user="ada", index=self.index)

    def count(self, checked: Checked) -> FormatCount:
        is_slow = self._rng.random() < 0.5
        return FormatCount(self.doc.get_update(), self.index, checked.places, is_slow=is_slow)

    def apply(self, update: bytes) -> None:
        self._updates.clear()
        self.doc.apply_update(update)
        for applied in self._updates:
            self.index.add(inspect(applied))


def _check_update(server: Server, update: bytes, rng: Random) -> None:
    """Check the bounds and the counts of one update against what yrs returns."""
    checked, formats = server.check(update), server.index.formats
    changes = checked.fresh, checked.places, checked.deletes
    trial = formats.trial(*changes, server.index.has_deleted)
    count = server.count(checked)
    assert _pieces(count) == server.real
    count.add(update, *changes)
    server.apply(update)
    # yrs also deletes former values of keys, which the update may not name.
    overwrites = any(place.list & KEYED for place in checked.places)
    assert _pieces(count) == server.real or (overwrites and _pieces(count) > server.real)
    assert trial is None or trial.total >= server.real
    assert formats.total >= server.real
    assert formats.total == sum(bound.total for bound in formats.bounds.values())
    if rng.random() < 0.2:
        assert FormatCount(server.doc.get_update(), server.index).tighten(formats) == server.real
        assert formats.total >= server.real
    _check_same(server.index, StructIndex.of(server.doc.get_update()))


def _check_same(index: StructIndex, again: StructIndex) -> None:
    """The index of the whole state has the same gaps, and the same number of formats."""
    for text, bound in again.formats.bounds.items():
        known = index.formats.bounds[text]
        assert known.gaps == bound.gaps
        assert _counts(known) == _counts(bound)


def _counts(bound: TextBound) -> dict[str, int]:
    return {name: count for name, (count, _) in bound.names.items()}


def _pieces(count: FormatCount) -> int:
    return sum(one.pieces for one in count.texts())


@pytest.mark.parametrize("seed", range(30))
def test_g33_counts_and_bounds_agree_with_yrs(seed: int) -> None:
    rng = Random(seed)
    server, peers = Server(rng), [Peer(rng, number) for number in (1, 2, 3)]
    peers[0].start()
    waiting = [(0, peers[0].doc.get_update())]
    for step in range(25):
        for number, update in waiting:
            try:
                _check_update(server, update, rng)
            except Rejected:  # some undos of pycrdt; the client begins again
                peers[number] = Peer(rng, 10 * step + number + 10)
        waiting = []
        for number, peer in enumerate(peers):
            if rng.random() < 0.5:
                peer.doc.apply_update(server.doc.get_update(peer.doc.get_state()))
            if rng.random() < 0.6 and "x" in peer.content:
                waiting.append((number, peer.edit()))


def test_g33_texts_outside_of_the_value_are_not_counted() -> None:
    peer = Peer(Random(0), 1)
    peer.start()
    for text in (*peer.texts(), *peer.texts(outside=True)):
        text.format(0, 2, {"b": True})
    state = peer.doc.get_update()
    index = StructIndex.of(state)
    count = FormatCount(state, index)
    assert len(list(count.texts())) == 3
    assert len(count.hidden) == 2  # the outer text, and the root type around it
    count.tighten(index.formats)
    assert index.formats.total == 3 * len("<b></b>true")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["a"], (0, 1, 0)),
        (["a", 0, "b", 1, "c"], (10, 3, 10)),
        ([0, 1, "c"], (0, 1, 10)),
        ([0, 2, "c", 1], (30, 1, 30)),  # the same name again replaces the value
        ([0, 3, "c", 1, "d"], (25 + 15, 2, 25)),
        ([0, 4, 1], (10, 1, 10)),  # an object is a piece, with a gap on both sides
        ([1, "a"], (0, 1, 0)),
    ],
)
def test_g33_a_piece_has_all_formats_that_are_active(
    order: list[str | float], expected: tuple[int, int, int]
) -> None:
    marks = [("b", 10), ("b", 0), ("b", 30), ("i", 15), OBJECT]
    assert counted(7, order, marks) == Counted(7, *expected)
