"""How long the work on a document at the default limits holds the interpreter lock at a time.

The figures are processor time. Other load on the machine raises them, so use a quiet machine.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment

from bench.lock_probe import longest_hold
from collab.document.document import Document
from collab.document.opening import Opening
from collab.document.steps import decode_inverse
from collab.entry import Author, Op
from collab.ids import DocKey
from collab.patch.bounds import UNBOUNDED
from collab.ports.store import Absent, Snapshot
from collab.rights.user_rights import Rights, Role
from collab.room.member import Member
from collab.room.renewal import MOST_VALUES
from collab.room.requests import Create, PatchRequest, Round, Update
from collab.room.room import Room
from collab.room.working import RoomBounds
from collab.schema.check import Schema
from collab.types.freeing import FREEING, Memory
from collab.yjs.lib0 import Reader
from collab.yjs.state_pieces import skip_structs
from server.runtime.collector import freeze_startup_objects
from server.runtime.settings import Settings
from server.runtime.untracking import untrack

VALUES = Settings().max_values - 1_000
SCHEMA = b'{"properties":{"held":{"items":{"items":{"type":"integer"}}}}}'
FOREVER = 2**53
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
    long = {f"a long key of a flat map, number {number}": 0 for number in range(VALUES)}
    yield from _life("flat map of long keys", long, waiting)
    yield _row("interleaved lists: remove one", _removing(_interleaved()))
    yield _row("lists of zeros: deleted outside of the sections", _deleting_outside(lists))
    yield _row("nested maps: deleted outside of the sections", _deleting_outside(maps))
    yield _row("a text with a shared type: deleted outside", _deleting_outside(maps, embeds=True))
    yield _row("nested maps: overwritten by a forged update", _overwriting(maps, hides=True))
    yield _row("nested maps: overwritten at the same time", _overwriting(maps, hides=False))
    yield from _worn_out()
    for count in (1_000, MOST_VALUES):
        yield _row(f"{count:,} values with 60,000 former ones: renew", _renewing(count))
    yield from _collecting()
    schema = Schema.compile(SCHEMA)
    yield _row("lists of zeros: check a schema", lambda: schema.check({"held": lists}))


def _collecting() -> Iterator[Row]:
    """Measure a full garbage collection beside the values of six open documents.

    The server untracks the values before each collection.
    """
    count = VALUES // 3
    held = [{f"k{number}": {"in": [number]} for number in range(count)} for _ in range(6)]
    yield _row("six documents of small objects: a full collection", gc.collect)
    yield _row("the same: untrack the values", lambda: untrack(held))
    yield _row("the same: a full collection after it", gc.collect)
    held.clear()


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


def _renewing(count: int) -> Callable[[], Any]:
    """Return the renewal of a document with many values, whose former values need renewing."""
    document = Document.create(1)
    value = {"held": {f"k{number}": number for number in range(count - 2)}}
    _patch(document, {"op": "add", "path": "", "value": value})
    for number in range(60_000):
        _patch(document, {"op": "replace", "path": f"/held/k{number % 100}", "value": -number - 1})
    again = document.version + 1
    return lambda: document.renew(version=again, user="weft", at=0)


def _removing(document: Document) -> Callable[[], Any]:
    return lambda: _patch(document, {"op": "remove", "path": "/held"})


def _deleting_outside(value: Any, *, embeds: bool = False) -> Callable[[], Any]:
    """Return the work on an update by a Yjs user who deletes what is outside of the sections.

    When the value `embeds`, one of its texts contains a shared type.
    """
    room = Room(DocKey("bench", "holds"), Absent(), RoomBounds(patch=UNBOUNDED), None)
    admin = Member(Author("ada"), Rights(Role.ADMIN, FOREVER), "http")
    room.apply(admin, Create({"held": value, "own": "text"}), Round(0))
    room.commit()
    peer: Doc[Any] = Doc(client_id=99)
    peer.apply_update(room.document.update_since(b"\0"))
    content = peer.get("content", type=Map)
    if embeds:
        text = content["held"]["text"] = Text("ab")
        text.insert_embed(1, Map({"in": 1}))
        room.apply(Member(Author("bo"), admin.rights, "yjs"), Update(peer.get_update()), Round(0))
        room.commit()
    known = peer.get_state()
    with peer.transaction():
        del content["held"]
        content["own"].insert(0, "a ")
    update = peer.get_update(known)
    member = Member(Author("bo"), Rights(Role.EDITOR, FOREVER, sections=("/own",)), "yjs")
    return lambda: _accept(room, member, update)


def _overwriting(value: Any, *, hides: bool) -> Callable[[], Any]:
    """Return the work on an update that sets the key of a large value, and deletes nothing.

    The author of the update has seen the value when the update `hides` its deletion.
    """
    room = Room(DocKey("bench", "holds"), Absent(), RoomBounds(patch=UNBOUNDED), None)
    admin = Member(Author("ada"), Rights(Role.ADMIN, FOREVER), "http")
    room.apply(admin, Create({"held": value}), Round(0))
    room.commit()
    peer: Doc[Any] = Doc(client_id=99)
    if hides:
        peer.apply_update(room.document.update_since(b"\0"))
    updates: list[bytes] = []
    content = peer.get("content", type=Map)
    peer.observe(lambda event: updates.append(event.update))
    content["held"] = 1
    reader = Reader(updates[-1])
    _, count, _, clock = (reader.uint() for _ in range(4))
    skip_structs(reader, count, clock)
    update = updates[-1][: reader.pos] + b"\0"
    member = Member(Author("bo"), Rights(Role.EDITOR, FOREVER), "yjs")
    return lambda: room.apply(member, Update(update), Round(9_000))


def _worn_out() -> Iterator[Row]:
    """Measure the deletion of containers whose blocks the value does not show."""
    for what, fill in (
        ("100,000 former keys", _former_keys),
        ("two keys, overwritten 100,000 times by turns", _overwritten_keys),
        ("a text of 250,000 pieces", _pieces),
        ("a Y.Array of 4,000 maps with 9 keys each", _maps_in_array),
        ("40,000 XML elements with an attribute", _xml_elements),
    ):
        yield _row(f"{what}: deleted by a Yjs update", _deleting_worn(fill, by_patch=False))
        yield _row(f"{what}: removed by a patch", _deleting_worn(fill, by_patch=True))


def _deleting_worn(fill: Callable[[Any], None], *, by_patch: bool) -> Callable[[], Any]:
    room = Room(DocKey("bench", "holds"), Absent(), RoomBounds(patch=UNBOUNDED), None)
    admin = Member(Author("ada"), Rights(Role.ADMIN, FOREVER), "http")
    room.apply(admin, Create({}), Round(0))
    room.commit()
    peer: Doc[Any] = Doc(client_id=99)
    content = peer.get("content", type=Map)
    with peer.transaction():
        fill(content)
    member = Member(Author("bo"), Rights(Role.EDITOR, FOREVER), "yjs")
    waiting = [peer.get_update()]
    while waiting:
        waiting += room.apply(member, Update(waiting.pop()), Round(9_000)).rest
        room.commit()
    assert room.value, "the server has refused the content"
    if by_patch:
        ops: list[Op] = [{"op": "remove", "path": "/held"}]
        return lambda: room.apply(admin, PatchRequest("", None, ops), Round(9_000))
    known = peer.get_state()
    del content["held"]
    update = peer.get_update(known)
    return lambda: room.apply(member, Update(update), Round(9_000))


def _former_keys(content: Any) -> None:
    content["held"] = Map({f"k{number}": number for number in range(100_000)})
    for number in range(100_000):
        del content["held"][f"k{number}"]


def _overwritten_keys(content: Any) -> None:
    content["held"] = Map()
    for number in range(100_000):
        content["held"][f"k{number % 2}"] = number


def _pieces(content: Any) -> None:
    content["held"] = Text()
    for _ in range(250_000):
        content["held"].insert(0, "a")


def _maps_in_array(content: Any) -> None:
    keys = {f"k{number}": 0 for number in range(9)}
    content["held"] = Array([Map(keys) for _ in range(4_000)])


def _xml_elements(content: Any) -> None:
    content["held"] = XmlFragment()
    for _ in range(40_000):
        content["held"].children.insert(0, XmlElement("p", {"a": "b"}))


def _accept(room: Room, member: Member, update: bytes) -> None:
    answer = room.apply(member, Update(update), Round(9_000))
    assert answer.entry is not None
    assert [op["path"] for op in answer.entry.ops] == ["/own"]


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
