"""A SQLite file with faults: full, locked, stuck, killed, damaged."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from collab.ports.positions import Newer, Position
from collab.ports.store import (
    Absent,
    Append,
    Clash,
    Committed,
    Snapshot,
    StorageUnavailable,
    Store,
)
from storage import sqlite
from storage.database import Runner
from storage.store import SqlStore
from tests.storage.conftest import opened
from tests.storage.contract import AWAY, HOME, further, made, stored

ROOT = Path(__file__).parents[2]


def path_of(url: str) -> Path:
    return Path(url.partition(":///")[2])


async def test_every_connection_is_durable_and_bounded(sqlite_store: SqlStore) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    def pragmas(connection: Connection) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    full = 2
    database = sqlite_store._database
    assert await database.read(pragmas) == ["wal", full, 1, 5000]
    # The writer tries again until the same time has passed, or until it is closed.
    assert await database.write(pragmas) == ["wal", full, 1, 5]


async def test_a_contended_commit_that_takes_too_long_fails_alone(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole file is locked meanwhile, and the writes of other processes wait for it."""
    monkeypatch.setattr(sqlite, "_BETWEEN_SECONDS", 0.05)
    has_begun, was_cancelled = asyncio.Event(), False

    async def never(newer: Newer | None) -> Append:
        nonlocal was_cancelled
        has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            was_cancelled = True
        raise AssertionError

    async with opened(sqlite_url) as store, opened(sqlite_url) as rival:
        await store.commit([made(HOME), made(AWAY)])
        late = asyncio.create_task(store.commit_locked(HOME, Position(1, 1, 0), never))
        await has_begun.wait()
        assert await rival.commit([further(AWAY, 1)]) == [Committed()]
        with pytest.raises(StorageUnavailable):
            await late
        assert was_cancelled
        assert await store.commit([further(HOME, 1)]) == [Committed()]


async def test_a_contended_commit_in_memory_clashes_with_a_write_meanwhile() -> None:
    async with opened("sqlite+aiosqlite:///:memory:") as store:
        await store.commit([made(HOME)])

        async def compute(newer: Newer | None) -> Append:
            assert await store.commit([further(HOME, 1, id="first")]) == [Committed()]
            return further(HOME, 1, id="second")

        assert await store.commit_locked(HOME, Position(1, 1, 0), compute) == Clash()
        assert [one.id for one in (await stored(store)).entries[1:]] == ["first"]


async def test_readers_cannot_write(sqlite_store: SqlStore) -> None:
    with pytest.raises(StorageUnavailable, match="readonly"):
        await sqlite_store._database.read(
            lambda c: c.exec_driver_sql("INSERT INTO tenants VALUES ('demo', 1)").rowcount
        )


async def test_waiting_for_a_locked_file_has_a_timeout(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_SECONDS", 0.05)
    async with opened(sqlite_url) as store:
        await store.commit([made(HOME)])
        with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageUnavailable, match="locked"):
                await store.commit([further(HOME, 1)])
            with pytest.raises(StorageUnavailable, match="locked"):
                await store.ping()
            assert (await stored(store)).head == 1
            other.execute("ROLLBACK")
        await store.ping()
        assert await store.commit([further(HOME, 1)]) == [Committed()]


