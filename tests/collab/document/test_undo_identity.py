"""Undo by identity: other users' changes stay, and each user takes back only their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from collab.types.records import Record, removes_element
from collab.writing.created_again import CreatedAgain
from tests.collab.document.identity_world import alone, run

pytestmark = pytest.mark.thorough

# Seeds that failed once, by the cause, with the number of steps that they need.
REGRESSIONS = {
    "text_that_comes_back_on_the_other_side_of_its_neighbour": (10, 60),
    "letters_that_a_yjs_client_typed_backwards": (455, 60),
    "letters_that_are_replaced_by_the_same_letters": (169, 80),
    "a_text_of_which_only_the_spaces_are_kept": (19, 80),
    "a_step_that_is_taken_back_in_part": (10, 80),
    "a_text_that_gave_way_to_one_in_which_another_user_wrote": (4147093963, 150),
    "an_element_whose_id_was_added_before_the_undo_that_hid_it": (10_014, 150),
    "a_moved_element_whose_id_was_added_to_its_old_list": (3400738723, 40),
    "a_list_that_came_back_at_once_without_hidden_elements": (700_052, 150),
    "a_word_that_the_users_own_undo_brought_back": (1728867675, 150),
    "two_elements_that_a_yjs_client_deleted_at_once": (700_077, 40),
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_seed_that_failed_once_passes(name: str) -> None:
    run(*REGRESSIONS[name])


@pytest.mark.parametrize("seed", range(1_000, 1_020))
def test_undo_keeps_others_changes_and_names_the_places(seed: int) -> None:
    run(seed, 80)


@pytest.mark.parametrize("seed", range(2_000, 2_010))
def test_one_users_undo_and_redo_pass_all_values(seed: int) -> None:
    alone(seed, 30)


def test_these_worlds_cover_every_kind_of_step() -> None:
    counts: dict[str, int] = {}
    for seed in range(3_000, 3_008):
        for what, count in run(seed, 80).counts.items():
            counts[what] = counts.get(what, 0) + count
    for what in ("undo", "redo", "whole", "skipped", "splice", "replace", "element", "number"):
        assert counts[what] > 10, f"{what}: {counts}"


IS_THERE: Callable[..., bool] = CreatedAgain.is_there


def never(*_: object) -> bool:
    return False


def always(_: object, __: object, ___: object, record: Record, *____: object) -> bool:
    return removes_element(record)


def without_redo(own: CreatedAgain, *asked: Any) -> bool:
    """Compare with the token of the original removal, also when a redo removed the element."""
    return IS_THERE(own, *asked[:-1], 0)


WRONG = {"never": (never, 1_010), "always": (always, 1_000), "without_redo": (without_redo, 10_014)}


@pytest.mark.parametrize("name", WRONG)
def test_u18_the_ledger_finds_wrong_answers(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong, seed = WRONG[name]
    monkeypatch.setattr(CreatedAgain, "is_there", wrong)
    with pytest.raises(AssertionError):
        run(seed, 150)


@pytest.mark.long
@pytest.mark.parametrize("block", range(40))
def test_undo_holds_over_a_hundred_thousand_steps(block: int) -> None:
    """Half of the blocks use pinned seeds, half new ones. A failure's note has the seed."""
    fresh = int.from_bytes(os.urandom(4), "big")
    for number in range(17):
        run(10_000 + 40 * number + block if block % 2 == 0 else fresh + number, 150)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4_000, 4_200))
def test_one_users_undo_and_redo_pass_all_values_in_many_worlds(seed: int) -> None:
    alone(seed, 60)
