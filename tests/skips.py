"""With CI=true a skipped test fails the run, because CI must run every test."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

# A clone has no conformance vectors beside it. CI must remove every other reason to skip.
ALLOWED_REASONS = ("shared/vectors",)


class SkipGuard:
    """Collects the skips of a session. `refused` are the skips without an allowed reason."""

    def __init__(self, allowed: Iterable[str] = ALLOWED_REASONS) -> None:
        self._allowed = tuple(allowed)
        self.refused: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._judge(report.nodeid, report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._judge(report.nodeid, report.longrepr)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.refused and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.refused:
            terminalreporter.section("skipped although CI=true", red=True)
            for line in self.refused:
                terminalreporter.line(line)

    def _judge(self, nodeid: str, longrepr: object) -> None:
        reason = str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
        if not any(allowed in reason for allowed in self._allowed):
            self.refused.append(f"{nodeid}: {reason}")


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
