"""Rule U1: undo steps are limited in bytes, and are the same on each instance."""

from __future__ import annotations

import random

import pytest

from collab.document.document import Document
from collab.document.steps import Stacks, UndoBounds
from collab.entry import Author, Entry, Kind
from collab.errors import Rejected
from collab.ports.store import Snapshot

pytestmark = pytest.mark.thorough

USERS = ("ada", "bo", "cy")
BOUNDS = UndoBounds(bytes=20_000)


class Page:
    """A document with the log of all its entries."""

    def __init__(self, bounds: UndoBounds) -> None:
        self.bounds = bounds
        self.document = Document.create(1, undo=bounds)
        self.entries: list[Entry] = []
        self.edit("root", "add", dict.fromkeys((*USERS, "list"), ""), path="")

    def edit(self, user: str, op: str, value: object, *, path: str, at: int = 0) -> None:
        ops = [{"op": "replace" if not path else op, "path": path, "value": value}]
        version = len(self.entries) + 1
        kind: Kind = "create" if version == 1 else "edit"
        at = at or version * 5_000
        change = self.document.patch(ops, version=version, user=user, at=at, kind=kind)
        if change is not None:
            self._log(user, kind, at, change)

    def undo(self, user: str, kind: Kind) -> bool:
        version = len(self.entries) + 1
        take = self.document.undo if kind == "undo" else self.document.redo
        try:
            undone = take(user, version=version, at=version * 5_000)
        except Rejected:
            return False
        self._log(user, kind, version * 5_000, undone.change)
        return True

    def text(self, user: str) -> object:
        value = self.document.value
        assert isinstance(value, dict)
        return value[user]

    def stacks(self) -> dict[str, Stacks]:
        return self.document._undo.stacks

    def _log(self, user: str, kind: Kind, at: int, change: object) -> None:
        version = len(self.entries) + 1
        ops, update, inverse = (getattr(change, name) for name in ("ops", "update", "inverse"))
        self.entries.append(Entry(version, Author(user), at, kind, ops, update, inverse=inverse))


def weight(own: Stacks) -> int:
    return sum(len(p.inverse) + 200 for step in (*own.undo, *own.redo) for p in step.parts)


@pytest.mark.parametrize("seed", range(12))
def test_u1_steps_are_equal_from_any_snapshot_and_stay_bounded(seed: int) -> None:
    dice = random.Random(seed)
    page = Page(BOUNDS)
    saved: Snapshot | None = None
    since = 0
    at = 0
    for _ in range(150):
        user = dice.choice(USERS)
        at += dice.choice((300, 300, 5_000))
        text = "x" * dice.choice((3, 3, 30, 900, 4_000)) + str(at)
        match dice.choice(("edit", "edit", "edit", "undo", "redo", "save", "open")):
            case "edit":
                page.edit(user, "replace", text, path=f"/{dice.choice(USERS)}", at=at)
            case "undo":
                page.undo(user, "undo")
            case "redo":
                page.undo(user, "redo")
            case "save":
                saved, since = page.document.snapshot(), len(page.entries)
            case "open":
                again = Document.open(saved, page.entries[since:], 1, undo=BOUNDS)
                assert again._undo.stacks == page.stacks()
                page.document = again
        assert all(own.size == weight(own) for own in page.stacks().values())
        total = sum(own.size for own in page.stacks().values())
        steps = sum(len(own.undo) + len(own.redo) for own in page.stacks().values())
        assert total <= BOUNDS.bytes or steps == 1


def test_u1_the_newest_step_can_be_undone_at_any_size() -> None:
    page = Page(UndoBounds(bytes=2_000))
    page.edit("ada", "replace", "a" * 5_000, path="/ada")
    page.edit("ada", "replace", "b", path="/ada")
    assert page.undo("ada", "undo")
    assert page.text("ada") == "a" * 5_000
    assert page.undo("ada", "redo")
    assert page.text("ada") == "b"


def test_u1_the_oldest_steps_of_the_user_with_most_bytes_go_first() -> None:
    page = Page(UndoBounds(bytes=6_000))
    page.edit("bo", "replace", "small", path="/bo")
    for number in range(6):
        page.edit("ada", "replace", f"{number}" * 2_000, path="/ada")
    assert page.undo("bo", "undo")
    count = 0
    while page.undo("ada", "undo"):
        count += 1
    assert 1 <= count < 6


def test_u1_without_a_limit_all_steps_stay() -> None:
    page = Page(UndoBounds(bytes=0))
    for number in range(60):
        page.edit("ada", "replace", f"{number} " * 2_000, path="/ada")
    assert len(page.stacks()["ada"].undo) == 60
