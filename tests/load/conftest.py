"""Servers for the load kit: one with the usual limits, one with hardly any budget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("load")) as running:
        yield running


@pytest.fixture(scope="module")
def poor_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that lets a user send hardly more than two messages per second."""
    home: Path = tmp_path_factory.mktemp("poor")
    budget = {"WEFT_IN_MESSAGES_PER_SECOND": "2", "WEFT_IN_MESSAGES_BURST": "2"}
    with RunningServer(home, env=budget) as running:
        yield running
