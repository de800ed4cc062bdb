"""Headers of HTTP answers: content codings, `Vary`, dates, request ids, origins."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import brotli
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from collab.rights.user_rights import Role
from tests.live.conftest import Ask
from tests.live.http_client import Reply, call
from tests.running import UNLIMITED, RunningServer

WORDS = {"text": "warp and weft " * 300}
UNPACK: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress}
PUBLIC_URL = "https://weft.example"
LISTED = "https://app.example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server without rate limits."""
    with RunningServer(tmp_path_factory.mktemp("weft"), env=UNLIMITED) as running:
        yield running


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server behind a proxy that changes Host; one more origin is allowed."""
    home: Path = tmp_path_factory.mktemp("proxied")
    env = {"WEFT_PUBLIC_URL": f"{PUBLIC_URL}/", "WEFT_ORIGINS": LISTED}
    env |= {"WEFT_FRAME_ANCESTORS": "https://cms.example, https://*.shop.example"}
    with RunningServer(home, env=env) as running:
        yield running


# --- codings --------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_a_draft_is_compressed_for_a_client_that_accepts_it(ask: Ask, coding: str) -> None:
    ask("PUT", body=WORDS)
    plain = ask("GET")
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] == '"1.1"'
    for query in ("", "?at=1"):
        packed = ask("GET", query, Accept_Encoding=coding)
        assert packed.headers["content-encoding"] == coding
        assert packed.headers["etag"] == 'W/"1.1"'
        assert packed.headers["content-length"] == str(len(packed.raw))
        assert UNPACK[coding](packed.raw) == plain.raw
        assert len(packed.raw) < len(plain.raw) / 10
    part = ask("GET", "?pointer=/text", Accept_Encoding=coding)
    assert json.loads(UNPACK[coding](part.raw)) == WORDS["text"]
    head = ask("HEAD", Accept_Encoding=coding)
    assert (head.raw, head.headers["content-length"]) == (b"", str(len(packed.raw)))


def test_each_version_is_compressed_once(ask: Ask) -> None:
    ask("PUT", body=WORDS)
    for number in range(3):
        ask("PATCH", body=[{"op": "add", "path": "/n", "value": number}])
        packed = ask("GET", Accept_Encoding="gzip")
        assert json.loads(gzip.decompress(packed.raw)) == {**WORDS, "n": number}
        tag = packed.headers["etag"]
        assert tag == f'W/"1.{number + 2}"'
        again = ask("GET", Accept_Encoding="gzip", If_None_Match=tag)
        assert (again.status, again.headers["etag"]) == (304, tag)


@pytest.mark.parametrize("size", [1000, 1024, 1025])
def test_a_body_is_compressed_when_it_is_over_a_kilobyte(ask: Ask, size: int) -> None:
    ask("PUT", body={"t": "x" * (size - len('{"t":""}'))})
    reply = ask("GET", Accept_Encoding="gzip")
    assert ("content-encoding" in reply.headers) == (size > 1024)
    assert reply.headers["etag"].startswith("W/") == (size > 1024)
    assert len(ask("GET").raw) == size


@pytest.mark.parametrize("accepted", ["identity", "deflate", "gzip;q=0", "br;q=0, gzip;q=0"])
def test_a_draft_is_sent_uncompressed_otherwise(ask: Ask, accepted: str) -> None:
    ask("PUT", body=WORDS)
    reply = ask("GET", Accept_Encoding=accepted)
    assert ("content-encoding" in reply.headers, reply.body) == (False, WORDS)


# --- Vary and dates -------------------------------------------------------------------------


def test_all_answers_of_an_address_vary_alike(ask: Ask) -> None:
    ask("PUT", body=WORDS)
    answers = [
        ask("GET"),
        ask("GET", Accept_Encoding="br"),
        ask("GET", If_None_Match='"1.1"'),
        ask("GET", Origin="https://elsewhere.example"),
        ask("GET", "?at=9"),
        ask("GET", token=""),
        ask("PATCH", body=[]),
        ask("PUT", body={}),
        ask("OPTIONS"),
        ask("POST"),
    ]
    statuses = [200, 200, 304, 200, 409, 401, 200, 409, 204, 405]
    assert [reply.status for reply in answers] == statuses
    vary = {reply.headers["vary"] for reply in answers}
    assert vary == {"Accept-Encoding, Authorization, Origin"}


def test_public_answers_vary_only_by_coding(server: RunningServer, doc: str) -> None:
    token = server.token("pia", Role.PUBLISHER)
    call("PUT", f"{server.http}/v1/docs/{doc}", {"pages": {"home": {"title": "T"}}}, token=token)
    call("POST", f"{server.http}/v1/docs/{doc}/publish", token=token)
    names = set()
    for url in (f"{server.http}/v1/published/demo/{doc}", f"{server.http}/p/demo/{doc}"):
        asked: list[dict[str, Any]] = [{}, {}, {"Origin": LISTED}, {"Accept_Encoding": "br"}]
        for headers in asked:
            reply = call("GET", url, **headers)
            assert (reply.status, reply.headers["vary"]) == (200, "Accept-Encoding")
            assert reply.headers["access-control-allow-origin"] == "*"
            assert reply.position == (1, 1)
            names.add(reply.headers["weft-request"])
        missing = call("GET", f"{url}-none")
        assert (missing.status, missing.headers["vary"]) == (404, "Accept-Encoding")
    assert len(names) == 8, "an answer from the cache has an id of its own"


def test_last_modified_is_never_after_date(ask: Ask) -> None:
    ask("PUT", body={"n": 0})
    until, number = time.monotonic() + 1.2, 0
    while time.monotonic() < until:
        number += 1
        ask("PATCH", body=[{"op": "replace", "path": "/n", "value": number}])
        headers = ask("GET").headers
        assert parsedate_to_datetime(headers["last-modified"]) <= parsedate_to_datetime(
            headers["date"]
        )


# --- ids and icons --------------------------------------------------------------------------


def test_every_answer_has_an_id(server: RunningServer) -> None:
    paths = ("/healthz", "/favicon.ico", "/nowhere", "/v1/docs", "/v1/published/demo/none")
    assert all(call("GET", server.http + path).headers["weft-request"] for path in paths)
    assert call("OPTIONS", f"{server.http}/p/demo/none").headers["weft-request"]


def test_the_answer_to_a_malformed_request_has_an_id_too(server: RunningServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
        answer = raw.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nweft-request: r-" in answer


def test_there_is_an_icon(server: RunningServer) -> None:
    icon = call("GET", f"{server.http}/favicon.ico")
    assert (icon.status, icon.headers["content-type"]) == (200, "image/x-icon")
    assert icon.raw.startswith(b"\0\0\1\0")


# --- origins --------------------------------------------------------------------------------


def preflight(server: RunningServer, origin: str, **headers: Any) -> Reply:
    url = f"{server.http}/v1/docs/home"
    headers["Access_Control_Request_Method"] = "PATCH"
    return call("OPTIONS", url, Origin=origin, **headers)


@pytest.mark.parametrize("listed", [True, False])
def test_the_servers_own_origin_is_always_allowed(
    proxied: RunningServer, server: RunningServer, listed: bool
) -> None:
    asked = proxied if listed else server
    own = [asked.http, *([PUBLIC_URL, LISTED] if listed else [])]
    for origin in own:
        allowed = preflight(asked, origin, Access_Control_Request_Headers="if-match")
        assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (200, origin)
        assert allowed.headers["access-control-allow-headers"] == "if-match"
        reply = call("GET", f"{asked.http}/v1/docs/home", Origin=origin)
        assert reply.headers["access-control-allow-origin"] == origin
        exposed = set(reply.headers["access-control-expose-headers"].split(", "))
        assert {"ETag", "Weft-Version", "Weft-Epoch", "Weft-Request"} <= exposed
    for origin in ("https://evil.example", "null", *([] if listed else [LISTED])):
        for reply in (
            preflight(asked, origin),
            call("GET", f"{asked.http}/v1/docs/home", Origin=origin),
        ):
            assert "access-control-allow-origin" not in reply.headers


async def test_a_socket_of_the_servers_own_origin_is_accepted(proxied: RunningServer) -> None:
    url = f"{proxied.ws}/v1/docs/home/live"
    for origin in (proxied.http, PUBLIC_URL, LISTED):
        async with connect(url, origin=Origin(origin), compression=None):
            pass
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, origin=Origin("https://evil-socket.example"), compression=None)
    assert refused.value.response.status_code == 403
    assert refused.value.response.headers["weft-request"].startswith("c-")
    proxied.until_said("https://evil-socket.example")


def test_a_refused_origin_is_named_in_the_log_once(proxied: RunningServer) -> None:
    for _ in range(3):
        call("GET", f"{proxied.http}/v1/docs/home", Origin="https://evil-page.example")
    lines = [json.loads(line) for line in proxied.log().splitlines() if "evil-page" in line]
    assert [line["origin"] for line in lines] == ["https://evil-page.example"]


# --- a public address -----------------------------------------------------------------------


def test_a_published_page_names_its_public_address(proxied: RunningServer) -> None:
    token, url = proxied.token("pia", Role.PUBLISHER), f"{proxied.http}/v1/docs/site"
    seo = {"title": "T", "description": "D", "image": {"src": "/demo/one.svg", "alt": "One"}}
    page = {"title": "T", "seo": seo, "sections": []}
    call("PUT", url, {"pages": {"home": page, "about": page}}, token=token)
    told = call("POST", f"{url}/publish", token=token).body
    assert told["url"] == f"{PUBLIC_URL}/p/demo/site"
    for path in ("", "/about"):
        reply = call("GET", f"{proxied.http}/p/demo/site{path}")
        html = reply.raw.decode()
        here = f"{PUBLIC_URL}/p/demo/site{path}"
        assert f'<link rel="canonical" href="{here}">' in html
        assert f'<meta property="og:url" content="{here}">' in html
        assert f'<meta property="og:image" content="{PUBLIC_URL}/demo/one.svg">' in html
        policy = reply.headers["content-security-policy"]
        ancestors = "frame-ancestors 'self' https://cms.example https://*.shop.example"
        assert policy.split("; ")[-1] == ancestors


def test_many_requests_at_once_get_the_same_bytes(ask: Ask) -> None:
    ask("PUT", body={"t": [f"{number} {WORDS['text']}" for number in range(100)]})
    bodies: list[bytes] = []
    asking = [
        threading.Thread(target=lambda: bodies.append(ask("GET", Accept_Encoding="br").raw))
        for _ in range(8)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert len(bodies) == 8
    assert len(set(bodies)) == 1
