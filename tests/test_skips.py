"""With CI=true, a run with skipped tests fails."""

from __future__ import annotations

import pytest

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
