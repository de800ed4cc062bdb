"""Reads the schema revision of a database, and migrates it to the revision of this version."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    Table,
    func,
    inspect,
    select,
    text,
    update,
)

from storage.dialect import POSTGRES
from storage.sql.schema import REVISION, metadata

# An arbitrary number. The migrations of other programs must use other numbers.
ADVISORY_LOCK = 0x57454654

# One row. It says that a version of Weft which needs the revision `oldest` works with the tables of
# `revision`. A migration that removes or changes something raises `oldest`.
compatibility = Table(
    "compatibility",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", String, nullable=False),
    Column("oldest", String, nullable=False),
)


class SchemaOutdatedError(Exception):
    """This version of Weft does not work with the revision of the database's schema."""

    def __init__(self, found: str) -> None:
        if not found:
            super().__init__("the database has no tables of Weft yet: run `weft migrate`")
            return
        remedy = "stop the older instances and run `weft migrate`"
        if found > REVISION:
            remedy = (
                "a newer version of Weft has migrated it; run that version, or restore an older "
                "backup"
            )
        super().__init__(
            f"the database's schema is at revision {found}, this version needs {REVISION}: {remedy}"
        )


def revision_of(connection: Connection) -> str:
    """Return the schema revision of a database; empty for a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def check(connection: Connection) -> None:
    """Raise unless this version works with the tables: its own, or newer tables that only add."""
    found = revision_of(connection)
    if found != REVISION and not _is_extended(connection, found):
        raise SchemaOutdatedError(found)


def _is_extended(connection: Connection, found: str) -> bool:
    """Whether newer migrations have only added to the tables that this version knows."""
    if found <= REVISION or not inspect(connection).has_table(compatibility.name):
        return False
    oldest = select(func.max(compatibility.c.oldest)).where(compatibility.c.revision == found)
    return (connection.scalar(oldest) or found) <= REVISION


def _wait_for_other_migrations(connection: Connection) -> None:
    """Wait until another `weft migrate` has finished, without a timeout.

    A wait for the lock of a table keeps its timeout. During such a wait, the statements of all
    other clients on that table wait too.
    """
    lock_timeout = str(connection.scalar(text("SHOW lock_timeout")))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{lock_timeout}'"))


def upgrade(connection: Connection) -> None:
    """Run the missing migrations in the connection's transaction. A second caller waits."""
    if connection.dialect.name == POSTGRES:
        _wait_for_other_migrations(connection)
    if revision_of(connection) >= REVISION:
        check(connection)
        return
    # Imported only when there is a migration to run: the import takes 0.1 s.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.execute(update(compatibility).values(revision=REVISION))
