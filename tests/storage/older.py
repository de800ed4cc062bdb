"""Makes a database of an older schema revision."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# Every column that was added after revision 0005.
LATER = (
    ("snapshots", "dropped_after"),
    *(("docs", column) for column in ("crc", "head_crc", "schema_crc")),
    *((table, "crc") for table in ("accepted", "named", "publications", "locks", "signing_keys")),
    ("accepted", "digest"),
)


def make_older(url: str) -> None:
    """Change a SQLite file back to revision 0005."""
    with closing(sqlite3.connect(Path(url.partition(":///")[2]))) as file, file:
        for table in (
            "share_links",
            "titles",
            "assets",
            "asset_pieces",
            "asset_uses",
            "compatibility",
        ):
            file.execute(f"DROP TABLE {table}")
        file.execute("DROP INDEX audit_changes")
        for table, column in LATER:
            file.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        file.execute("UPDATE alembic_version SET version_num = '0005'")
