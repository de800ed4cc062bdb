"""A real browser for the tests in this folder; all of them are marked `real`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, find


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Chromium]:
    if find() is None:
        pytest.skip("there is no Chromium: install one")
    running = await Chromium.start(tmp_path / "profile")
    yield running
    await running.close()
