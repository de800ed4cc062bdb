"""Undo, checked by an oracle that knows who wrote and who deleted each character."""

from __future__ import annotations

import os

import pytest

from tests.collab.document.characters_world import run

pytestmark = pytest.mark.thorough


# Seed 6: undo did not know the characters of a Yjs step until the document was reopened.
@pytest.mark.parametrize("seed", [2, 6, 15, *range(1_000, 1_012)])
def test_u3_undo_takes_back_only_its_users_characters(seed: int) -> None:
    run(seed, 60)


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_u3_undo_takes_only_its_users_characters_in_100_000_steps(block: int) -> None:
    """Half of the blocks use pinned seeds, half new ones. A failure's note has the seed."""
    fresh = int.from_bytes(os.urandom(4), "big")
    for number in range(63):
        run(2_000 + block * 100 + number if block % 2 == 0 else fresh + number, 80)
