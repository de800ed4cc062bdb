"""When the answer to a COMMIT is lost, each kind of write is done once, and work goes on."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from collab.rights.user_rights import Role
from tests.faults import lossy_weft
from tests.faults.losses import Losses
from tests.faults.lossy_proxy import lossy_proxy
from tests.faults.lost_commits import ENTRIES, KINDS, Client, Kind
from tests.patch_client import PatchClient
from tests.patience import PATIENCE
from tests.running import UNLIMITED, RunningServer
from tests.storage.postgres_server import PostgresServer
from tests.yjs_peer import YjsPeers

SETTINGS = {
    **UNLIMITED,
    "WEFT_NEW_BYTES_PER_SECOND": "0",
    "WEFT_SNAPSHOT_ENTRIES": "4",
}
ROOT = Path(__file__).parents[2]


class Lossy:
    """A server that loses the requested answers."""

    def __init__(self, server: RunningServer, losses: Losses) -> None:
        self.server = server
        self.losses = losses


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Lossy]:
    losses = Losses(tmp_path / "lose")
    prefix = (sys.executable, lossy_weft.__file__, str(tmp_path / "lose"))
    env = {**SETTINGS, "PYTHONPATH": str(ROOT)}
    with RunningServer(tmp_path, env=env, prefix=prefix) as server:
        yield Lossy(server, losses)


@pytest.fixture
async def postgresql(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> AsyncIterator[Lossy]:
    losses = Losses(tmp_path / "lose")
    through = postgres_url.replace(str(postgres_server.root), str(tmp_path))
    server = RunningServer(tmp_path, database=through, env=SETTINGS)
    async with lossy_proxy(postgres_server.root, tmp_path, losses):
        await asyncio.to_thread(server.start)
        yield Lossy(server, losses)
        await asyncio.to_thread(server.stop)


TIMES = pytest.mark.parametrize("times", [2, pytest.param(50, marks=pytest.mark.long)])


@TIMES
async def test_a_write_whose_commit_lost_its_answer_on_sqlite_is_done_once(
    sqlite: Lossy, times: int
) -> None:
    await _check(sqlite, times)


@TIMES
async def test_a_write_whose_commit_lost_its_answer_on_postgresql_is_done_once(
    postgresql: Lossy, times: int
) -> None:
    await _check(postgresql, times)


async def _check(lossy: Lossy, times: int) -> None:
    """Lose the answers of each kind of write, each kind in a tenant of its own."""
    values: list[tuple[Client, object]] = []
    for number, kind in enumerate(KINDS):
        tenant = f"tenant-{number}"
        root = await lossy.server.mint("root", Role.ADMIN, tenant=tenant)
        eve = await lossy.server.mint("eve", Role.EDITOR, tenant=tenant)
        client = Client(lossy.server.http, root, eve, tenant)
        try:
            values.append((client, await asyncio.to_thread(_lose_all, lossy, client, kind, times)))
        except BaseException as error:
            error.add_note(f"the kind of write is {kind!r}")
            raise
    await asyncio.to_thread(lossy.server.kill)
    await asyncio.to_thread(lossy.server.start)
    for client, value in values:
        assert await asyncio.to_thread(client.value) == value, client.tenant


def _lose_all(lossy: Lossy, client: Client, kind: str, times: int) -> object:
    made = client.ask("PUT", "page", {"list": ["x"], "n": 0})
    assert made.status == 201
    for client.number in range(times):
        _lose(lossy, client, KINDS[kind])
    return client.value()


def _lose(lossy: Lossy, client: Client, kind: Kind) -> None:
    kind.prepare(client)
    lossy.losses.ask_for(kind.statement)
    reply = kind.ask(client)
    until = time.monotonic() + PATIENCE
    while lossy.losses.is_asked:
        assert time.monotonic() < until, f"nothing was lost: {reply.status} {reply.raw!r}"
    while reply.status == 503:
        assert time.monotonic() < until, "the database does not answer any more"
        reply = kind.ask(client)
    assert reply.status in kind.again, reply.raw
    kind.check(client)


@TIMES
async def test_edits_on_both_lanes_are_there_once_after_lost_answers_on_sqlite(
    sqlite: Lossy, peers: YjsPeers, times: int
) -> None:
    await _edit_on_both_lanes(sqlite, peers, times)


@TIMES
async def test_edits_on_both_lanes_are_there_once_after_lost_answers_on_postgresql(
    postgresql: Lossy, peers: YjsPeers, times: int
) -> None:
    await _edit_on_both_lanes(postgresql, peers, times)


async def _edit_on_both_lanes(lossy: Lossy, peers: YjsPeers, times: int) -> None:
    """Edit on both lanes. A watcher that never reconnects must get every version once."""
    server = lossy.server
    token = await server.mint("ada", Role.EDITOR)
    client = await PatchClient.connect(server.ws, "page", token, create={"text": "", "list": []})
    watcher = await PatchClient.connect(server.ws, "page", token)
    peer = await peers.peer()
    await peer.connect(server.ws, "page", token)
    await peer.synced()
    typed = ""
    for number in range(times):
        lossy.losses.ask_for(ENTRIES)
        op = {"op": "add", "path": "/list/-", "value": number}
        id = await client.patch(op)
        while (await client.answer(id))["type"] == "reject":
            assert client.rejects.pop(id)["code"] == "storage_unavailable"
            await client.patch(op, id=id)
        assert not lossy.losses.is_asked
        lossy.losses.ask_for(ENTRIES)
        await peer.run(f"at('/text').insert(at('/text').length, '{number},')")
        typed += f"{number},"
        await watcher.until(lambda: watcher.value["text"] == typed)  # noqa: B023 - waited for here
        assert not lossy.losses.is_asked
    whole = {"text": typed, "list": list(range(times))}
    await peer.until_equals("", whole)
    for each in (client, watcher):
        await each.until(lambda: each.value == whole)  # noqa: B023 - waited for here
        assert each.socket.close_code is None
        await each.close()
    http = Client(server.http, token)
    assert await asyncio.to_thread(http.value) == whole
    assert await asyncio.to_thread(http.head) == 1 + 2 * times
