"""PostgreSQL without a server: what each pool asks of its connections, and when a write waits."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from collab.ports.store import StorageUnavailable
from storage import postgres
from storage.postgres import PostgresDatabase

URL = make_url("postgresql+asyncpg://weft@127.0.0.1/weft")
SETTINGS = {
    "synchronous_commit": "on",
    "lock_timeout": "5000",
    "statement_timeout": "10000",
    "idle_in_transaction_session_timeout": "10000",
}


class DriverError(Exception):
    """An error of the driver, with PostgreSQL's code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def failed(sqlstate: str) -> DBAPIError:
    return OperationalError("", None, DriverError(sqlstate))


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The options of every engine that is made, in order: commits, writers, readers."""
    made: list[dict[str, Any]] = []

    def make(url: object, **options: Any) -> dict[str, Any]:
        made.append(options)
        return options

    monkeypatch.setattr(postgres, "create_async_engine", make)
    return made


def test_readers_see_one_snapshot_and_writers_the_newest_rows(
    engines: list[dict[str, Any]],
) -> None:
    database = PostgresDatabase(URL)
    assert [one["isolation_level"] for one in engines] == [
        "READ COMMITTED",
        "READ COMMITTED",
        "REPEATABLE READ",
    ]
    pools: list[object] = [database._commits, database._writers, database._readers]
    assert pools == engines


def test_each_pool_has_its_own_connections_and_no_more(engines: list[dict[str, Any]]) -> None:
    PostgresDatabase(URL)
    assert [(one["pool_size"], one["max_overflow"]) for one in engines] == [(4, 0)] * 3
    assert {one["pool_timeout"] for one in engines} == {5.0}


def test_a_commit_is_durable_and_each_statement_ends(engines: list[dict[str, Any]]) -> None:
    PostgresDatabase(URL)
    settings = [one["connect_args"]["server_settings"] for one in engines]
    assert [one["lock_timeout"] for one in settings] == ["5000", "100", "5000"]
    for one in settings:
        assert one["synchronous_commit"] == "on"
        assert one["statement_timeout"] == one["idle_in_transaction_session_timeout"] == "10000"
    assert {one["connect_args"]["command_timeout"] for one in engines} == {10.0}


async def test_a_write_that_waits_for_a_row_is_tried_again(
    engines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_ROW_WAIT_SECONDS", 0.0)
    database = PostgresDatabase(URL)
    tries: list[object] = []

    async def run(engine: object, job: object) -> str:
        tries.append(engine)
        if len(tries) < 3:
            raise failed("55P03")
        return "done"

    monkeypatch.setattr(postgres, "_run", run)
    assert await database.write(_nothing) == "done"
    assert tries == [database._writers] * 3


async def test_a_write_that_fails_otherwise_is_not_tried_again(
    engines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def run(engine: object, job: object) -> None:
        nonlocal tries
        tries += 1
        raise failed("57014")

    monkeypatch.setattr(postgres, "_run", run)
    with pytest.raises(StorageUnavailable):
        await PostgresDatabase(URL).write(_nothing)
    assert tries == 1


async def test_a_write_stops_waiting_after_its_time(
    engines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_ROW_WAIT_SECONDS", 0.0)
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.0)

    async def run(engine: object, job: object) -> None:
        raise failed("55P03")

    database = PostgresDatabase(URL)
    monkeypatch.setattr(postgres, "_run", run)
    with pytest.raises(StorageUnavailable):
        await database.write(_nothing)


@pytest.mark.parametrize("name", [*SETTINGS, ""])
async def test_a_connection_without_a_setting_that_was_asked_for_is_refused(
    engines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    given = SETTINGS | ({name: "0"} if name else {})

    async def run(engine: object, job: object) -> dict[str, str]:
        return given

    monkeypatch.setattr(postgres, "_run", run)
    database = PostgresDatabase(URL)
    if name:
        with pytest.raises(StorageUnavailable, match="proxy"):
            await database.check()
    else:
        await database.check()


def _nothing(connection: Connection) -> str:
    raise AssertionError("no connection is made in these tests")
