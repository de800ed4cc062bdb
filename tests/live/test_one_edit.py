"""One edit all the way: open, patch, commit, ack, the peer's change, GET, and after `kill -9`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from collab.room.rights import Role
from tests.live.conftest import Join
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import RunningServer


async def test_an_edit_reaches_the_peer_and_is_read_over_http(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"title": "Hello"})
    two = await join(doc, bo)
    assert (one.version, two.value) == (1, {"title": "Hello"})
    ack = await one.set("/title", "Hi")
    assert ack == {"type": "ack", "id": ack["id"], "version": 2}
    await two.until_version(2)
    [change] = two.changes
    assert change["ops"] == [{"op": "replace", "path": "/title", "value": "Hi"}]
    assert change["by"]["user"] == "ada"
    assert change["kind"] == "edit"
    assert "id" not in change
    reply = call("GET", f"{server.http}/v1/docs/{doc}", token=ada)
    assert (reply.status, reply.body, reply.headers["etag"]) == (200, {"title": "Hi"}, '"2"')


async def test_of_two_strict_patches_on_one_version_one_wins(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"n": 0})
    two = await join(doc, bo)
    for turn in range(1, 20):
        op = {"op": "replace", "path": "/n", "value": turn}
        ids = await asyncio.gather(one.patch(op, strict=True), two.patch(op, strict=True))
        answers = await asyncio.gather(one.answer(ids[0]), two.answer(ids[1]))
        kinds = sorted(answer["type"] for answer in answers)
        assert kinds == ["ack", "reject"]
        [refused] = [answer for answer in answers if answer["type"] == "reject"]
        assert refused["code"] == "conflict"
        assert refused["version"] == turn + 1
        assert [change["version"] for change in refused["changes"]] == [turn + 1]
        await asyncio.gather(one.until_version(turn + 1), two.until_version(turn + 1))


def test_nothing_acknowledged_is_lost_by_kill_9_under_load(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        token = server.token("ada", Role.ADMIN)
        for turn in range(10):
            acked = asyncio.run(_edit_until_killed(server, token, turn))
            assert acked, "nothing was acknowledged before the kill"
            seconds = server.start()
            assert seconds < 10
            reply = call("GET", f"{server.http}/v1/docs/page", token=token)
            for name, version in acked.items():
                assert name in reply.body, f"{name} was acknowledged as {version} and is lost"
            assert int(reply.headers["etag"].strip('"')) >= max(acked.values())


UNLIMITED = {"WEFT_IN_MESSAGES_PER_SECOND": "0", "WEFT_IN_BYTES_PER_SECOND": "0"}


async def _edit_until_killed(server: RunningServer, token: str, turn: int) -> dict[str, int]:
    """Add fields as fast as they are taken, kill the server; what was acknowledged."""
    client = await PatchClient.connect(server.ws, "page", token, create={})
    ids: dict[str, str] = {}
    for number in range(400):
        name = f"k{turn}-{number}"
        ids[name] = await client.patch({"op": "add", "path": f"/{name}", "value": number})
        if number == 200:
            await client.answer(ids[f"k{turn}-20"])
    server.kill()
    await client.close()
    return {name: client.acks[id]["version"] for name, id in ids.items() if id in client.acks}
