"""How long a client is away when its instance is killed or stopped: until its next ack elsewhere.

Two instances share a SQLite file and the local bus. All clients edit one document at the first one.
After a kill, they connect to the second one at once. After a stop, they wait as the server has told
them: it spreads them over two seconds.
"""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
import time
from contextlib import ExitStack
from typing import Any

from bench.crowd import UNLIMITED, page, row, run
from bench.served import Served, served
from bench.wire_client import WireClient

CLIENTS = 50
ROUNDS = 3
ENDS = (("killed", signal.SIGKILL), ("stopped", signal.SIGTERM))


class Roaming(WireClient):
    """A client that notes when its connection ends, and what the server told it before."""

    ended: asyncio.Future[float]
    retry_after = 0.0

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.ended.set_result(time.perf_counter())


def rows() -> list[dict[str, Any]]:
    found = []
    for name, end in ENDS:
        away = sorted(seconds for _ in range(ROUNDS) for seconds in _round(end))
        for share in (0.5, 0.99):
            at = min(len(away) - 1, int(share * len(away)))
            title = f"instance {name}, {CLIENTS} clients: away p{share * 100:.0f}"
            found.append(row(title, 1000 * away[at], "ms"))
    return found


def _round(end: signal.Signals) -> list[float]:
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        database = f"sqlite+aiosqlite:///{home}/weft.db"
        settings = {**UNLIMITED, "local_bus": "1"}
        first, second = (
            stack.enter_context(served(database=database, **settings)) for _ in range(2)
        )
        return run(_fail_over(first, second, end))


async def _fail_over(first: Served, second: Served, end: signal.Signals) -> list[float]:
    tokens = await first.tokens([f"u{number}" for number in range(CLIENTS)])
    clients = [await _connect(first, token, create=page()) for token in tokens]
    first.process.send_signal(end)
    away = await asyncio.gather(
        *(_move(client, second, token) for client, token in zip(clients, tokens, strict=True))
    )
    return list(away)


async def _connect(server: Served, token: str, **opening: Any) -> Roaming:
    client = await Roaming.connect(server.port, "page", token, **opening)
    assert isinstance(client, Roaming)
    client.ended = asyncio.get_running_loop().create_future()

    def hear(payload: bytes) -> None:
        decoded = json.loads(payload)
        for message in decoded if isinstance(decoded, list) else [decoded]:
            if message["type"] == "disconnect_notice":
                client.retry_after = message.get("retry_after_ms", 0) / 1000

    client.hear = hear
    return client


async def _move(client: Roaming, to: Served, token: str) -> float:
    """Return the seconds from the end of the connection to the first ack of the other instance."""
    ended = await client.ended
    await asyncio.sleep(client.retry_after)
    again = await WireClient.connect(to.port, "page", token, since={"epoch": 1, "version": 1})
    acked = asyncio.get_running_loop().create_future()

    def hear(payload: bytes) -> None:
        if b'"ack"' in payload and not acked.done():
            acked.set_result(time.perf_counter())

    again.hear = hear
    op = {"op": "add", "path": f"/seen{token[-6:]}", "value": ended}
    again.send({"type": "patch", "id": token[-12:], "base": 1, "ops": [op]})
    seconds: float = await acked - ended
    again.close()
    return seconds
