"""Rule G22: a document is opened in short turns, and a slow state is cut first."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from collab.document.document import Document
from collab.document.opening import Opening
from collab.document.snapshot_format import decode_body
from collab.entry import Author, Entry
from collab.errors import Rejected
from collab.ports.positions import Control
from collab.ports.store import Snapshot, Stored
from collab.structs.guard import StructIndex, inspect
from collab.yjs import rewriting, slices
from collab.yjs.causality import in_causal_order
from tests.collab.yjs.sessions import Peer, session
from tests.collab.yjs.updates import NULL, plain, shared, update

LENGTH = 100
CHAIN = update(
    (7, 0, [shared(1, root="l"), *(shared(1, origin=(7, clock)) for clock in range(LENGTH - 1))])
)
# Each struct claims to be before the last struct of the chain, with nothing seen in between.
FORGED = [
    update(
        (
            author,
            0,
            [plain(NULL, origin=(7, at), right=(7, LENGTH - 1)) for at in range(LENGTH - 1)],
        ),
        deletes={7: [(1, 2)]},
    )
    for author in (3, 2**31)
]

# Random sessions. `make check` tries the first of them.
SEEDS = [range(10), pytest.param(range(10, 30), marks=pytest.mark.thorough)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make slices of one or two structs."""
    monkeypatch.setattr(slices, "STEPS", 500)


class Clock:
    """A clock that advances by a fixed time at each reading."""

    def __init__(self, seconds_a_look: float) -> None:
        self.now, self.a_look = 0.0, seconds_a_look

    def __call__(self) -> float:
        self.now += self.a_look
        return self.now


def made(*updates: bytes, opening_seconds: float = 0.0) -> Document:
    document = Document.create(1)
    for number, one in enumerate(updates, 1):
        document.integrate(one, version=number, user="ada", at=number)
    document.opening_seconds = opening_seconds
    return document


def turns(opening: Opening, clock: Clock, most: float = 0.01) -> int:
    count = 1
    while not opening.apply_some(clock, most):
        count += 1
    return count


def shown(document: Document) -> list[Any]:
    """Return the content of every root, and the clocks. Block borders of yrs do not matter."""
    peer = Peer(5, Random(0))
    peer.doc.apply_update(document.update_since(b"\0"))
    texts = [str(peer.text), str(peer.rich), peer.list.to_py(), peer.content.to_py()]
    elements = [str(child) for child in peer.xml.children]
    return [texts, elements, document.state_vector(), inspect(document.update_since(b"\0")).deletes]


@pytest.mark.parametrize("forged", FORGED)
def test_g22_a_slow_state_is_cut_and_gives_the_same_document(forged: bytes) -> None:
    document = made(CHAIN, forged, opening_seconds=1.0)
    opening = Opening.of(document.snapshot(), (), 1)
    assert opening.is_long
    opening.cut_state()
    assert turns(opening, Clock(0.006)) > LENGTH / 4
    opened = Document(opening)
    assert opened.update_since(b"\0") == document.update_since(b"\0")
    assert opened.value == document.value


@pytest.mark.parametrize("seeds", SEEDS)
def test_g22_a_cut_state_of_real_clients_gives_the_same_document(seeds: range) -> None:
    for seed in seeds:
        sent = [peer.doc.get_update() for peer in session(seed, 60)]
        document = made(*sent, opening_seconds=1.0)
        opening = Opening.of(document.snapshot(), (), 1)
        opening.cut_state()
        turns(opening, Clock(0.02))
        opened = Document(opening)
        deletes = inspect(document.update_since(b"\0")).deletes.values()
        assert opened.work.former == sum(end - at for own in deletes for at, end in own)
        assert shown(opened) == shown(document)
        assert opened.value == document.value


def test_g22_a_state_within_its_time_bound_is_not_cut() -> None:
    opening = Opening.of(made(CHAIN, FORGED[0], opening_seconds=0.02).snapshot(), (), 1)
    assert not opening.is_long
    assert turns(opening, Clock(0.02)) == 2  # the second turn finds nothing more


def test_g22_the_next_snapshot_has_the_measured_opening_time() -> None:
    body = made(CHAIN, opening_seconds=0.0).snapshot()
    slow = Opening.of(body, (), 1)
    turns(slow, Clock(1.0))
    assert slow.was_underestimated
    assert Document(slow).opening_seconds >= 1.0
    again = Opening.of(Document(slow).snapshot(), (), 1)
    assert again.is_long
    turns(again, Clock(0.0))
    assert not again.was_underestimated
    assert Document(again).opening_seconds == 0.0


def test_g22_without_a_measurement_the_snapshots_time_is_used() -> None:
    body = made(CHAIN, opening_seconds=0.5).snapshot()
    assert Document.open(body, (), 1).opening_seconds == 0.5


