"""Seeded worlds of patch clients and Yjs peers: the document, its log and replays agree."""

from __future__ import annotations

import os

import pytest

from collab.tree import purge
from collab.types import yjs_document
from collab.writing import removal
from tests.collab.document.world import back_and_forth, run

pytestmark = pytest.mark.thorough

# Seeds that failed once, by the cause, with the number of steps that they need.
REGRESSIONS = {
    "an_order_key_for_an_element_that_is_already_wrapped": (2, 100),
    "a_nested_array_with_an_order_key_of_its_own": (61, 100),
    "an_edited_id_does_not_bring_back_its_element_again_and_again": (470, 100),
    "a_replaced_element_with_the_id_of_a_hidden_element": (458, 100),
    "a_replacement_with_the_id_of_the_element_that_it_hides": (516, 100),
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_seed_that_failed_once_passes(name: str) -> None:
    run(*REGRESSIONS[name])


@pytest.mark.parametrize("seed", range(10_000, 10_020))
def test_document_log_and_replay_agree_after_every_step(seed: int) -> None:
    run(seed, 60)


# Seed 314: an element that was removed and came back elsewhere returns to its old place.
@pytest.mark.parametrize("seed", [31, 110, 314, *range(20_000, 20_020)])
def test_one_users_steps_are_all_undone_and_redone(seed: int) -> None:
    back_and_forth(seed, 25)


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is written or removed takes several transactions, or loads the document again."""
    for module in (removal, yjs_document):
        monkeypatch.setattr(module, "MOST_BLOCKS", 4)
    monkeypatch.setattr(removal, "MOST_ENTRIES", 2)
    monkeypatch.setattr(purge, "MOST_PURGED", 2)


@pytest.mark.usefixtures("small_portions")
@pytest.mark.parametrize("seed", range(40_000, 40_010))
def test_in_small_portions_mirror_log_and_replay_agree(seed: int) -> None:
    run(seed, 60)
    back_and_forth(seed, 25)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(30_000, 31_000))
def test_one_users_steps_are_undone_and_redone_in_many_worlds(seed: int) -> None:
    back_and_forth(seed, 40)


@pytest.mark.long
@pytest.mark.parametrize("block", range(40))
def test_document_log_and_replay_agree_over_100_000_edits(block: int) -> None:
    """Half of the blocks use pinned seeds, half new ones. A failure's note has the seed."""
    fresh = int.from_bytes(os.urandom(4), "big")
    edits, seed = 0, block
    while edits < 2_600:
        edits += run(seed if block % 2 == 0 else fresh, 300)
        seed, fresh = seed + 40, fresh + 1
