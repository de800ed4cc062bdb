"""Types with many hidden blocks are emptied before a deletion, and nothing else changes (G27)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from collab.document.document import Document
from collab.entry import Entry
from collab.room import working
from collab.room.requests import PatchRequest, ReadState, Request, Round, UndoRequest, Update
from collab.room.room import Room
from collab.structs import subtrees
from collab.structs.struct_index import StructIndex
from collab.structs.subtrees import HiddenBlocks
from collab.types import exact_copy, yjs_document
from collab.types.yjs_document import YjsDocument
from collab.writing import emptying
from collab.yjs.update import inspect
from tests.collab.room.rooms import commit, done, member, opened
from tests.collab.tree.large_values import make_all_hidden

VALUE = {"a": {"x": {"one": 1}}, "b": {}, "c": "text"}


@pytest.fixture
def emptied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make few hidden blocks very many. Return a list that gets an entry for each reload."""
    found: list[int] = []
    reload = YjsDocument.reload_collected

    def counted(document: YjsDocument, state: bytes, gone: Any) -> None:
        found.append(sum(end - start for own in gone.values() for start, end in own))
        reload(document, state, gone)

    monkeypatch.setattr(YjsDocument, "reload_collected", counted)
    make_all_hidden(monkeypatch, 1)
    return found


class Peer:
    """A Yjs client that edits every kind of shared type."""

    def __init__(self, number: int) -> None:
        self.user = member(user=f"u{number}", lane="yjs")
        self.doc: Doc[Any] = Doc(client_id=number)
        self.content = self.doc.get("content", type=Map)
        self.other = self.doc.get("other", type=Map)
        self.known = b"\0"

    def pull(self, room: Room) -> None:
        self.doc.apply_update(done(room, ReadState(self.doc.get_state())).state)
        self.known = self.doc.get_state()

    def update(self) -> bytes:
        return self.doc.get_update(self.known)

    def edit(self, rng: Random) -> None:
        held: Any = self.other if rng.random() < 0.2 else self.content
        while isinstance(held, Map) and rng.random() < 0.7:
            inside = [held[key] for key in sorted(held.keys()) if not isinstance(held[key], int)]
            inside = [one for one in inside if not isinstance(one, float | str | bool)]
            if not inside:
                break
            held = rng.choice(inside)
        edits: dict[type, Callable[[Any, Random], None]] = {
            Map: edit_map,
            Text: edit_text,
            Array: edit_array,
            XmlFragment: edit_xml,
        }
        edits[type(held)](held, rng)


def edit_map(held: Any, rng: Random) -> None:
    key = rng.choice("abcdefg")
    if key in held and rng.random() < 0.4:
        del held[key]
        return
    worn: Any = Map()
    made = [1, worn, Text("ab"), Array([1, Map({"k": 1})]), XmlFragment()]
    value = rng.choice(made)
    held[key] = value
    if value is worn:
        for _ in range(6):
            worn[rng.choice("xy")] = rng.randint(0, 9)
        for name in list(worn)[1:]:
            del worn[name]


def edit_text(held: Any, rng: Random) -> None:
    at = rng.randint(0, len(str(held)))
    if at and rng.random() < 0.3:
        del held[0:at]
    elif at and rng.random() < 0.5:
        held.format(0, at, {"b": True})
    else:
        held.insert(at, rng.choice(["u", "vw", "xyz"]))


def edit_array(held: Any, rng: Random) -> None:
    at = rng.randint(0, len(held))
    if at and rng.random() < 0.4:
        del held[0:at]
    else:
        held.insert(at, rng.choice([1, Map({"k": 1, "l": Map({"m": 2})}), Text("t")]))


def edit_xml(held: Any, rng: Random) -> None:
    children = held.children
    if len(children) and rng.random() < 0.4:
        del children[0 : rng.randint(1, len(children))]
        return
    element = children.append(XmlElement("p", {"k": "v"}, [XmlText("in")]))
    assert isinstance(element, XmlElement)
    element.attributes["k"] = "w"


def state_of(room: Room) -> bytes:
    return room.document.update_since(b"\0")


def replica(*updates: bytes) -> Any:
    doc: Doc[Any] = Doc(client_id=3)
    roots = [doc.get(name, type=Map) for name in ("content", "other")]
    for update in updates:
        doc.apply_update(update)
    return [shown(root) for root in roots]


