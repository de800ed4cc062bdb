"""The first session of docs/wire.md, sent message by message to a real server."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.live.conftest import Join
from tests.running import WEFT, RunningServer
from tests.test_wire_documented import FENCE, PAGE

SESSION = PAGE.split("## First session\n")[1].split("### Find a topic")[0]
DOC = "first-session"
# Members whose values differ in each session.
CHANGING = {"at", "session", "client_id", "server", "token", "presence"}


def documented() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the messages of the section in their order: `client` or `server`, and the message."""
    for side, text in FENCE.findall(SESSION):
        yield side, json.loads(text)


def comparable(value: Any) -> Any:
    """Return a message without the values that differ in each session; its members stay."""
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: "…" if name in CHANGING else comparable(inner) for name, inner in value.items()}


def token_of(server: RunningServer, user: str) -> str:
    """Return the token that `weft token` prints for an editor."""
    command = [str(WEFT), "token", "--user", user, "--name", user.title(), "--role", "editor"]
    environment = {**os.environ, "WEFT_DATABASE": str(server.database)}
    return subprocess.check_output(command, env=environment, text=True).strip()


class Session:
    """Ada's client: it sends the documented messages, and compares the answers with the page."""

    def __init__(self, server: RunningServer, token: str) -> None:
        self._server, self._token = server, token
        self._sockets: list[ClientConnection] = []
        self._sent: dict[str, dict[str, Any]] = {}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "open":
            url = f"{self._server.ws}/v1/docs/{DOC}/live"
            self._sockets.append(await connect(url, subprotocols=["weft.v1"]))  # type: ignore[list-item]  # a NewType of str
            message = {**message, "token": self._token}
        self._sent[message.get("id", "")] = message
        await self._sockets[-1].send(json.dumps(message))

    async def expect(self, documented: dict[str, Any]) -> None:
        """Receive the next message of this type, which must be the documented one."""
        while True:
            received = json.loads(await self._sockets[-1].recv())
            for message in received if isinstance(received, list) else [received]:
                if message["type"] == documented["type"]:
                    # The page shows two of the limits.
                    limits = documented.get("limits", {})
                    assert limits.items() <= message.get("limits", {}).items()
                    if limits:
                        message["limits"] = limits
                    assert comparable(message) == comparable(documented)
                    return

    async def resend(self, request_id: str) -> None:
        await self.send(self._sent[request_id])

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()


async def test_the_first_session_happens_as_documented(server: RunningServer, join: Join) -> None:
    ada = Session(server, await asyncio.to_thread(token_of, server, "ada"))
    try:
        await play(ada, join, await asyncio.to_thread(token_of, server, "bo"))
    finally:
        await ada.close()


async def play(ada: Session, join: Join, bo_token: str) -> None:
    for side, message in documented():
        if side == "client":
            await ada.send(message)
            continue
        if message["type"] == "change":
            bo = await join(DOC, bo_token, client=message["by"]["client"])
            await bo.patch(*message["ops"])
        if message.get("duplicate"):
            await ada.resend(message["id"])
        await ada.expect(message)
