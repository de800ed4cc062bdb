"""How many edits 1, 2 and 3 instances take, and one instance with two workers.

All of them use one SQLite file and the local bus. Each client sends its next edit after the ack of
the last one. With one document for all, the instances take turns: an edit waits for the edits of
the others. With a document for each client, each document is open on one instance.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from contextlib import ExitStack
from statistics import median
from typing import Any

from bench.crowd import UNLIMITED, page, row, run
from bench.served import Served, served
from bench.wire_client import WireClient

CLIENTS = 12
SECONDS = 3.0
ROUNDS = 3
SETUPS = (("1 instance", 1, 1), ("2 instances", 2, 1), ("3 instances", 3, 1), ("2 workers", 1, 2))


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for documents, name in ((1, "one document"), (CLIENTS, "a document each")):
        figures: dict[str, list[tuple[float, float]]] = {setup[0]: [] for setup in SETUPS}
        for _ in range(ROUNDS):
            for setup, count, workers in SETUPS:
                figures[setup].append(_measure(count, workers, documents))
        first = median(rate for rate, _ in figures["1 instance"])
        for setup, measured in figures.items():
            rate, cpu = (median(one[at] for one in measured) for at in (0, 1))
            found.append(row(f"{name}, {setup}: edits a second", rate, "1/s"))
            found.append(row(f"{name}, {setup}: against 1 instance", rate / first, "times"))
            found.append(row(f"{name}, {setup}: server CPU an edit", cpu, "us"))
    return found


def _measure(count: int, workers: int, documents: int) -> tuple[float, float]:
    """Return the acknowledged edits a second, and the processor time of an edit in microseconds."""
    settings = {**UNLIMITED, "local_bus": "1", "workers": str(workers), "max_documents": "0"}
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        database = f"sqlite+aiosqlite:///{home}/weft.db"
        servers = [stack.enter_context(served(database=database, **settings)) for _ in range(count)]
        return run(_load(servers, documents))


async def _load(servers: list[Served], documents: int) -> tuple[float, float]:
    value = {**page(), "fields": {str(number): 0 for number in range(CLIENTS)}}
    tokens = await servers[0].tokens([f"u{number}" for number in range(CLIENTS)])
    acks = 0
    clients: list[WireClient] = []
    versions = [1] * CLIENTS  # the newest that each client has seen

    def answer(client: WireClient, number: int) -> None:
        def hear(payload: bytes) -> None:
            nonlocal acks
            decoded = json.loads(payload)
            for message in decoded if isinstance(decoded, list) else [decoded]:
                versions[number] = max(versions[number], message.get("version", 0))
                if message["type"] in ("ack", "reject"):
                    assert message["type"] == "ack", message
                    acks += 1
                    _edit(client, number, versions[number])

        client.hear = hear

    for number, token in enumerate(tokens):
        server, doc = servers[number % len(servers)], f"doc-{number % documents}"
        client = await WireClient.connect(server.port, doc, token, create=value)
        answer(client, number)
        clients.append(client)
    for number, client in enumerate(clients):
        _edit(client, number, versions[number])
    await asyncio.sleep(0.5)
    begun, cpu, began = acks, sum(one.cpu_seconds() for one in servers), time.perf_counter()
    await asyncio.sleep(SECONDS)
    done, seconds = acks - begun, time.perf_counter() - began
    spent = sum(one.cpu_seconds() for one in servers) - cpu
    for client in clients:
        client.close()
    return done / seconds, 1e6 * spent / max(1, done)


def _edit(client: WireClient, number: int, base: int) -> None:
    ops = [{"op": "replace", "path": f"/fields/{number}", "value": time.perf_counter()}]
    client.send(
        {"type": "patch", "id": f"{number}-{time.perf_counter_ns()}", "base": base, "ops": ops}
    )
