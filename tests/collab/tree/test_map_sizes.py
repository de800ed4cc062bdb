"""The estimate of a deletion is never below what another way of counting finds."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from pycrdt import Doc, Map

from collab.document.change import Change
from collab.document.document import Document
from collab.errors import Rejected
from collab.ids import Json
from collab.structs.struct_index import StructIndex
from collab.tree import large_deletions
from collab.tree.summary import UpdateSummary
from collab.yjs.server_ids import server_id
from collab.yjs.update import STORED_BOUNDS, decode_state_vector, inspect

pytestmark = pytest.mark.thorough


class Estimated:
    """A document that random edits of both lanes change, and the blocks of its index."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.document = Document.create(1)
        self.structs = StructIndex.of(self.document.update_since(b"\0"))

    def value(self, depth: int) -> Json:
        kind = self.dice.randint(0, 4 if depth else 1)
        if kind < 2:
            return self.dice.choice([0, "word", None])
        some = range(self.dice.randint(0, 12))
        if kind == 2:
            return [self.value(depth - 1) for _ in some]
        return {f"k{number}": self.value(depth - 1) for number in some}

    def note(self, change: Change | None) -> None:
        if change is not None:
            self.structs.add(inspect(change.update, STORED_BOUNDS))

    def edit(self) -> None:
        document, version = self.document, self.document.version + 1
        turn = self.dice.randint(0, 9)
        if turn < 5 or not document.value:
            ops = [{"op": "add", "path": f"/r{self.dice.randint(0, 5)}", "value": self.value(3)}]
            self.note(document.patch(ops, version=version, user="ann", at=version * 2_000))
        elif turn < 8:
            update, _ = self.deletion()
            summary = UpdateSummary.of(inspect(update, STORED_BOUNDS), document.state_vector())
            self.note(
                document.integrate(
                    update, version=version, user="ben", at=0, summary=summary, structs=self.structs
                )
            )
        elif turn == 8:
            document.mark_unneeded()
            try:
                self.note(document.undo("ann", version=version, at=0).change)
            except Rejected:
                return
        else:
            self.document = Document.open(document.snapshot(), (), 1)
            self.structs = StructIndex.of(self.document.update_since(b"\0"))

    def deletion(self) -> tuple[bytes, int]:
        """Return an update that deletes an entry, and the blocks of the entry."""
        peer: Any = Doc(client_id=self.dice.randint(1_000, 2**31))
        held: Any = Map()
        peer["content"] = held
        peer.apply_update(self.document.update_since(b"\0"))
        key = self.dice.choice(sorted(held.keys()))
        while isinstance(held[key], Map) and len(held[key]) and self.dice.random() < 0.5:
            held, key = held[key], self.dice.choice(sorted(held[key].keys()))
        blocks = counted(json.loads(json.dumps(held.to_py()))[key])
        known = peer.get_state()
        del held[key]
        return peer.get_update(known), blocks


def counted(raw: Any) -> int:
    """Count the least blocks of a value by its JSON form: one for each entry."""
    return 1 + sum(map(counted, raw.values())) if isinstance(raw, dict) else 1


@pytest.mark.parametrize("seed", range(12))
def test_an_estimate_is_never_too_low(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_deletions, "MOST_GAINED", 40)
    monkeypatch.setattr(large_deletions, "LEAST", 4)
    it = Estimated(seed)
    compared = 0
    for _ in range(40):
        it.edit()
        if not it.document.value:
            continue
        update, blocks = it.deletion()
        assert it.structs.clocks == decode_state_vector(it.document.encode_state_vector())
        # An update may name the entry alone. A container has a lower clock than its content.
        ranges = inspect(update, STORED_BOUNDS).deletes[server_id(1)]
        alive = [place for at in ranges for place in it.structs.alive(server_id(1), *at)][:1]
        tree = it.document._tree
        txn = tree._yjs.doc.create_transaction()
        estimate = tree._sizes.maps.most_blocks(txn, tree._yjs.content, it.structs, alive)
        txn.drop()
        assert estimate >= blocks
        compared += blocks > 10
    assert compared > 3
