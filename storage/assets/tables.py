"""The tables of the assets."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, text

from storage.sql.schema import Name, Utf8Text, crc_column, key_columns, metadata

# Each asset of a tenant. `contents` lists the original and the other widths, with checksums.
assets = Table(
    "assets",
    metadata,
    Column("tenant", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("type", Utf8Text, nullable=False),
    Column("width", BigInteger, nullable=False),
    Column("height", BigInteger, nullable=False),
    Column("name", Utf8Text, nullable=False),
    Column("by", Utf8Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("file", Utf8Text, nullable=False),
    Column("contents", LargeBinary, nullable=False),
    Column("bytes", BigInteger, nullable=False),  # in the quota of the tenant
    Column("used_at", BigInteger, nullable=False),  # when a use of it ended; 0 for never
    crc_column(),  # covers everything except `used_at`
    PrimaryKeyConstraint("tenant", "id"),
    Index("assets_newest", "tenant", "at", "id"),
)

# The contents of assets, when they are not in files beside a SQLite file.
asset_pieces = Table(
    "asset_pieces",
    metadata,
    Column("file", Utf8Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("file", "number"),
)

# The assets that a version names, and one row with an empty asset: the version was read.
asset_uses = Table(
    "asset_uses",
    metadata,
    *key_columns(),
    Column("version", BigInteger, nullable=False),
    Column("asset", Name, nullable=False),
    PrimaryKeyConstraint("tenant", "doc", "version", "asset"),
    sqlite_with_rowid=False,
)
# Without the rows that say that a version was read: a query for these must use the primary key.
Index(
    "asset_uses_asset",
    asset_uses.c.tenant,
    asset_uses.c.asset,
    sqlite_where=text("asset <> ''"),
    postgresql_where=text("asset <> ''"),
)