def test_a_stored_document_opens_in_its_epoch() -> None:
    body = made(CHAIN).snapshot()
    stored = Stored(3, 1, Control(), body, [])
    assert Document(Opening.of_stored(stored)).epoch == 3


def test_a_snapshot_without_an_opening_time_opens() -> None:
    document = made(CHAIN)
    older = msgspec.msgpack.encode(msgspec.msgpack.decode(document.snapshot().body)[:4])
    assert Document.open(Snapshot(1, older), (), 1).update_since(b"\0") == document.update_since(
        b"\0"
    )


def test_the_first_snapshot_format_opens_without_its_steps() -> None:
    """Steps of that format found text by its content. Value, leases and versions are kept."""
    document = made(CHAIN)
    _, version, state, leases, opening_seconds, *_ = msgspec.msgpack.decode(
        document.snapshot().body
    )
    steps: Any = {"ada": [[[[[1, 2, b"\x95", None, [], []]], None]], []]}
    older = Snapshot(1, msgspec.msgpack.encode([1, version, state, steps, leases, opening_seconds]))
    inverse = msgspec.msgpack.encode([[["s", [], "t", ["a"], ["x", 1]]], [], [], [], []])
    peer = Document.open(older, (), 1)
    change = peer.patch([{"op": "add", "path": "/t", "value": 1}], version=2, user="ada", at=0)
    assert change is not None
    entry = Entry(2, Author("ada"), 0, "edit", change.ops, change.update, inverse=inverse)
    opened = Document.open(older, [entry], 1)
    assert decode_body(older.body).version == version == 1
    assert opened.value == peer.value
    assert opened.version == 2
    with pytest.raises(Rejected):
        opened.undo("ada", version=3, at=1)
    opened.patch([{"op": "replace", "path": "/t", "value": 2}], version=3, user="ada", at=2)
    opened.undo("ada", version=4, at=3)
    assert opened.value == peer.value
    assert Document.open(opened.snapshot(), (), 1).value == peer.value


def test_g22_neighbours_of_a_struct_come_before_its_successors() -> None:
    """Then yrs has nothing to walk over, for any order of the clients."""
    for author in (3, 2**31):
        beside = update((author, 0, [plain(NULL, origin=(7, at)) for at in range(LENGTH - 1)]))
        opening = Opening.of(made(CHAIN, beside).snapshot(), (), 1)
        state = inspect(opening.body.state)
        fresh = in_causal_order(state.sections, {})
        places = {(client, struct.clock): at for at, (client, struct) in enumerate(fresh)}
        late = [at for at in range(LENGTH - 1) if places[author, at] > places.get((7, at + 1), 1e9)]
        assert late in ([], [0])
        assert StructIndex.of(opening.body.state).clocks == {author: LENGTH - 1, 7: LENGTH}


def test_g22_what_an_entry_deletes_is_gone_before_it_is_applied() -> None:
    """yrs would take 2 µs for each struct of it, in one call."""
    document = made()
    document.patch(
        [{"op": "add", "path": "/held", "value": [0] * 4_000}], version=1, user="ada", at=1
    )
    body, peer = document.snapshot(), Peer(5, Random(0))
    peer.doc.apply_update(document.update_since(b"\0"))
    known = peer.doc.get_state()
    del peer.content["held"]
    sent = peer.doc.get_update(known)
    entry = Entry(2, Author("ada"), 0, "edit", [], sent)
    opening = Opening.of(body, [entry], 1)
    opening.cut_state()
    deleted: list[bytes] = []
    opening.loader.doc.observe(lambda event: deleted.append(event.update))
    turns(opening, Clock(0.0))
    counts = [
        sum(end - start for start, end in ranges)
        for one in deleted
        for ranges in inspect(one).deletes.values()
    ]
    assert sum(counts) < 10
    opened = Document(opening)
    assert opened.value == {}
    assert inspect(opened.update_since(b"\0")).deletes == inspect(peer.doc.get_update()).deletes


@pytest.mark.parametrize("seeds", SEEDS)
def test_g22_real_clients_deletions_come_to_the_same_at_first_or_in_their_turn(
    monkeypatch: pytest.MonkeyPatch, seeds: range
) -> None:
    monkeypatch.setattr(rewriting, "MOST_DELETED", 0)
    for seed in seeds:
        document, entries, body = Document.create(1), list[Entry](), None
        for number, peer in enumerate(session(seed, 60), 1):
            if number == 2:
                body = document.snapshot()
                entries.clear()
            change = document.integrate(
                peer.doc.get_update(), version=number, user="ada", at=number
            )
            if change is None:
                document.advance_to(number)
                continue
            blob = change.inverse
            entries.append(
                Entry(number, Author("ada"), 0, "edit", change.ops, change.update, inverse=blob)
            )
        opening = Opening.of(body, entries, 1)
        opening.cut_state()
        turns(opening, Clock(0.02))
        opened = Document(opening)
        assert shown(opened) == shown(document)
        assert opened.value == document.value
