"""When a command's COMMIT loses its answer, the command says so and can be repeated."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from server.archives.archive import Archive
from storage.store import SqlStore
from tests.faults import lossy_weft
from tests.faults.losses import Losses
from tests.faults.lossy_proxy import lossy_proxy
from tests.running import WEFT
from tests.server.archives.test_archive import history
from tests.storage.postgres_server import PostgresServer

ROOT = Path(__file__).parents[2]
OPS: list[list[dict[str, Any]]] = [
    [{"op": "replace", "path": "", "value": {"n": 0}}],
    [{"op": "replace", "path": "/n", "value": 1}],
    [{"op": "add", "path": "/m", "value": 2}],
]
VALUE = {"n": 1, "m": 2}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass
class Commands:
    """Runs commands on one database; `lose` makes a command lose its answer."""

    home: Path
    database: str
    losses: Losses
    prefix: tuple[str, ...] = ()

    async def weft(self, *argv: str) -> Ended:
        return await asyncio.to_thread(self._weft, *argv)

    def _weft(self, *argv: str) -> Ended:
        env = {
            **os.environ,
            "WEFT_DATABASE": self.database,
            "PYTHONPATH": str(ROOT),
        }
        command = [*self.prefix, str(WEFT), *argv]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        return Ended(done.returncode, done.stdout, done.stderr)

    async def lose(self, statement: str, *argv: str) -> None:
        """Run a command whose COMMIT succeeds and whose answer is lost."""
        self.losses.ask_for(statement)
        ended = await self.weft(*argv)
        assert (ended.code, self.losses.is_asked) == (1, False), ended
        assert "the database failed" in ended.err

    async def put_in(self) -> None:
        ended = await self.weft("doc", "import", str(self.archive()), "--tenant", "demo")
        assert ended.code == 0, ended

    def archive(self) -> Path:
        file = self.home / "page.json"
        at = "2026-03-01T12:00:00.123Z"
        whole = Archive("weft-archive/1", "page", 1, len(OPS), at, VALUE, None, [], history(OPS))
        file.write_bytes(msgspec.json.encode(whole))
        return file

    async def value(self) -> object:
        ended = await self.weft("doc", "show", "page", "--tenant", "demo")
        return json.loads(ended.out) if ended.code == 0 else None

    async def epoch(self) -> int:
        [line] = await self.lines("doc", "ls")
        return int(line.partition("  epoch ")[2].split()[0])

    async def lose_an_entry(self) -> None:
        """Delete the second entry of the document from the log."""
        store = SqlStore(self.database)
        gone = text("DELETE FROM entries WHERE doc = 'page' AND version = 2")
        await store._database.write(lambda connection: connection.execute(gone).rowcount)
        await store.close()

    async def lines(self, *argv: str) -> list[str]:
        ended = await self.weft(*argv, "--tenant", "demo")
        assert ended.code == 0, ended
        return ended.out.splitlines()


def _sqlite(home: Path) -> Commands:
    prefix = (sys.executable, lossy_weft.__file__, str(home / "lose"))
    return Commands(home, f"sqlite+aiosqlite:///{home}/weft.db", Losses(home / "lose"), prefix)


@pytest.fixture(params=["sqlite", "postgresql"])
def postgres(request: pytest.FixtureRequest) -> tuple[PostgresServer, str] | None:
    """PostgreSQL's server and database, or None when the test runs on SQLite."""
    if request.param == "sqlite":
        return None
    return request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_url")


@pytest.fixture
async def commands(
    postgres: tuple[PostgresServer, str] | None, tmp_path: Path
) -> AsyncIterator[Commands]:
    if postgres is None:
        yield _sqlite(tmp_path)
        return
    (server, url), losses = postgres, Losses(tmp_path / "lose")
    async with lossy_proxy(server.root, tmp_path, losses):
        yield Commands(tmp_path, url.replace(str(server.root), str(tmp_path)), losses)


async def test_a_key_whose_adding_lost_its_answer_is_listed(commands: Commands) -> None:
    await commands.weft("key", "add", "--tenant", "demo")
    await commands.lose("INSERT INTO signing_keys", "key", "add", "--tenant", "demo")
    [kid] = await commands.lines("key", "add")
    listed = await commands.lines("key", "ls")
    assert len(listed) == 3, "the first, the one that nothing was said of, and the last"
    assert all(line.endswith("active") for line in listed)
    assert listed[-1].startswith(kid)


async def test_a_key_whose_retiring_lost_its_answer_is_retired(commands: Commands) -> None:
    [kid] = await commands.lines("key", "add")
    await commands.lose("UPDATE signing_keys", "key", "retire", kid, "--tenant", "demo")
    again = await commands.weft("key", "retire", kid, "--tenant", "demo")
    assert (again.code, "has no active key" in again.err) == (1, True)
    [line] = await commands.lines("key", "ls")
    assert "retired" in line


async def test_a_document_whose_deletion_lost_its_answer_is_gone(commands: Commands) -> None:
    await commands.put_in()
    await commands.lose("UPDATE docs SET", "doc", "delete", "page", "--tenant", "demo")
    again = await commands.weft("doc", "delete", "page", "--tenant", "demo")
    assert (again.code, "has no document" in again.err) == (1, True)
    assert await commands.lines("doc", "ls") == []


async def test_a_document_whose_import_lost_its_answer_is_there_once(commands: Commands) -> None:
    argv = ("doc", "import", str(commands.archive()), "--tenant", "demo")
    await commands.lose("INSERT INTO entries", *argv)
    again = await commands.weft(*argv)
    assert (again.code, "a document page exists already" in again.err) == (1, True)
    assert await commands.value() == VALUE


async def test_an_epoch_whose_raise_lost_its_answer_is_raised_again(commands: Commands) -> None:
    await commands.put_in()
    before = await commands.epoch()
    await commands.lose("UPDATE docs SET", "doc", "new-epoch", "page", "--tenant", "demo")
    between = await commands.epoch()
    assert len(await commands.lines("doc", "new-epoch", "page")) == 1
    assert before < between < await commands.epoch()
    assert await commands.value() == VALUE


async def test_a_document_whose_repair_lost_its_answer_is_repaired_once(commands: Commands) -> None:
    await commands.put_in()
    await commands.lose_an_entry()
    assert await commands.value() is None
    await commands.lose("INSERT INTO entries", "doc", "repair", "page", "--tenant", "demo")
    [said] = await commands.lines("doc", "repair", "page")
    assert said == "demo/page  version 4  nothing to repair"
    assert await commands.value() == {"n": 0, "m": 2}
