"""A renewal drops the blocks of deleted content. The value, undo and hidden elements stay."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from pycrdt import Doc, Map

from collab.document.document import Document
from collab.yjs.state_pieces import count_structs
from tests.collab.document import characters_world, identity_world, world

VALUE = {
    "title": "hello world",
    "numbers": {"a": 1, "b": 2},
    "sections": [{"id": "s", "text": "Some text"}, {"id": "t", "n": 1}],
}


class Page:
    """A document with its version."""

    def __init__(self) -> None:
        self.document, self.version = Document.create(1), 0
        self.patch("root", {"op": "replace", "path": "", "value": VALUE})

    def _at(self) -> dict[str, Any]:
        self.version += 1
        return {"version": self.version, "at": 10_000 * self.version}

    def patch(self, user: str, *ops: dict[str, Any]) -> None:
        assert self.document.patch(ops, user=user, **self._at()) is not None

    def set(self, user: str, path: str, value: Any) -> None:
        self.patch(user, {"op": "replace", "path": path, "value": value})

    def renew(self) -> None:
        change = self.document.renew(user="weft", **self._at())
        assert change is not None
        assert change.ops == []

    def undo(self, user: str) -> None:
        self.document.undo(user, **self._at())

    @property
    def value(self) -> Any:
        return self.document.value

    @property
    def blocks(self) -> int:
        return count_structs(self.document.update_since(b"\0"))


def test_former_values_go_and_the_value_stays() -> None:
    page = Page()
    fresh = page.blocks
    for number in range(200):
        page.set("ada", "/numbers/a", number)
        page.set("ada", "/numbers/b", number)
        page.set("ada", "/title", f"hello world {number}")
    value = page.document.value
    assert page.blocks > fresh + 400
    page.renew()
    # What is left are the entries of the root, and the runs of collected blocks between them.
    assert page.blocks <= 2 * fresh
    assert page.document.value == page.document.read() == value


def test_undo_and_redo_go_on_after_a_renewal() -> None:
    page = Page()
    page.set("ada", "/title", "hello brave world")
    page.set("bo", "/title", "hello brave new world")
    page.patch("ada", {"op": "remove", "path": "/sections/0"})
    page.renew()
    page.undo("ada")
    assert page.value["sections"] == VALUE["sections"]
    page.undo("ada")
    assert page.value["title"] == "hello new world"
    page.document.redo("ada", version=page.version + 1, at=0)
    assert page.value["title"] == "hello brave new world"


def test_a_yjs_client_gets_a_renewal_as_an_update() -> None:
    page = Page()
    peer: Doc[Any] = Doc(client_id=7)
    peer.apply_update(page.document.update_since(b"\0"))
    page.renew()
    peer.apply_update(page.document.update_since(peer.get_state()))
    content: Any = peer.get("content", type=Map)
    assert str(content["title"]) == "hello world"
    assert content["numbers"].to_py() == VALUE["numbers"]


def test_a_document_without_containers_makes_no_version() -> None:
    document = Document.create(1)
    assert document.renew(version=1, user="weft", at=1) is None
    document.patch([{"op": "add", "path": "/n", "value": 1}], version=1, user="ada", at=1)
    assert document.renew(version=2, user="weft", at=2) is None
    assert document.version == 1


# --- worlds with renewals ---------------------------------------------------------------------


def _renewed(made: Any, seed: int, share: float) -> None:
    """Renew the document of a world, now and then."""
    if Random(f"{seed} {made.version} {made.now}").random() >= share:
        return
    made.now += 1
    made.log.append("renewal")
    change = made.document.renew(version=made.version + 1, user="weft", at=made.now)
    if change is not None:
        enter = made._enter if hasattr(made, "_enter") else made.accept
        enter(change, "weft", "edit")


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(8))
def test_document_log_and_replay_agree_with_renewals(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = world.World.step

    def stepped(made: world.World) -> None:
        step(made)
        _renewed(made, seed, 0.15)

    monkeypatch.setattr(world.World, "step", stepped)
    world.run(seed, 60)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(8))
def test_undo_by_identity_holds_with_renewals(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    step = identity_world.World.step

    def stepped(made: identity_world.World) -> None:
        step(made)
        if not made.offline:  # unsent edits in a replaced container are lost
            _renewed(made, seed, 0.3)

    monkeypatch.setattr(identity_world.World, "step", stepped)
    identity_world.run(seed, 80)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(8))
def test_each_character_keeps_its_author_with_renewals(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = characters_world.CharactersWorld.step

    def stepped(made: characters_world.CharactersWorld) -> None:
        step(made)
        _renewed(made, seed, 0.2)

    monkeypatch.setattr(characters_world.CharactersWorld, "step", stepped)
    characters_world.run(seed, 120)
