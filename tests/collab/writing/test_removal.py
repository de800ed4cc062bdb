"""What is removed for good: in transactions of few blocks, and for every peer alike."""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map

from collab.document.document import Document
from collab.entry import Op
from collab.structs.guard import check
from collab.structs.struct_index import StructIndex
from collab.tree.purge import MOST_PURGED
from collab.types.yjs_document import MOST_BLOCKS, YjsDocument
from collab.writing import removal
from collab.yjs.joining import Part
from collab.yjs.update import STORED_BOUNDS, inspect
from tests.collab.writing.reloads import count_reloads
from tests.collab.yjs.updates import NULL, plain, shared, string, update

pytestmark = pytest.mark.thorough

ZEROS = [0] * 2_000  # three blocks each
PAGES = [{"id": f"p{n}", "text": "one", "tags": ["a", {"b": "c"}]} for n in range(500)]
KEYS = {f"k{n}": {"text": "one"} for n in range(1_000)}
LISTS = [ZEROS[:900], ZEROS[:900]]


class Held:
    """A document whose `/held` is a container, a peer that follows it, and what commits cost."""

    def __init__(self, held: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.document = Document.create(1)
        # Whether the document is reloaded once where 600 entries are the limit.
        self.wide = {len(ZEROS): 1, len(PAGES): 0, len(KEYS): 1, len(LISTS): 1}[len(held)]
        self.peer: Any = Doc()
        self.peer["content"] = Map()
        self.costs: list[int] = []
        self.patch([{"op": "add", "path": "/held", "value": held}])
        commit = YjsDocument.commit

        def counted(document: YjsDocument, txn: Any) -> Part:
            part = commit(document, txn)
            self.costs.append(clocks(part.update))
            return part

        monkeypatch.setattr(YjsDocument, "commit", counted)

    def patch(self, ops: list[Op]) -> bytes:
        change = self.document.patch(ops, version=self.document.version + 1, user="ann", at=0)
        assert change is not None
        self.peer.apply_update(change.update)
        return change.update

    def back(self, *, redo: bool = False) -> None:
        turn: Any = self.document.redo if redo else self.document.undo
        undone = turn("ann", version=self.document.version + 1, at=0)
        self.peer.apply_update(undone.change.update)

    def is_whole(self) -> bool:
        """Whether the types, the peer, and the document opened again are what the value says."""
        document = self.document
        again = Document.open(document.snapshot(), (), 1)
        peer = Document.create(1)
        peer.integrate(self.peer.get_update(), version=1, user="ben", at=0)
        assert self.peer.get_state() == document.encode_state_vector()
        assert again.encode_state_vector() == document.encode_state_vector()
        return document.read() == document.value == again.value == peer.value


def clocks(update: bytes) -> int:
    """How many clocks an update inserts and deletes."""
    if not update:
        return 0
    inspected = inspect(update, STORED_BOUNDS)
    inserted = sum(one.end - one.clock for own in inspected.sections.values() for one in own)
    return inserted + sum(b - a for own in inspected.deletes.values() for a, b in own)


@pytest.fixture(params=["zeros", "pages", "keys", "lists"])
def held(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Held:
    values = {"zeros": ZEROS, "pages": PAGES, "keys": KEYS, "lists": LISTS}
    return Held(values[request.param], monkeypatch)


TURNS: dict[str, list[Op]] = {
    "remove": [{"op": "remove", "path": "/held"}],
    "replace": [{"op": "replace", "path": "/held", "value": "one"}],
    "move": [{"op": "move", "from": "/held", "path": "/there"}],
}


@pytest.mark.parametrize("turn", TURNS)
def test_d6_a_container_comes_and_goes_in_transactions_of_few_blocks(held: Held, turn: str) -> None:
    held.patch(TURNS[turn])
    held.back()
    held.back(redo=True)
    assert held.is_whole()
    # A portion may be twice as much, and for each of its blocks one is inserted and one deleted.
    assert max(held.costs) < 4 * MOST_BLOCKS


@pytest.mark.parametrize("turn", TURNS)
def test_d6_a_map_of_very_many_entries_is_not_collected_at_once(
    held: Held, turn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "MOST_ENTRIES", 600)
    loaded = count_reloads(monkeypatch)
    held.patch(TURNS[turn])
    held.back()
    held.back(redo=True)
    # A move takes it out of one place, its undo out of the other.
    assert len(loaded) == held.wide * (3 if turn == "move" else 2)
    assert held.is_whole()
    held.patch([{"op": "add", "path": "/more", "value": [1, {"id": "a"}]}])
    assert held.is_whole()


def test_d6_a_write_of_many_such_maps_reloads_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "MOST_ENTRIES", 50)
    monkeypatch.setattr(removal, "MOST_BLOCKS", 50)
    held = Held(KEYS, monkeypatch)
    held.patch([{"op": "replace", "path": "/held", "value": [[0] * 60] * 40}])
    loaded = count_reloads(monkeypatch)
    held.patch([{"op": "remove", "path": "/held"}])
    assert len(loaded) == 1
    assert held.is_whole()


def test_u8_a_write_removes_a_few_of_the_elements_that_no_step_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = Held(ZEROS, monkeypatch)
    held.patch([{"op": "remove", "path": "/held/0"}] * 1_000)
    held.document._undo.stacks.clear()
    assert held.document.mark_unneeded() == 1_000
    held.costs.clear()
    writes = 0
    while held.document._tree._purge.marked:
        held.patch([{"op": "add", "path": f"/n{writes}", "value": 0}])
        writes += 1
    assert writes == 1_000 // MOST_PURGED
    assert max(held.costs) <= 8 * MOST_PURGED
    assert held.document.mark_unneeded() == 0
    assert held.is_whole()


def test_an_update_names_all_that_goes_with_a_map_of_very_many_entries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise the guard takes the deletions of a client that only follows for its edits."""
    monkeypatch.setattr(removal, "MOST_ENTRIES", 600)
    held = Held(KEYS, monkeypatch)
    structs = StructIndex.of(held.peer.get_update())
    known = inspect(held.peer.get_update()).sections[1]
    own = next((1, one.clock) for one in known if one.key == "held")
    # Items without a key: a text, a map, and an entry of this map.
    items = [string("hi", parent=own), shared(1, parent=own), plain(NULL, parent=(77, 2), key="x")]
    added = held.document.integrate(update((77, 0, items)), version=2, user="ben", at=0)
    assert added is not None
    held.peer.apply_update(added.update)
    structs.add(inspect(added.update))
    removed = held.patch([{"op": "remove", "path": "/held"}])
    structs.add(inspect(removed))
    sent = inspect(held.peer.get_update())
    state = held.document.state_vector()
    assert sent.deletes == {1: [(0, state[1])], 77: [(0, 4)]}
    assert not check(sent, state, leases={77: "ben"}, user="cy", index=structs).has_effect
