"""The store in memory fulfils the contract."""

from __future__ import annotations

from itertools import count

import pytest

from collab.ports.store import Store
from storage.memory.store import MemoryStore
from tests.storage.contract import StoreContract
from tests.storage.steps_contract import StepsContract


class TestMemoryStore(StoreContract, StepsContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(clock=count(1).__next__)
