"""The schema's revision: which one a database has, and bringing it up to ours."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.dialect import POSTGRES
from storage.sql.schema import REVISION

# Any number will do, as long as no other program's migrations take the same one.
ADVISORY_LOCK = 0x57454654


class SchemaOutdatedError(Exception):
    """The database's schema is not the one that this version was written for."""

    def __init__(self, found: str) -> None:
        if not found:
            super().__init__("the database has no tables of Weft yet: run `weft migrate`")
            return
        remedy = "stop the older instances and run `weft migrate`"
        if found > REVISION:
            remedy = (
                "a newer version has migrated it: run that one, or restore a backup from before"
            )
        super().__init__(
            f"the database's schema is at revision {found}, this version needs {REVISION}: {remedy}"
        )


def revision_of(connection: Connection) -> str:
    """The revision a database stands at; empty for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def _wait_for_other_migrations(connection: Connection) -> None:
    """Wait for another `weft migrate` as long as it takes.

    It waits for a table's lock no longer than other statements do: while it waits, all statements
    of other clients wait behind it.
    """
    lock_timeout = str(connection.scalar(text("SHOW lock_timeout")))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
    connection.execute(text(f"SET LOCAL lock_timeout = '{lock_timeout}'"))


def upgrade(connection: Connection) -> None:
    """Run the missing migrations inside the connection's transaction; of two callers one waits."""
    if connection.dialect.name == POSTGRES:
        _wait_for_other_migrations(connection)
    found = revision_of(connection)
    if found == REVISION:
        return
    if found > REVISION:
        raise SchemaOutdatedError(found)
    # Imported only when there is something to do: it costs a start 0.1 s.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
