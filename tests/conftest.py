"""What holds for the whole suite."""

from __future__ import annotations

import pytest

from tests.skips import SkipGuard, in_ci


def pytest_configure(config: pytest.Config) -> None:
    if in_ci():
        config.pluginmanager.register(SkipGuard(), "skip-guard")
