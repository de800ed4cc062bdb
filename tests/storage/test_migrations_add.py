"""A migration only adds to the tables, or says that older versions do not work with them.

While an upgrade runs, instances of the version before it still read and write, as they know the
tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

import storage
from storage.sql.schema import REVISION

pytestmark = pytest.mark.thorough

# Before this revision, all instances had to be stopped for an upgrade.
FIRST = "0013"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    return config


def _steps() -> list[tuple[str, str]]:
    """Return the revisions since the first, each with the revision before it."""
    found = sorted(one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions())
    return [pair for pair in pairwise(found) if pair[1] >= FIRST]


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as made:
        yield made
    engine.dispose()


@pytest.mark.parametrize(("before", "revision"), _steps())
def test_a_migration_only_adds_or_says_so(
    connection: Connection, before: str, revision: str
) -> None:
    _upgrade(connection, before)
    tables = _described(connection)
    _upgrade(connection, revision)
    oldest = connection.scalar(text("SELECT oldest FROM compatibility"))
    assert not _broken(tables, _described(connection)) or oldest == revision


@pytest.mark.parametrize(
    ("statement", "is_broken"),
    [
        ("CREATE TABLE newer (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)", False),
        ("ALTER TABLE docs ADD COLUMN newer INTEGER", False),
        ("ALTER TABLE docs ADD COLUMN newer INTEGER NOT NULL DEFAULT 7", False),
        ("CREATE INDEX newer ON docs (updated_at)", False),
        ("DROP INDEX audit_changes", False),
        ("CREATE UNIQUE INDEX newer ON docs (updated_at)", True),
        ("DROP TABLE titles", True),
        ("ALTER TABLE titles RENAME TO names", True),
        ("ALTER TABLE docs DROP COLUMN updated_at", True),
        ("ALTER TABLE docs RENAME COLUMN updated_at TO changed_at", True),
    ],
)
def test_what_an_older_version_does_not_know_is_found(
    connection: Connection, statement: str, is_broken: bool
) -> None:
    _upgrade(connection, REVISION)
    tables = _described(connection)
    connection.execute(text(statement))
    assert bool(_broken(tables, _described(connection))) is is_broken


def test_a_column_that_must_be_filled_is_found() -> None:
    """SQLite itself refuses to add such a column."""
    tables = {"docs": {"column doc": "TEXT"}}
    assert _broken(tables, {"docs": {"column doc": "TEXT", "column newer": "INTEGER, filled"}})
    assert _broken(tables, {"docs": {"column doc": "TEXT, filled"}})
    assert _broken(tables, {"docs": {"column doc": "BLOB"}})
    assert not _broken(tables, {"docs": {"column doc": "TEXT", "column newer": "INTEGER"}})


def _upgrade(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


Tables = dict[str, dict[str, str]]


def _described(connection: Connection) -> Tables:
    """Return what each table has that decides whether an older version can use it."""
    inspector = inspect(connection)
    found: Tables = {}
    for table in inspector.get_table_names():
        parts = found[table] = {"key": str(inspector.get_pk_constraint(table))}
        for column in inspector.get_columns(table):
            must_fill = not column["nullable"] and column["default"] is None
            is_new_row_id = column.get("autoincrement") is True
            filled = ", filled" if must_fill and not is_new_row_id else ""
            parts[f"column {column['name']}"] = f"{column['type']}{filled}"
        for index in inspector.get_indexes(table):
            if index["unique"]:
                parts[f"constraint {index['name']}"] = str(index["column_names"])
        for constraint in (
            *inspector.get_unique_constraints(table),
            *inspector.get_foreign_keys(table),
            *inspector.get_check_constraints(table),
        ):
            parts[f"constraint {constraint}"] = ""
    return found


def _broken(before: Tables, after: Tables) -> list[str]:
    """Return what an older version, which knows the tables `before`, does not know `after`."""
    found = []
    for table, parts in before.items():
        new = after.get(table, {})
        found += [f"{table}: {part}" for part, what in parts.items() if new.get(part) != what]
        added = {part: what for part, what in new.items() if part not in parts}
        found += [
            f"{table}: {part}"
            for part, what in added.items()
            if part.startswith("constraint") or what.endswith("filled")
        ]
    return found
