"""Random clients whose updates are joined, compared with the same updates one by one."""

from __future__ import annotations

import random

import pytest

from tests.collab.room.joined_worlds import ASCII, UNDOABLE, World, program
from tests.seeds import seeds


@pytest.mark.parametrize("seed", seeds(6, 25))
def test_g32_joined_updates_do_what_they_do_alone(seed: int) -> None:
    alone, together = World(joins=False), World(joins=True)
    for step in program(random.Random(seed)):
        alone.play(step)
        together.play(step)
        assert together.room.value == alone.room.value, step
    seen = together.finish()
    assert seen == alone.finish()
    assert len(set(seen)) == 1, "all clients see the same"
    assert together.room.value == alone.room.value == together.room.document.read()


@pytest.mark.parametrize("seed", seeds(4, 15))
def test_g32_undo_takes_back_all_joined_updates_and_redo_puts_them_back(seed: int) -> None:
    world = World(joins=True, letters=ASCII)
    before, ada = world.room.value, world.typists["ada"]
    for step in program(random.Random(seed), (UNDOABLE,), ("ada",)):
        world.play(step)
    world.finish()
    after = world.room.value
    for _ in range(2):
        world.undo_all(ada, redo=False)
        assert world.room.value == before == world.room.document.read()
        world.undo_all(ada, redo=True)
        assert world.room.value == after == world.room.document.read()
