"""One edit from end to end: open, patch, commit, ack, the peer's change, GET.

`tests/faults/test_kill.py` shows that the edit survives `kill -9`.
"""

from __future__ import annotations

import asyncio

from tests.live.conftest import Join
from tests.live.http_client import call
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
    assert (reply.status, reply.body, reply.headers["etag"]) == (200, {"title": "Hi"}, '"1.2"')


async def test_one_of_two_strict_patches_on_one_version_wins(
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
