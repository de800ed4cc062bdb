"""Edits of real clients of a real server: latency, bytes on the wire, a budget, presence."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from bench.crowd import UNLIMITED, Crowd, ms, row, run
from bench.served import Served, apart, served

SECONDS = 8.0


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with apart() as core, served(core=core, **UNLIMITED) as server:
        found += run(_latency(server, clients=100, rate=100.0))
        found += run(_latency(server, clients=10, rate=500.0))
        found += run(_wire(server))
        found += run(_presence(server, 500))
    found += _budget()
    return found


async def _latency(server: Served, clients: int, rate: float) -> list[dict[str, Any]]:
    crowd = Crowd(server, f"latency-{clients}")
    # Only ten clients measure. If a hundred clients parsed everything, their own work would count.
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
    """Measure the bytes of an edit of one field, both ways, and compare with the whole page."""
    crowd = Crowd(server, "wire")
    writer, reader = await crowd.join(2)
    sent, received = writer.sent, reader.received
    for number in range(50):
        crowd.edit(writer, number)
    await asyncio.sleep(1.0)
    up, down = (writer.sent - sent) / 50, (reader.received - received) / 50
    whole = len(json.dumps(crowd.value(), separators=(",", ":")))
    crowd.close()
    return [
        row("one field, client to server", up, "bytes"),
        row("one field, server to peer", down, "bytes"),
        row("saved against sending the whole page", 100 * (1 - (up + down) / (2 * whole)), "%"),
    ]


async def _presence(server: Served, count: int) -> list[dict[str, Any]]:
    """Measure presence while every client moves a cursor twice a second."""
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


def _budget() -> list[dict[str, Any]]:
    """Measure a reader with a budget of 8 KiB a second, while more is sent for 30 seconds."""
    seconds, rate = 30.0, 8 * 1024
    with served(**UNLIMITED, out_bytes_per_second=str(rate), out_burst=str(rate)) as server:
        received = run(_beyond_budget(server, seconds))
    return [
        row(
            "share of its budget that a reader of 8 KiB/s got",
            100 * received / (rate * seconds),
            "%",
        )
    ]


async def _beyond_budget(server: Served, seconds: float) -> float:
    crowd = Crowd(server, "budget", padding=512)
    [writer] = await crowd.join(1)
    [reader] = await crowd.join(1, listen=False)
    await asyncio.sleep(20.0)  # `opened` was larger than the burst: wait until the debt is paid
    before = reader.received
    await crowd.edit_at(200.0, seconds, [writer])
    received = reader.received - before
    crowd.close()
    return float(received)
