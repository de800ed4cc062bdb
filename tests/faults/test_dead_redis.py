"""Redis is killed or frozen: edits go on, and clients and `/readyz` say what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.gossip import redis
from tests.faults.serving import Serving, serving
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.storage.redis_server import RedisServer, running_redis

EDITS = 50


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "_SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(redis, "_ANSWER_SECONDS", 0.5)


def notices(client: PatchClient) -> list[str]:
    return [message["code"] for message in client.others if message["type"] == "notice"]


async def get(running: Serving, path: str) -> Reply:
    return await asyncio.to_thread(call, "GET", f"{running.http}{path}")


async def until_ready_says(running: Serving, gossip: str) -> None:
    """Wait for the state of gossip in `/readyz`, which answers 200 all the time."""
    while True:
        reply = await get(running, "/readyz")
        assert (reply.status, reply.body["status"]) == (200, "ok")
        if reply.body["gossip"] == gossip:
            return


@pytest.mark.parametrize(
    ("break_it", "mend_it"),
    [(RedisServer.kill, RedisServer.start), (RedisServer.freeze, RedisServer.thaw)],
    ids=["killed", "frozen"],
)
async def test_edits_go_on_without_redis_and_clients_know_it(
    tmp_path: Path,
    server: RedisServer,
    break_it: Callable[[RedisServer], None],
    mend_it: Callable[[RedisServer], None],
) -> None:
    async with serving(tmp_path, WEFT_REDIS=server.url) as running:
        token = await running.token("ada")
        ada = await PatchClient.connect(running.ws, "page", token, create={"n": 0})
        await until_ready_says(running, "ok")
        break_it(server)
        await ada.until(lambda: notices(ada) == ["degraded"])
        for number in range(EDITS):
            assert (await ada.set("/n", number + 1))["version"] == number + 2
        await until_ready_says(running, "degraded")
        late = await PatchClient.connect(running.ws, "page", await running.token("bo"))
        await late.until(lambda: notices(late) == ["degraded"])
        assert "weft_gossip_connected 0.0" in (await get(running, "/metrics")).raw.decode()
        mend_it(server)
        await ada.until(lambda: notices(ada) == ["degraded", "recovered"])
        await late.until(lambda: notices(late) == ["degraded", "recovered"])
        await until_ready_says(running, "ok")
        assert "weft_gossip_connected 1.0" in (await get(running, "/metrics")).raw.decode()
        assert late.value == ada.value == {"n": EDITS}
        await ada.close()
        await late.close()
