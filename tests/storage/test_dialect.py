"""Errors of the drivers become the errors of the ports; a bug of ours stays what it is."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import exc

from collab.ports.store import Corrupt, StorageUnavailable
from storage.database import translated
from storage.dialect import is_busy, is_constraint_violation, is_lock_timeout, translate


class Driver(Exception):
    """An error of asyncpg, with PostgreSQL's code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


class Sqlite(sqlite3.OperationalError):
    def __init__(self, code: int, text: str = "a fault") -> None:
        super().__init__(text)
        self.sqlite_errorcode = code


def wrapped(error: Exception, kind: type[exc.DBAPIError] = exc.OperationalError) -> exc.DBAPIError:
    return kind("SELECT 1", None, error)


@pytest.mark.parametrize(
    "error",
    [
        Sqlite(sqlite3.SQLITE_BUSY),
        Sqlite(sqlite3.SQLITE_FULL),
        wrapped(Driver("57P01")),
        exc.TimeoutError(),
        TimeoutError(),
        ConnectionRefusedError(),
    ],
)
def test_a_database_that_does_not_work_is_unavailable(error: Exception) -> None:
    assert type(translate(error)) is StorageUnavailable


@pytest.mark.parametrize(
    "error",
    [
        Sqlite(sqlite3.SQLITE_CORRUPT),
        Sqlite(sqlite3.SQLITE_NOTADB),
        Sqlite(sqlite3.SQLITE_CORRUPT | 1 << 8),
        wrapped(Sqlite(sqlite3.SQLITE_CORRUPT)),
        sqlite3.OperationalError("Could not decode to UTF-8 column"),
    ],
)
def test_a_damaged_file_is_corrupt(error: Exception) -> None:
    assert type(translate(error)) is Corrupt


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.ProgrammingError("wrong"),
        sqlite3.DataError("wrong"),
        sqlite3.IntegrityError("twice"),
        wrapped(Driver("42601"), exc.ProgrammingError),
        wrapped(Driver("23505"), exc.IntegrityError),
        KeyError("ours"),
    ],
)
def test_a_bug_of_ours_stays_what_it_is(error: Exception) -> None:
    assert translate(error) is None
    with pytest.raises(type(error)), translated():
        raise error


@pytest.mark.parametrize("state", ["42P01", "42703", "42501", "26000"])
def test_a_database_that_is_not_set_up_is_unavailable(state: str) -> None:
    error = wrapped(Driver(state), exc.ProgrammingError)
    assert type(translate(error)) is StorageUnavailable
    with pytest.raises(StorageUnavailable) as raised, translated():
        raise error
    assert raised.value.__cause__ is error


def test_the_kinds_of_errors_are_told_apart() -> None:
    assert is_constraint_violation(sqlite3.IntegrityError())
    assert is_constraint_violation(wrapped(Driver("23505"), exc.IntegrityError))
    assert not is_constraint_violation(Sqlite(sqlite3.SQLITE_BUSY))
    assert is_lock_timeout(wrapped(Driver("55P03")))
    assert not is_lock_timeout(wrapped(Driver("57014")))
    assert is_busy(Sqlite(sqlite3.SQLITE_BUSY))
    assert is_busy(Sqlite(sqlite3.SQLITE_BUSY | 2 << 8))
    assert not is_busy(Sqlite(sqlite3.SQLITE_FULL))
    assert not is_busy(sqlite3.OperationalError())
