"""What holds for the whole suite."""

from __future__ import annotations

import gc

import pytest
from hypothesis import settings

from tests.skips import SkipGuard, in_ci

# A loaded machine is no failure.
settings.register_profile("weft", deadline=None)
settings.load_profile("weft")


def pytest_collection_finish() -> None:
    """What was collected is a quarter of a million objects: let no collection look at it again."""
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    if in_ci():
        config.pluginmanager.register(SkipGuard(), "skip-guard")
