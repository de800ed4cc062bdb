"""What holds for the whole suite."""

from __future__ import annotations

import gc

import pytest

from tests.skips import SkipGuard, in_ci


def pytest_collection_finish() -> None:
    """Thousands of tests are half a million objects, and no collection need look at them again."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    if in_ci():
        config.pluginmanager.register(SkipGuard(), "skip-guard")
