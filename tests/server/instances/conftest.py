"""Fixtures for tests of several instances."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from storage.memory.store import MemoryStore
from tests.held_store import held
from tests.server.instances.network import Network, instances
from tests.server.instances.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    network = Network()
    store, calls = held(MemoryStore(lambda: 1_700_000_000_000))
    async with instances(store, network) as (one, two):
        made = World(one, two, network, calls)
        await one.make({"n": 0, "sections": [{"id": "a", "text": "x" * 600}]})
        await made.open()
        yield made
