"""Large deletions by a Yjs update go in portions, and come to what yrs would have done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Doc, Map

from collab.document.document import Document
from collab.document.steps import decode_inverse
from collab.structs.struct_index import StructIndex
from collab.tree import large_deletions
from collab.types.yjs_document import MOST_BLOCKS, YjsDocument
from collab.writing import removal
from collab.yjs.joining import Part
from collab.yjs.update import STORED_BOUNDS, inspect

pytestmark = pytest.mark.thorough

ZEROS = [0] * 1_500
VALUE = {
    "zeros": ZEROS,
    "pages": [{"id": f"p{n}", "text": "one", "tags": ["a"]} for n in range(300)],
    "lists": [[*ZEROS], {"deep": {"er": [*ZEROS]}}, 1],
    "kept": {"text": "stays"},
}


def all_of(content: Any) -> None:
    del content["zeros"], content["lists"]


def each_element(content: Any) -> None:
    for key in list(content["zeros"].keys()):
        if not key.startswith("@"):
            del content["zeros"][key]


def some_within(content: Any) -> None:
    wrapped = [one for one in content["lists"].values() if isinstance(one, Map) and "deep" in one]
    del wrapped[0]["deep"]["er"]
    content["kept"]["text"].insert(0, "still ")
    del content["pages"]["p7"]


def replaced(content: Any) -> None:
    content["zeros"] = Map({"other": 1})
    content["pages"]["p1"]["text"].insert(0, "not ")


TURNS: dict[str, Callable[[Any], None]] = {
    "all": all_of,
    "each": each_element,
    "within": some_within,
    "replaced": replaced,
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_deletions, "SMALL", 1_000)
    monkeypatch.setattr(removal, "MOST_ENTRIES", 1_000)


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return counted_commits(monkeypatch)


def counted_commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the deleted clocks of each of the server's own transactions."""
    found: list[int] = []
    commit = YjsDocument.commit

    def counted(document: YjsDocument, txn: Any) -> Part:
        part = commit(document, txn)
        deletes = inspect(part.update, STORED_BOUNDS).deletes if part.update else {}
        found.append(sum(b - a for own in deletes.values() for a, b in own))
        return part

    monkeypatch.setattr(YjsDocument, "commit", counted)
    return found


def made() -> Document:
    document = Document.create(1)
    ops = [{"op": "add", "path": f"/{key}", "value": value} for key, value in VALUE.items()]
    document.patch(ops, version=1, user="ann", at=0)
    return document


def sent(document: Document, turn: Callable[[Any], None]) -> bytes:
    peer: Any = Doc(client_id=77)
    content: Any = Map()
    peer["content"] = content
    peer.apply_update(document.update_since(b"\x00"))
    known = peer.get_state()
    with peer.transaction():
        turn(content)
    update: bytes = peer.get_update(known)
    return update


@pytest.mark.parametrize("name", TURNS)
def test_a_large_deletion_goes_in_portions(name: str, costs: list[int]) -> None:
    document, plain = made(), made()
    update, before = sent(document, TURNS[name]), document.value
    structs = StructIndex.of(document.update_since(b"\x00"))
    costs.clear()
    change = document.integrate(update, version=2, user="ben", at=0, structs=structs)
    assert len(costs) > 2
    assert max(costs) < 4 * MOST_BLOCKS
    expected = plain.integrate(update, version=2, user="ben", at=0)
    assert change is not None
    assert expected is not None
    # Places that hold nothing of each other come in the order of yrs' events.
    assert sorted(map(str, change.ops)) == sorted(map(str, expected.ops))
    records, others = (decode_inverse(one.inverse).records for one in (change, expected))
    assert sorted(map(str, records)) == sorted(map(str, others))
    assert document.read() == document.value == plain.value
    again = Document.open(document.snapshot(), (), 1)
    assert again.value == document.value
    assert document.undo("ben", version=3, at=0).change.value == before
    assert document.read() == before


