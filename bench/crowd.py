"""Clients of one document: they edit it, and measure how long their edits take."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from bench.served import Served
from bench.wire_client import WireClient
from server.demo.content import pages

UNLIMITED: dict[str, Any] = {"in_bytes_per_second": "0", "in_messages_per_second": "0"}

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    import uvloop

    return uvloop.run(work)


def row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit}


def page() -> dict[str, Any]:
    return next(value for key, value in pages() if key.tenant == "demo")


class Crowd:
    """Clients of one document, and the latencies of their edits."""

    def __init__(self, server: Served, doc: str, *, padding: int = 0) -> None:
        self.server = server
        self.padding = "x" * padding
        self.doc = doc
        self.clients: list[WireClient] = []
        self.latencies: list[float] = []
        self.acks: list[float] = []
        self._sent_at: dict[str, float] = {}
        self._count = 0
        self.version = 1  # the newest version that any client has seen; all edits have it as base

    async def join(self, count: int, *, listen: bool = True, **opening: Any) -> list[WireClient]:
        first = len(self.clients)
        users = [f"u{first + number}" for number in range(count)]
        made = []
        for token in await self.server.tokens(users):
            client = await WireClient.connect(
                self.server.port, self.doc, token, create=self.value(), **opening
            )
            if listen:
                client.hear = self._hear
            made.append(client)
        self.clients += made
        return made

    def value(self) -> dict[str, Any]:
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
        """Send edits on a fixed schedule, without waiting for answers; return how many."""
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