@pytest.mark.parametrize("writes", ["commit", "ping"])
async def test_close_ends_the_wait_for_a_lock_without_a_write(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, writes: str
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_SECONDS", 3600.0)
    monkeypatch.setattr(sqlite, "DEADLINE_SECONDS", 3600.0)
    store = SqlStore(sqlite_url)
    await store.start()
    await store.commit([made(HOME)])
    with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        waits = store.commit([further(HOME, 1)]) if writes == "commit" else store.ping()
        waiting = asyncio.ensure_future(waits)
        await asyncio.sleep(0)  # now the job is queued in the writer
        async with asyncio.timeout(30):
            await store.close()
        with pytest.raises(StorageUnavailable, match="locked"):
            await waiting
        other.execute("ROLLBACK")
    async with opened(sqlite_url) as again:
        assert (await stored(again)).head == 1


async def test_close_does_not_wait_for_a_stuck_disk(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "DEADLINE_SECONDS", 0.05)
    monkeypatch.setattr(sqlite, "_CLOSE_SECONDS", 0.05)
    store = SqlStore(sqlite_url)
    await store.start()
    release = threading.Event()
    try:
        with pytest.raises(StorageUnavailable):
            await store._database.write(lambda c: release.wait(60))
        async with asyncio.timeout(30):
            await store.close()
        with pytest.raises(RuntimeError, match="closed"):
            await store.commit([made(HOME)])
    finally:
        release.set()


async def test_waiting_for_a_stuck_disk_has_a_timeout(
    sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sqlite_store.commit([made(HOME)])
    release = threading.Event()
    monkeypatch.setattr(sqlite, "DEADLINE_SECONDS", 0.05)
    try:
        with pytest.raises(StorageUnavailable):
            await sqlite_store._database.write(lambda c: release.wait(60))
        with pytest.raises(StorageUnavailable):
            await sqlite_store.commit([further(HOME, 1)])
    finally:
        release.set()
    monkeypatch.undo()
    # The cancelled commit was removed from the queue, and the thread still works.
    assert await sqlite_store.find_commit(HOME, "c-1") is None
    assert await sqlite_store.commit([further(HOME, 1)]) == [Committed()]


async def test_find_commit_answers_after_a_running_commit(
    sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(runner: Runner) -> None:
        started.set()
        release.wait(60)

    await sqlite_store.commit([made(HOME, commit="c-1")])
    monkeypatch.setattr(sqlite, "DEADLINE_SECONDS", 0.05)
    with pytest.raises(StorageUnavailable):
        await sqlite_store._database.commit(slow)
    assert started.is_set()
    monkeypatch.undo()
    release.set()
    assert await sqlite_store.find_commit(HOME, "c-1") == 1


async def test_a_full_file_is_written_again_when_it_may_grow(
    sqlite_store: SqlStore,
) -> None:
    await sqlite_store.commit([made(HOME)])
    await sqlite_store._database.write(
        lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1").scalar()
    )
    with pytest.raises(StorageUnavailable, match="full"):
        await sqlite_store.commit([made(AWAY, 500)])
    assert await sqlite_store.load(AWAY) == Absent()
    assert await sqlite_store.commit([further(HOME, 1)]) == [Committed()]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.real
async def test_a_full_disk_loses_nothing_and_recovers(
    small_disk: Path,
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 400_000)
    async with opened(f"sqlite+aiosqlite:///{small_disk / 'weft.db'}") as store:
        await store.commit([made(HOME)])
        head = await fill(store)
        for _ in range(5):
            with pytest.raises(StorageUnavailable):
                await store.commit([further(HOME, head, count=20)])
        assert (await stored(store)).head == head
        ballast.unlink()
        await store.ping()
        assert await store.commit([further(HOME, head)]) == [Committed()]
        versions = [one.version for one in (await stored(store)).entries]
        assert versions == list(range(1, head + 2))


async def fill(store: Store) -> int:
    """Commit until the disk is full; return the last acknowledged version."""
    head = 1
    try:
        while head < 10_000:
            assert await store.commit([further(HOME, head, count=20)]) == [Committed()]
            head += 20
    except StorageUnavailable:
        return head
    raise AssertionError("the disk is larger than it should be")


def killed_while_it_writes(url: str, after: int) -> int:
    """Run a writer, kill it during its commits, and return the last acknowledged version."""
    command = [sys.executable, "-m", "tests.storage.endless_writer", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(after)]
        os.kill(writer.pid, signal.SIGKILL)
        lines += [line for line in writer.stdout if line.endswith("\n")]
    return int(lines[-1])


@pytest.mark.real
def test_a_killed_writer_loses_no_acknowledged_entry(new_sqlite_url: str) -> None:
    async def judge(acknowledged: int) -> None:
        async with opened(new_sqlite_url) as store:
            found = await stored(store)
            assert found.head >= acknowledged
            assert [one.version for one in found.entries] == list(range(1, found.head + 1))
            assert await store.commit([further(HOME, found.head + 1)]) == [Clash()]

    for round_ in range(5):
        asyncio.run(judge(killed_while_it_writes(new_sqlite_url, after=20 + round_)))


async def test_a_new_file_is_created_with_its_folder(tmp_path: Path) -> None:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'a' / 'b' / 'weft.db'}") as store:
        await store.commit([made(HOME)])
    assert (tmp_path / "a" / "b" / "weft.db").exists()


async def test_a_new_file_is_readable_by_its_owner_only(
    new_sqlite_url: str,
) -> None:
    async with opened(new_sqlite_url) as store:
        await store.commit([made(HOME)])
        path = path_of(new_sqlite_url)
        files = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
        assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3


async def test_a_file_that_is_no_database_is_not_overwritten(new_sqlite_url: str) -> None:
    path_of(new_sqlite_url).write_bytes(b"a letter to my aunt, and no database at all\n" * 100)
    store = SqlStore(new_sqlite_url)
    with pytest.raises(Exception, match="not a database"):
        await store.start()
    await store.close()
    assert path_of(new_sqlite_url).read_bytes().startswith(b"a letter")


async def test_snapshots_are_compressed(sqlite_store: SqlStore) -> None:
    await sqlite_store.commit([made(HOME)])
    await sqlite_store.save_snapshot(HOME, 1, Snapshot(1, b"headline " * 10_000))
    size = await sqlite_store._database.read(
        lambda c: c.exec_driver_sql("SELECT length(body) FROM snapshots").scalar()
    )
    assert isinstance(size, int)
    assert size < 9_000


def test_a_pragma_is_tried_again_while_the_file_is_locked() -> None:
    class Cursor:
        def __init__(self, *errors: str) -> None:
            self.errors = list(errors)
            self.calls = 0

        def execute(self, pragma: str) -> None:
            self.calls += 1
            if self.errors:
                raise sqlite3.OperationalError(self.errors.pop(0))

    cursor = Cursor("database is locked", "database table is locked")
    sqlite._run_pragma(cursor, "PRAGMA journal_mode = WAL")
    assert cursor.calls == 3
    with pytest.raises(sqlite3.OperationalError, match="disk"):
        sqlite._run_pragma(Cursor("disk I/O error"), "PRAGMA journal_mode = WAL")


async def test_a_migration_may_take_longer_than_any_other_write(
    sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = sqlite_store._database
    monkeypatch.setattr(sqlite, "DEADLINE_SECONDS", 0)
    with pytest.raises(StorageUnavailable):
        await database.write(lambda _: 1)
    assert await database.migrate(lambda _: 2) == 2


async def test_a_ping_writes_the_same_row_each_time(sqlite_store: SqlStore) -> None:
    def rows(connection: Connection) -> list[object]:
        return list(connection.exec_driver_sql("SELECT id FROM pulse").scalars())

    for _ in range(2):
        await sqlite_store.ping()
    assert await sqlite_store._database.read(rows) == [1]
