"""The document: patches give exact ops and updates, and reopening it gives the same document."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import psutil
import pytest
from pycrdt import Doc, Map

from collab.document.document import Document
from collab.document.steps import UndoBounds
from collab.errors import Code, Rejected
from collab.patch.apply import Applied, apply
from tests.line_count import lines_run

PAGE: dict[str, Any] = {
    "sections": [
        {"id": "hero", "type": "hero", "title": "Hello world", "tags": ["a", "b"]},
        {"title": "two"},
        {"title": "three", "n": 1},
    ]
}


def page() -> Document:
    document = Document.create(1)
    document.patch([{"op": "add", "path": "/page", "value": PAGE}], version=1, user="ada", at=0)
    return document


def test_d6_a_patch_gives_exact_ops_a_value_and_an_update() -> None:
    document = page()
    change = document.patch(
        [{"op": "add", "path": "/page/sections/-", "value": {"title": "four"}}],
        version=2,
        user="ada",
        at=1,
    )
    assert change is not None
    assert change.ops == [{"op": "add", "path": "/page/sections/3", "value": {"title": "four"}}]
    assert document.value == document.read()
    assert document.version == 2
    peer = Document.open(None, [], 9)
    peer.integrate(document.update_since(b"\0"), version=1, user="bo", at=0)
    assert peer.value == document.value


def test_d6_a_refused_patch_leaves_everything_as_it_was() -> None:
    document = page()
    before, state = document.value, document.snapshot()
    with pytest.raises(Rejected) as refused:
        document.patch(
            [
                {"op": "replace", "path": "/page/sections/0/title", "value": "gone"},
                {"op": "remove", "path": "/page/sections/9"},
            ],
            version=2,
            user="ada",
            at=1,
        )
    assert refused.value.refusal.code is Code.PATH_NOT_FOUND
    assert document.value is before
    assert document.snapshot() == state


@pytest.mark.parametrize("between", ["text", [], None, 7, [{"id": "a"}]])
def test_d6_the_root_may_have_any_type_between_two_ops(between: Any) -> None:
    document = page()
    last = {**document.value, "new": 1} if isinstance(document.value, dict) else {}
    ops = [{"op": "replace", "path": "", "value": value} for value in (between, last)]
    change = document.patch(ops, version=2, user="ada", at=1)
    assert change is not None
    assert change.ops == [{"op": "add", "path": "/new", "value": 1}]
    assert document.value == document.read() == last
    document.undo("ada", version=3, at=2)
    assert document.value == {"page": PAGE}


def test_d6_a_patch_that_changes_nothing_is_no_change() -> None:
    document = page()
    ops = [{"op": "replace", "path": "/page/sections/0/title", "value": "Hello world"}]
    assert document.patch(ops, version=2, user="ada", at=1) is None
    assert document.version == 1


def peer_of(document: Document, client_id: int = 77) -> tuple[Doc[Any], Any]:
    peer: Doc[Any] = Doc(client_id=client_id)
    content: Any = peer.get("content", type=Map)
    peer.apply_update(document.update_since(b"\x00"))
    return peer, content


def sent(document: Document, peer: Doc[Any]) -> bytes:
    return peer.get_update(document.encode_state_vector())


def test_d8_a_yjs_update_becomes_the_smallest_ops() -> None:
    document = page()
    peer, content = peer_of(document)
    content["page"]["sections"]["hero"]["title"].insert(5, ",")
    change = document.integrate(sent(document, peer), version=2, user="bo", at=1)
    assert change is not None
    assert change.ops == [
        {"op": "replace", "path": "/page/sections/0/title", "value": "Hello, world"}
    ]
    content["page"]["sections"]["hero"]["@order"] = "b00"
    change = document.integrate(sent(document, peer), version=3, user="bo", at=2)
    assert change is not None
    assert change.ops == [{"op": "move", "from": "/page/sections/0", "path": "/page/sections/2"}]
    assert document.integrate(sent(document, peer), version=4, user="bo", at=3) is None


def test_d11_an_entrys_update_has_its_own_transaction_only() -> None:
    document = page()
    document.patch([{"op": "remove", "path": "/page/sections/0/tags"}], version=2, user="ada", at=1)
    change = document.patch(
        [{"op": "replace", "path": "/page/sections/1/title", "value": "2"}],
        version=3,
        user="ada",
        at=2,
    )
    assert change is not None
    assert len(change.update) < 40


def test_d9_a_corrected_update_keeps_the_elements_keys() -> None:
    document = page()
    before = document.value
    peer, content = peer_of(document)
    with peer.transaction():
        sections = content["page"]["sections"]
        del sections["hero"]
        keys = [key for key in sections if key != "@array"]
        sections[keys[0]]["@deleted"] = True
    change = document.integrate(
        sent(document, peer),
        version=2,
        user="bo",
        at=1,
        correct=lambda before, applied: before,
    )
    assert change is not None
    assert change.ops == []
    assert change.inverse == b""
    assert document.value == document.read() == before
    peer.apply_update(change.update)
    assert peer.get_state() == document.encode_state_vector()
    assert sorted(content["page"]["sections"]) == sorted(["@array", "hero", *keys])


def test_d9_a_correction_may_keep_a_part_of_the_update() -> None:
    document = page()
    peer, content = peer_of(document)
    with peer.transaction():
        content["page"]["sections"]["hero"]["title"].insert(0, "Oh! ")
        content["page"]["sections"]["hero"]["type"] = "footer"

    def judge(before: Any, applied: Applied) -> Any:
        return apply(
            applied.value, [{"op": "replace", "path": "/page/sections/0/type", "value": "hero"}]
        ).value

    change = document.integrate(sent(document, peer), version=2, user="bo", at=1, correct=judge)
    assert change is not None
    assert [op["path"] for op in change.ops] == ["/page/sections/0/title"]
    document.undo("bo", version=3, at=2)
    assert document.value == {"page": PAGE}


def test_d9_a_corrected_place_can_still_be_undone_by_its_earlier_author() -> None:
    document = Document.create(1)
    for version, value in ((1, 0), (2, 1)):
        op = {"op": "add", "path": "/n", "value": value}
        document.patch([op], version=version, user="ada", at=version * 9_000)
    peer, content = peer_of(document)
    content["n"] = 5
    with peer.transaction():
        content["n"] = 6
        content["m"] = 1

    def keep_n(before: Any, applied: Applied) -> Any:
        return {**applied.value, "n": before["n"]}

    update = sent(document, peer)
    change = document.integrate(update, version=3, user="bo", at=30_000, correct=keep_n)
    assert change is not None
    assert document.value == {"n": 1, "m": 1}
    document.undo("ada", version=4, at=40_000)
    assert document.value == {"n": 0, "m": 1}


@pytest.mark.parametrize("kind", ["added", "removed"])
def test_d9_many_corrected_places_cost_linear_time(kind: str) -> None:
    def lines(count: int) -> int:
        document = Document.create(1)
        value = {"kept": 1, **{f"k{n}": n for n in range(count if kind == "removed" else 0)}}
        op = {"op": "add", "path": "", "value": value}
        document.patch([op], version=1, user="ada", at=0)
        peer, content = peer_of(document)
        with peer.transaction():
            for n in range(count):
                if kind == "added":
                    content[f"k{n}"] = n
                else:
                    del content[f"k{n}"]
        update = sent(document, peer)

        def correct() -> None:
            document.integrate(
                update, version=2, user="bo", at=1, correct=lambda before, applied: before
            )

        taken = lines_run(correct)
        assert document.value == document.read() == value
        return taken

    assert lines(400) < 2.5 * lines(200)


@pytest.mark.parametrize("lane", ["patch", "yjs"])
def test_u1_the_first_version_is_no_step_on_either_lane(lane: str) -> None:
    document = Document.create(3, version=7)
    if lane == "patch":
        ops = [{"op": "add", "path": "/a", "value": 1}]
        document.patch(ops, version=8, user="ada", at=0, kind="create")
    else:
        peer, content = peer_of(document)
        content["a"] = 1
        document.integrate(sent(document, peer), version=8, user="ada", at=0, kind="create")
    with pytest.raises(Rejected) as refused:
        document.undo("ada", version=9, at=1)
    assert refused.value.refusal.code is Code.NOTHING_TO_UNDO
    assert document.value == {"a": 1}


def test_d10_leases_are_kept_with_the_document() -> None:
    document = page()
    peer, content = peer_of(document)
    content["x"] = 1
    document.integrate(sent(document, peer), version=2, user="bo", at=1, leases=[77])
    assert Document.open(document.snapshot(), [], 1).leases == {77: "bo"}


def test_d12_a_reopened_document_continues_its_own_clock() -> None:
    document = page()
    again = Document.open(document.snapshot(), [], 1)
    ops = [{"op": "add", "path": "/more", "value": "text"}]
    change = document.patch(ops, version=2, user="ada", at=1)
    same = again.patch(ops, version=2, user="ada", at=1)
    assert change is not None
    assert same is not None
    assert change.update == same.update
    assert document.state_vector() == again.state_vector() == {1: document.state_vector()[1]}


def test_u8_the_next_write_purges_elements_that_no_step_needs() -> None:
    document = page()
    document.patch([{"op": "remove", "path": "/page/sections/2"}], version=2, user="ada", at=1)
    assert document.mark_unneeded() == 0
    document._undo.bounds = UndoBounds(1)
    for version in (3, 4):
        ops = [{"op": "replace", "path": "/page/sections/1/title", "value": f"v{version}"}]
        document.patch(ops, version=version, user="ada", at=version * 5_000)
    assert document.mark_unneeded() == 1
    change = document.patch([{"op": "add", "path": "/n", "value": 1}], version=5, user="ada", at=9)
    assert change is not None
    assert change.ops == [{"op": "add", "path": "/n", "value": 1}]
    assert document.mark_unneeded() == 0


@pytest.mark.parametrize("shown_by", ["ada", "yan"])
def test_u8_an_element_that_a_step_names_again_is_not_purged(shown_by: str) -> None:
    document = Document.create(1, undo=UndoBounds(1))
    elements = [{"id": "a"}, {"id": "b"}]

    def patch(version: int, op: dict[str, Any]) -> None:
        document.patch([op], version=version, user="ada", at=version * 5_000)

    patch(1, {"op": "add", "path": "/list", "value": elements})
    patch(2, {"op": "remove", "path": "/list/1"})
    patch(3, {"op": "add", "path": "/n", "value": 1})
    assert document.mark_unneeded() == 1
    peer: Doc[Any] = Doc()
    content: Map[Any] = peer.get("content", type=Map)
    peer.apply_update(document.update_since(b"\0"))
    del content["list"]["b"]["@deleted"]
    document.integrate(peer.get_update(), version=4, user="yan", at=20_000)
    if shown_by == "yan":
        document.undo("yan", version=5, at=25_000)
        document.redo("yan", version=6, at=30_000)
    else:
        patch(5, {"op": "remove", "path": "/list/1"})
        document.undo("ada", version=6, at=30_000)
    assert document.value == {"list": elements, "n": 1}


@pytest.mark.parametrize("number", [1.0, -0.0, 2.5, 1e20, 2**53 - 1, -(2**53) + 1, 5e-324])
def test_d13_a_number_reads_back_as_it_was_accepted(number: float) -> None:
    document = page()
    ops = [{"op": "add", "path": "/n", "value": [number]}]
    change = document.patch(ops, version=2, user="ada", at=1)
    assert change is not None
    again = Document.open(document.snapshot(), [], 1)
    assert repr(again.value["n"]) == repr(document.value["n"])  # type: ignore[index,call-overload]  # an object
    assert repr(change.ops[0]["value"]) == repr(again.value["n"])  # type: ignore[index,call-overload]  # an object


def test_d2_json_keys_like_reserved_keys_are_kept() -> None:
    document = page()
    value = {"@order": 1, "@@order": 2, "@array": True, "@value": "x", "@": 0, "@deleted": True}
    ops = [
        {"op": "add", "path": "/odd", "value": value},
        {"op": "add", "path": "/page/sections/-", "value": {**value, "id": "@array"}},
    ]
    document.patch(ops, version=2, user="ada", at=1)
    again = Document.open(document.snapshot(), [], 1)
    assert again.value == document.value
    assert isinstance(document.value, dict)
    assert document.value["odd"] == value


def test_opening_and_closing_leaks_no_document() -> None:
    """pycrdt keeps a whole document alive when its `observe` callback is never dropped."""
    body = page().snapshot()
    alive = []
    for _ in range(50):
        document = Document.open(body, [], 1)
        alive.append(weakref.ref(document))
        document.close()
        del document
    gc.collect()
    assert not any(ref() for ref in alive)


@pytest.mark.thorough
def test_a_document_that_was_not_closed_is_freed_too() -> None:
    body = page().snapshot()
    process = psutil.Process()
    for loads in (300, 1_000):
        start = process.memory_info().rss
        for _ in range(loads):
            Document.open(body, [], 1)
        gc.collect()
    assert process.memory_info().rss - start < 2 * 1024 * 1024


@pytest.mark.thorough
def test_a_thousand_closed_documents_leave_no_memory() -> None:
    body = page().snapshot()
    process = psutil.Process()
    for loads in (300, 1_000):
        start = process.memory_info().rss
        for _ in range(loads):
            Document.open(body, [], 1).close()
        gc.collect()
    assert process.memory_info().rss - start < 2 * 1024 * 1024


def test_d14_ops_that_cancel_out_are_no_change() -> None:
    document = page()
    ops = [
        {"op": "add", "path": "/x", "value": 1},
        {"op": "remove", "path": "/x"},
    ]
    assert document.patch(ops, version=2, user="ada", at=1) is None
    assert document.read() == document.value == {"page": PAGE}
