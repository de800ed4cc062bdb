"""Attempts to bypass a budget: reconnecting, sending in parallel, and keeping connections."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress

from tests.attacks.attacker import Bystander, Intruder, upgrade
from tests.live.http_client import call
from tests.running import RunningServer


async def test_a_reconnect_does_not_refill_the_budget(
    server: RunningServer, bystander: Bystander
) -> None:
    """A hundred connections each send a whole burst in the frame of their `open`."""
    token = await server.mint("comes-back")
    await (await Intruder.open(server, "back", token, create={"n": 0})).close()
    began = time.monotonic()
    taken: Counter[str] = Counter()
    for number in range(100):
        one = await Intruder.open(server, "back", token)
        ops = [{"op": "test", "path": "/n", "value": 0}]
        ids = [f"{number}-{n}" for n in range(40)]
        await one.say([{"type": "patch", "id": i, "base": 1, "ops": ops} for i in ids])
        with suppress(
            TimeoutError
        ):  # the server does not read from it until its budget has recovered
            taken.update(each["type"] for each in (await one.hear(*ids, seconds=0.05)).values())
        one.socket.transport.abort()
    allowed = 400 + 200 * (time.monotonic() - began)
    assert taken["ack"] <= 1.1 * allowed


async def test_messages_sent_with_open_wait_while_the_budget_is_used_up(
    server: RunningServer,
) -> None:
    token = await server.mint("in-debt")
    one = await Intruder.open(server, "debt", token, create={"n": 0})
    padding = "x" * 900_000
    for number in range(2):
        await one.say({"type": "patch", "id": f"l{number}", "base": 1, "ops": [], "x": padding})
    await one.until("backpressure")
    edits = [{"op": "replace", "path": "/n", "value": 1}]
    for number in range(5):
        socket = await upgrade(server, "/v1/docs/debt/live", "weft.v1")
        await socket.send(
            json.dumps(
                [
                    {"type": "open", "token": token},
                    {"type": "patch", "id": f"e{number}", "base": 1, "ops": edits},
                ]
            )
        )
        late = Intruder(socket, {})
        assert (await late.hear(f"e{number}"))[f"e{number}"]["code"] == "rate_limited"
        socket.transport.abort()  # the server would not read a close frame
    one.socket.transport.abort()


async def put(server: RunningServer, token: str, body: bytes, gate: asyncio.Barrier) -> bytes:
    """PUT a body after the heads of all requests are sent. Return the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = f"PUT /v1/docs/large HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body[:1000])
    await writer.drain()
    await gate.wait()
    with suppress(ConnectionError):  # the server refused before it got the whole body
        writer.write(body[1000:])
        await writer.drain()
    try:
        return (await reader.readline())[9:12]
    except ConnectionError:
        return b"429"
    finally:
        writer.transport.abort()


async def test_the_largest_bodies_at_once_share_one_budget(
    server: RunningServer, bystander: Bystander
) -> None:
    token = await server.mint("large")
    body = json.dumps({"x": "y" * 1_000_000}).encode()
    gate = asyncio.Barrier(24)
    codes = Counter(await asyncio.gather(*(put(server, token, body, gate) for _ in range(24))))
    assert codes[b"429"] >= 16
    assert codes.keys() <= {b"201", b"409", b"429"}


async def test_many_documents_of_one_user_disturb_no_other_client(
    server: RunningServer, bystander: Bystander
) -> None:
    """Names without a document leave no room open."""
    token = await server.mint("collector")
    url = f"{server.http}/v1/docs"

    def look(part: int) -> set[int]:
        return {call("GET", f"{url}/none-{part}-{n}", token=token).status for n in range(150)}

    assert (
        await asyncio.gather(*(asyncio.to_thread(look, part) for part in range(4))) == [{404}] * 4
    )
    await bystander.check()
