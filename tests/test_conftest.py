"""Which tests a run collects."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import is_real, left_out

TESTS = Path(__file__).parent
SUITE = """
import pytest

pytestmark = {module}

def test_plain():
    pass

@pytest.mark.long
def test_long():
    pass

class TestMore:
    @pytest.mark.parametrize("a", [1, pytest.param(2, marks=pytest.mark.thorough)])
    def test_some(self, a):
        pass
"""


@pytest.mark.parametrize(
    ("expression", "marks"),
    [
        ("", set()),
        ("not long", {"long"}),
        ("not real and not long", {"real", "long"}),
        ("long", set()),
        ("not real or long", set()),
        ("not (real and long)", set()),
    ],
)
def test_the_marks_that_an_expression_leaves_out(expression: str, marks: set[str]) -> None:
    assert left_out(expression) == marks


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("live/test_locks.py", True),
        ("live/http_client.py", False),
        ("faults/test_kill.py", True),
        ("faults/test_rooms.py", False),
        ("server/lanes/test_feed.py", False),
        ("test_conftest.py", False),
    ],
)
def test_the_files_whose_tests_start_servers(path: str, real: bool) -> None:
    assert is_real(TESTS / path) == real


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("module", "expression", "collected"),
    [
        ("[]", "", ["plain", "long", "some[1]", "some[2]"]),
        ("[]", "not thorough and not long", ["plain", "some[1]"]),
        ("[]", "long", ["long"]),
        ("pytest.mark.real", "not real and not long", []),
        ("pytest.mark.real", "real and not long", ["plain", "some[1]", "some[2]"]),
    ],
)
def test_a_run_collects_what_its_expression_selects(
    tmp_path: Path, module: str, expression: str, collected: list[str]
) -> None:
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text())
    (tmp_path / "test_suite.py").write_text(SUITE.format(module=module))
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n    long:\n    real:\n    thorough:\n"
    )
    listing = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-m", expression],
        cwd=tmp_path,
        env={"PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.findall(r"::test_(\S+)$", listing.stdout, re.MULTILINE) == collected
