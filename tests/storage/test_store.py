"""One contract, one set of adapters, two databases."""

from __future__ import annotations

import pytest

from collab.ports import Store
from storage.store import SqlStore
from tests.storage.contract import StoreContract


class TestSqliteFile(StoreContract):
    @pytest.fixture
    def store(self, sqlite_store: SqlStore) -> Store:
        return sqlite_store


@pytest.mark.real
class TestPostgres(StoreContract):
    @pytest.fixture
    def store(self, postgres_store: SqlStore) -> Store:
        return postgres_store


def test_only_two_kinds_of_database_are_known() -> None:
    for url in ("mysql://localhost/weft", "sqlite:///weft.db", "postgresql://localhost/weft"):
        with pytest.raises(ValueError, match=r"sqlite\+aiosqlite"):
            SqlStore(url)
