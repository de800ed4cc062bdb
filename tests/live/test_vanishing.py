"""A client that vanishes is removed soon; a client that the server only paused stays."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.live.conftest import Join, JoinYjs
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers

SMALL = {"WEFT_IN_BYTES_PER_SECOND": "2000", "WEFT_IN_BURST": "20000"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft"), env=SMALL) as running:
        yield running


def left(client: PatchClient) -> set[str]:
    return {each for message in client.others for each in message.get("left", ())}


def here(client: PatchClient) -> Callable[[str], str]:
    """Return the session of a user, from the client's presence messages."""
    peers = [
        peer
        for message in [client.opened, *client.others]
        for peer in [*(message.get("presence") or ()), *message.get("joined", ())]
    ]
    return {peer["user"]: peer["session"] for peer in peers}.__getitem__


@pytest.mark.long
async def test_a_vanished_client_is_removed_within_35_s_and_a_silent_one_stays(
    server: RunningServer, join: Join, join_yjs: JoinYjs, peers: YjsPeers, doc: str
) -> None:
    watcher = await join(doc, await server.mint("watcher"), create={"t": ""})
    vanished = await join(doc, await server.mint("vanished"), read=False)
    vanished.socket.transport.pause_reading()  # sends no pong either, as if its machine were asleep
    silent = await join(doc, await server.mint("silent"))
    in_debt = await join(doc, await server.mint("in-debt"))
    for one in (silent, in_debt):
        assert one.socket.keepalive_task is not None
        one.socket.keepalive_task.cancel()  # like a browser, which sends no pings
    await join_yjs(doc, await server.mint("stopped"), state={"here": 1})
    await watcher.until(lambda: "stopped" in str(watcher.others))
    session = here(watcher)
    await in_debt.set("/t", "x" * 120_000)  # uses up 50 s of its budget
    await in_debt.send({"type": "ping", "at": "behind the debt"})
    peers.send_signal(signal.SIGSTOP)
    try:
        gone = {session("vanished"), session("stopped")}
        await watcher.until(lambda: gone <= left(watcher), 35)
        assert left(watcher) == gone
    finally:
        peers.send_signal(signal.SIGCONT)
    # After every keep-alive: the budget has recovered, and the waiting messages are answered.
    await in_debt.until(lambda: any(m["type"] == "pong" for m in in_debt.others), 40)
    assert silent.socket.close_code is in_debt.socket.close_code is None
    assert not {session("silent"), session("in-debt")} & left(watcher)
    vanished.socket.transport.resume_reading()
    async with asyncio.timeout(10):
        await vanished.socket.wait_closed()
    assert vanished.socket.close_code == 1006


async def test_a_client_that_closes_is_removed_at_once(
    server: RunningServer, join: Join, doc: str
) -> None:
    watcher = await join(doc, await server.mint("watcher"), create={})
    clean = await join(doc, await server.mint("clean"))
    cut = await join(doc, await server.mint("cut"))
    half = await join(doc, await server.mint("half"))
    await watcher.until(lambda: "'half'" in str(watcher.others))
    session = here(watcher)
    await clean.close()
    cut.socket.transport.abort()
    half.socket.transport.write_eof()
    gone = {session(user) for user in ("clean", "cut", "half")}
    await watcher.until(lambda: gone <= left(watcher), 2)
