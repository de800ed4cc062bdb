"""Runs the contract of the assets on files, on rows of both databases, and in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest

from collab.ports.store import Store
from storage.memory.store import MemoryStore
from storage.store import SqlStore
from tests.storage.assets_contract import AssetsContract
from tests.storage.conftest import opened

pytestmark = pytest.mark.thorough


@pytest.mark.thorough
class TestFilesBesideSqlite(AssetsContract):
    @pytest.fixture
    def store(self, sqlite_store: SqlStore) -> Store:
        return sqlite_store


class TestRowsOfSqliteInMemory(AssetsContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        async with opened("sqlite+aiosqlite:///:memory:") as store:
            yield store


@pytest.mark.thorough
@pytest.mark.real
class TestRowsOfPostgres(AssetsContract):
    @pytest.fixture
    def store(self, postgres_store: SqlStore) -> Store:
        return postgres_store


class TestMemory(AssetsContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(clock=count(1).__next__)
