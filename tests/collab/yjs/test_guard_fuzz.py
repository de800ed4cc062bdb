"""Whatever the guard accepts of mutated and invented updates, pycrdt survives and keeps whole.

The worker is a process of its own; a death, a hang or a broken promise names its input's number.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]
# A hang would last for ever; the slowest batch measured takes a twentieth of this.
PATIENCE = 120

# Inputs that once killed, hung or misled pycrdt behind an earlier guard.
ONCE_FATAL = [93, 324, 1147, 1439, 1949, 4658, 104018, 137801, 218426, 290763, 317023]


def run(first: int, count: int, progress: Path) -> int:
    """How many of the inputs were accepted."""
    command = [sys.executable, "-m", "tests.collab.yjs.guard_worker", str(first), str(count)]
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


def test_g20_what_the_guard_accepts_pycrdt_survives(tmp_path: Path) -> None:
    assert run(0, 6000, tmp_path / "progress") > 200


@pytest.mark.parametrize("seed", ONCE_FATAL)
@pytest.mark.long
def test_g20_what_was_once_fatal_is_not(seed: int, tmp_path: Path) -> None:
    run(seed, 1, tmp_path / "progress")


@pytest.mark.long
@pytest.mark.parametrize("batch", range(30))
def test_g20_of_300_000_hostile_inputs_none_disturbs(batch: int, tmp_path: Path) -> None:
    assert run(1_000_000 + batch * 10_000, 10_000, tmp_path / "progress") > 300
