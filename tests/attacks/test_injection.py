"""Names, headers and tokens that try to inject a header, a path or a log line."""

from __future__ import annotations

import socket as sockets
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from collab.rights.user_rights import Role
from tests.attacks.attacker import Intruder, close_code, upgrade
from tests.live.http_client import call
from tests.running import RunningServer

FOREIGN = (
    "https://evil.example",
    "null",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost",
    "http://127.0.0.1.evil.example",
    "http://evil.example/http://127.0.0.1",
    "file://",
    "",
    " ",
    "*",
    "http://",
    "javascript:alert(1)",
    "chrome-extension://abc",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@evil.example",
    "HTTP://127.0.0.1:{port}",
    "http://127.0.0.1:{port}, http://evil.example",
    "ws://127.0.0.1:{port}",
    "//127.0.0.1:{port}",
)


@pytest.mark.parametrize("path", ["/v1/docs/origins/live", "/v1/yjs/origins"])
async def test_a_foreign_origin_is_refused_before_the_upgrade(
    server: RunningServer, path: str
) -> None:
    token = await server.mint("ada")
    for origin in FOREIGN:
        headers = {"Origin": origin.format(port=server.port), "Authorization": f"Bearer {token}"}
        with pytest.raises(InvalidStatus) as refused:
            await upgrade(server, path, "weft.v1", additional_headers=headers)
        assert refused.value.response.status_code == 403, origin
    own = await upgrade(server, path, additional_headers={"Origin": server.http})
    await own.close()


async def knock(server: RunningServer, path: str, token: str) -> int | None:
    """Try to connect. Return the status before the upgrade, or the close code."""
    try:
        socket = await upgrade(server, f"{path}?token={token}", "weft.v1", f"bearer.{token}")
        await socket.send('{"type":"open","create":{}}')
    except InvalidStatus as refused:
        return refused.response.status_code
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    return await close_code(socket)


def raw_request(server: RunningServer, request: bytes) -> bytes:
    """Send raw bytes. Return the answer until the server closes."""
    with sockets.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


async def test_no_user_name_injects_a_header_line(server: RunningServer) -> None:
    """A user's name may have any printable character. The headers encode it in ASCII."""
    users = ("Zoë", "a: b", "名前", "x=1; y", "\U0001f600", 'q"uote', "back\\slash")
    for number, user in enumerate(users):
        token = await server.mint(user)
        url = f"{server.http}/v1/docs/headers-{number}"
        assert call("PUT", url, {"a": 1}, token=token).status == 201
        reply = call("GET", url, token=token)
        assert reply.headers["weft-updated-by"].isascii()
        assert "injected" not in reply.headers
    for bad in ("a\r\nInjected: 1", "a\nb", "nul\0", "bidi\u202e", "line\u2028"):
        with pytest.raises(Exception, match="a token cannot have these claims"):
            await server.mint(bad)


@pytest.mark.parametrize(
    "doc",
    ["a%0d%0aInjected:%201", "a%00b", "..%2f..%2fetc", "%2e%2e", "a%e2%80%aeb", "%ff", "a" * 200],
)
async def test_an_odd_document_name_is_not_found(server: RunningServer, doc: str) -> None:
    token = await server.mint("ada", Role.ADMIN)
    head = f"GET /v1/docs/{doc} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    answer = raw_request(server, f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 "), answer
    assert b"\r\nInjected" not in answer
    for path in (f"/v1/docs/{doc}/live", f"/v1/yjs/{doc}"):
        assert await knock(server, path, token) in (403, 404, 4404)


async def test_a_client_name_is_shown_without_invisible_characters(server: RunningServer) -> None:
    """No token confirms a client's name, and other users see it beside the user's name."""
    odd = "tab\r\n\0\u202egnp.\u2066\x1b[31m" + "x" * 300
    one = await Intruder.open(server, "tabs", await server.mint("ada"), create={}, client=odd)
    two = await Intruder.open(server, "tabs", await server.mint("bo"))
    (shown,) = two.opened["presence"]
    assert shown["client"].isprintable()
    assert 0 < len(shown["client"]) <= 128
    await one.close()
    await two.close()


async def test_no_token_reaches_the_log_the_metrics_or_an_answer(server: RunningServer) -> None:
    good = await server.mint("canary", Role.ADMIN)
    signature = good.rpartition(".")[2]
    bad = good[:-6] + "AAAAAA"
    paths = (f"/v1/docs/x/live?token={good}", f"/v1/yjs/x?token={good}", f"/v1/yjs/x?token={bad}")
    for path in paths:
        socket = await upgrade(server, path, "weft.v1", f"bearer.{bad}")
        await socket.close()
    seen: list[Any] = []
    for token in (good, bad):
        for path in (f"/v1/docs/none?token={token}", f"/nowhere/{token}", "/v1/docs"):
            seen.append(call("GET", server.http + path, token=token))
            seen.append(call("PATCH", server.http + path, {"token": token}, token=token))
    request = f"GET /\x01 HTTP/1.1\r\nHost: w\r\nAuthorization: Bearer {good}\r\n\r\n".encode()
    seen.append(raw_request(server, request))
    seen.append(call("GET", f"{server.http}/metrics").raw)
    log = (server.home / "weft.log").read_text()
    assert signature not in log
    assert bad not in log
    assert not any(signature in str(one) or bad in str(one) for one in seen)
