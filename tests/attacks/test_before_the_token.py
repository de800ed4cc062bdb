"""Attacks before authentication: silence, garbage, crowds and forged tokens."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from tests.attacks.attacker import Bystander, Intruder, close_code, upgrade
from tests.running import RunningServer

LIVE = "/v1/docs/strangers/live"


def resident(server: RunningServer) -> int:
    """Return the server's resident memory in bytes."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", 4400),
        ("null", 4400),
        ("5", 4400),
        ("[]", 4400),
        ("[[]]", 4400),
        ("{}", 4400),
        ("[" * 100_000, 4400),
        ('{"type":"open","token":' + "[" * 50_000 + "]" * 50_000 + "}", 4400),
        ('{"type":"ping"}', 4400),
        ('[{"type":"ping"},{"type":"open"}]', 4400),
        (b'{"type":"open"}', 4400),
        ('{"type":"open"}', 4401),
        ('{"type":"open","token":""}', 4401),
        ('{"type":"open","token":5}', 4400),
        ('{"type":"open","token":"' + "x" * 900_000 + '"}', 4401),
        ('{"type":"open","token":"' + "x" * 1_100_000 + '"}', 1009),
        ('{"type":"open","token":"a.b.c"}', 4401),
        ('{"type":"open","token":"\\ud800"}', 4400),
        ('{"type":"open","token":"é.é.é"}', 4401),
    ],
)
async def test_a_first_message_that_is_not_open_closes_the_socket(
    server: RunningServer, frame: str | bytes, code: int
) -> None:
    socket = await upgrade(server, LIVE, "weft.v1")
    await socket.send(frame)
    assert await close_code(socket) == code


async def test_a_silent_socket_is_closed_in_time(server: RunningServer) -> None:
    socket = await upgrade(server, LIVE, "weft.v1")
    assert await close_code(socket) == 4408


async def test_a_silent_crowd_does_not_block_other_clients(
    server: RunningServer, bystander: Bystander
) -> None:
    """20 sockets of one address may be unauthenticated. At most 200 more wait for a place."""

    async def stand() -> int | None:
        try:
            return await close_code(await upgrade(server, LIVE, open_timeout=20))
        except InvalidStatus as refused:
            return refused.response.status_code

    token = await server.mint("ada")
    crowd = [asyncio.create_task(stand()) for _ in range(300)]
    await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
    codes = await asyncio.gather(*crowd)
    assert set(codes) == {4408, 503}
    assert codes.count(4408) < 200
    came = await Intruder.open(server, "strangers", token, create={})
    await came.close()


async def test_many_honest_clients_that_connect_at_once_are_all_accepted(
    server: RunningServer,
) -> None:
    token = await server.mint("ada")
    came = await asyncio.gather(
        *(Intruder.open(server, "crowd", token, create={}) for _ in range(150))
    )
    assert {one.opened["version"] for one in came} == {1}
    for one in came:
        one.socket.transport.abort()


def _claims(**changes: Any) -> dict[str, Any]:
    claims = {"tid": "demo", "sub": "eve", "role": "admin", "iat": 1, "exp": 4e9, "aud": "weft"}
    return {**claims, **changes}


