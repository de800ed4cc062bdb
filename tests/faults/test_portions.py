"""A server that dies between the portions of a large deletion has made all of it, or nothing."""

from __future__ import annotations

import asyncio
import sys
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from pycrdt import Doc, Map

from collab.room.requests import Answer, PatchRequest, Request, Update
from collab.yjs import frames
from storage.memory.store import MemoryStore
from tests.attacks.attacker import close_code, upgrade
from tests.collab.tree.large_values import make_all_hidden, make_all_large
from tests.faults import portioned_weft
from tests.faults.inside import PAGE, Inside, inside
from tests.faults.log_check import read_log
from tests.held_store import held
from tests.live.http_client import Reply, call
from tests.running import RunningServer

ROOT = Path(portioned_weft.__file__).parents[2]
PREFIX = (sys.executable, portioned_weft.__file__)
VALUE = {"held": [[0] * 9, {"a": [1, 2, 3]}], "own": "text"}
REMOVE = [{"op": "remove", "path": "/held"}]
AFTER = {"own": "text"}
WAYS = [("patch", False), ("patch", True), ("yjs", False), ("yjs", True)]


class Author:
    """A client that removes `held`, and sends the same request again after each death."""

    def __init__(self, server: RunningServer, lane: str) -> None:
        self.server, self.lane = server, lane
        self.token = server.token("ada")
        self.update = b""

    @property
    def url(self) -> str:
        return f"{self.server.http}/v1/docs/page"

    def get(self) -> Reply:
        return call("GET", self.url, token=self.token)

    def remove(self) -> Reply | None:
        """Send the removal. Return None when the server dies during the request."""
        if self.lane == "yjs":
            return asyncio.run(self._remove_by_yjs())
        try:
            return call(
                "PATCH",
                self.url,
                REMOVE,
                token=self.token,
                content_type="application/json-patch+json",
                idempotency_key="once",
            )
        except (URLError, HTTPException, OSError):
            return None

    async def _remove_by_yjs(self) -> Reply | None:
        socket = await upgrade(self.server, f"/v1/yjs/page?token={self.token}")
        if not self.update:
            await socket.send(frames.sync_step1(b"\0"))
            self.update = removal_of(await _next(socket, frames.SyncStep2))
        await socket.send(frames.update(self.update))
        await socket.send(frames.sync_step1(b"\0"))  # its answer comes after the commit
        try:
            await _next(socket, frames.SyncStep2)
        except Exception:  # the server was killed: the socket ends in one of many ways
            assert await close_code(socket) == 1006
            return None
        await socket.close()
        return self.get()


async def _next(socket: Any, kind: type[Any]) -> bytes:
    while True:
        for message in frames.decode(await socket.recv()):
            if isinstance(message, kind):
                return message.update  # type: ignore[no-any-return]  # a sync message has it


def removal_of(state: bytes) -> bytes:
    """Return the update of a Yjs client that has this state and deletes `held`."""
    peer: Doc[Any] = Doc(client_id=99)
    content = peer.get("content", type=Map)
    peer.apply_update(state)
    known = peer.get_state()
    del content["held"]
    return peer.get_update(known)


@pytest.mark.parametrize(("lane", "is_hidden"), WAYS)
def test_g27_a_killed_server_has_made_no_portion(
    lane: str, is_hidden: bool, tmp_path: Path
) -> None:
    armed = tmp_path / "armed"
    env = {
        portioned_weft.FILE: str(armed),
        portioned_weft.HIDDEN: "1" if is_hidden else "",
        "PYTHONPATH": str(ROOT),
    }
    with RunningServer(tmp_path, env=env, prefix=PREFIX) as server:
        author = Author(server, lane)
        assert call("PUT", author.url, VALUE, token=author.token).status == 201
        for portions in (1,) if is_hidden else (1, 3):
            armed.write_text(str(portions))
            assert author.remove() is None
            assert server.process is not None
            assert server.process.wait(10) == -9
            armed.unlink()
            server.start()
            assert author.get().body == VALUE
        for _ in range(2):  # the answer of the first may be lost as well
            reply = author.remove()
            assert reply is not None
            assert reply.status == 200, reply.raw
            assert author.get().body == AFTER
    entries = asyncio.run(read_log(server.database, "page"))
    assert [entry.version for entry in entries] == [1, 2]


def request_of(made: Inside, lane: str) -> Request:
    if lane == "patch":
        return PatchRequest("once", None, REMOVE)
    document = made.hub.lives[PAGE].room.document
    return Update(removal_of(document.update_since(b"\0")))


@pytest.mark.parametrize(("lane", "is_hidden"), WAYS)
async def test_g27_portions_are_made_again_when_another_instance_has_written(
    lane: str, is_hidden: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_all_large(monkeypatch)
    if is_hidden:
        make_all_hidden(monkeypatch)
    shared = MemoryStore()
    store, calls = held(shared)
    async with inside(store) as made, inside(shared) as other:
        await made.make(VALUE)
        async with made.hub.using(PAGE):
            calls.hold("commit")
            removing = asyncio.create_task(made.ask(request_of(made, lane)))
            await calls.reached("commit")
            assert isinstance(await other.set("/own", "other"), Answer)
            calls.release("commit")
            answer = await removing
        assert answer.version == 3
        assert await made.read() == (3, {"own": "other"})
    assert len(calls.of("commit")) >= 3
