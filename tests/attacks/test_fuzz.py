"""Thousands of mutated messages and requests cause no server error and disturb no client."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
from typing import Any

from websockets.exceptions import ConnectionClosed

from collab.rights.user_rights import Role
from tests.attacks.attacker import Bystander, Intruder
from tests.running import RunningServer

SEED = 20_240_817
FRAMES, REQUESTS = 20_000, 1_500
OURS = (1011, 1006)

SEEDS: list[Any] = [
    {"type": "patch", "id": "i", "base": 1, "ops": [{"op": "add", "path": "/a/0", "value": 1}]},
    {"type": "patch", "id": "i", "base": 1, "ops": [{"op": "remove", "path": "/a/0"}]},
    {"type": "patch", "id": "i", "base": 2, "ops": [{"op": "replace", "path": "/t", "value": "x"}]},
    {
        "type": "patch",
        "id": "i",
        "base": 2,
        "ops": [{"op": "move", "from": "/a/0", "path": "/b/k"}],
    },
    {"type": "patch", "id": "i", "base": 3, "ops": [{"op": "copy", "from": "/b", "path": "/a/-"}]},
    {"type": "patch", "id": "i", "base": 3, "ops": [{"op": "test", "path": "/t", "value": "x"}]},
    {
        "type": "patch",
        "id": "i",
        "base": 3,
        "ops": [{"op": "splice", "path": "/t", "offset": 1, "delete": 1, "insert": "é"}],
        "strict": False,
        "fence": 1,
    },
    {"type": "undo", "id": "i", "scope": "/a"},
    {"type": "redo", "id": "i"},
    {
        "type": "presence",
        "base": 1,
        "state": {"cursor": {"path": "/t", "offset": 3}, "color": "#f"},
    },
    {"type": "lock", "id": "i", "action": "acquire", "base": 1, "scope": "/a/0", "ttl": 300},
    {"type": "lock", "id": "i", "action": "release", "lock_id": "l-1"},
    {"type": "ping", "at": 1},
    {"type": "open", "client": "x", "since": {"epoch": 1, "version": 1}},
]
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2, 3, 0.5, -0.0, 1e308, 2**53, 2**63, 2**64, 10**30, -(2**70),
    "", "/", "/a", "/a/-", "/a/0", "/t", "/b/k", "~", "/~", "/a/00", "/a/1e3", "\0", "\u202e",
    "😀", "é" * 50, "x" * 3000, "__proto__", "acquire", "take_over", "undo", "move", "splice",
    [], {}, [[]], {"": ""}, {"id": "same"}, [{"id": "same"}, {"id": "same"}], {"op": "add"},
]  # fmt: skip


def mutated(value: Any, dice: random.Random) -> Any:
    """Return the value with one change: another value, or a key added, removed or moved."""
    if dice.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return dice.choice(ODD)
    if isinstance(value, list):
        at = dice.randrange(len(value))
        how = dice.random()
        if how < 0.2:
            return value + value
        return [*value[:at], mutated(value[at], dice), *value[at + 1 :]]
    key = dice.choice(list(value))
    how = dice.random()
    if how < 0.1:
        return {k: v for k, v in value.items() if k != key}
    if how < 0.2:
        return {
            **value,
            dice.choice(("from", "value", "id", "base", "x", "scope")): dice.choice(ODD),
        }
    return {**value, key: mutated(value[key], dice)}


def frame_of(dice: random.Random, number: int) -> str:
    message = dice.choice(SEEDS)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        message = mutated(message, dice)
    if isinstance(message, dict) and message.get("id") == "i":
        message = {**message, "id": f"f{number}"}
    return json.dumps(message)


def torn(frame: str, dice: random.Random) -> str:
    """Return damaged bytes. Most of them make the server close the connection."""
    at = dice.randrange(len(frame) + 1)
    return dice.choice((frame[:at], frame[:at] + dice.choice('"{}[],\\\0') + frame[at:], frame * 2))


async def test_mutated_messages_cause_no_server_error(
    server: RunningServer, bystander: Bystander
) -> None:
    """Ten users share one document, so each meets what the others have left in it."""

    async def attack(number: int) -> set[int | None]:
        dice = random.Random(SEED + number)
        token = await server.mint(f"fuzzer-{number}", dice.choice((Role.EDITOR, Role.ADMIN)))
        codes: set[int | None] = set()
        sent = 0
        while sent < FRAMES // 10:
            one = await Intruder.open(
                server,
                "fuzzed",
                token,
                create={"t": "text", "a": [1, {"id": "e"}], "b": {"k": []}},
                accept=["splice"],
            )
            reader = asyncio.create_task(read_on(one))
            try:
                while sent < FRAMES // 10:
                    messages = [frame_of(dice, sent + n) for n in range(40)]
                    sent += 40
                    frame = f"[{','.join(messages)}]"
                    await one.say(torn(frame, dice) if dice.random() < 0.05 else frame)
            except ConnectionClosed:
                pass
            await one.say_last()
            codes.add(await reader)
        return codes

    codes = set().union(*await asyncio.gather(*(attack(number) for number in range(10))))
    assert not codes & set(OURS), codes
    assert codes <= {1000, 4400, 4529, 1007}, codes


async def read_on(one: Intruder) -> int | None:
    try:
        while True:
            await one.next_frame()
    except ConnectionClosed:
        return one.socket.close_code


HEADERS = (
    ("If-Match", '"1"'), ("If-Match", "*"), ("If-Match", '"99999999999999999999"'),
    ("If-None-Match", "*"), ("Idempotency-Key", "k"), ("Idempotency-Key", "é" * 300),
    ("Weft-Fence", "-1"), ("Weft-Fence", "9" * 400), ("Weft-Client", "\x85"),
    ("Content-Type", "text/plain"), ("Content-Type", "application/json; charset=utf-16"),
    ("Content-Encoding", "gzip"), ("Content-Length", "5"), ("Range", "bytes=0-"),
    ("Accept", "\xff"), ("Origin", "null"), ("Expect", "100-continue"), ("Accept-Encoding", "br"),
)  # fmt: skip
PATHS = (
    "", "/undo", "/redo", "/versions", "/versions/1", "/versions/x", "/diff", "/restore", "/schema",
    "/presence", "/locks", "/locks/l-1/renew", "/locks/l-1/release", "/locks/l-1/take-over",
    "/locks/l-1/keep", "/audit", "/export", "/import", "/publish", "/live", "/comments", "//",
    "/%00",
)  # fmt: skip
QUERIES = ("", "?at=1", "?at=-1", "?at=" + "9" * 30, "?pointer=/a/0", "?pointer=%ff", "?base=0",
           "?from=1&to=2", "?from=x", "?limit=0", "?limit=99999", "?cursor=%00", "?cursor=1",
           "?token=x", "?each=1", "?to=0")  # fmt: skip
BODIES: list[Any] = [
    {"a": [1], "t": "x"}, [{"op": "add", "path": "/a/0", "value": 1}], {"scope": "/a", "ttl": 1},
    {"name": "n", "version": 1}, {"version": 1, "pointer": "/a"}, {"secret": "demo.x"},
    {"type": "object", "properties": {"a": {"type": "array"}}}, {"lock_id": "l-1", "base": 1},
]  # fmt: skip


def fuzz_http(server: RunningServer, tokens: list[str], number: int) -> list[tuple[int, str]]:
    """Send mutated requests. Return the server errors: status and request."""
    dice = random.Random(SEED + number)
    wrong: list[tuple[int, str]] = []
    for _ in range(number, REQUESTS, 2):
        method = dice.choice(("GET", "GET", "PUT", "PATCH", "POST", "DELETE", "HEAD", "OPTIONS"))
        target = f"/v1/docs/web-{dice.randrange(20)}" + dice.choice(PATHS) + dice.choice(QUERIES)
        body = dice.choice(BODIES)
        for _ in range(dice.randrange(3)):
            body = mutated(body, dice)
        status = one_request(server, method, target, json.dumps(body).encode(), tokens, dice)
        if status >= 500:
            wrong.append((status, f"{method} {target} {json.dumps(body)[:300]}"))
    return wrong


def one_request(
    server: RunningServer,
    method: str,
    target: str,
    body: bytes,
    tokens: list[str],
    dice: random.Random,
) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.putrequest(method, target)
        connection.putheader("Authorization", f"Bearer {dice.choice(tokens)}")
        headers = dict(dice.choice(HEADERS) for _ in range(dice.randrange(3)))
        length = headers.pop("Content-Length", "") if len(body) > 5 else ""
        length = length or str(len(body))
        for name, value in headers.items():
            connection.putheader(name, value.encode())
        connection.putheader("Content-Length", length)
        connection.endheaders(body[: int(length)])
        return connection.getresponse().status
    finally:
        connection.close()


async def test_mutated_requests_cause_no_server_error(
    server: RunningServer, bystander: Bystander
) -> None:
    tokens = [await server.mint(f"web-{n}", Role.ADMIN) for n in range(3)]
    tokens += [await server.mint("web-viewer", Role.VIEWER), "garbage"]
    found = await asyncio.gather(
        *(asyncio.to_thread(fuzz_http, server, tokens, number) for number in range(2))
    )
    assert [*found[0], *found[1]] == []
