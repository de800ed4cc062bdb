"""Assets over HTTP: uploads, reads without a token, the list, and deletions."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from collab.rights.user_rights import Role
from server.assets.uploads import MOST_OWN
from tests.attacks.campaign.bodies import picture
from tests.live.http_client import Reply, call
from tests.patience import PATIENCE
from tests.running import RunningServer

KiB = 1024
LIMITS = {"WEFT_MAX_ASSET": "300KiB", "WEFT_MAX_ASSET_PIXELS": "3000000", "WEFT_ASSET_DAYS": "0"}
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 30'><rect width='9'/></svg>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft"), env=LIMITS) as running:
        yield running


@pytest.fixture(scope="module")
def token(server: RunningServer) -> str:
    return server.token("ada")


def upload(server: RunningServer, token: str, body: bytes, query: str = "", **given: str) -> Reply:
    return call("POST", f"{server.http}/v1/assets{query}", raw=body, token=token, **given)


def stored(server: RunningServer, token: str, body: bytes) -> dict[str, Any]:
    reply = upload(server, token, body)
    assert reply.status == 201, reply.raw
    made: dict[str, Any] = reply.body
    return made


def listed(server: RunningServer, token: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query = "limit=1000"
    while True:
        page = call("GET", f"{server.http}/v1/assets?{query}", token=token).body
        found += page["assets"]
        if "next" not in page:
            return found
        query = f"limit=1000&cursor={page['next']}"


def files(server: RunningServer) -> list[str]:
    folder = Path(server.home) / "weft.db-assets"
    return [name for _, _, names in os.walk(folder) for name in names]


# --- uploads --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF"])
def test_a_picture_is_stored_under_its_hash(server: RunningServer, token: str, kind: str) -> None:
    body = picture(1, kind=kind)
    reply = upload(server, token, body, "?name=a.txt", Content_Type="text/html")
    assert reply.status == 201
    made = reply.body
    assert made["id"] == hashlib.sha256(body).hexdigest()
    assert made["url"] == f"/v1/assets/demo/{made['id']}"
    assert (made["type"], made["bytes"]) == (f"image/{kind.lower()}", len(body))
    assert (made["width"], made["height"]) == (320, 200)
    read = call("GET", server.http + made["url"])
    assert (read.status, read.raw) == (200, body)
    assert read.headers["content-type"] == made["type"]


def test_an_svg_has_the_size_of_its_view_box(server: RunningServer, token: str) -> None:
    made = stored(server, token, SVG)
    assert (made["type"], made["width"], made["height"]) == ("image/svg+xml", 40, 30)


def test_the_same_picture_is_stored_once(server: RunningServer, token: str) -> None:
    body = picture(2)
    first = stored(server, token, body)
    before = len(files(server))
    assert upload(server, server.token("bo"), body, "?name=b.png").body == first
    assert len(files(server)) == before
    [one] = [each for each in listed(server, token) if each["id"] == first["id"]]
    assert (one["name"], one["by"]) == ("b.png", "bo")


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.VIEWER, 403), (Role.COMMENTER, 403), (Role.EDITOR, 201), (Role.ADMIN, 201)],
)
def test_an_editor_may_upload(server: RunningServer, role: Role, status: int) -> None:
    token = server.token(f"some-{role}", role)
    assert upload(server, token, picture(3)).status == status
    listing = call("GET", f"{server.http}/v1/assets", token=token)
    assert listing.status == (200 if status == 201 else 403)


def test_an_upload_without_a_token_is_refused(server: RunningServer) -> None:
    assert upload(server, "", picture(3)).status == 401


@pytest.mark.parametrize(
    ("body", "given", "status", "code"),
    [
        (b"", {}, 415, "unsupported_media_type"),
        (b"<html><script>alert(1)</script></html>", {}, 415, "unsupported_media_type"),
        (b"\x89PNG\r\n\x1a\n", {}, 422, "invalid_asset"),
        (picture(4)[:-30], {}, 422, "invalid_asset"),
        (picture(4, 2000, 2000), {}, 422, "invalid_asset"),
        (SVG.replace(b"<rect", b"<script>1</script><rect"), {}, 422, "invalid_asset"),
        (b"x" * (300 * KiB + 1), {}, 413, "too_large"),
        (picture(4), {"Content_Encoding": "gzip"}, 415, "unsupported_media_type"),
    ],
)
def test_a_refused_upload_leaves_nothing(
    server: RunningServer, token: str, body: bytes, given: Any, status: int, code: str
) -> None:
    before = files(server), len(listed(server, token))
    reply = upload(server, token, body, **given)
    assert (reply.status, reply.body["code"]) == (status, code), reply.raw
    assert len(reply.body["detail"].split()) >= 4
    assert (files(server), len(listed(server, token))) == before


def test_a_body_without_a_length_is_limited_too(server: RunningServer, token: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    chunks = (b"x" * 10_000 for _ in range(40))
    connection.request(
        "POST",
        "/v1/assets",
        chunks,
        {"Authorization": f"Bearer {token}"},
        encode_chunked=True,
    )
    assert connection.getresponse().status == 413
    connection.close()


def test_an_interrupted_upload_leaves_nothing(server: RunningServer, token: str) -> None:
    before = files(server)
    body = picture(5, 640, 480)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
        head = f"POST /v1/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        client.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body))
        client.sendall(body[: len(body) // 2])
    assert upload(server, token, picture(6)).status == 201
    assert len(files(server)) == len(before) + 1
    assert (
        call("GET", f"{server.http}/v1/assets/demo/{hashlib.sha256(body).hexdigest()}").status
        == 404
    )


def test_slow_uploads_hold_up_no_other_upload(server: RunningServer, token: str) -> None:
    head = f"POST /v1/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    begun = head.encode() + b"Content-Length: 300000\r\n\r\n" + b"x" * 1000
    with ExitStack() as stack:
        for _ in range(MOST_OWN):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
            stack.enter_context(client).sendall(begun)
        assert upload(server, server.token("bo"), picture(11)).status == 201
        refused = [upload(server, token, picture(12)) for _ in range(2)][-1]
        assert (refused.status, refused.body["code"]) == (429, "rate_limited")
        assert int(refused.headers["retry-after"]) >= 1


def test_a_long_name_is_refused(server: RunningServer, token: str) -> None:
    assert upload(server, token, picture(7), "?name=" + "a" * 200).status == 201
    assert upload(server, token, picture(7), "?name=" + "a" * 201).status == 400


# --- reads ----------------------------------------------------------------------------------


def test_an_asset_is_immutable_and_open_to_all(server: RunningServer, token: str) -> None:
    made = stored(server, token, picture(8))
    url = server.http + made["url"]
    read = call("GET", url, Origin="https://elsewhere.example")
    assert read.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert read.headers["access-control-allow-origin"] == "*"
    assert read.headers["cross-origin-resource-policy"] == "cross-origin"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in read.headers["content-security-policy"]
    assert "vary" not in read.headers
    tag = read.headers["etag"]
    same = call("GET", url, If_None_Match=tag)
    assert (same.status, same.raw, same.headers["etag"]) == (304, b"", tag)
    head = call("HEAD", url)
    assert (head.status, head.raw) == (200, b"")
    assert head.headers["content-length"] == str(made["bytes"])


def test_an_asset_has_smaller_forms(server: RunningServer, token: str) -> None:
    made = stored(server, token, picture(9, 1200, 600))
    sizes = {}
    for width in (480, 960, 1920):
        read = call("GET", f"{server.http}{made['url']}?width={width}")
        sizes[width] = read.headers["content-type"], read.headers["etag"]
    small = [("image/webp", f'"{made["id"]}.{width}"') for width in (480, 960)]
    assert list(sizes.values()) == [*small, ("image/png", f'"{made["id"]}"')]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("demo/" + "0" * 64, 404),
        ("demo/" + "A" * 64, 404),
        ("demo/..", 404),
        ("demo/%2e%2e%2fweft.db", 404),
        ("..%2f/" + "0" * 64, 404),
        ("absent/" + "0" * 64, 404),
        ("x" * 300 + "/" + "0" * 64, 404),
        ("demo/" + "0" * 64 + "?width=7", 400),
        ("demo/" + "0" * 64 + "?width=-480", 400),
        ("demo/" + "0" * 64 + "?width=480&width=x", 400),
    ],
)
def test_made_up_addresses_are_refused(server: RunningServer, path: str, status: int) -> None:
    assert call("GET", f"{server.http}/v1/assets/{path}").status == status


def test_another_tenant_has_another_asset(server: RunningServer, token: str) -> None:
    made = stored(server, token, picture(10))
    assert call("GET", f"{server.http}/v1/assets/other/{made['id']}").status == 404


# --- the list, and deletions ----------------------------------------------------------------


def test_the_list_has_pages_with_the_newest_first(server: RunningServer, token: str) -> None:
    made = [stored(server, token, picture(n))["id"] for n in range(20, 25)]
    found: list[str] = []
    query = "limit=2"
    while len(found) < 5:
        page = call("GET", f"{server.http}/v1/assets?{query}", token=token).body
        found += [one["id"] for one in page["assets"]]
        query = f"limit=2&cursor={page['next']}"
    assert found[:5] == made[::-1]
    for cursor in ("x", "1", f"1.{'0' * 63}", f"{10**15}00.{'0' * 64}"):
        assert call("GET", f"{server.http}/v1/assets?cursor={cursor}", token=token).status == 400


def test_an_asset_in_use_is_not_deleted(server: RunningServer, token: str) -> None:
    made = stored(server, token, picture(30))
    publisher = server.token("root", Role.ADMIN)
    doc = f"{server.http}/v1/docs/uses"
    address = f"{server.http}/v1/assets/{made['id']}"
    call("PUT", doc, {"pages": {"home": {"src": made["url"]}}}, token=publisher)
    call("POST", f"{doc}/publish", {"version": 1}, token=publisher)
    call("POST", f"{doc}/versions", {"name": "launch", "version": 1}, token=publisher)
    refused = call("DELETE", address, token=token)
    assert (refused.status, refused.body["code"]) == (409, "in_use")
    places = {use["in"]: use for use in refused.body["uses"]}
    assert set(places) == {"head", "published", "version"}
    assert places["version"] == {"doc": "uses", "in": "version", "version": 1, "name": "launch"}
    [one] = [each for each in listed(server, token) if each["id"] == made["id"]]
    assert one["uses"] == refused.body["uses"]
    call("DELETE", doc, token=publisher)
    assert call("DELETE", address, token=token).status == 204
    assert call("GET", server.http + made["url"]).status == 404
    assert call("DELETE", address, token=token).status == 404
    assert stored(server, token, picture(30))["id"] == made["id"]
    assert call("GET", server.http + made["url"]).raw == picture(30)


def test_a_limited_token_sees_its_documents_and_deletes_nothing(
    server: RunningServer, token: str
) -> None:
    made = stored(server, token, picture(31))
    for name in ("mine", "theirs"):
        call("PUT", f"{server.http}/v1/docs/{name}", {"src": made["id"]}, token=token)
    limited = asyncio.run(server.mint("cy", docs=("mine",)))
    [one] = [each for each in listed(server, limited) if each["id"] == made["id"]]
    assert [use["doc"] for use in one["uses"]] == ["mine"]
    assert call("DELETE", f"{server.http}/v1/assets/{made['id']}", token=limited).status == 403
    assert upload(server, limited, picture(32)).status == 201
