"""With CI=true, a run with skipped tests fails."""

from __future__ import annotations

import pytest

from tests.house import ROOT
from tests.skips import SkipGuard

pytest_plugins = ["pytester"]

# Plugins that the inner sessions do not need; each would cost them time.
PLAIN = ("-p", "no:asyncio", "-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:xdist")

SUITE = """
import pytest

def test_passes():
    pass

@pytest.mark.skipif(True, reason={reason!r})
def test_is_left_out():
    pass

@pytest.mark.xfail(strict=True)
def test_is_known_to_fail():
    assert False
"""


# `make test` runs its tests in two processes, and a guard sees the skips of both.
CONFTEST = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.skips import SkipGuard

def pytest_configure(config):
    config.pluginmanager.register(SkipGuard(), "skip-guard")
"""
TWO = (*PLAIN[:-2], "-n", "2")


def run(pytester: pytest.Pytester, reason: str) -> tuple[pytest.RunResult, SkipGuard]:
    pytester.makepyfile(SUITE.format(reason=reason))
    guard = SkipGuard()
    return pytester.runpytest_inprocess(*PLAIN, plugins=[guard]), guard


def test_a_skip_in_ci_fails_the_session(pytester: pytest.Pytester) -> None:
    result, guard = run(pytester, "no database here")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert len(guard.refused) == 1
    assert "no database here" in guard.refused[0]


def test_a_skip_for_an_allowed_reason_passes(pytester: pytest.Pytester) -> None:
    result, guard = run(pytester, "../shared/vectors is not beside the repository")
    assert result.ret == pytest.ExitCode.OK
    assert guard.refused == []


def test_a_module_that_skips_itself_in_ci_fails_the_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_whole="import pytest\npytest.skip('not today', allow_module_level=True)",
        test_other="def test_passes():\n    pass",
    )
    guard = SkipGuard()
    result = pytester.runpytest_inprocess(*PLAIN, plugins=[guard])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert "not today" in guard.refused[0]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        SUITE.format(reason="no database here"),
        "import pytest\npytest.skip('x', allow_module_level=True)",
    ],
    ids=["a test", "a module"],
)
def test_a_skip_in_another_process_fails_the_session(pytester: pytest.Pytester, text: str) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_skipped=text, test_other="def test_passes():\n    pass")
    assert pytester.runpytest_subprocess(*TWO).ret == pytest.ExitCode.TESTS_FAILED
