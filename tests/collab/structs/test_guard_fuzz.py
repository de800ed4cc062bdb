"""Mutated and invented updates: pycrdt survives each update that the guard accepts, and keeps it.

The worker is a process of its own. A crash, a hang or a broken promise reports its input's number.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]
# A hang has no end. The slowest measured batch takes a twentieth of this time.
PATIENCE = 120

# Inputs that an earlier guard accepted, and that crashed, hung or misled pycrdt.
ONCE_FATAL = [93, 324, 1147, 1439, 1949, 4658, 104018, 137801, 218426, 290763, 317023]


def run(first: int, count: int, progress: Path) -> int:
    """Run inputs in the worker. Return how many of them the guard accepted."""
    command = [sys.executable, "-m", "tests.collab.structs.guard_worker", str(first), str(count)]
    try:
        done = subprocess.run(
            [*command, str(progress)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"input {progress.read_text().strip()} hangs")
    if done.returncode:
        pytest.fail(f"input {progress.read_text().strip()}: {done.stderr[-2000:]}")
    return int(done.stdout)


def test_g20_pycrdt_survives_each_accepted_update(tmp_path: Path) -> None:
    assert run(0, 6000, tmp_path / "progress") > 200


@pytest.mark.parametrize("seed", ONCE_FATAL)
@pytest.mark.long
def test_g20_an_input_that_was_fatal_before_is_harmless(seed: int, tmp_path: Path) -> None:
    run(seed, 1, tmp_path / "progress")


@pytest.mark.long
@pytest.mark.parametrize("batch", range(30))
def test_g20_300_000_hostile_inputs_are_harmless(batch: int, tmp_path: Path) -> None:
    assert run(1_000_000 + batch * 10_000, 10_000, tmp_path / "progress") > 300
