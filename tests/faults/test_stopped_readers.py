"""A hundred readers stop beside a hundred that read; one reader has a very small budget."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.wire_client import WireClient
from tests.faults.figures import record
from tests.patch_client import PatchClient, applied
from tests.running import UNLIMITED, RunningServer

pytestmark = pytest.mark.long

# On a busy machine three thousand edits take longer than a client may be behind by default.
PATIENT = {**UNLIMITED, "WEFT_SLOW_SECONDS": "600"}
READERS = 100
EDITS = 3_000
LINE = "x" * 4096
PAGE = {"text": "", "n": 0}


@asynccontextmanager
async def stopped(server: RunningServer, count: int) -> AsyncIterator[list[PatchClient]]:
    """Connect clients that stop reading their sockets; close them at the end."""
    clients: list[PatchClient] = []
    try:
        for number in range(count):
            token = await server.mint(f"away{number}")
            one = await PatchClient.connect(server.ws, "page", token, create=PAGE, read=False)
            one.socket.transport.pause_reading()
            clients.append(one)
        yield clients
    finally:
        for one in clients:
            one.socket.transport.abort()


async def edit(writer: PatchClient, edits: int) -> None:
    """Send edits of 4 KiB, each after the `ack` of the one before."""
    for number in range(edits):
        await writer.set("/text", f"{number}{LINE}")


def gone(client: PatchClient) -> set[str]:
    """Return the sessions whose leaving was announced to a client."""
    told = [message for message in client.others if message["type"] == "presence"]
    return {session for message in told for session in message.get("left", ())}


def memory(server: RunningServer) -> int:
    assert server.process is not None
    return int(psutil.Process(server.process.pid).memory_info().rss)


def metric(server: RunningServer, name: str) -> float:
    with urllib.request.urlopen(f"{server.http}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name + "{"))


class Copy:
    """A copy of the value, kept by the changes that a client receives."""

    def __init__(self, client: WireClient) -> None:
        self.value = client.opened.result()["value"]
        self._changed = asyncio.Event()
        client.hear = self._hear

    async def until(self, value: Any) -> None:
        while self.value != value:
            self._changed.clear()
            await self._changed.wait()

    def _hear(self, payload: bytes) -> None:
        decoded = json.loads(payload)
        for message in decoded if isinstance(decoded, list) else [decoded]:
            if message["type"] == "change":
                self.value = applied(self.value, message["ops"])
        self._changed.set()


async def test_a_hundred_stopped_readers_cost_little_and_catch_up_by_one_change(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path, env=PATIENT) as server:
        writer = await PatchClient.connect(server.ws, "page", await server.mint("ada"), create=PAGE)
        readers = [
            await WireClient.connect(server.port, "page", await server.mint(f"reads{number}"))
            for number in range(READERS)
        ]
        await edit(writer, 200)
        async with stopped(server, READERS) as away:
            before = memory(server)
            await edit(writer, EDITS)
            grown = (memory(server) - before) / READERS
            assert await asyncio.to_thread(metric, server, "weft_readers_behind") == READERS
            for one in away:
                one.start_reading()
                one.socket.transport.resume_reading()
            for one in away:
                await one.until_version(writer.version, 60)
                assert one.value == writer.value
                merged = [change for change in one.changes if "from" in change]
                assert len(merged) == 1
                assert merged[0]["version"] - merged[0]["from"] > EDITS / 2
        for reader in readers:
            assert not reader.closed
            reader.close()
        await writer.close()
    record("stopped readers", kib_each=grown / 1024)
    assert grown <= 512 * 1024


async def test_a_client_that_is_unresponsive_for_40_seconds_is_closed(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        writer = await PatchClient.connect(server.ws, "page", await server.mint("ada"), create=PAGE)
        async with stopped(server, 5) as away:
            await edit(writer, 200)
            began = time.monotonic()
            sessions = {one.opened["session"] for one in away}
            await writer.until(lambda: sessions <= gone(writer), 60)
            record("vanished readers", seconds=time.monotonic() - began)
        await writer.close()


async def test_a_reader_with_8_kib_a_second_gets_that_much_and_catches_up(tmp_path: Path) -> None:
    rate, seconds = 8 * 1024, 30.0
    small = {"WEFT_OUT_BYTES_PER_SECOND": str(rate), "WEFT_OUT_BURST": str(rate)}
    with RunningServer(tmp_path, env={**UNLIMITED, **small}) as server:
        tokens = [await server.mint("ada"), await server.mint("bo")]
        writer = await PatchClient.connect(server.ws, "page", tokens[0], create=PAGE)
        reader = await WireClient.connect(server.port, "page", tokens[1])
        copy = Copy(reader)
        begin, number = time.monotonic(), 1
        while time.monotonic() - begin < seconds:
            await writer.set("/n", number)
            number += 1
        received, took = reader.received, time.monotonic() - begin
        async with asyncio.timeout(60):
            await copy.until({"text": "", "n": number - 1})
        await writer.close()
        reader.close()
    record("a small budget", share=received / (rate * took))
    assert received <= 1.05 * rate * took + rate  # plus the burst at its start