def test_what_the_update_deletes_reaches_others_with_it() -> None:
    document = made()
    state, update = document.update_since(b"\x00"), sent(document, all_of)
    structs = StructIndex.of(state)
    change = document.integrate(update, version=2, user="ben", at=0, structs=structs)
    assert change is not None
    peer = Document.create(1)
    peer.integrate(state, version=1, user="ann", at=0)
    peer.integrate(change.update, version=2, user="ben", at=0)
    assert peer.value == document.value
    assert peer.encode_state_vector() == document.encode_state_vector()
    structs.add(inspect(change.update, STORED_BOUNDS))
    assert structs.clocks == document.state_vector()


def test_a_small_deletion_is_left_to_the_update(costs: list[int]) -> None:
    document = made()
    update = sent(document, lambda content: content["pages"].pop("p7"))
    structs = StructIndex.of(document.update_since(b"\x00"))
    costs.clear()
    document.integrate(update, version=2, user="ben", at=0, structs=structs)
    assert costs == []


def searches(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that gets an entry for each search through a document."""
    found: list[Any] = []
    search = large_deletions._Search

    def counted(*asked: Any, **options: Any) -> Any:
        found.append(asked)
        return search(*asked, **options)

    monkeypatch.setattr(large_deletions, "_Search", counted)
    return found


def test_only_a_deletion_that_may_be_large_searches_the_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, document = searches(monkeypatch), made()
    structs = StructIndex.of(document.update_since(b"\x00"))

    def integrate(turn: Callable[[Any], None], version: int) -> None:
        change = document.integrate(
            sent(document, turn), version=version, user="ben", at=0, structs=structs
        )
        assert change is not None
        structs.add(inspect(change.update, STORED_BOUNDS))

    for version in range(2, 8):
        integrate(lambda content: content["pages"].pop(f"p{version}"), version)  # noqa: B023 - used at once
    assert found == []
    integrate(lambda content: content.pop("zeros"), 8)
    assert len(found) == 1


def test_a_map_that_grew_after_it_was_measured_is_found(
    monkeypatch: pytest.MonkeyPatch, costs: list[int]
) -> None:
    monkeypatch.setattr(large_deletions, "MOST_GAINED", 500)
    document = made()
    structs = StructIndex.of(document.update_since(b"\x00"))
    first = document.integrate(
        sent(document, lambda content: content["pages"].pop("p7")),
        version=2,
        user="ben",
        at=0,
        structs=structs,
    )
    fill = [{"op": "add", "path": "/kept/zeros", "value": ZEROS}]
    grown = document.patch(fill, version=3, user="ann", at=0)
    for change in (first, grown):
        assert change is not None
        structs.add(inspect(change.update, STORED_BOUNDS))
    costs.clear()
    update = sent(document, lambda content: content.pop("kept"))
    document.integrate(update, version=4, user="ben", at=0, structs=structs)
    assert len(costs) > 2
    assert document.read() == document.value


def test_what_the_update_itself_inserts_and_deletes_is_no_former_value() -> None:
    document = made()
    peer: Any = Doc(client_id=77)
    content: Any = Map()
    peer["content"] = content
    peer.apply_update(document.update_since(b"\x00"))
    content["large"] = Map()  # the last struct of this client that the server knows
    document.integrate(peer.get_update(), version=2, user="ben", at=0)
    fill = [{"op": "add", "path": "/large/zeros", "value": ZEROS}]
    document.patch(fill, version=3, user="ann", at=0)
    before: Any = document.value
    with peer.transaction():
        content["kept"]["text"].insert(0, "not ")
        del content["kept"]["text"][:4]
        del content["zeros"]
    structs = StructIndex.of(document.update_since(b"\x00"))
    document.integrate(peer.get_update(), version=4, user="ben", at=0, structs=structs)
    assert document.read() == document.value
    assert document.value == {key: value for key, value in before.items() if key != "zeros"}
