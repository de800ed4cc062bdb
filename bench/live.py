"""Edits among real clients of a real server: latency, bytes on the wire, slow readers, presence."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import Coroutine
from typing import Any

from bench.served import Served, served
from bench.wire_client import WireClient
from server.demo import pages

UNLIMITED = {"in_bytes_per_second": "0", "in_messages_per_second": "0"}
SECONDS = 8.0


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with served(**UNLIMITED) as server:
        found += _run(_latency(server, clients=100, rate=100.0))
        found += _run(_latency(server, clients=10, rate=500.0))
        found += _run(_wire(server))
        found += _run(_presence(server, 500))
    found += _slow()
    found += _budget()
    return found


def _run(work: Coroutine[Any, Any, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    import uvloop

    result: list[dict[str, Any]] = uvloop.run(work)
    return result


def row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit}


def page() -> dict[str, Any]:
    return next(value for key, value in pages() if key.tenant == "demo")


class Crowd:
    """Clients of one document, and how long edits take among them."""

    def __init__(self, server: Served, doc: str, *, padding: int = 0) -> None:
        self.server = server
        self.padding = "x" * padding
        self.doc = doc
        self.clients: list[WireClient] = []
        self.latencies: list[float] = []
        self.acks: list[float] = []
        self._sent_at: dict[str, float] = {}
        self._count = 0
        self.version = 1  # the newest that somebody has seen: what everybody edits

    async def join(self, count: int, *, listen: bool = True, **opening: Any) -> list[WireClient]:
        first = len(self.clients)
        users = [f"u{first + number}" for number in range(count)]
        made = []
        for token in await self.server.tokens(users):
            client = await WireClient.connect(
                self.server.port, self.doc, token, create=self._value(), **opening
            )
            if listen:
                client.hear = self._hear
            made.append(client)
        self.clients += made
        return made

    def _value(self) -> dict[str, Any]:
        return {**page(), "fields": {str(number): 0 for number in range(200)}}

    def edit(self, client: WireClient, number: int) -> None:
        self._count += 1
        request, now = f"r{self._count}", time.perf_counter()
        self._sent_at[request] = now
        ops = [{"op": "replace", "path": f"/fields/{number % 200}", "value": now}]
        if self.padding:
            ops.append({"op": "add", "path": "/padding", "value": f"{number}{self.padding}"})
        client.send({"type": "patch", "id": request, "base": self.version, "ops": ops})

    async def edit_at(self, rate: float, seconds: float, writers: list[WireClient]) -> int:
        """Edits on a fixed schedule, whatever the answers do; how many."""
        begin, number = time.perf_counter(), 0
        while (due := begin + number / rate) < begin + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.edit(writers[number % len(writers)], number)
            number += 1
        await asyncio.sleep(0.5)
        return number

    def _hear(self, payload: bytes) -> None:
        now = time.perf_counter()
        decoded = json.loads(payload)
        for message in decoded if isinstance(decoded, list) else [decoded]:
            self.version = max(self.version, message.get("version", 0))
            if message["type"] == "change":
                self._hear_change(message, now)
            elif message["type"] == "ack":
                self.acks.append(now - self._sent_at[message["id"]])

    def _hear_change(self, message: dict[str, Any], now: float) -> None:
        for op in message["ops"]:
            if isinstance(op.get("value"), float):
                self.latencies.append(now - op["value"])
        for ack in message.get("acks", ()):
            self.acks.append(now - self._sent_at[ack["id"]])

    def close(self) -> None:
        for client in self.clients:
            client.close()


def ms(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def _latency(server: Served, clients: int, rate: float) -> list[dict[str, Any]]:
    crowd = Crowd(server, f"latency-{clients}")
    # Ten of them look at the clock: to parse everything that a hundred get would be measured too.
    everybody = await crowd.join(10) + await crowd.join(clients - 10, listen=False)
    cpu = server.cpu_seconds()
    edits = await crowd.edit_at(rate, SECONDS, everybody)
    spent = server.cpu_seconds() - cpu
    crowd.close()
    name = f"{clients} clients, {rate:.0f} edits/s"
    return [
        row(f"{name}: edit to peer p50", ms(crowd.latencies, 0.5), "ms"),
        row(f"{name}: edit to peer p99", ms(crowd.latencies, 0.99), "ms"),
        row(f"{name}: edit to ack p50", ms(crowd.acks, 0.5), "ms"),
        row(f"{name}: edit to ack p99", ms(crowd.acks, 0.99), "ms"),
        row(f"{name}: server CPU an edit", spent / edits * 1e6, "us"),
    ]


async def _wire(server: Served) -> list[dict[str, Any]]:
    """What one field costs on the wire, both ways, beside sending the whole page."""
    crowd = Crowd(server, "wire")
    writer, reader = await crowd.join(2)
    sent, received = writer.sent, reader.received
    for number in range(50):
        crowd.edit(writer, number)
    await asyncio.sleep(1.0)
    up, down = (writer.sent - sent) / 50, (reader.received - received) / 50
    whole = len(json.dumps(crowd._value(), separators=(",", ":")))
    crowd.close()
    return [
        row("one field, client to server", up, "bytes"),
        row("one field, server to peer", down, "bytes"),
        row("less than the whole page, up and down", 100 * (1 - (up + down) / (2 * whole)), "%"),
    ]


async def _presence(server: Served, count: int) -> list[dict[str, Any]]:
    """Everybody moves a cursor twice a second."""
    crowd = Crowd(server, "presence")
    everybody = await crowd.join(count, listen=False)
    await asyncio.sleep(2.0)
    cpu, received = server.cpu_seconds(), everybody[0].received
    begin = time.perf_counter()
    moves = 0
    while time.perf_counter() - begin < 5.0:
        for client in everybody[moves % 5 :: 5]:
            cursor = {"path": "/fields/1", "offset": moves}
            client.send({"type": "presence", "base": 1, "state": {"cursor": cursor}})
        moves += 1
        await asyncio.sleep(0.1)
    seconds = time.perf_counter() - begin
    spent = server.cpu_seconds() - cpu
    down = (everybody[0].received - received) / seconds
    crowd.close()
    return [
        row(f"{count} cursors, each moved twice a second: server CPU", 100 * spent / seconds, "%"),
        row(f"{count} cursors: bytes to one peer", down / 1024, "KiB/s"),
    ]


def _slow() -> list[dict[str, Any]]:
    """100 readers with and without 100 more that stop reading; three rounds each."""
    with_slow: list[float] = []
    without: list[float] = []
    growth: list[float] = []
    level: list[float] = []
    for _ in range(3):
        for slow, into in ((0, without), (100, with_slow)):
            with served(**UNLIMITED) as server:
                p99, grown, caught_up = _run_slow(server, slow)
            into.append(p99)
            if slow:
                growth.append(grown / slow)
                level.append(100 * caught_up / slow)
    return [
        row("100 readers, 200 edits/s: p99", statistics.median(without), "ms"),
        row("the same beside 100 that stopped: p99", statistics.median(with_slow), "ms"),
        row("memory for one that stopped", statistics.median(growth) / 1024, "KiB"),
        row("of them level again, by one merged change", min(level), "%"),
    ]


def _run_slow(server: Served, slow: int) -> tuple[float, float, int]:
    import uvloop

    return uvloop.run(_beside_slow(server, slow))


async def _beside_slow(server: Served, slow: int) -> tuple[float, float, int]:
    crowd = Crowd(server, "slow", padding=4096)
    fast = await crowd.join(10) + await crowd.join(90, listen=False)
    stopped = await crowd.join(slow, listen=False)
    for client in stopped:
        client.transport.pause_reading()
    before = server.rss()
    await crowd.edit_at(
        200.0, 5.0, fast
    )  # until the sockets of the stopped have taken all they can
    crowd.latencies.clear()
    await crowd.edit_at(200.0, 10.0, fast)
    grown = server.rss() - before
    p99 = ms(crowd.latencies, 0.99)
    caught_up = await _read_again(crowd, stopped)
    crowd.close()
    return p99, grown, caught_up


async def _read_again(crowd: Crowd, stopped: list[WireClient]) -> int:
    """How many of those that had stopped end at the head through one merged change."""
    last: dict[WireClient, list[dict[str, Any]]] = {client: [] for client in stopped}

    def listen(client: WireClient) -> None:
        def hear(payload: bytes) -> None:
            decoded = json.loads(payload)
            for message in decoded if isinstance(decoded, list) else [decoded]:
                if message["type"] == "change":
                    last[client].append(message)

        client.hear = hear

    for client in stopped:
        listen(client)
        client.transport.resume_reading()
    await asyncio.sleep(8.0)
    return sum(_is_level(changes, crowd.version) for changes in last.values())


def _is_level(changes: list[dict[str, Any]], head: int) -> bool:
    """Every version once, the last of them in one merged change that ends at the head."""
    versions = [(change.get("from", change["version"]), change["version"]) for change in changes]
    dense = all(b[0] == a[1] + 1 for a, b in itertools.pairwise(versions))
    merged = sum("from" in change for change in changes)
    return dense and merged == 1 and versions[-1][1] == head


def _budget() -> list[dict[str, Any]]:
    """A reader that may have 8 KiB a second, for 30 seconds of more than that."""
    seconds, rate = 30.0, 8 * 1024
    with served(**UNLIMITED, out_bytes_per_second=str(rate), out_burst=str(rate)) as server:
        received = _run_budget(server, seconds)
    return [row("a reader of 8 KiB/s got of its budget", 100 * received / (rate * seconds), "%")]


def _run_budget(server: Served, seconds: float) -> float:
    import uvloop

    return uvloop.run(_beyond_budget(server, seconds))


async def _beyond_budget(server: Served, seconds: float) -> float:
    crowd = Crowd(server, "budget", padding=512)
    [writer] = await crowd.join(1)
    [reader] = await crowd.join(1, listen=False)
    await asyncio.sleep(20.0)  # what `opened` cost more than the burst is paid for first
    before = reader.received
    await crowd.edit_at(200.0, seconds, [writer])
    received = reader.received - before
    crowd.close()
    return float(received)