def shown(held: Any) -> Any:
    if isinstance(held, Map):
        return {key: shown(held[key]) for key in held.keys()}  # noqa: SIM118 - a Map is no dict
    if isinstance(held, Array):
        return [shown(one) for one in held]
    return held.diff() if isinstance(held, Text) else str(held)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(60))
def test_the_result_is_that_without_emptying(
    seed: int, emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(seed)
    rooms = opened(VALUE), opened(VALUE)
    start, log = rooms[0].document.snapshot(), list[Entry]()
    peers = [Peer(number) for number in rng.sample(range(10, 999), 2)]
    for _ in range(12):
        for peer in peers:
            if rng.random() < 0.6:
                peer.pull(rooms[0])
            for _ in range(rng.randint(1, 4)):
                peer.edit(rng)
        for peer in peers:
            update, before = peer.update(), state_of(rooms[0])
            answers = []
            for room, limit in zip(rooms, (1, 10**9), strict=True):
                make_all_hidden(monkeypatch, limit)
                answers.append(done(room, Update(update), peer.user))
            log += [answers[0].entry] if answers[0].entry is not None else []
            check(rooms, answers, before, update)
        patch = PatchRequest("", None, [patch_op(rooms[0].document.value, rng)])
        for room, limit in zip(rooms, (1, 10**9), strict=True):
            make_all_hidden(monkeypatch, limit)
            patched = done(room, patch).entry
            log += [patched] if room is rooms[0] and patched is not None else []
            commit(room)
        assert rooms[0].document.read() == rooms[0].document.value == rooms[1].document.value
        assert rooms[0].document.state_vector() == rooms[1].document.state_vector()
    user = peers[0].user
    for redo in (False, True):
        for room, limit in zip(rooms, (1, 10**9), strict=True):
            make_all_hidden(monkeypatch, limit)
            undone = room.apply(user, UndoRequest("", "", redo=redo), Round(0)).entry
            if room is rooms[0] and undone is not None:
                log.append(undone)
        assert rooms[0].document.value == rooms[1].document.value
    assert emptied
    again = Document.open(start, log, 2)
    assert again.value == rooms[0].document.value


def patch_op(value: Any, rng: Random) -> dict[str, Any]:
    """Return an op that removes or replaces a value, or an item of a list."""
    if not value:
        return {"op": "add", "path": "/a", "value": {}}
    key = rng.choice(sorted(value))
    held, path = value[key], f"/{key}"
    if isinstance(held, list) and held and rng.random() < 0.5:
        return {"op": "remove", "path": f"{path}/{rng.randrange(len(held))}"}
    kind = rng.choice(["remove", "replace"])
    return {"op": kind, "path": path, **({"value": 1} if kind == "replace" else {})}


def check(rooms: tuple[Room, Room], answers: list[Any], before: bytes, update: bytes) -> None:
    one, other = rooms
    assert one.document.read() == one.document.value == other.document.value
    assert replica(state_of(one)) == replica(before, update)
    assert one.document.state_vector() == other.document.state_vector()
    entry = answers[0].entry
    assert (entry is None) == (answers[1].entry is None)
    if entry is not None:
        assert replica(before, entry.update) == replica(state_of(one))
        assert sorted(map(str, entry.ops)) == sorted(map(str, answers[1].entry.ops))
    for room in rooms:
        commit(room)


def worn(peer: Peer, room: Room, make: Callable[[Any], None]) -> None:
    """Let a peer make `held` and wear it out, and send this."""
    peer.pull(room)
    make(peer.content)
    done(room, Update(peer.update()), peer.user)
    commit(room)
    peer.pull(room)


def with_former_keys(content: Any) -> None:
    content["held"] = Map({"in": Map(), "text": "formatted"})
    for number in range(30):
        content["held"]["in"][f"k{number}"] = number
    for number in range(30):
        del content["held"]["in"][f"k{number}"]


def test_only_what_the_value_does_not_show_is_counted(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, peer = opened(VALUE), Peer(50)
    worn(peer, room, with_former_keys)
    make_all_hidden(monkeypatch, 40)
    del peer.content["a"]
    done(room, Update(peer.update()), peer.user)
    assert emptied == []
    make_all_hidden(monkeypatch, 20)
    peer.pull(room)
    del peer.content["held"]
    entry = done(room, Update(peer.update()), peer.user).entry
    assert emptied == [32]
    assert entry is not None
    deletes = inspect(entry.update).deletes.values()
    assert sum(end - start for own in deletes for start, end in own) >= 33


def test_a_type_inside_another_deleted_type_counts_once(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong estimate costs as much as opening the document."""
    room, peer = opened(VALUE), Peer(50)
    make_all_hidden(monkeypatch, 10**9)

    def make(content: Any) -> None:
        held = content
        for _ in range(10):
            held["held"] = Map()
            held = held["held"]
        for number in range(30):
            held[f"k{number}"] = number
            del held[f"k{number}"]

    worn(peer, room, make)
    counted = count_searches(monkeypatch)
    make_all_hidden(monkeypatch, 60)
    del peer.content["held"]
    done(room, Update(peer.update()), peer.user)
    assert emptied == counted == []
    assert room.document.read() == room.document.value == VALUE


def count_searches(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that gets an entry for each search through the state of a document."""
    counted: list[Any] = []
    count = emptying.subtree_of  # type: ignore[attr-defined]  # imported there

    def subtree_of(*what: Any) -> Any:
        counted.append(what)
        return count(*what)

    monkeypatch.setattr(emptying, "subtree_of", subtree_of)
    return counted


def test_a_user_with_sections_gets_back_what_was_emptied(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, peer = opened(VALUE), Peer(50)
    make_all_hidden(monkeypatch, 10**9)
    worn(peer, room, with_former_keys)
    make_all_hidden(monkeypatch, 20)
    before: Any = room.document.value
    by = member(user="u50", lane="yjs", sections=("/c",))
    del peer.content["held"]
    peer.content["c"].insert(0, "my ")
    done(room, Update(peer.update()), by)
    assert emptied == [32]
    assert room.document.read() == room.document.value == before | {"c": "my text"}


def test_a_user_with_sections_gets_back_what_could_not_be_copied(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long Y.Array cannot be copied, so it is not emptied."""
    monkeypatch.setattr(exact_copy, "LONG_ARRAY", 2)
    room, peer = opened(VALUE), Peer(50)
    make_all_hidden(monkeypatch, 10**9)
    worn(peer, room, with_former_keys)
    worn(peer, room, lambda content: content.update({"list": Array([1, 2, 3])}))
    make_all_hidden(monkeypatch, 20)
    before: Any = room.document.value
    by = member(user="u50", lane="yjs", sections=("/c",))
    with peer.doc.transaction():
        del peer.content["held"]
        del peer.content["list"]
    done(room, Update(peer.update()), by)
    assert emptied == [32]
    assert room.document.read() == room.document.value == before


def ops(*each: tuple[str, str]) -> PatchRequest:
    values: dict[str, Any] = {"add": {"value": {}}, "remove": {}}
    return PatchRequest("", None, [{"op": op, "path": path, **values[op]} for op, path in each])


@pytest.mark.parametrize("way", ["patch", "undo", "overwrite"])
def test_a_document_without_yjs_clients_is_emptied_too(
    way: str, emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_all_hidden(monkeypatch, 10**9)
    room = opened({})
    done(room, ops(("add", "/held"), ("add", "/held/in")))
    names = [f"/held/in/k{number}" for number in range(30)]
    for kind in ("add", "remove"):
        done(room, ops(*((kind, name) for name in names)), member(user="bo"))
        commit(room)
    assert emptied == []
    make_all_hidden(monkeypatch, 20)
    requests: dict[str, Request] = {
        "patch": ops(("remove", "/held")),
        "undo": UndoRequest("", ""),
        "overwrite": PatchRequest("", None, [{"op": "replace", "path": "/held", "value": 1}]),
    }
    entry = done(room, requests[way]).entry
    assert emptied == [30 if way == "undo" else 31]
    after = {"held": 1} if way == "overwrite" else {}
    assert room.document.read() == room.document.value == after
    assert entry is not None
    assert Document.open(room.document.snapshot(), (), 2).value == after


def test_the_types_are_measured_once_for_many_removals(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    room, peer = opened({**VALUE, **{f"m{number}": {} for number in range(20)}}), Peer(50)
    make_all_hidden(monkeypatch, 10**9)
    worn(peer, room, with_former_keys)
    make_all_hidden(monkeypatch, 20)
    measured: list[StructIndex] = []
    measure = HiddenBlocks._measure

    def counted(hidden: HiddenBlocks, index: StructIndex) -> None:
        measured.append(index)
        measure(hidden, index)

    monkeypatch.setattr(HiddenBlocks, "_measure", counted)
    done(room, ops(*(("remove", f"/m{number}") for number in range(20))))
    assert emptied == []
    assert len(measured) == 1


def test_a_key_that_one_patch_replaces_many_times_is_emptied_once(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To find out what is inside takes as long as opening the document."""
    room, peer = opened(VALUE), Peer(50)
    make_all_hidden(monkeypatch, 10**9)
    worn(peer, room, with_former_keys)
    make_all_hidden(monkeypatch, 20)
    counted = count_searches(monkeypatch)
    values: list[Any] = [[], {}] * 10
    replaced = [{"op": "replace", "path": "/held", "value": value} for value in values]
    done(room, PatchRequest("", None, replaced))
    assert len(emptied) == len(counted) == 1
    assert room.document.read() == room.document.value == {**VALUE, "held": {}}


def test_each_search_through_the_state_doubles_the_limit_for_the_rest_of_a_patch(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search takes as long as opening the document. The other types go in own transactions."""
    room, peer = opened({}), Peer(50)
    make_all_hidden(monkeypatch, 10**9)

    def make(content: Any) -> None:
        for number in range(12):
            content[f"m{number}"] = Map()
            for key in range(25):
                content[f"m{number}"][f"k{key}"] = key
            for key in range(25):
                del content[f"m{number}"][f"k{key}"]

    worn(peer, room, make)
    make_all_hidden(monkeypatch, 20)
    monkeypatch.setattr(yjs_document, "MOST_BLOCKS", 20)
    counted = count_searches(monkeypatch)
    commits: list[Any] = []
    commit_one = YjsDocument.commit

    def counted_commit(document: YjsDocument, txn: Any) -> Any:
        commits.append(txn)
        return commit_one(document, txn)

    monkeypatch.setattr(YjsDocument, "commit", counted_commit)
    done(room, ops(*(("remove", f"/m{number}") for number in range(12))))
    assert len(emptied) == len(counted) == 1
    assert len(commits) >= 11
    assert room.document.read() == room.document.value == {}


def test_an_element_that_is_emptied_may_be_replaced(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subtrees, "LEAST", 0)
    room, peer = opened({"list": [{"id": "x"}, 7]}), Peer(50)
    worn(peer, room, lambda content: content["list"].update({"x": Array([1, 2, Map({"k": 1})])}))
    emptied.clear()
    replaced = {"op": "replace", "path": "/list/1", "value": {"new": True}}
    done(room, PatchRequest("", None, [replaced]))
    assert len(emptied) == 1
    assert room.document.read() == room.document.value == {"list": [7, {"new": True}]}


def test_an_element_that_is_emptied_may_be_put_back(emptied: list[int]) -> None:
    room, peer = opened({"list": [{"id": "x", "text": "abc"}]}), Peer(50)
    before = room.document.value
    worn(peer, room, lambda content: content["list"].update({"x": Map({"id": "x"})}))

    def wear(content: Any) -> None:
        for number in range(30):
            content["list"]["x"][f"k{number}"] = number
            del content["list"]["x"][f"k{number}"]

    worn(peer, room, wear)
    emptied.clear()
    done(room, UndoRequest("undo", ""), member(user="u50", lane="yjs"))
    assert len(emptied) == 1
    assert room.document.read() == room.document.value == before


def test_u2_undo_of_items_at_two_places_goes_on_after_the_document_was_loaded_again(
    emptied: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subtrees, "LEAST", 0)
    room, peer = opened({}), Peer(7)
    peer.content["l"] = Array([0, 1, 2, 3])
    done(room, Update(peer.update()), peer.user)
    commit(room)
    peer.pull(room)
    with peer.doc.transaction():
        peer.content["l"].insert(3, Map({"t": Text("abc"), "m": Map({"x": 1})}))
        peer.content["l"].insert(1, Map({"t": Text("abc"), "m": Map({"x": 1})}))
        del peer.content["l"][0]
    done(room, Update(peer.update()), peer.user, 60_000)
    commit(room)
    emptied.clear()
    done(room, UndoRequest("undo", ""), peer.user, 120_000)
    assert len(emptied) >= 2
    assert room.document.value == {"l": [0, 1, 2, 3]}
    assert room.document.read() == room.document.value


def test_a_patch_builds_no_index_in_a_document_with_few_former_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(working, "MAY_HIDE", 0)
    room = opened({"held": {}, "other": {}})
    done(room, ops(("remove", "/held")))
    assert not room.working.structs.is_built
    monkeypatch.setattr(working, "MOST_HIDDEN", 1)
    done(room, ops(("remove", "/other")))
    assert room.working.structs.is_built
