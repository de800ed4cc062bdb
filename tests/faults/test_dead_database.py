"""A database that does not answer gets no calls of requests, and nothing is lost.

PostgreSQL is frozen or stopped, and a SQLite file is locked by another process.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from storage import guarded_database, postgres, sqlite
from storage import store as store_module
from storage.postgres import PostgresDatabase
from storage.sqlite import SqliteDatabase
from storage.store import SqlStore, check_readable, check_writable
from tests.faults.editor import Editor
from tests.faults.editors import until_acked
from tests.faults.figures import record
from tests.faults.log_check import check_log, read_log
from tests.faults.serving import Serving, serving
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.storage.postgres_server import PostgresServer

USERS = ("ada", "bo")
REQUESTS = 20


class CountingDatabase(PostgresDatabase):
    """Counts the calls that reach the database, and the probes apart from them."""

    calls = 0
    probes = 0

    def _count(self, job: object) -> None:
        if job in (check_readable, check_writable):
            self.probes += 1
        else:
            self.calls += 1

    async def read(self, job: Callable[..., Any]) -> Any:
        self._count(job)
        return await super().read(job)

    async def write_first(self, job: Callable[..., Any]) -> Any:
        self._count(job)
        return await super().write_first(job)

    async def write(self, job: Callable[..., Any]) -> Any:
        self._count(job)
        return await super().write(job)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits of calls and of probes, which the test would only wait for."""
    monkeypatch.setattr(postgres, "DEADLINE_SECONDS", 2.0)
    monkeypatch.setattr(guarded_database, "PROBE_SECONDS", 1.0)


@asynccontextmanager
async def served(
    home: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Serving, CountingDatabase]]:
    """Serve a PostgreSQL database whose calls are counted."""
    databases: list[CountingDatabase] = []

    def open_counted(url: str) -> CountingDatabase:
        databases.append(CountingDatabase(make_url(url)))
        return databases[-1]

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "_open", open_counted)
        store = SqlStore(url)
    async with serving(home, store, WEFT_DATABASE=url) as running:
        yield running, databases[0]


def processes(server: PostgresServer) -> list[int]:
    """Return the process of the cluster and all its children."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [server.pid, *map(int, children)]


@contextlib.contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    pids = processes(server)
    server.freeze(pids=pids)
    try:
        yield
    finally:
        server.thaw(pids=pids)


@contextlib.contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    server.stop("immediate")
    try:
        yield
    finally:
        server.start()


async def get(running: Serving, token: str, doc: str) -> Reply:
    return await asyncio.to_thread(call, "GET", f"{running.http}/v1/docs/{doc}", token=token)


async def patch(running: Serving, token: str, doc: str) -> Reply:
    ops = [{"op": "add", "path": "/n", "value": 1}]
    url = f"{running.http}/v1/docs/{doc}"
    kind = "application/json-patch+json"
    return await asyncio.to_thread(call, "PATCH", url, ops, token=token, Content_Type=kind)


async def until_refused(running: Serving, kinds: set[str]) -> None:
    """Wait until the store refuses calls of these kinds."""
    async with asyncio.timeout(PATIENCE):
        while {each.calls for each in running.store.breakers() if each.is_open} != kinds:
            await asyncio.sleep(0)


def notices(client: PatchClient) -> list[str]:
    return [message["code"] for message in client.others if message["type"] == "notice"]


@pytest.mark.parametrize("fault", [frozen, stopped])
async def test_no_request_waits_for_a_dead_database_and_nothing_is_lost(
    tmp_path: Path,
    postgres_server: PostgresServer,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[PostgresServer], contextlib.AbstractContextManager[None]],
) -> None:
    loop = asyncio.get_running_loop()
    async with served(tmp_path, postgres_url, monkeypatch) as (running, database):
        token = await running.token("cy")
        editors = [Editor(running.ws, "page", user, await running.token(user)) for user in USERS]
        for editor in editors:
            await editor.connect({user: {} for user in USERS})
        assert (await patch(running, token, "other")).status == 404
        edits = [asyncio.create_task(editor.edit(400)) for editor in editors]
        await until_acked(editors, 100)

        with fault(postgres_server):
            assert (await get(running, token, "unopened")).status == 503
            await until_refused(running, {"reads", "writes"})
            calls, probes = database.calls, database.probes
            for number in range(REQUESTS):
                for reply in (
                    await get(running, token, f"closed-{number}"),
                    await patch(running, token, f"closed-{number}"),
                    await patch(running, token, "page"),
                ):
                    assert (reply.status, reply.body["code"]) == (503, "storage_unavailable")
            assert database.calls == calls, "a request of a client reached the database"
            ready = await asyncio.to_thread(call, "GET", f"{running.http}/readyz")
            assert (ready.status, ready.body["database"]) == (503, "down")
            assert database.probes > probes, "the store asks whether the database is back"
            for editor in editors:
                assert editor.client.socket.close_code is None, "connections stay"
        back = loop.time()
        await until_refused(running, set())
        seconds = loop.time() - back
        await asyncio.gather(*edits)
        for editor in editors:
            await editor.finish()
        assert (await get(running, token, "closed-1")).status == 404
        assert (await patch(running, token, "page")).status == 200
        openings = {each.calls: each.openings for each in running.store.breakers()}
        value = (await get(running, token, "page")).body
        for editor in editors:
            await editor.close()
    assert sum(editor.refused for editor in editors) > 0
    assert all(openings.values())
    check_log(await read_log(postgres_url, "page"), editors, value)
    record(f"PostgreSQL {fault.__name__}", calls_pass_again_after_s=seconds)


class CountingFile(SqliteDatabase):
    """Counts the writes that reach the file, without the probes."""

    writes = 0

    async def write(self, job: Callable[..., Any]) -> Any:
        if job is not check_writable:
            self.writes += 1
        return await super().write(job)

    def commit(self, job: Callable[..., Any]) -> Any:
        self.writes += 1
        return super().commit(job)


async def test_a_locked_sqlite_file_is_read_and_no_edit_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_SECONDS", 0.5)
    url = f"sqlite+aiosqlite:///{tmp_path}/weft.db"
    database = CountingFile(make_url(url))
    with monkeypatch.context() as patched:
        patched.setattr(store_module, "_open", lambda _: database)
        store = SqlStore(url)
    async with serving(tmp_path, store) as running:
        token = await running.token("ada")
        client = await PatchClient.connect(running.ws, "page", token, create={"n": 0})
        with closing(sqlite3.connect(tmp_path / "weft.db", isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            assert (await client.set("/n", 1))["code"] == "storage_unavailable"
            await until_refused(running, {"writes"})
            writes = database.writes
            for _ in range(REQUESTS):
                reply = await patch(running, token, "page")
                assert (reply.status, reply.body["code"]) == (503, "storage_unavailable")
                assert (await get(running, token, "page")).body == {"n": 0}
                assert (await get(running, token, "absent")).status == 404, "the file is read"
            assert database.writes == writes, "an edit reached the locked file"
            holder.execute("ROLLBACK")
        await until_refused(running, set())
        await client.until(lambda: notices(client) == ["read_only", "writable"])
        assert (await client.set("/n", 2))["version"] == 2
        await client.close()
