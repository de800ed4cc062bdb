"""Pages through a faulty network and killed servers, at random: each edit is stored once.

The list `/log` only grows, and each edit adds a text of its own. So an edit that is lost is
missing in the list, and an edit that is applied twice is there twice.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import weft
from tests.patience import PATIENCE
from tests.running import RunningServer
from tests.weft.waiting import until
from weft import transport

START = {"title": "Hello", "log": [], "list": [{"id": "a", "n": 0}, {"id": "b", "n": 0}]}
STORED = ("durable", "merged", "overwritten")


async def turns(count: int) -> None:
    """Let all other tasks run, `count` times."""
    for _ in range(count):
        await asyncio.sleep(0)


class FaultyProxy:
    """A TCP proxy that delays bytes, and cuts connections in the middle of a frame."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._dice = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self.cuts = 0
        self.is_calm = False
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[FaultyProxy]:
        async with await asyncio.start_server(self._accept, "127.0.0.1", 0) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, up[1])
        for source, target in ((reader, up[1]), (up[0], writer)):
            task = asyncio.create_task(self._copy(source, target, pair))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _copy(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        pair: tuple[asyncio.StreamWriter, ...],
    ) -> None:
        try:
            with suppress(OSError):
                while data := await source.read(4096):
                    kind = 1.0 if self.is_calm else self._dice.random()
                    if kind < 0.1:
                        await turns(self._dice.randrange(200))
                    elif kind < 0.2:
                        self.cuts += 1
                        target.write(data[: self._dice.randrange(len(data))])
                        await target.drain()
                        return
                    target.write(data)
                    await target.drain()
        finally:
            for each in pair:
                each.transport.abort()


class Author:
    """A program that edits one page."""

    def __init__(self, page: weft.Page, name: str, dice: random.Random) -> None:
        self.page = page
        self.name = name
        self.dice = dice
        self.logged: dict[str, weft.Change] = {}
        self.others: list[weft.Change] = []
        self.waits: set[asyncio.Task[Any]] = set()

    def step(self) -> None:
        kind, page, mark = self.dice.random(), self.page, f"{self.name}.{len(self.logged)}"
        with suppress(weft.PatchError):
            if kind < 0.5:
                self.logged[mark] = page.set("/log/-", mark)
            elif kind < 0.6:
                self.logged[mark] = page.change(lambda draft: draft["log"].append(mark))
            elif kind < 0.7:
                self.others.append(page.set("/title", f"Hello {mark}"))
            elif kind < 0.8:
                self.others.append(page.set(f"/list/{self.dice.randrange(3)}/n", mark))
            elif kind < 0.85:
                self.others.append(page.move("/list/1", "/list/0"))
            elif kind < 0.9:
                page.presence.set({"cursor": {"path": "/title", "offset": 0}})
            elif kind < 0.95 and self.logged:
                self.wait(self.dice.choice(list(self.logged.values())))
            elif self.waits:
                self.dice.choice(sorted(self.waits, key=id)).cancel()

    def wait(self, change: weft.Change) -> None:
        async def end() -> None:
            with suppress(weft.WeftError):
                await change.durable

        task = asyncio.create_task(end())
        self.waits.add(task)
        task.add_done_callback(self.waits.discard)


async def saved(page: weft.Page) -> None:
    await until(lambda: page.saved == "saved")


async def storm(server: RunningServer, doc: str, seed: int, steps: int, kills: int = 0) -> None:
    dice = random.Random(seed)
    async with FaultyProxy(server.port, seed).listening() as proxy:
        authors = []
        for user in ("ada", "bo", "cy"):
            token = await server.mint(user)
            page = await weft.connect(
                proxy.url, doc, token=token, create=START, patience=PATIENCE, client=user
            )
            authors.append(Author(page, user, dice))
        dying = {steps * (n + 1) // (kills + 1) for n in range(kills)}
        for n in range(steps):
            author = dice.choice(authors)
            author.step()
            if n % 10 == 9:  # else all edits could become a few messages, and none is cut
                await saved(author.page)
            if n in dying:
                await asyncio.to_thread(server.kill)
                await asyncio.to_thread(server.start)
            if dice.random() < 0.3:
                await turns(dice.randrange(100))
        proxy.is_calm = True
        for author in authors:
            author.page.sync_now()
        changes = [change for a in authors for change in (*a.logged.values(), *a.others)]
        await until(lambda: all(change.durable.done() for change in changes))
        log = (await check(authors))["log"]
        marks = {mark: change for a in authors for mark, change in a.logged.items()}
        assert sorted(log) == sorted(m for m, change in marks.items() if change.state in STORED)
        assert {change.state for change in marks.values()} <= {*STORED, "refused"}
        for author in authors:
            await author.page.close(0)
        assert proxy.cuts or steps < 50


async def check(authors: list[Author]) -> Any:
    """Return the stored value, after every page has it."""
    pages = [author.page for author in authors]
    await until(lambda: len({page.version for page in pages}) == 1)
    stored = await pages[0].history.at(pages[0].version)
    assert [page.value for page in pages] == [stored] * len(pages)
    return stored


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect again soon: the tests do not measure the delays."""
    monkeypatch.setattr(transport, "delay", lambda tries: 0.02)


@pytest.mark.real
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seed", range(2))
async def test_each_edit_is_stored_once_through_a_faulty_network(
    server: RunningServer, doc: str, seed: int
) -> None:
    await storm(server, doc, seed, 150)


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
async def test_each_edit_is_stored_once_in_many_storms_with_crashes(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        for seed in range(2, 12):
            await storm(server, f"storm-{seed}", seed, 300, kills=2)
