"""Finding which versions use an asset, in a tenant with many documents that name assets."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection

from collab.entry import Author, Entry
from collab.ids import DocKey
from collab.ports.assets import Asset, contents_of
from collab.ports.store import Append
from storage.assets.tables import asset_uses
from storage.store import SqlStore

DOCUMENTS = 20_000
AT_ONCE = 500
NAMED = 10  # assets that each document names
ROUNDS = 9


def _asset(number: int) -> Asset:
    id = hashlib.sha256(b"%d" % number).hexdigest()
    contents = contents_of({0: b"%d" % number})
    return Asset(id, "image/png", 1, 1, "", "ada", number, f"{id}-{number}", contents)


def _documents(first: int) -> list[Append]:
    made = Entry(1, Author("ada"), 5, "create", [], b"update")
    keys = (DocKey("demo", f"page-{first + n:05}") for n in range(AT_ONCE))
    return [Append(key, 1, 0, 0, [made], create=True) for key in keys]


async def _fill(store: SqlStore, assets: list[Asset]) -> None:
    await store.add_tenant("demo", 1)
    for one in assets:
        await store.add_asset("demo", one, {0: b"%d" % one.at})
    names = ["", *(one.id for one in assets[:NAMED])]
    for first in range(0, DOCUMENTS, AT_ONCE):
        batch = _documents(first)
        await store.commit(batch)
        uses = [
            {"tenant": "demo", "doc": append.key.doc, "version": 1, "asset": name}
            for append in batch
            for name in names
        ]
        await store._database.write(partial(_insert, rows=uses))


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> int:
    return connection.execute(asset_uses.insert(), rows).rowcount


async def _median(call: Callable[[], Awaitable[Any]]) -> float:
    """Return the median milliseconds of a call, after one call that fills the caches."""
    took = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        await call()
        took.append(time.perf_counter() - began)
    return round(1000 * median(took[1:]), 1)


async def _measure(path: Path) -> list[dict[str, Any]]:
    store = SqlStore(f"sqlite+aiosqlite:///{path}")
    await store.start()
    assets = [_asset(n) for n in range(2 * NAMED + ROUNDS + 1)]
    await _fill(store, assets)
    ids = [one.id for one in assets]
    unused = iter(ids[2 * NAMED :])
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        f"uses of {2 * NAMED} assets": lambda: store.asset_uses("demo", ids[: 2 * NAMED]),
        "check for unread versions": lambda: store.unread_versions("demo", 1),
        "delete an unused asset": lambda: store.delete_asset("demo", next(unused)),
        "refuse to delete a used asset": lambda: store.delete_asset("demo", ids[0]),
    }
    rows = [{"call": name, "ms": await _median(call)} for name, call in calls.items()]
    await store.close()
    return rows


def rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder) / "weft.db"))
