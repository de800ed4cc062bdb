"""Reads and changes rows directly in the database, so that a test can flip single bits."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from sqlalchemy import Table

from storage.sql.schema import metadata

Row = Sequence[Any]


def turned(value: Any, bit: int) -> Any:
    """Return the value with one bit flipped; of a text, one bit of its UTF-8 bytes."""
    if isinstance(value, int):
        after = (value & (2**64 - 1)) ^ (1 << bit % 64)
        return after - 2**64 if after >= 2**63 else after
    data = bytearray(value.encode() if isinstance(value, str) else value)
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(data)


def bits_of(value: Any) -> int:
    return 64 if isinstance(value, int) else 8 * len(value)


def names_of(table: str) -> list[str]:
    return [one.name for one in metadata.tables[table].columns]


class Rows(Protocol):
    """The rows of a database, whose bits can be flipped and flipped back."""

    async def rows(self, table: str, column: str) -> list[Row]:
        """Return the rows of HOME whose column is not empty, with all columns."""

    async def put(self, table: str, column: str, new: Any, old: Any, row: Row) -> bool:
        """Change a column of a row; return whether the database accepts it."""

    async def close(self) -> None: ...


def _wanted(table: Table, column: str, is_empty: str) -> str:
    where = f'"{column}" IS NOT NULL AND NOT ({is_empty})'
    if "doc" in table.columns:
        where += " AND doc = 'home'"
    if table.name == "steps":
        where += " AND version = 36"  # older rows are read only when this row is damaged
    names = ", ".join(f'"{name}"' for name in names_of(table.name))
    return f"SELECT {names} FROM {table.name} WHERE {where}"


class SqliteRows:
    """The rows of a SQLite file. SQLite stores any bytes in a column of any type."""

    def __init__(self, url: str) -> None:
        self._file = sqlite3.connect(Path(url.partition(":///")[2]), isolation_level=None)

    async def rows(self, table: str, column: str) -> list[Row]:
        sql = _wanted(metadata.tables[table], column, f'length("{column}") = 0')
        return self._file.execute(sql).fetchall()

    async def put(self, table: str, column: str, new: Any, old: Any, row: Row) -> bool:
        names = names_of(table)
        cast = f"CAST(? AS {'TEXT' if isinstance(row[names.index(column)], str) else 'BLOB'})"
        given = "?" if isinstance(new, int) else cast
        same, values = [], []
        for name, value in zip(names, row, strict=True):
            same.append(f'"{name}" IS {given if name == column else "?"}')
            values.append(old if name == column else value)
        sql = f'UPDATE {table} SET "{column}" = {given} WHERE {" AND ".join(same)}'
        try:
            done = self._file.execute(sql, [new, *values])
        except sqlite3.IntegrityError:
            return False  # another row has this key
        assert done.rowcount == 1
        return True

    async def close(self) -> None:
        self._file.close()


class PostgresRows:
    """The rows of a PostgreSQL database, which refuses bytes that do not fit a column's type."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    @classmethod
    async def connect(cls, url: str) -> PostgresRows:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        # Switch off foreign keys: a disk that flips a bit does not check them either.
        await connection.execute("SET session_replication_role = replica")
        return cls(connection)

    async def rows(self, table: str, column: str) -> list[Row]:
        is_empty = f""" "{column}"::text IN ('', '\\x') """
        sql = _wanted(metadata.tables[table], column, is_empty)
        return [tuple(row) for row in await self._connection.fetch(sql)]

    async def put(self, table: str, column: str, new: Any, old: Any, row: Row) -> bool:
        names = names_of(table)
        at = names.index(column)
        same = [f'"{name}" IS NOT DISTINCT FROM ${n}' for n, name in enumerate(names, 2)]
        sql = f'UPDATE {table} SET "{column}" = $1 WHERE {" AND ".join(same)}'
        try:
            new, old = (_text(one) if isinstance(row[at], str) else one for one in (new, old))
            done = await self._connection.execute(sql, new, *row[:at], old, *row[at + 1 :])
        except (UnicodeDecodeError, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError):
            return False
        assert done == "UPDATE 1"
        return True

    async def close(self) -> None:
        await self._connection.close()


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()
