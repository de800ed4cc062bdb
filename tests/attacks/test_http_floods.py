"""HTTP clients that send without end, or do not read, cost little and delay no other client."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import RunningServer

MiB = 1 << 20
IMPATIENT = {
    "WEFT_HEAD_SECONDS": "1",
    "WEFT_SLOW_SECONDS": "1",
    "WEFT_HTTP_UNREAD": "8MiB",
    "WEFT_IN_BYTES_PER_SECOND": "0",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft"), env=IMPATIENT) as running:
        yield running
        assert "Traceback" not in running.log()


def connect(server: RunningServer, *, receive_buffer: int = 0) -> socket.socket:
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", server.port))
    return client


def rest(client: socket.socket) -> bytes:
    """Read until the server ends the connection. Return all bytes."""
    said = b""
    try:
        while data := client.recv(65536):
            said += data
    except ConnectionResetError:
        pass
    return said


def send_until_refused(client: socket.socket, block: bytes, most: int) -> int:
    """Send an endless stream. Return how many bytes the server took."""
    sent = 0
    try:
        while sent < most:
            client.sendall(block)
            sent += len(block)
    except OSError:
        pass
    return sent


def resident(server: RunningServer) -> int:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def refusals(server: RunningServer, code: str) -> int:
    lines = call("GET", f"{server.http}/metrics").raw.decode().splitlines()
    (line,) = (
        line
        for line in lines
        if line.startswith("weft_refusals_total{")
        and f'code="{code}"' in line
        and 'lane="http"' in line
    )
    return int(float(line.split()[-1]))


def log_lines(server: RunningServer) -> int:
    return (server.home / "weft.log").read_bytes().count(b"\n")


def open_files(server: RunningServer) -> int:
    assert server.process is not None
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


# --- trailers -------------------------------------------------------------------------------

CHUNKED = (
    b"DELETE /readyz HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
)


@pytest.mark.parametrize(
    "block", [b"".join(b"t-%d: v\r\n" % n for n in range(900)), b"z" * 9000], ids=["many", "long"]
)
def test_trailers_without_an_end_are_refused(server: RunningServer, block: bytes) -> None:
    before = resident(server)
    with connect(server) as client:
        client.sendall(CHUNKED + b"first: ")
        sent = send_until_refused(client, block, 64 * MiB)
        assert sent < 24 * MiB  # the bytes that the server discards, and the kernel's buffers
    with connect(server) as client:
        client.sendall(CHUNKED + b"first: " + block * 9)
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"malformed"' in answer
    assert b"trailers" in answer
    assert resident(server) - before < 8 * MiB


def test_trailers_that_stop_end_the_connection(server: RunningServer) -> None:
    with connect(server) as client:
        client.sendall(CHUNKED + b"t: v\r\n")
        rest(client)  # the server ends it


def test_trailers_are_not_treated_as_headers(server: RunningServer) -> None:
    token = server.token("ada").encode()
    with connect(server) as client:
        client.sendall(
            b"PUT /v1/docs/trailed HTTP/1.1\r\nHost: w\r\nContent-Type: application/json\r\n"
            b"Connection: close\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer "
            + token
            + b'\r\n\r\n2\r\n{}\r\n0\r\nIf-Match: "9"\r\nContent-Length: 7\r\n\r\n'
        )
        assert rest(client).startswith(b"HTTP/1.1 201 ")


def test_chunk_extensions_without_an_end_are_refused(server: RunningServer) -> None:
    with connect(server) as client:
        client.sendall(CHUNKED[:-3] + b"5;e=" + b"x" * 100_000)
        assert rest(client).startswith(b"HTTP/1.1 400 ")


# --- pipelining -----------------------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 5])
def test_other_clients_are_served_between_pipelined_requests(
    server: RunningServer, connections: int
) -> None:
    """A client does not wait until another client's thousand pipelined requests are answered."""
    flood = b"HEAD /nowhere HTTP/1.1\r\nHost: w\r\n\r\n" * 4000
    before = refusals(server, "not_found")
    clients = [connect(server) for _ in range(connections)]
    for client in clients:
        client.setblocking(False)
        client.send(flood)
    assert refusals(server, "not_found") - before < 500
    for client in clients:
        client.close()


def test_every_pipelined_request_is_answered_in_order(server: RunningServer) -> None:
    paths = ["/healthz", "/nowhere", "/v1/docs", "/readyz", "/healthz"] * 8
    asked = b"".join(b"GET %s HTTP/1.1\r\nHost: w\r\n\r\n" % path.encode() for path in paths)
    with connect(server) as client:
        for start in range(0, len(asked), 1000):
            client.sendall(asked[start : start + 1000])
        client.sendall(b"GET /last HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n")
        answers = re.findall(rb"HTTP/1\.1 (\d+) ", rest(client))
    assert answers == [b"200", b"404", b"401", b"200", b"200"] * 8 + [b"404"]


