"""Worlds from seeds: whatever patch clients and Yjs peers do, mirror, log and replays agree."""

from __future__ import annotations

import os

import pytest

from tests.collab.document.world import back_and_forth, run

pytestmark = pytest.mark.thorough

# Seeds that failed once, by what was wrong, and how many steps they need.
REGRESSIONS = {
    "an_order_key_for_a_plain_element_that_is_wrapped_already": (2, 100),
    "a_nested_array_that_carries_an_order_key_itself": (61, 100),
    "an_id_edited_into_another_does_not_bring_back_its_element_for_ever": (470, 100),
    "a_replaced_element_whose_id_is_that_of_a_hidden_one": (458, 100),
    "a_replacement_that_keeps_the_id_of_the_element_it_hides": (516, 100),
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_world_that_failed_once_holds(name: str) -> None:
    run(*REGRESSIONS[name])


@pytest.mark.parametrize("seed", range(10_000, 10_020))
def test_mirror_log_and_replay_agree_after_every_step(seed: int) -> None:
    run(seed, 60)


# 314: an element that was removed and came back elsewhere goes back to where it stood.
@pytest.mark.parametrize("seed", [31, 110, 314, *range(20_000, 20_020)])
def test_alone_every_step_goes_back_and_forth(seed: int) -> None:
    back_and_forth(seed, 25)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(30_000, 31_000))
def test_alone_every_step_of_many_goes_back_and_forth(seed: int) -> None:
    back_and_forth(seed, 40)


@pytest.mark.long
@pytest.mark.parametrize("block", range(40))
def test_mirror_log_and_replay_agree_over_a_hundred_thousand_edits(block: int) -> None:
    """Pinned seeds for one half, fresh ones for the other; the seed is in the failure's note."""
    fresh = int.from_bytes(os.urandom(4), "big")
    edits, seed = 0, block
    while edits < 2_600:
        edits += run(seed if block % 2 == 0 else fresh, 300)
        seed, fresh = seed + 40, fresh + 1
