"""Settings for the whole suite."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

from tests.skips import SkipGuard, in_ci

# A busy machine must not fail a test.
settings.register_profile("weft", deadline=None)
settings.load_profile("weft")


def pytest_collection_finish() -> None:
    """Hide the collected tests, a quarter of a million objects, from the garbage collector."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    if in_ci():
        config.pluginmanager.register(SkipGuard(), "skip-guard")
