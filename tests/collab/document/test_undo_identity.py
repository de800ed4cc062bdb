"""Undo by identity: what others wrote stays, and each takes back and puts back only their own."""

from __future__ import annotations

import os

import pytest

from tests.collab.document.identity_world import alone, run

pytestmark = pytest.mark.thorough

# Seeds that failed once, by what was wrong, and how many steps they need.
REGRESSIONS = {
    "what_is_put_back_changes_places_with_what_stands_beside_it": (10, 60),
    "letters_that_a_client_typed_backwards": (455, 60),
    "letters_that_give_way_to_the_same_letters": (169, 80),
    "a_text_of_which_only_the_spaces_stay": (19, 80),
    "a_step_that_is_taken_back_in_part": (10, 80),
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_world_that_failed_once_holds(name: str) -> None:
    run(*REGRESSIONS[name])


@pytest.mark.parametrize("seed", range(1_000, 1_020))
def test_undo_leaves_what_others_wrote_and_names_what_it_leaves(seed: int) -> None:
    run(seed, 80)


@pytest.mark.parametrize("seed", range(2_000, 2_010))
def test_alone_undo_and_redo_lead_through_all_values(seed: int) -> None:
    alone(seed, 30)


def test_these_worlds_reach_what_they_are_about() -> None:
    counts: dict[str, int] = {}
    for seed in range(3_000, 3_008):
        for what, count in run(seed, 80).counts.items():
            counts[what] = counts.get(what, 0) + count
    for what in ("undo", "redo", "whole", "skipped", "splice", "replace", "element", "number"):
        assert counts[what] > 10, f"{what}: {counts}"


@pytest.mark.long
@pytest.mark.parametrize("block", range(40))
def test_undo_holds_over_a_hundred_thousand_steps(block: int) -> None:
    """Pinned seeds for one half, fresh ones for the other; the seed is in the failure's note."""
    fresh = int.from_bytes(os.urandom(4), "big")
    for number in range(17):
        run(10_000 + 40 * number + block if block % 2 == 0 else fresh + number, 150)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4_000, 4_200))
def test_alone_undo_and_redo_lead_through_all_values_of_many(seed: int) -> None:
    alone(seed, 60)
