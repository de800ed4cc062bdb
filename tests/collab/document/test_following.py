"""A document that follows another one equals it, in the worlds of the other tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from collab.document.document import Document
from collab.entry import Entry
from collab.errors import Rejected
from tests.collab.document.characters_world import CharactersWorld
from tests.collab.document.following import check_cached_ids, facts, follow
from tests.collab.document.identity_world import World as IdentityWorld
from tests.collab.document.places_world import PlacesWorld
from tests.collab.document.world import World

pytestmark = pytest.mark.thorough

WORLDS: dict[str, Callable[[int], Any]] = {
    "values of all kinds": World,
    "users who undo": IdentityWorld,
    "characters of one text": CharactersWorld,
    "equal letters": PlacesWorld,
}
# All entries of these worlds have the same author. So no undo of the follower is right.
OF_ONE_USER = "equal letters"


def run(name: str, seed: int, steps: int) -> int:
    """Let a document follow a world, and compare both after each step. Return the versions.

    At the end both make the same undo.
    """
    dice = random.Random(f"{name} {seed}")
    world = WORLDS[name](seed)
    follower = Document.create(1)
    follow_all(follower, world.entries)
    try:
        for number in range(steps):
            try:
                world.step()
                follow_all(follower, world.entries)
                compare(world.document, follower, without="steps" if name == OF_ONE_USER else "")
                if dice.random() < 0.05:
                    follower.mark_unneeded()
                if name in ("values of all kinds", "users who undo"):
                    world.check()
            except BaseException as error:
                error.add_note(f"{name}, seed {seed}, step {number}")
                raise
        if name != OF_ONE_USER:
            both_undo(world.document, follower, dice, seed)
        return follower.version
    finally:
        world.document.close()
        follower.close()


def follow_all(follower: Document, entries: Sequence[Entry]) -> None:
    """Follow the entries that the follower lacks."""
    for entry in [one for one in entries if one.version > follower.version]:
        assert follow(follower, entry).value == follower.value


def compare(document: Document, follower: Document, *, without: str = "") -> None:
    check_cached_ids(document)
    check_cached_ids(follower)
    own, its = facts(document), facts(follower)
    for name, fact in own.items():
        assert its[name] == fact or name == without, name


def both_undo(document: Document, follower: Document, dice: random.Random, seed: int) -> None:
    for _ in range(5):
        user = dice.choice(("ada", "bo", "cy", "di", "root"))
        turn = dice.choice(("undo", "undo", "redo"))
        ends: list[Any] = []
        for one in (document, follower):
            try:
                undone = getattr(one, turn)(user, version=one.version + 1, at=10**9)
            except Rejected as rejected:
                ends.append((rejected.refusal.code, one.value))
            else:
                ends.append((undone.reverts, undone.skipped, undone.change.ops, one.read()))
        assert ends[0] == ends[1], f"{turn} by {user}, seed {seed}"


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("seed", range(50_000, 50_006))
def test_d20_a_follower_equals_the_document_after_every_step(name: str, seed: int) -> None:
    run(name, seed, 60)


@pytest.mark.long
@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("block", range(20))
def test_d20_a_follower_equals_the_document_in_many_worlds(name: str, block: int) -> None:
    for number in range(50):
        run(name, 60_000 + 50 * block + number, 120)
