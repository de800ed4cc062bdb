"""A real browser for the tests in this folder; all of them are marked `real`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, ChromiumProcess, find


@pytest.fixture(scope="session")
def shared_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromiumProcess]:
    if find() is None:
        pytest.skip("there is no Chromium: install one")
    with ChromiumProcess(tmp_path_factory.mktemp("profile")) as process:
        yield process


@pytest.fixture
async def browser(shared_process: ChromiumProcess) -> AsyncIterator[Chromium]:
    """A browser with a storage of its own. The tests share the process, whose start is slow."""
    running = await Chromium.connect(shared_process)
    yield running
    await running.close()


@pytest.fixture
async def own_browser(tmp_path: Path) -> AsyncIterator[Chromium]:
    """A browser for a test that kills a process of it."""
    if find() is None:
        pytest.skip("there is no Chromium: install one")
    with ChromiumProcess(tmp_path / "profile") as process:
        running = await Chromium.connect(process)
        yield running
        await running.close()
