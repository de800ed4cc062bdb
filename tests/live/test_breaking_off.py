"""Clients that disconnect in the middle of a request leave no trace of it."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collab.rights.user_rights import Role
from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import RunningServer

TEXT = "x" * 900_000
VERSIONS = 24


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    env = {"WEFT_IN_BYTES_PER_SECOND": "0", "WEFT_MAX_EXPORTS": "2"}
    with RunningServer(tmp_path_factory.mktemp("weft"), env) as running:
        yield running


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> str:
    return server.token("root", Role.ADMIN)


@pytest.fixture
def url(server: RunningServer, doc: str, admin: str) -> str:
    made = f"{server.http}/v1/docs/{doc}"
    assert call("PUT", made, {"text": ""}, token=admin).status == 201
    return made


def edit(url: str, token: str, versions: int) -> None:
    for version in range(versions):
        ops = [{"op": "replace", "path": "/text", "value": f"{version} {TEXT}"}]
        assert call("PATCH", url, ops, token=token).status == 200


def begin(
    server: RunningServer, method: str, path: str, token: str, body: bytes = b""
) -> socket.socket:
    """Send a request with only half of its body."""
    client = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    head = f"{method} {path} HTTP/1.1\r\nHost: weft\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    client.sendall(head.encode() + b"\r\n" + body[: len(body) // 2])
    return client


def running(server: RunningServer) -> int:
    metrics = call("GET", f"{server.http}/metrics").raw.decode()
    found = re.search(r"^weft_exports (\d+)", metrics, re.MULTILINE)
    assert found is not None
    return int(found[1])


def until(is_so: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < PATIENCE


def test_h5_an_export_that_is_not_read_waits_and_ends_with_its_client(
    server: RunningServer, url: str, doc: str, admin: str
) -> None:
    edit(url, admin, VERSIONS)
    client = begin(server, "GET", f"/v1/docs/{doc}/export", admin)
    assert client.recv(1000).startswith(b"HTTP/1.1 200")
    assert running(server) == 1
    refused = call("GET", f"{url}/export", token=admin)
    assert (refused.status, refused.body["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    client.close()
    until(lambda: running(server) == 0)
    whole = call("GET", f"{url}/export", token=admin)
    assert (whole.status, len(whole.body["entries"])) == (200, VERSIONS + 1)


def test_an_interrupted_naming_names_no_version(
    server: RunningServer, url: str, doc: str, admin: str
) -> None:
    body = json.dumps({"name": "launch"}).encode()
    begin(server, "POST", f"/v1/docs/{doc}/versions", admin, body).close()
    [row] = call("GET", f"{url}/versions", token=admin).body["items"]
    assert "name" not in row
    assert call("POST", f"{url}/versions", {"name": "launch"}, token=admin).status == 201


def test_an_interrupted_import_makes_no_document(
    server: RunningServer, url: str, doc: str, admin: str, tmp_path: Path
) -> None:
    edit(url, admin, 3)
    archive = call("GET", f"{url}/export", token=admin).raw
    copy = f"{doc}-copy"
    begin(server, "POST", f"/v1/docs/{copy}/import", admin, archive).close()
    assert call("GET", f"{url}-copy", token=admin).status == 404
    made = call("POST", f"{url}-copy/import", raw=archive, token=admin)
    assert (made.status, made.body["version"]) == (201, 4)
