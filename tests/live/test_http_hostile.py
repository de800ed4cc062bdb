"""Bad HTTP requests get a problem with their code, never a 500, and disturb no client."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from collab.rights.user_rights import Rights, Role
from server.access.keyring import Keyring
from server.access.tokens import Claims, mint
from server.runtime.clock import SystemClock
from storage.store import SqlStore
from tests.live.http_client import Reply, call
from tests.running import RunningServer


@pytest.fixture(scope="module")
def page(server: RunningServer, ada: str) -> str:
    """The document of the bad requests."""
    url = f"{server.http}/v1/docs/hostile"
    call("PUT", url, {"title": "Hello", "list": [1, 2]}, token=ada)
    return url


def raw_call(server: RunningServer, method: str, target: str, **headers: str) -> Reply:
    """Send a request whose target is not normalized by a client library."""
    connection = http.client.HTTPConnection(urlsplit(server.http).netloc, timeout=10)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        kept = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, kept, answer.read())
    finally:
        connection.close()


def sent(server: RunningServer, lines: list[str]) -> bytes:
    """Send a head of these lines. Return all bytes until the connection ends."""
    address = urlsplit(server.http)
    assert address.hostname is not None
    assert address.port is not None
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        client.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        return b"".join(iter(lambda: client.recv(65536), b""))


async def expired(server: RunningServer) -> str:
    """A token that expired an hour ago."""
    store, clock = SqlStore(server.database), SystemClock()
    await store.start()
    try:
        key = await Keyring(store, clock).ensure_key("demo")
    finally:
        await store.close()
    then = clock.now_ms() - 3_600_000
    rights = Rights(Role.ADMIN, expires_at=then + 1000)
    return mint(key, Claims("demo", "ada", "Ada", rights, then, kid=""))


def refusal(reply: Reply) -> tuple[int, str]:
    assert reply.headers["content-type"] == "application/problem+json", reply
    assert reply.body["status"] == reply.status
    return reply.status, reply.body["code"]


# --- addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a" * 129,
        "..",
        ".hidden",
        "-x",
        "%2e%2e",
        "hostile%2Fundo",
        "hostile%2fpresence",
        "a%00b",
        "a%20b",
        "%C3%A9",
        "%FF",
        "a%0d%0aX:1",
        "home;v=1",
        "%252e",
    ],
)
def test_an_invalid_document_name_is_not_found(server: RunningServer, ada: str, name: str) -> None:
    for method in ("GET", "PUT", "POST", "DELETE"):
        path = f"/v1/docs/{name}" + ("/undo" if method == "POST" else "")
        answer = raw_call(
            server, method, path, Authorization=f"Bearer {ada}", **{"Content-Length": "0"}
        )
        assert refusal(answer) in {
            (404, "not_found"),
            (405, "method_not_allowed"),
            (400, "malformed"),
        }
        assert answer.status != 400 or method == "PUT"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/docs/hostile%2fundo",
        "/v1/docs/hostile%2Flive",
        "/v1/docs/hostile%2Fversions%2f1",
        "/v1/docs%2Fhostile",
        "/v1%2fdocs/hostile/presence",
        "/v1/published/demo%2Fhostile",
        "/p/demo%2Fhostile",
        "/p/demo/hostile%2Fabout",
        "/static%2Fstatus/status.js",
        "/%2fhealthz",
        "/%2f",
    ],
)
def test_an_encoded_slash_is_refused_in_every_address(
    server: RunningServer, ada: str, page: str, path: str, method: str
) -> None:
    given = {"Authorization": f"Bearer {ada}", "Content-Length": "0"}
    answer = raw_call(server, method, path, **given)
    assert answer.status == 404
    if method != "HEAD":
        assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("path", ["/v1/docs/hostile%2flive", "/v1%2Fyjs/hostile", "/v1/yjs%2fa"])
def test_an_encoded_slash_is_refused_on_both_lanes(server: RunningServer, path: str) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    answer = raw_call(
        server, "GET", path, **upgrade, **{"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    )
    assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("hosts", [[], ["w", "w"], ["w", "x"], ["a b"]])
@pytest.mark.parametrize(
    "path", ["/healthz", "/v1/docs/hostile", "/p/demo/hostile", "/v1/docs/hostile/live"]
)
def test_a_request_must_have_one_host(server: RunningServer, path: str, hosts: list[str]) -> None:
    lines = [f"GET {path} HTTP/1.1", *(f"Host: {host}" for host in hosts)]
    if path.endswith("/live"):
        lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    assert sent(server, lines).startswith(b"HTTP/1.1 400 ")


def test_http_1_0_needs_no_host(server: RunningServer) -> None:
    assert sent(server, ["GET /healthz HTTP/1.0"]).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/x", "/v1", "/v1/docs/", "/v1/docs/hostile/", "/v1/docs/a/b/c"])
def test_an_unknown_address_is_a_problem(server: RunningServer, path: str) -> None:
    assert refusal(raw_call(server, "GET", path)) == (404, "not_found")


def test_a_405_lists_the_allowed_methods(server: RunningServer, page: str) -> None:
    reply = call("POST", page, {})
    assert refusal(reply) == (405, "method_not_allowed")
    allowed = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT"}
    assert set(reply.headers["allow"].split(", ")) == allowed
    assert refusal(call("PROPFIND", page)) == (405, "method_not_allowed")
    assert set(call("DELETE", f"{server.http}/v1/docs").headers["allow"].split(", ")) == {
        "GET",
        "HEAD",
        "OPTIONS",
    }


def test_options_list_the_methods_and_the_patch_types(page: str) -> None:
    reply = call("OPTIONS", page)
    assert (reply.status, reply.raw) == (204, b"")
    assert "PATCH" in reply.headers["allow"]
    assert "application/json-patch+json" in reply.headers["accept-patch"]
    assert "accept-patch" not in call("OPTIONS", f"{page}/undo").headers
    assert refusal(call("OPTIONS", f"{page}/nothing")) == (404, "not_found")


# --- rights ---------------------------------------------------------------------------------

EVERY_CALL: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PUT", "", {}),
    ("PATCH", "", []),
    ("DELETE", "", None),
    ("POST", "/undo", {}),
    ("POST", "/redo", {}),
    ("GET", "/presence", None),
    ("GET", "/schema", None),
    ("PUT", "/schema", {}),
    ("DELETE", "/schema", None),
]


@pytest.mark.parametrize(("method", "path", "body"), EVERY_CALL)
async def test_each_request_without_its_right_is_refused(
    server: RunningServer, page: str, method: str, path: str, body: Any
) -> None:
    url = page + path
    stale = await expired(server)
    for token in ("", "nonsense", "a.b.c", stale):
        reply = call(method, url, body, token=token)
        assert refusal(reply) == (401, "unauthenticated")
        assert reply.headers["www-authenticate"].startswith("Bearer")
    outside = await server.mint("ada", Role.ADMIN, docs=("other-*",))
    assert refusal(call(method, url, body, token=outside)) == (404, "not_found")
    if (
        method != "PUT" or path
    ):  # in their own tenant these users may create a document of that name
        stranger = await server.mint("ada", Role.ADMIN, tenant="stranger")
        assert refusal(call(method, url, body, token=stranger)) == (404, "not_found")


@pytest.mark.parametrize(("method", "path", "body"), EVERY_CALL)
async def test_a_viewer_changes_nothing(
    server: RunningServer, page: str, method: str, path: str, body: Any
) -> None:
    viewer = await server.mint("vi", Role.VIEWER)
    reply = call(method, page + path, body, token=viewer)
    if (method, path) in {("GET", ""), ("GET", "/presence")}:
        assert reply.status == 200
    else:
        assert refusal(reply) == (403, "forbidden")


# --- bodies ---------------------------------------------------------------------------------

DEEP = b"[" * 100_000
WEIRD = [
    (b"", (400, "malformed")),
    (b"{", (400, "malformed")),
    (b"\xff\xfe", (400, "malformed")),
    (b'{"a":"\xff"}', (400, "malformed")),
    (b'{"a":NaN}', (400, "malformed")),
    (b'{"a":1e999}', (400, "malformed")),
    (b'{"a":"\\ud800"}', (400, "malformed")),
    (DEEP, (400, "malformed")),
    (b"[" * 900 + b"]" * 900, (422, "invalid_document")),
    (b"[]", (422, "invalid_document")),
    (b"null", (422, "invalid_document")),
    (b'{"a":%s1%s}' % (b"[" * 200, b"]" * 200), (422, "invalid_patch")),
    (b'{"a":9007199254740993}', (422, "invalid_patch")),
    (b'{"a":1%s}' % (b"0" * 5000), (400, "malformed")),
    (b'{"__proto__":{}}', (422, "invalid_patch")),
]


@pytest.mark.parametrize(("body", "code"), WEIRD, ids=range(len(WEIRD)))
def test_a_body_that_is_not_a_document_is_refused(
    server: RunningServer, ada: str, body: bytes, code: tuple[int, str]
) -> None:
    url = f"{server.http}/v1/docs/never-made"
    assert refusal(call("PUT", url, raw=body, token=ada)) == code
    assert call("GET", url, token=ada).status == 404


PATCHES = [
    (b"{}", (422, "invalid_patch")),
    (b"[1]", (422, "invalid_patch")),
    (b"[{}]", (422, "invalid_patch")),
    (b'[{"op":"fly","path":""}]', (422, "invalid_patch")),
    (b'[{"op":"add","path":"/a"}]', (422, "invalid_patch")),
    (b'[{"op":"add","path":3,"value":1}]', (422, "invalid_patch")),
    (b'[{"op":"add","path":"a","value":1}]', (422, "invalid_patch")),
    (b'[{"op":"add","path":"/~2","value":1}]', (422, "invalid_patch")),
    (b'[{"op":"splice","path":"/title","offset":0,"insert":"x"}]', (422, "invalid_patch")),
    (b'[{"op":"remove","path":"/nowhere"}]', (422, "path_not_found")),
    (b'[{"op":"remove","path":"/list/99999999999999999999"}]', (422, "path_not_found")),
    (b'[{"op":"test","path":"/title","value":"x"}]', (409, "test_failed")),
    (b'[{"op":"replace","path":"","value":[]}]', (422, "invalid_document")),
    (b'[{"op":"add","path":"/a","value":9007199254740993}]', (422, "invalid_patch")),
    (
        b"[" + b'{"op":"test","path":"/title","value":"Hello"},' * 1000 + b"1]",
        (422, "invalid_patch"),
    ),
]


@pytest.mark.parametrize(("body", "code"), PATCHES, ids=range(len(PATCHES)))
def test_an_invalid_patch_is_refused_with_its_place(
    page: str, ada: str, body: bytes, code: tuple[int, str]
) -> None:
    reply = call("PATCH", page, raw=body, token=ada)
    assert refusal(reply) == code
    assert "path" in reply.body
    assert call("GET", page, token=ada).headers["etag"] == '"1.1"'


def test_more_operations_than_the_setting_are_too_large(page: str, ada: str) -> None:
    ops = [{"op": "test", "path": "/title", "value": "Hello"}] * 1001
    assert refusal(call("PATCH", page, ops, token=ada)) == (413, "too_large")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "x", ""])
def test_another_media_type_is_refused_with_the_accepted_ones(
    page: str, ada: str, media_type: str
) -> None:
    reply = call("PATCH", page, [], token=ada, Content_Type=media_type)
    assert refusal(reply) == (415, "unsupported_media_type")
    assert "application/json-patch+json" in reply.headers["accept-patch"]
    packed = call("PATCH", page, [], token=ada, Content_Encoding="gzip")
    assert refusal(packed) == (415, "unsupported_media_type")


def test_a_body_over_the_limit_is_refused_with_or_without_its_length(
    server: RunningServer, bo: str
) -> None:
    page = f"{server.http}/v1/docs/large"
    big = json.dumps({"a": "x" * (1 << 20)}).encode()
    assert refusal(call("PATCH", page, raw=big, token=bo)) == (413, "too_large")
    connection = http.client.HTTPConnection(urlsplit(server.http).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {bo}", "Content-Type": "application/json"}
    chunks = (b"x" * 65536 for _ in range(17))
    connection.request("PATCH", "/v1/docs/larger", chunks, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/v1/docs/hostile", 401),
        ("PATCH", "/nowhere", 404),
        ("POST", "/healthz", 405),
        ("PATCH", "/v1/docs/hostile/versions", 405),
    ],
)
def test_a_refused_client_can_finish_its_body_and_read_the_answer(
    server: RunningServer, method: str, path: str, status: int
) -> None:
    body = b"x" * (8 << 20)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        head = f"{method} {path} HTTP/1.1\r\nHost: weft\r\nConnection: close\r\n"
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
        client.sendall(body)
        assert client.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())


def test_expect_100_continue_is_refused_before_the_body(
    server: RunningServer,
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(
            b"PATCH /v1/docs/hostile HTTP/1.1\r\nHost: weft\r\nExpect: 100-continue\r\n"
            b"Content-Length: 900000\r\n\r\n"
        )
        assert client.recv(65536).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Weft-Fence", "x"),
        ("Weft-Fence", "-1"),
        ("Weft-Fence", "9" * 5000),
        ("Idempotency-Key", "k" * 256),
        ("Idempotency-Key", "\xff"),
        ("Weft-Client", "\xff"),
    ],
)
def test_an_invalid_header_is_malformed(page: str, ada: str, header: str, value: str) -> None:
    headers: dict[str, Any] = {header: value}
    reply = call("PATCH", page, [], token=ada, **headers)
    assert refusal(reply) == (400, "malformed")


# --- budgets --------------------------------------------------------------------------------


def test_http_requests_count_against_the_users_budget_in_the_document(
    server: RunningServer, page: str, ada: str, bo: str
) -> None:
    url = f"{server.http}/v1/docs/busy"
    call("PUT", url, {"list": []}, token=ada)
    heavy = [{"op": "test", "path": "", "value": "x" * 900_000}]
    replies = [call("PATCH", url, heavy, token=ada) for _ in range(3)]
    assert [refusal(reply)[0] for reply in replies] == [409, 409, 429]
    limited = replies[-1]
    assert limited.body["code"] == "rate_limited"
    assert limited.body["retryable"] is True
    assert int(limited.headers["retry-after"]) * 1000 >= limited.body["retry_after_ms"] > 0
    assert call("GET", url, token=bo).status == 200
    assert call("GET", page, token=ada).status == 200


def test_the_server_works_after_all_bad_requests(
    server: RunningServer, page: str, ada: str
) -> None:
    assert call("GET", page, token=ada).body == {"title": "Hello", "list": [1, 2]}
    assert "request failed" not in server.log()
    assert "Traceback" not in server.log()
