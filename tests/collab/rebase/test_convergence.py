"""Convergence: in each interleaving, all end with one value, and each lost edit is reported."""

from __future__ import annotations

import pytest

from tests.collab.patch.model import run


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [10, 41, 79, 93, 269, 310, *range(20)])
def test_r11_clients_that_pipeline_stale_patches_converge(seed: int) -> None:
    run(seed, clients=3, steps=60)


# Seeds that once failed. `make check` tries those with short runs.
@pytest.mark.parametrize(
    "seed",
    [20, 90, 166, 206, 286]
    + [pytest.param(seed, marks=pytest.mark.thorough) for seed in (160, 180, 279, 552)],
)
def test_r11_a_word_cut_or_joined_by_a_merge_is_not_overwritten(seed: int) -> None:
    run(seed, clients=2 + seed % 5, steps=60 + seed % 7 * 30)


@pytest.mark.parametrize("seed", [2, 4, 11])
def test_r11_clients_that_delete_letters_converge(seed: int) -> None:
    run(seed, clients=3, steps=120, deletes=True)


def test_r11_a_missing_answer_without_a_version_loses_nothing() -> None:
    assert run(710652, clients=4, steps=210).unclear == 1


def test_r11_the_runs_have_refusals_conflicts_and_merges() -> None:
    servers = [run(seed, clients=4, steps=120) for seed in (1, 2, 3)]
    assert all(server.refused for server in servers)
    assert any(server.conflicts for server in servers)
    assert any(server.merged for server in servers)


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
def test_r11_many_clients_over_many_seeds_converge(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        run(seed, clients=2 + seed % 5, steps=60 + seed % 7 * 30)


@pytest.mark.long
@pytest.mark.parametrize("block", range(10))
def test_r11_many_clients_that_delete_letters_converge(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        run(seed, clients=2 + seed % 5, steps=60 + seed % 7 * 30, deletes=True)
