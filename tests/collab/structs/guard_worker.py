"""Apply hostile updates that the guard accepts to pycrdt: python -m … FIRST COUNT PROGRESS.

It runs as a process of its own, because an update may crash it. The progress file always has the
number of the current input, so the caller can name the input that crashed it.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pycrdt import Doc, Map, Text, XmlFragment

from collab.errors import Rejected
from collab.structs.guard import StructIndex, check, inspect, inspect_state_vector
from tests.collab.yjs.sessions import session
from tests.collab.yjs.updates import gc, item, plain, shared, skip, string, text, uint, update

CORPUS = Path(__file__).with_name("yjs_updates.json")
# The list `l` is not read. A client may put text into any root, because a root's type is chosen by
# its reader. When an array has a surrogate pair as text, yrs walks the array without end.
ROOTS: dict[str, Any] = {"content": Map, "t": Text, "x": XmlFragment, "r": Text}
STRANGE = [0, 1, 2, 3, 5, 63, 64, 127, 128, 2**14, 2**24, 2**31 - 1, 2**31, 2**32, 2**53 - 1]


@dataclass(frozen=True)
class Base:
    """A document under attack, and updates that a client could send to it."""

    state: bytes
    clocks: dict[int, int]
    index: StructIndex
    updates: list[bytes]


def bases() -> list[Base]:
    """Documents by pycrdt, and by Yjs from the corpus, each with updates to send."""
    made = [
        base(peer.doc.get_update(), peer.sent) for seed in range(12) for peer in session(seed, 12)
    ]
    for log in json.loads(CORPUS.read_text()):
        updates = [bytes.fromhex(sent) for _, sent in log]
        doc: Doc[Any] = Doc()
        for sent in updates[: len(updates) // 2]:
            doc.apply_update(sent)
        made.append(base(doc.get_update(), updates))
    made.append(base(b"\0\0", made[0].updates))
    return made


def base(state: bytes, updates: list[bytes]) -> Base:
    index = StructIndex.of(state)
    return Base(state, dict(index.clocks), index, [*updates, state])


def make(rng: Random, base: Base) -> bytes:
    return mutated(rng, base) if rng.random() < 0.5 else invented(rng, base)


def mutated(rng: Random, base: Base) -> bytes:
    raw = bytearray(rng.choice(base.updates))
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(raw) + 1)
        match rng.randrange(7):
            case 0 if at < len(raw):
                raw[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(raw):
                raw[at] = rng.choice([0, 1, 10, 127, 128, 255, rng.randrange(256)])
            case 2:
                raw[at:at] = uint(rng.choice(STRANGE))
            case 3:
                del raw[at : at + rng.randrange(1, 5)]
            case 4:
                del raw[at:]
            case 5:
                other = rng.choice(base.updates)
                start = rng.randrange(len(other) + 1)
                raw[at:at] = other[start : start + rng.randrange(1, 30)]
            case _:
                raw[at:at] = raw[at : at + rng.randrange(1, 30)]
    return bytes(raw)


class Inventor:
    """Makes updates that refer to the structs of a document. Most of them are well formed."""

    def __init__(self, rng: Random, base: Base) -> None:
        self.rng = rng
        self.clocks = base.clocks
        self.clients = [*base.clocks, 3, 2**53 - 1]

    def at(self) -> tuple[int, int]:
        client = self.rng.choice(self.clients)
        end = self.clocks.get(client, 0)
        if end and self.rng.random() < 0.7:
            return client, self.rng.randrange(end)
        return client, max(0, end + self.rng.randrange(-2, 4))

    def place(self) -> dict[str, Any]:
        key = self.rng.choice([None, None, "a", "n", "class"])
        match self.rng.randrange(6):
            case 0:
                return {"root": self.rng.choice([*ROOTS, "l"]), "key": key}
            case 1:
                return {"parent": self.at(), "key": key}
            case 2:
                return {"right": self.at()}
            case 3:
                return {"origin": self.at(), "right": self.at()}
            case _:
                return {"origin": self.at()}

    def struct(self) -> bytes:
        rng = self.rng
        match rng.randrange(10):
            case 0:
                return gc(rng.choice([1, 2, 3, 300, *STRANGE]))
            case 1:
                return skip(rng.choice([1, 2, *STRANGE]))
            case 2:
                return item(1, uint(rng.choice([1, 2, 3, *STRANGE])), **self.place())
            case 3:
                return shared(rng.choice([0, 1, 2, 4, 6, rng.randrange(16)]), **self.place())
            case 4:
                values = [b"\x7e", b"\x7d\x01", b"\x77\x01x", b"\x75\x01\x7e", b"\x76\x01\x01a\x7f"]
                return plain(*rng.choices(values, k=rng.randrange(1, 4)), **self.place())
            case 5:
                return item(6, text("bold") + text(rng.choice(["true", "null"])), **self.place())
            case 6:
                return item(5, text('{"a":1}'), **self.place())
            case 7:
                return item(7, b"\3" + text("p"), **self.place())
            case _:
                return string(
                    rng.choice(["a", "xyz", "é日", "\U0001f600", "a\U0001f680b"]), **self.place()
                )

    def update(self) -> bytes:
        rng = self.rng
        sections = []
        for client in rng.sample(self.clients, k=min(len(self.clients), rng.choice([1, 1, 2, 3]))):
            end = self.clocks.get(client, 0)
            clock = max(0, end + rng.choice([0, 0, 0, 0, -1, -2, -5, 1]))
            sections.append((client, clock, [self.struct() for _ in range(rng.randrange(1, 5))]))
        deletes = {}
        if rng.random() < 0.5:
            client, clock = self.at()
            deletes[client] = [(clock, rng.choice([1, 1, 2, 3, 9]))]
        return update(*sections, deletes=deletes)


def invented(rng: Random, base: Base) -> bytes:
    return Inventor(rng, base).update()


def run(seed: int, base: Base) -> bool:
    """Return whether the guard accepted. Raise when pycrdt then broke a promise of the guard."""
    rng = Random(seed)
    raw = make(rng, base)
    leases = dict.fromkeys([*base.clocks, 3, 2**53 - 1], "ada")
    try:
        checked = check(inspect(raw), base.clocks, leases=leases, user="ada", index=base.index)
    except Rejected:
        return False
    doc: Doc[Any] = Doc()
    doc.apply_update(base.state)
    doc.apply_update(raw)
    expected = {**base.clocks, **checked.clocks}
    assert inspect_state_vector(doc.get_state()) == expected, "pycrdt keeps a struct pending"
    again: Doc[Any] = Doc()
    again.apply_update(doc.get_update())
    assert inspect_state_vector(again.get_state()) == expected, "a reload lost a struct"
    assert shown(again) == shown(doc), "a reload shows another document"
    if not checked.has_effect:
        assert shown(doc) == shown_state(base.state), (
            "an update without an effect changed the document"
        )
    StructIndex.of(doc.get_update())
    doc.get_update(vector(rng, expected))
    # Deleting everything walks every list and every nested type.
    doc.apply_update(update(deletes={c: [(0, end)] for c, end in expected.items() if end}))
    return True


def vector(rng: Random, clocks: dict[int, int]) -> bytes:
    raw = uint(len(clocks))
    for client, end in clocks.items():
        raw += uint(client) + uint(rng.randrange(end + 2))
    return raw


def shown(doc: Doc[Any]) -> list[list[str]]:
    """The characters of each root, without their order.

    yrs prints attributes in no fixed order. A forged struct may have a right origin that lies
    before its origin. The guard cannot see this, and a reload may move the struct.
    """
    json.loads(str(doc.get("content", type=Map)))
    return [sorted(str(doc.get(name, type=kind))) for name, kind in ROOTS.items()]


def shown_state(state: bytes) -> list[list[str]]:
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    return shown(doc)


def main() -> None:
    first, count = int(sys.argv[1]), int(sys.argv[2])
    progress = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT)
    documents = bases()
    accepted = 0
    for seed in range(first, first + count):
        os.pwrite(progress, b"%20d" % seed, 0)
        accepted += run(seed, documents[seed % len(documents)])
    os.pwrite(progress, b"%20d" % -1, 0)
    print(accepted)


if __name__ == "__main__":
    main()
