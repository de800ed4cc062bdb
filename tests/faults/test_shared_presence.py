"""Presence and budgets on two real servers that share one SQLite file and a local bus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers

SHARED = {"WEFT_LOCAL_BUS": "1"}
NOTICE = {"type": "notice", "code": "another_tab"}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[RunningServer, RunningServer]]:
    with RunningServer(tmp_path, env=SHARED) as one:
        (tmp_path / "second").mkdir()
        with RunningServer(tmp_path / "second", database=one.database, env=SHARED) as two:
            yield one, two


def left(client: PatchClient) -> list[str]:
    """Return the sessions of which the client was sent that they left."""
    return [session for one in client.others for session in one.get("left", ())]


def present(server: RunningServer, token: str) -> list[str]:
    reply = call("GET", f"{server.http}/v1/docs/page/presence", token=token)
    return sorted(peer["user"] for peer in reply.body["items"])


async def test_clients_of_both_lanes_see_each_other_on_two_servers(
    servers: tuple[RunningServer, RunningServer], peers: YjsPeers
) -> None:
    one, two = servers
    token = await one.mint("ada", Role.ADMIN)
    ada = await PatchClient.connect(one.ws, "page", token, create={"title": "Hello"})
    bo = await PatchClient.connect(two.ws, "page", await one.mint("bo"))
    yjs = await peers.peer()
    await yjs.connect(two.ws, "page", await one.mint("cy"), state={"cursor": {"at": 3}})
    await ada.until(lambda: {"bo", "cy"} <= {peer["user"] for peer in ada.shown})
    cy = next(peer for peer in ada.shown if peer["user"] == "cy")
    assert cy["state"] == {"cursor": {"at": 3}, "user": {"id": "cy", "name": "Cy"}}
    own = ada.opened["client_id"]
    await yjs.until(f"states[{own}]?.user?.id === 'ada'")

    # A cursor arrives, and follows the text on both servers.
    cursor = {"path": "/title", "offset": 2}
    await ada.send({"type": "presence", "base": 1, "state": {"cursor": cursor}})
    await yjs.until(f"states[{own}]?.cursor?.offset === 2")
    await bo.set("/title", "Oh, Hello")
    await bo.until(lambda: bo.shown[-1]["state"].get("cursor", {}).get("offset") == 6)
    await yjs.until(f"states[{own}]?.cursor?.offset === 6")

    # A late client, and both lists, have all of them.
    late = await PatchClient.connect(one.ws, "page", await one.mint("di"))
    assert {peer["user"] for peer in late.opened["presence"]} == {"ada", "bo", "cy"}
    assert present(one, token) == present(two, token) == ["ada", "bo", "cy", "di"]
    await ada.close()
    await bo.until(lambda: ada.opened["session"] in left(bo))
    await yjs.until(f"states[{own}] === undefined")
    for client in (bo, late):
        await client.close()


async def test_a_document_that_is_open_elsewhere_has_its_clients_in_the_list(
    servers: tuple[RunningServer, RunningServer],
) -> None:
    one, two = servers
    token = await one.mint("ada", Role.ADMIN)
    ada = await PatchClient.connect(one.ws, "page", token, create={"title": "Hello"})
    url = f"{two.http}/v1/docs?include=presence"

    def listed() -> list[str]:
        [item] = call("GET", url, token=token).body["items"]
        return [peer["user"] for peer in item["presence"]]

    assert listed() == ["ada"]
    assert present(two, token) == ["ada"]
    await ada.close()


async def test_both_tabs_of_a_user_on_two_servers_get_a_notice(
    servers: tuple[RunningServer, RunningServer],
) -> None:
    one, two = servers
    token = await one.mint("ada")
    first = await PatchClient.connect(one.ws, "page", token, create={}, client="tab-1")
    second = await PatchClient.connect(two.ws, "page", token, client="tab-2")
    await first.until(lambda: NOTICE in first.others)
    await second.until(lambda: NOTICE in second.others)
    await first.close()
    await second.close()


async def test_the_clients_of_a_server_that_stops_vanish_at_once(
    servers: tuple[RunningServer, RunningServer],
) -> None:
    one, two = servers
    ada = await PatchClient.connect(one.ws, "page", await one.mint("ada"), create={})
    bo = await PatchClient.connect(two.ws, "page", await one.mint("bo"))
    await bo.until(lambda: "ada" in {peer["user"] for peer in [*bo.opened["presence"], *bo.shown]})
    assert await asyncio.to_thread(one.stop) == 0, one.log()
    await bo.until(lambda: ada.opened["session"] in left(bo), seconds=10)
    await ada.close()
    await bo.close()


@pytest.mark.long
async def test_the_clients_of_a_killed_server_vanish_in_30_s(
    servers: tuple[RunningServer, RunningServer],
) -> None:
    one, two = servers
    ada = await PatchClient.connect(one.ws, "page", await one.mint("ada"), create={})
    bo = await PatchClient.connect(two.ws, "page", await one.mint("bo"))
    await bo.until(lambda: "ada" in {peer["user"] for peer in [*bo.opened["presence"], *bo.shown]})
    one.kill()
    await ada.close()
    await bo.until(lambda: ada.opened["session"] in left(bo), seconds=32)
    await bo.close()


@pytest.mark.thorough
async def test_a_user_on_two_servers_has_one_budget(tmp_path: Path) -> None:
    small = {"WEFT_IN_MESSAGES_PER_SECOND": "20", "WEFT_IN_MESSAGES_BURST": "100", **SHARED}
    with RunningServer(tmp_path, env=small) as one:
        (tmp_path / "second").mkdir()
        with RunningServer(tmp_path / "second", database=one.database, env=small) as two:
            token = await one.mint("ada", Role.ADMIN)
            call("PUT", f"{one.http}/v1/docs/page", {"n": 0}, token=token)
            begun = monotonic()
            counts = await asyncio.gather(
                *(asyncio.to_thread(_accepted, server, token, begun + 15) for server in (one, two))
            )
    allowed = 100 + 20 * 15
    assert sum(counts) <= 1.1 * allowed + 2
    assert sum(counts) >= 0.8 * allowed


def _accepted(server: RunningServer, token: str, until: float) -> int:
    """Send requests until a time; return how many were accepted."""
    accepted = 0
    while monotonic() < until:
        reply: Any = call("GET", f"{server.http}/v1/docs/page", token=token)
        accepted += reply.status == 200
        assert reply.status in (200, 429)
    return accepted
