"""One server for all attacks; it logs at the lowest level."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.attacks.attacker import Bystander
from tests.running import RunningServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Start the server. After all attacks its log must not contain an error of Weft itself."""
    env = {"WEFT_LOG_LEVEL": "debug", "WEFT_OPEN_SECONDS": "2", "WEFT_ADDRESS_CONNECTIONS": "20"}
    with RunningServer(tmp_path_factory.mktemp("weft"), env=env) as running:
        yield running
        log = (running.home / "weft.log").read_text()
    assert [line for line in log.splitlines() if '"error"' in line or "Traceback" in line] == []


@pytest.fixture
async def bystander(server: RunningServer) -> AsyncIterator[Bystander]:
    """Clients in another document, which the attack must not disturb."""
    async with Bystander(server) as one:
        yield one
