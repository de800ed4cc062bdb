"""The tests of the SDK that run in Node: one file of tests for each module."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.sdk import core_vectors
from tests.sdk.patch_vectors import FILE, render
from tests.yjs_peer import has_node

HERE = Path(__file__).parent
CASES = ROOT.parent / "shared" / "vectors" / "json-patch-tests"


@pytest.mark.real
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
@pytest.mark.parametrize(
    "name", sorted(str(path.relative_to(HERE)) for path in HERE.rglob("*.test.mjs"))
)
def test_the_tests_in_node_pass(name: str) -> None:
    cases = {"PATCH_CASES": str(CASES)} if CASES.exists() else {}
    done = subprocess.run(
        ["node", "--test", Path(name).name],
        cwd=(HERE / name).parent,
        env={**os.environ, **cases},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.long
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
def test_the_model_test_holds_for_a_thousand_seeds() -> None:
    done = subprocess.run(
        ["node", "--test", "model.test.mjs"],
        cwd=HERE,
        env={**os.environ, "SEEDS": "1000", "SEED": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_vectors_are_what_the_python_code_gives() -> None:
    assert FILE.read_text(encoding="utf-8") == render()


def test_the_vectors_of_the_state_machine_are_what_the_python_client_does() -> None:
    kept = core_vectors.FILE.read_text(encoding="utf-8").splitlines()
    made = core_vectors.render().splitlines()
    changed = [line for line in made if line not in kept]
    assert not changed, changed[0]
    assert len(made) == len(kept)
