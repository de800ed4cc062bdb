"""How long the work on a document at the default limits holds the interpreter lock at a time.

The figures are processor time. Other load on the machine raises them, so use a quiet machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.lock_probe import longest_hold
from collab.document.document import Document
from collab.document.opening import Opening
from collab.document.steps import decode_inverse
from collab.entry import Op
from collab.ports.store import Snapshot
from collab.schema.check import Schema
from collab.types.freeing import FREEING, Memory
from server.runtime.collector import freeze_startup_objects
from server.runtime.settings import Settings

VALUES = Settings().max_values - 1_000
SCHEMA = b'{"properties":{"held":{"items":{"items":{"type":"integer"}}}}}'
Row = dict[str, Any]


def rows() -> Iterator[Row]:
    freeze_startup_objects()
    waiting: list[Memory] = []
    FREEING.use(waiting.append)
    lists = [[0] * 1_000 for _ in range(VALUES // 1_000)]
    yield from _life("lists of zeros", lists, waiting)
    yield from _life("one list of zeros", [0] * VALUES, waiting)
    yield from _life("one list of words", ["word"] * VALUES, waiting)
    inner = {f"k{number}": 0 for number in range(1_000)}
    maps = {f"k{number}": inner for number in range(VALUES // 1_000)}
    yield from _life("nested maps", maps, waiting)
    yield _row("interleaved lists: remove one", _removing(_interleaved()))
    schema = Schema.compile(SCHEMA)
    yield _row("lists of zeros: check a schema", lambda: schema.check({"held": lists}))


def _life(name: str, value: Any, waiting: list[Memory]) -> Iterator[Row]:
    """Measure everything that happens to a document with this value."""
    made = [Document.create(1)]
    _patch(made[0], {"op": "add", "path": "/held", "value": value})
    yield _row(f"{name}: the state, in one native call", lambda: made[0].update_since(b"\0"))
    snapshots: list[Snapshot] = []
    yield _row(f"{name}: save a snapshot", lambda: snapshots.append(made[0].snapshot()))
    made.pop().close()
    memory = waiting.pop()
    yield _row(f"{name}: free", lambda: memory.free(lambda: time.sleep(0)))
    opened: list[Document] = []
    yield _row(f"{name}: open", lambda: opened.append(_opened(snapshots[0])))
    yield _row(f"{name}: remove", _removing(opened[0]))
    inverse = opened[0]._undo.stacks["ada"].undo[-1].parts[-1].inverse
    yield _row(f"{name}: decode the undo step", lambda: decode_inverse(inverse))
    again = opened[0].version + 1
    yield _row(f"{name}: undo", lambda: opened[0].undo("ada", version=again, at=0))
    opened[0].close()


def _row(what: str, work: Callable[[], Any]) -> Row:
    began = time.process_time()
    held = longest_hold(work)
    spent = (time.process_time() - began) * 1000
    return {"what": what, "longest hold (ms)": round(held, 1), "in all (ms)": round(spent)}


def _opened(snapshot: Snapshot) -> Document:
    opening = Opening.of(snapshot, (), 1)
    if opening.is_long:
        opening.cut_state()
    while not opening.apply_some(time.monotonic, 0.01):
        pass
    return Document(opening)


def _removing(document: Document) -> Callable[[], Any]:
    return lambda: _patch(document, {"op": "remove", "path": "/held"})


def _interleaved() -> Document:
    """Return a document with two lists. Their elements were added in turn."""
    document = Document.create(1)
    for name in ("held", "other"):
        _patch(document, {"op": "add", "path": f"/{name}", "value": []})
    for _ in range(VALUES // 500):
        adds = [{"op": "add", "path": "/held/-", "value": 0}]
        adds += [{"op": "add", "path": "/other/-", "value": 0}]
        _patch(document, *adds * 250)
    return document


def _patch(document: Document, *ops: Op) -> None:
    version = document.version + 1
    document.patch(ops, version=version, user="ada", at=version * 2_000)
