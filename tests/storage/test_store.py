"""Runs the contract of the store on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from collab.ports.store import Store
from storage.store import SqlStore
from tests.storage.conftest import opened
from tests.storage.contract import LogContract, SnapshotContract, StoreContract
from tests.storage.races import RaceContract
from tests.storage.steps_contract import StepsContract

pytestmark = pytest.mark.thorough


class TestSqliteFile(StoreContract, StepsContract, RaceContract):
    @pytest.fixture
    def store(self, sqlite_store: SqlStore) -> Store:
        return sqlite_store

    @pytest.fixture
    async def rival(self, sqlite_store: SqlStore, sqlite_url: str) -> AsyncIterator[Store]:
        async with opened(sqlite_url) as rival:
            yield rival


class TestSqliteInMemory(LogContract, SnapshotContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        async with opened("sqlite+aiosqlite:///:memory:") as store:
            yield store


@pytest.mark.real
class TestPostgres(StoreContract, StepsContract, RaceContract):
    @pytest.fixture
    def store(self, postgres_store: SqlStore) -> Store:
        return postgres_store

    @pytest.fixture
    async def rival(self, postgres_url: str) -> AsyncIterator[Store]:
        async with opened(postgres_url) as rival:
            yield rival


def test_other_database_urls_are_refused() -> None:
    for url in ("mysql://localhost/weft", "sqlite:///weft.db", "postgresql://localhost/weft"):
        with pytest.raises(ValueError, match=r"sqlite\+aiosqlite"):
            SqlStore(url)
