"""The demo gives every visitor a token, but gives none to pages of other sites."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server.access.guests import BURST
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.running import RunningServer


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningServer]:
    env = {"WEFT_DEMO": "1", "WEFT_PUBLIC_URL": "https://demo.example"}
    with RunningServer(tmp_path, env=env) as running:
        yield running


def visit(server: RunningServer, **headers: Any) -> Reply:
    return call("POST", f"{server.http}/v1/demo/token", **headers)


def test_a_visitor_of_the_demo_is_a_publisher_with_a_name_of_its_own(demo: RunningServer) -> None:
    first, second = visit(demo), visit(demo)
    assert first.status == 200
    assert first.headers["cache-control"] == "no-store"
    told = first.body
    assert told.keys() == {"token", "user", "name", "role", "tenant", "expires_at"}
    assert (told["role"], told["tenant"]) == ("publisher", "demo")
    assert told["user"] != second.body["user"]
    lasts = datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)
    assert 3500 < lasts.total_seconds() <= 3600
    url = f"{demo.http}/v1/docs/home"
    ops = [{"op": "add", "path": "/by", "value": told["name"]}]
    assert call("PATCH", url, ops, token=told["token"]).status == 200
    assert call("GET", url, token=told["token"]).headers["weft-updated-by"] == told["user"]
    assert call("POST", f"{url}/publish", token=told["token"]).status == 200


async def test_a_connection_takes_the_renewed_token_of_its_guest(demo: RunningServer) -> None:
    first = visit(demo).body
    renewed = visit(demo, Authorization=f"Bearer {first['token']}").body
    assert (renewed["user"], renewed["name"]) == (first["user"], first["name"])
    client = await PatchClient.connect(demo.ws, "home", first["token"])
    await client.send({"type": "token", "token": renewed["token"]})
    change = await client.set("/guest", renewed["name"])
    assert change["version"] == client.version
    await client.close()


def test_no_other_sites_page_gets_a_token(demo: RunningServer) -> None:
    for host in ("localhost:8080", "127.0.0.1:8080", "[::1]:8080", "10.1.2.3", "demo.example"):
        assert visit(demo, Host=host).status == 200, host
    for host in ("evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "demo"):
        refused = visit(demo, Host=host)
        assert (refused.status, refused.body["code"]) == (403, "forbidden"), host
    foreign = visit(demo, Origin="https://evil.example")
    assert (foreign.status, foreign.body["code"]) == (403, "forbidden")
    own = visit(demo, Origin=demo.http)
    assert own.headers["access-control-allow-origin"] == demo.http


def test_tokens_for_one_address_are_rate_limited(demo: RunningServer) -> None:
    replies = [visit(demo) for _ in range(BURST + 5)]
    refused = next(reply for reply in replies if reply.status != 200)
    assert (refused.status, refused.body["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    assert [reply.status for reply in replies[:BURST]] == [200] * BURST


def test_guest_tokens_exist_only_in_demo_mode(server: RunningServer) -> None:
    refused = visit(server)
    assert (refused.status, refused.body["code"]) == (404, "not_found")
