"""A durable commit of n entries in d documents, compared with the least that sqlite3 can do."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median

from collab.entry import Author, Entry
from collab.ids import DocKey
from collab.ports.store import Append, Committed, Snapshot
from storage.circuit_breaker import CircuitBreaker
from storage.store import SqlStore

SHAPES = ((1, 1), (8, 1), (64, 1), (64, 60))
ROUNDS = 120
CALLS = 100_000
WARM_UP = 20


def _entry(version: int, shape: str) -> Entry:
    value = "A headline that the user types"
    return Entry(
        version=version,
        author=Author("ada", "Ada", "tab-7f", "s-91"),
        at=1_700_000_000_000 + version,
        kind="edit",
        ops=[{"op": "replace", "path": "/sections/0/content/headline", "value": value}],
        update=b"u" * 40,
        id=f"tab-7f.{shape}.{version}",
        commit="c-0123456789",
        inverse=b"i" * 120,
    )


def _batches(count: int, documents: int) -> Iterator[list[Append]]:
    """Yield batches of `count` entries. Each batch continues the heads of the previous one."""
    shape = f"{count}-{documents}"
    heads = [0] * documents
    while True:
        batch = []
        for n, head in enumerate(heads):
            share = count // documents + (n < count % documents)
            entries = [_entry(head + one, shape) for one in range(1, share + 1)]
            key = DocKey("demo", f"page-{shape}-{n}")
            batch.append(Append(key, 1, head, 0, entries, create=head == 0))
            heads[n] += share
        yield batch


class _Floor:
    """The same rows with bare sqlite3: no checks, no checksum, no second index."""

    def __init__(self, path: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for sql in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE docs (doc TEXT PRIMARY KEY, head INTEGER) WITHOUT ROWID",
            "CREATE TABLE entries (doc TEXT, version INTEGER, payload BLOB,"
            " PRIMARY KEY (doc, version)) WITHOUT ROWID",
        ):
            self._file.execute(sql)

    async def commit(self, batch: list[Append]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, batch)

    def _commit(self, batch: list[Append]) -> None:
        cursor = self._file.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        heads = [(a.key.doc, a.entries[-1].version) for a in batch]
        cursor.executemany("INSERT OR REPLACE INTO docs VALUES (?, ?)", heads)
        rows = [(a.key.doc, e.version, b"p" * 400) for a in batch for e in a.entries]
        cursor.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
        cursor.execute("COMMIT")

    def close(self) -> None:
        self._file.close()
        self._thread.shutdown()


async def _measure(
    commit: Callable[[list[Append]], Awaitable[object]], count: int, documents: int
) -> tuple[float, float]:
    """Return the median wall and CPU seconds of a commit."""
    wall, spent = [], []
    batches = _batches(count, documents)
    for n in range(WARM_UP + ROUNDS):
        batch = next(batches)
        began, cpu = time.perf_counter(), time.process_time()
        await commit(batch)
        if n >= WARM_UP:
            wall.append(time.perf_counter() - began)
            spent.append(time.process_time() - cpu)
    return median(wall), median(spent)


async def _opening(store: SqlStore) -> float:
    """Return the median seconds to load a document from a 50 KB snapshot and 100 entries."""
    key = DocKey("demo", "opened")
    entries = [_entry(version, "opened") for version in range(1, 1_001)]
    assert await store.commit([Append(key, 1, 0, 0, entries, create=True)]) == [Committed()]
    body = b"".join(b"%d headline " % n for n in range(3_000))
    await store.save_snapshot(key, 1, Snapshot(900, body))
    took = []
    for _ in range(40):
        began = time.perf_counter()
        await store.load(key)
        took.append(time.perf_counter() - began)
    return median(took)


async def _of_the_breaker() -> float:
    """Return the seconds of processor time that a circuit breaker adds to a call."""

    async def call(job: int) -> int:
        return job

    async def seconds(made: Callable[[int], Awaitable[int]]) -> float:
        began = time.process_time()
        for _ in range(CALLS):
            await made(1)
        return (time.process_time() - began) / CALLS

    breaker = CircuitBreaker("writes", lambda: None)
    return await seconds(partial(breaker.run, call)) - await seconds(call)


async def _rows(folder: Path) -> list[dict[str, object]]:
    store, floor = SqlStore(f"sqlite+aiosqlite:///{folder / 'weft.db'}"), _Floor(folder / "f.db")
    await store.start()
    rows: list[dict[str, object]] = []
    for count, documents in SHAPES:
        wall, spent = await _measure(store.commit, count, documents)
        least_wall, least_spent = await _measure(floor.commit, count, documents)
        name = f"commit {count}/{documents}"
        rows += [
            {"name": f"{name}, p50", "value": round(wall * 1e3, 3), "unit": "ms"},
            {"name": f"{name}, CPU", "value": round(spent * 1e6), "unit": "µs"},
            {
                "name": f"{name}, bare sqlite3 p50",
                "value": round(least_wall * 1e3, 3),
                "unit": "ms",
            },
            {"name": f"{name}, bare sqlite3 CPU", "value": round(least_spent * 1e6), "unit": "µs"},
        ]
    took = await _opening(store)
    rows.append({"name": "load, 50 KB + 100 entries", "value": round(took * 1e3, 2), "unit": "ms"})
    added = await _of_the_breaker()
    rows.append({"name": "circuit breaker, CPU", "value": round(added * 1e6, 2), "unit": "µs"})
    await store.close()
    floor.close()
    return rows


def rows() -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        return asyncio.run(_rows(Path(folder)))
