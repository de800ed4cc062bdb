"""Every route that takes a body authenticates the client before it reads the body."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from collab.rights.user_rights import Role
from server.routes import routes
from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import RunningServer

DOC = "/v1/docs/guarded"
# A token without the right: a viewer's, or an editor's for what only an admin may see.
WRITES = [
    ("PUT", "", Role.VIEWER),
    ("PATCH", "", Role.VIEWER),
    ("POST", "/undo", Role.VIEWER),
    ("POST", "/redo", Role.VIEWER),
    ("POST", "/locks", Role.VIEWER),
    ("POST", "/locks/l-1/renew", Role.VIEWER),
    ("POST", "/locks/l-1/take-over", Role.VIEWER),
    ("POST", "/locks/l-1/keep", Role.VIEWER),
    ("PUT", "/schema", Role.EDITOR),
    ("POST", "/versions", Role.VIEWER),
    ("POST", "/restore", Role.EDITOR),
    ("POST", "/publish", Role.EDITOR),
    ("POST", "/share", Role.COMMENTER),
    ("POST", "/import", Role.PUBLISHER),
    ("POST", "/v1/assets", Role.COMMENTER),
]
# The body of this route has the lock's secret, so the server reads a small body.
BY_SECRET = ("POST", "/locks/{lock}/release")
# This route takes no body and reads none.
OF_A_GUEST = ("POST", "/v1/demo/token")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        call("PUT", f"{running.http}{DOC}", {"a": 1}, token=running.token("ada"))
        yield running


def asks(server: RunningServer, method: str, path: str, token: str, size: int = 700_000) -> bytes:
    """Send a head with `Expect: 100-continue`. Return the server's first answer."""
    target = path if path.startswith("/v1/") else DOC + path
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\n"
        f"Expect: 100-continue\r\nContent-Length: {size}\r\n"
    )
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
        client.sendall(f"{head}\r\n".encode())
        return client.recv(65536)


def test_every_route_that_takes_a_body_is_tried_here() -> None:
    tried = {(method, re.sub("l-1", "{lock}", path)) for method, path, _ in WRITES}
    there = {
        (method, route.path.removeprefix("/v1/docs/{doc}"))  # type: ignore[attr-defined]  # a Route's
        for route in routes()
        for method in getattr(route, "methods", None) or ()
        if method in ("PUT", "PATCH", "POST")
    }
    assert tried | {BY_SECRET, OF_A_GUEST} == there


@pytest.mark.parametrize(("method", "path", "_"), WRITES)
def test_without_a_token_no_body_is_asked_for(
    server: RunningServer, method: str, path: str, _: Role
) -> None:
    assert asks(server, method, path, "").startswith(b"HTTP/1.1 401 ")
    assert asks(server, method, path, "a.b.c").startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(("method", "path", "role"), WRITES)
async def test_without_the_role_no_body_is_asked_for(
    server: RunningServer, method: str, path: str, role: Role
) -> None:
    token = await server.mint(f"no-{role}", role)
    assert asks(server, method, path, token).startswith(b"HTTP/1.1 403 ")


def test_over_the_budget_no_body_is_asked_for(server: RunningServer) -> None:
    token = server.token("spender")
    heavy = [{"op": "test", "path": "/a", "value": "x" * 900_000}]
    while call("PATCH", f"{server.http}{DOC}", heavy, token=token).status != 429:
        pass
    for method, path, role in WRITES:
        if role is Role.VIEWER:
            assert asks(server, method, path, token).startswith(b"HTTP/1.1 429 "), path


def test_the_body_that_names_a_secret_is_small(server: RunningServer) -> None:
    path = "/locks/l-1/release"
    assert asks(server, "POST", path, "", 5000).startswith(b"HTTP/1.1 413 ")
    assert asks(server, "POST", path, "a.b.c", 500).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("body", [b"[" + b"[]," * 300_000 + b"0]", b'{"a":' + b"[" * 500_000])
def test_a_body_of_very_many_values_is_refused(server: RunningServer, body: bytes) -> None:
    token = server.token("counter")
    reply = call("PATCH", f"{server.http}{DOC}", raw=body, token=token)
    assert (reply.status, reply.body["code"]) == (413, "too_large")