def test_an_answer_never_lands_in_the_stream_of_a_websocket(server: RunningServer) -> None:
    """An upgrade pipelined after a request waits until that request is answered."""
    upgrade = (
        b"GET /v1/yjs/none HTTP/1.1\r\nHost: w\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with connect(server) as client:
        client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: w\r\n\r\n" * 3 + upgrade)
        said = b""
        while len(said.partition(b" 101 ")[2].partition(b"\r\n\r\n")[2]) < 2:
            said += client.recv(65536)
    statuses = re.findall(rb"HTTP/1\.1 (\d+) ", said)
    assert statuses == [b"200", b"200", b"200", b"101"]
    behind = said.partition(b"HTTP/1.1 101 ")[2].partition(b"\r\n\r\n")[2]
    assert behind[0] == 0x88  # only the close frame for a client without a token


def test_a_websocket_handshake_with_a_body_is_refused(server: RunningServer) -> None:
    with connect(server) as client:
        client.sendall(
            b"GET /v1/docs/a/live HTTP/1.1\r\nHost: w\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nContent-Length: 9\r\n\r\n"
        )
        assert rest(client).startswith(b"HTTP/1.1 400 ")


# --- unread answers -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(server: RunningServer) -> str:
    """Publish a document of two megabytes. Return a token that may read it."""
    from collab.rights.user_rights import Role

    token, publisher = server.token("ada"), server.token("pia", Role.PUBLISHER)
    url = f"{server.http}/v1/docs/large"
    call("PUT", url, {"text": "word " * 400_000}, token=token)
    assert call("POST", f"{url}/publish", {}, token=publisher).status == 200
    assert call("GET", f"{server.http}/v1/published/demo/large").status == 200
    return token


@pytest.mark.parametrize("path", ["/v1/docs/large", "/v1/published/demo/large"])
def test_unread_answers_cost_little_and_time_out(
    server: RunningServer, large: str, path: str
) -> None:
    before, files = resident(server), open_files(server)
    asked = f"GET {path} HTTP/1.1\r\nHost: w\r\nAuthorization: Bearer {large}\r\n\r\n".encode()
    clients = [connect(server, receive_buffer=4096) for _ in range(60)]
    for client in clients:
        client.sendall(asked)
    whole = call("GET", f"{server.http}{path}", token=large)
    assert len(whole.raw) > 2_000_000  # a client that reads gets its answer meanwhile
    assert resident(server) - before < 40 * MiB
    while open_files(server) > files:
        pass  # no client closes its connection: the server does
    for client in clients:
        with client:
            assert len(rest(client)) < len(whole.raw)


# --- bodies, heads, lines -------------------------------------------------------------------


@pytest.mark.parametrize("head", [b"POST /healthz", b"GET /healthz", b"PATCH /v1/docs/a"])
def test_a_body_that_trickles_after_its_answer_ends_the_connection(
    server: RunningServer, head: bytes
) -> None:
    with connect(server) as client:
        client.sendall(head + b" HTTP/1.1\r\nHost: w\r\nContent-Length: 70000000\r\n\r\n")
        client.settimeout(0.2)
        said = b""
        while True:
            try:
                client.sendall(b"x")
                data = client.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                break
            said += data
            if not data and said:
                # The server has answered, so sending more must fail soon.
                send_until_refused(client, b"x", 1 << 60)
                break
        assert said.startswith(b"HTTP/1.1 ")
        assert b"connection: close" in said.lower()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: w\r\nA: " + b"a" * 66_000 + b"\r\n\r\n",
        b"GET /" + b"p" * 80_000 + b" HTTP/1.1\r\nHost: w\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: w\r\n" + b"a: b\r\n" * 150 + b"\r\n",
    ],
    ids=["long", "target", "many"],
)
def test_a_head_over_the_limits_is_refused_even_in_one_read(
    server: RunningServer, head: bytes
) -> None:
    with connect(server) as client:
        client.sendall(head)
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"detail":"' in answer


def test_bad_requests_and_unread_answers_log_little(server: RunningServer) -> None:
    logged = log_lines(server)
    for garbage in (
        b"NOT HTTP\r\n\r\n",
        b"\x16\x03\x01\x02",
        b"GET / HTTP/1.1\r\nHost: w\r\nA : b\r\n\r\n",
    ):
        for _ in range(150):
            with connect(server) as client:
                client.sendall(garbage)
                client.recv(1000)
    before = refusals(server, "malformed")
    assert before >= 450
    assert log_lines(server) - logged < 150


def test_upgrades_to_other_protocols_are_plain_requests(server: RunningServer) -> None:
    with connect(server) as client:
        client.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: w\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
            b"GET /nowhere HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n"
        )
        assert re.findall(rb"HTTP/1\.1 (\d+) ", rest(client)) == [b"200", b"404"]


def test_requests_with_bodies_are_parsed_in_reads_of_any_size(server: RunningServer) -> None:
    """The bodies look like requests, and the reads cut requests at any byte."""
    chance = random.Random(7)
    inner = b"GET /healthz HTTP/1.1\r\nHost: w\r\n\r\n"
    kinds = [
        (b"200", inner),
        (
            b"405",
            b"POST /healthz HTTP/1.1\r\nHost: w\r\nContent-Length: %d\r\n\r\n%s"
            % (len(inner), inner),
        ),
        (
            b"401",
            b"PATCH /v1/docs/a HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"%x;e=1\r\n%s\r\n2\r\n\r\n\r\n0\r\nT: v\r\n\r\n" % (len(inner), inner),
        ),
    ]
    asked = [chance.choice(kinds) for _ in range(60)]
    stream = (
        b"".join(each for _, each in asked)
        + b"GET /x HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n"
    )
    with connect(server) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while stream:
            size = chance.choice((1, 3, 40, 400))
            client.sendall(stream[:size])
            stream = stream[size:]
        answers = re.findall(rb"HTTP/1\.1 (\d+) ", rest(client))
    assert answers == [status for status, _ in asked] + [b"404"]