def _raw(header: dict[str, Any], payload: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


async def forged(server: RunningServer) -> dict[str, str]:
    good = await server.mint("ada")
    foreign = await server.mint("ada", tenant="elsewhere")
    header = jwt.get_unverified_header(good)
    body = good.split(".")[1]
    foreign_kid = jwt.get_unverified_header(foreign)["kid"]
    other = "k" * 32
    return {
        "none": _raw({**header, "alg": "none"}, _claims()),
        "None": _raw({**header, "alg": "None"}, _claims()),
        "none, signature kept": f"{_raw({**header, 'alg': 'none'}, _claims())}x",
        "no algorithm": _raw({"kid": header["kid"]}, _claims()),
        "RS256": _raw({**header, "alg": "RS256"}, _claims(), b"x" * 256),
        "HS512 with another key": jwt.encode(_claims(), other, "HS512", header),
        "another key under our kid": jwt.encode(_claims(), other, "HS256", {"kid": header["kid"]}),
        "kid traversal": jwt.encode(_claims(), other, "HS256", {"kid": "../../dev/null"}),
        "kid injection": jwt.encode(_claims(), other, "HS256", {"kid": "k' OR '1'='1"}),
        "kid object": _raw({**header, "kid": {"a": 1}}, _claims()),
        "kid of another tenant": jwt.encode(_claims(), other, "HS256", {"kid": foreign_kid}),
        "jwk of its own": _raw({**header, "jwk": {"kty": "oct", "k": "eA"}}, _claims()),
        "payload exchanged": ".".join(
            [good.split(".")[0], _raw({}, _claims()).split(".")[1], good.split(".")[2]]
        ),
        "crit": _raw({**header, "crit": ["b64"], "b64": False}, _claims()),
        "four parts": f"{good}.x",
        "truncated": good[:-4],
        "payload only": body,
    }


async def test_a_forged_token_is_refused_in_every_place_that_may_carry_one(
    server: RunningServer,
) -> None:
    for name, token in (await forged(server)).items():
        socket = await upgrade(server, LIVE, "weft.v1")
        await socket.send(json.dumps({"type": "open", "token": token, "create": {}}))
        assert await close_code(socket) == 4401, name
        for path, headers in (
            (f"/v1/yjs/strangers?token={token}", {}),
            ("/v1/yjs/strangers", {"Authorization": f"Bearer {token}"}),
        ):
            socket = await upgrade(server, path, additional_headers=headers)
            assert await close_code(socket) == 4401, (name, path)


async def test_a_token_in_any_other_place_is_ignored(server: RunningServer) -> None:
    token = await server.mint("ada")
    for path, headers in (
        (f"{LIVE}?token={token}", {}),
        (f"{LIVE}?access_token={token}", {}),
        (LIVE, {"Cookie": f"token={token}"}),
        (LIVE, {"X-Authorization": f"Bearer {token}"}),
    ):
        socket = await upgrade(server, path, "weft.v1", additional_headers=headers)
        await socket.send('{"type":"open","create":{}}')
        assert await close_code(socket) == 4401, path


async def test_another_tenants_token_sees_its_own_tenant_only(server: RunningServer) -> None:
    ada = await Intruder.open(server, "mine", await server.mint("ada"), create={"secret": 1})
    socket = await upgrade(server, "/v1/docs/mine/live", "weft.v1")
    foreign = await server.mint("ada", tenant="elsewhere")
    await socket.send(json.dumps({"type": "open", "token": foreign}))
    assert await close_code(socket) == 4404
    await ada.close()


@pytest.mark.parametrize("at", ["open", "opened"])
async def test_messages_pipelined_after_open_count_against_the_budget(
    server: RunningServer, at: str
) -> None:
    """A thousand patches in the frame of `open` do not bypass the budget."""
    token = await server.mint(f"pipeliner-{at}")
    patches = [
        {
            "type": "patch",
            "id": f"p{n}",
            "base": 1,
            "ops": [{"op": "test", "path": "", "value": {}}],
        }
        for n in range(900)
    ]
    opening = {"type": "open", "token": token, "create": {}}
    socket = await upgrade(server, f"/v1/docs/pipelined-{at}/live", "weft.v1")
    frames: list[Any] = [[opening, *patches]] if at == "open" else [opening, patches]
    for frame in frames:
        await socket.send(json.dumps(frame))
    intruder = Intruder(socket, {})
    answers = await intruder.hear(*(f"p{n}" for n in range(900)))
    refused = [one for one in answers.values() if one.get("code") == "rate_limited"]
    assert 400 <= len(refused) < 900
    await intruder.close()


async def test_unauthenticated_clients_use_little_memory(
    server: RunningServer, bystander: Bystander
) -> None:
    """An `open` may contain a whole document. The server reads four of one address at a time."""
    token = await server.mint("ada")
    before = resident(server)
    crowd = [await upgrade(server, LIVE, "weft.v1") for _ in range(19)]
    for one in crowd:
        # The frame without its last byte.
        one.transport.write(b"\x81\xff" + (1_000_000).to_bytes(8, "big") + b"mask")
        one.transport.write(bytes(990_000))
    small = await Intruder.open(server, "strangers-small", token, create={})
    assert resident(server) - before < 14 << 20
    for one in crowd:
        one.transport.abort()
    await small.close()


async def test_an_open_with_a_whole_document_is_accepted(server: RunningServer) -> None:
    token = await server.mint("ada")
    text = "w " * 400_000
    came = await asyncio.gather(
        *(Intruder.open(server, f"whole-{n}", token, create={"t": text}) for n in range(9))
    )
    assert {one.opened["version"] for one in came} == {1}
    for one in came:
        one.socket.transport.abort()
