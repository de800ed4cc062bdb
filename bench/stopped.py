"""Readers that stop reading: their effect on the other readers, and how they catch up."""

from __future__ import annotations

import asyncio
import itertools
import json
import statistics
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

from bench.crowd import UNLIMITED, Crowd, ms, row, run
from bench.served import Served, apart, served
from bench.wire_client import WireClient

READERS = 100
RATE = 200.0  # edits a second, of 4 KiB each
SECONDS = 15.0
ROUNDS = 5


class Round(NamedTuple):
    """One round: latencies at the active readers in ms, and the CPU and memory of the server."""

    p50: float
    p99: float
    cpu: float
    grown: int
    level: int


def rows() -> list[dict[str, Any]]:
    """Measure rounds with and without stopped readers in turn, so that other load hits both."""
    without: list[Round] = []
    beside: list[Round] = []
    with apart() as core:
        for number in range(ROUNDS):
            for stopped in (0, READERS) if number % 2 == 0 else (READERS, 0):
                with served(core=core, **UNLIMITED) as server:
                    (beside if stopped else without).append(run(_round(server, stopped)))
    return list(_figures(without, beside))


def _figures(without: list[Round], beside: list[Round]) -> Iterator[dict[str, Any]]:
    for name, unit in (("p50", "ms"), ("p99", "ms"), ("cpu", "s")):
        one = [getattr(each, name) for each in without]
        other = [getattr(each, name) for each in beside]
        ratios = [b / a for a, b in zip(one, other, strict=True)]
        yield _spread(f"{READERS} readers, {RATE:.0f} edits/s of 4 KiB: {name}", one, unit)
        yield _spread(f"beside {READERS} stopped readers: {name}", other, unit)
        yield _spread(f"{name}, with stopped readers / without", ratios, "x")
    grown = statistics.median(one.grown for one in beside)
    base = statistics.median(one.grown for one in without)
    yield row("memory for a stopped reader", (grown - base) / READERS / 1024, "KiB")
    level = min(one.level for one in beside)
    yield row("stopped readers that caught up by one merged change", 100 * level / READERS, "%")


def _spread(name: str, values: list[float], unit: str) -> dict[str, Any]:
    found = row(name, statistics.median(values), unit)
    return {**found, "least": round(min(values), 3), "most": round(max(values), 3)}


async def _round(server: Served, stopped: int) -> Round:
    crowd = Crowd(server, "stopped", padding=4096)
    readers = await crowd.join(10) + await crowd.join(READERS - 10, listen=False)
    away = await crowd.join(stopped, listen=False)
    for client in away:
        client.transport.pause_reading()
    before, spent = server.rss(), server.cpu_seconds()
    await crowd.edit_at(RATE, SECONDS, readers)
    cpu, grown = server.cpu_seconds() - spent, server.rss() - before
    held = await asyncio.to_thread(_held_back, server)
    assert held == stopped, f"{held} of {stopped} are held back"
    p50, p99 = ms(crowd.latencies, 0.5), ms(crowd.latencies, 0.99)
    level = await _read_again(crowd, away)
    crowd.close()
    return Round(p50, p99, cpu, grown, level)


def _held_back(server: Served) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return int(sum(float(line.split()[-1]) for line in lines if "readers_behind{" in line))


async def _read_again(crowd: Crowd, away: list[WireClient]) -> int:
    """Resume the stopped readers; return how many reach the head by one merged change."""
    heard: dict[WireClient, list[dict[str, Any]]] = {client: [] for client in away}

    def listen(client: WireClient) -> None:
        def hear(payload: bytes) -> None:
            decoded = json.loads(payload)
            for message in decoded if isinstance(decoded, list) else [decoded]:
                if message["type"] == "change":
                    heard[client].append(message)

        client.hear = hear

    for client in away:
        listen(client)
        client.transport.resume_reading()
    await asyncio.sleep(3.0 if away else 0.0)
    return sum(_is_level(changes, crowd.version) for changes in heard.values())


def _is_level(changes: list[dict[str, Any]], head: int) -> bool:
    """Whether a reader got every version once up to the head, and exactly one merged change."""
    versions = [(change.get("from", change["version"]), change["version"]) for change in changes]
    dense = all(b[0] == a[1] + 1 for a, b in itertools.pairwise(versions))
    merged = sum("from" in change for change in changes)
    return dense and merged == 1 and versions[-1][1] == head
