"""Undo against an oracle that knows who wrote and who deleted each character."""

from __future__ import annotations

import os

import pytest

from tests.collab.document.characters_world import run

pytestmark = pytest.mark.thorough


# 6: a step of the Yjs lane whose characters undo did not know before the next opening.
@pytest.mark.parametrize("seed", [2, 6, 15, *range(1_000, 1_012)])
def test_u3_undo_takes_back_its_users_characters_only(seed: int) -> None:
    run(seed, 60)


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_u3_undo_takes_back_its_users_characters_only_over_100_000_steps(block: int) -> None:
    """Pinned seeds for one half, fresh ones for the other; the seed is in the failure's note."""
    fresh = int.from_bytes(os.urandom(4), "big")
    for number in range(63):
        run(2_000 + block * 100 + number if block % 2 == 0 else fresh + number, 80)
