"""The commands of docs/operations.md and docs/locks.md, run as they are printed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from collab.rights.user_rights import Role
from tests.live.http_client import call
from tests.live.locking import PAGE as PAGE_OF_SECTIONS
from tests.running import WEFT, RunningServer
from tests.snippets import run, snippet
from tests.storage.conftest import execute
from tests.storage.postgres_server import PostgresServer

PAGE = "docs/operations.md"


class Var(RunningServer):
    """A server on `var/weft.db`, like `make run`."""

    def __post_init__(self) -> None:
        (self.home / "var").mkdir()
        self.database = f"sqlite+aiosqlite:///{self.home}/var/weft.db"

    def shell(self, text: str) -> str:
        return run(text, self.home, WEFT_DATABASE="sqlite+aiosqlite:///var/weft.db")

    def put(self, doc: str, tenant: str = "acme") -> None:
        token = self.token("root", Role.ADMIN, tenant=tenant)
        made = call("PUT", f"{self.http}/v1/docs/{doc}", PAGE_OF_SECTIONS, token=token)
        assert made.status == 201


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="no sqlite3 command")
def test_a_backup_is_private_to_its_owner_and_restores_a_document(tmp_path: Path) -> None:
    with Var(tmp_path) as server:
        server.put("home")
        server.shell(f"umask 022; {snippet(PAGE, 'backup')}")
        backup = tmp_path / "weft-backup.db"
        assert backup.stat().st_mode & 0o777 == 0o600
        server.shell(snippet(PAGE, "out-of-a-backup"))
        token = server.token("ada", Role.VIEWER, tenant="acme")
        restored = call("GET", f"{server.http}/v1/docs/home-restored", token=token)
        assert restored.body == PAGE_OF_SECTIONS


def test_every_document_gets_a_new_epoch(tmp_path: Path) -> None:
    with Var(tmp_path) as server:
        server.put("home")
    server.shell(snippet(PAGE, "new-epoch"))
    with closing(sqlite3.connect(tmp_path / "var" / "weft.db")) as file:
        assert file.execute("SELECT min(epoch) FROM docs").fetchone()[0] > 1_700_000_000_000


def test_the_status_is_read_by_an_admin_of_the_tenant(tmp_path: Path) -> None:
    with Var(tmp_path) as server:
        server.put("home")
        text = snippet(PAGE, "status").replace("http://127.0.0.1:8080", server.http)
        assert json.loads(server.shell(text))["documents"][0]["doc"] == "home"


def test_a_lock_is_taken_with_curl(tmp_path: Path) -> None:
    with Var(tmp_path) as server:
        server.put("home", "demo")
        token = server.token("ada")
        url = f"{server.http}/v1/docs/home"
        text = snippet("docs/locks.md", "acquire").replace("/pages/home", "/sections/0")
        lock = json.loads(run(text, tmp_path, URL=url, TOKEN=token))
        assert (lock["holder"]["client"], lock["scope"]) == ("import-7", "/sections/0")
        assert "secret" in lock


def test_a_new_postgresql_is_migrated_and_served(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    asyncio.run(execute(postgres_server, "CREATE DATABASE documented"))
    text = snippet(PAGE, "postgresql")
    text = re.sub(r"postgresql\+asyncpg://\S+", postgres_server.url("documented"), text)
    text = text.replace("0.0.0.0", "127.0.0.1")
    env = {**os.environ, "PATH": f"{WEFT.parent}:{os.environ['PATH']}", "WEFT_PORT": "0"}
    process = subprocess.Popen(
        ["bash", "-euc", text],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        said = [process.stdout.readline(), process.stdout.readline()]
        assert said[0] == "the database's schema is up to date\n"
        assert said[1].startswith("Weft serves http://127.0.0.1:")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=30)


async def test_waiting_and_long_transactions_are_found(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    """The SQL statements run, and show a transaction that blocks another one."""
    name = postgres_url.partition("@/")[2].partition("?")[0]
    waiting, open_for_long = snippet(PAGE, "waiting"), snippet(PAGE, "open-transactions")
    root = str(postgres_server.root)
    connections = [
        await asyncpg.connect(host=root, user="postgres", database=name) for _ in range(3)
    ]
    holder, waiter, asking = connections
    try:
        held = holder.transaction()
        await held.start()
        await holder.execute("SELECT pg_advisory_xact_lock(1)")
        task = asyncio.create_task(waiter.execute("SELECT pg_advisory_xact_lock(1)"))
        while not (rows := await asking.fetch(waiting)):
            pass
        assert rows[0]["waits_for"] == [holder.get_server_pid()]
        at_once = open_for_long.replace("5 seconds", "0 seconds")
        pids = [row["pid"] for row in await asking.fetch(at_once)]
        assert holder.get_server_pid() in pids
        assert await asking.fetch(open_for_long) == []
        await held.rollback()
        await task
    finally:
        for connection in connections:
            await connection.close()
