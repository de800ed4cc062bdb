"""The connection: what each close code means, delays, tokens, and messages that do not fit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

import weft
from tests.weft.waiting import until
from weft import transport
from weft.environment import LONGEST_DELAY, delay

OPENED: dict[str, Any] = {
    "type": "opened",
    "protocol": 1,
    "session": "s-1",
    "user": "ada",
    "role": "editor",
    "epoch": 1,
    "version": 1,
    "value": {"n": 0},
    "presence": [],
    "locks": [],
}


class ScriptedServer:
    """Answers each connection as the test says: with messages, and then maybe a close code.

    `seen` are the messages of the clients. `replies` has one entry for each connection: messages
    to send after `open`, and then a close code, or 0 to stay open. The last one is repeated.
    """

    def __init__(self) -> None:
        self.replies: list[tuple[list[dict[str, Any]], int, str]] = []
        self.seen: list[dict[str, Any]] = []
        self.sockets: list[ServerConnection] = []
        self.url = ""

    def then(self, *messages: dict[str, Any], close: int = 0, reason: str = "") -> None:
        self.replies.append((list(messages), close, reason))

    async def handle(self, socket: ServerConnection) -> None:
        number = min(len(self.sockets), len(self.replies) - 1)
        self.sockets.append(socket)
        messages, code, reason = self.replies[number]
        try:
            self.seen.append(json.loads(await socket.recv()))
            if messages:
                await socket.send(json.dumps(messages if len(messages) > 1 else messages[0]))
            if code == 1006:
                socket.transport.abort()
            elif code:
                await socket.close(code, reason)
            async for frame in socket:
                self.seen.append(json.loads(frame))
        except ConnectionClosed:
            return

    @property
    def opens(self) -> list[dict[str, Any]]:
        return [message for message in self.seen if message["type"] == "open"]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    async with serve(scripted.handle, "127.0.0.1", 0, subprotocols=None) as listening:
        (socket,) = listening.sockets
        scripted.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        scripted.sockets = []
        yield scripted


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays before each new connection. The tests do not wait for them."""
    seconds: list[float] = []

    async def pause(wake: asyncio.Event, wait: float) -> None:
        seconds.append(wait)
        await asyncio.sleep(0)

    monkeypatch.setattr(transport, "pause", pause)
    return seconds


async def opened(server: ScriptedServer, token: Any = "t") -> weft.Page:
    return await weft.connect(server.url, "home", token=token)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1008, weft.ConnectionRefusedByServerError),
        (4400, weft.ConnectionRefusedByServerError),
        (4403, weft.ForbiddenError),
        (4404, weft.NoSuchDocumentError),
        (4408, weft.ConnectionRefusedByServerError),
        (4413, weft.ConnectionRefusedByServerError),
    ],
)
async def test_a_final_code_stops_the_page(
    server: ScriptedServer, pauses: list[float], code: int, error: type[weft.WeftError]
) -> None:
    server.then(close=code, reason="because")
    with pytest.raises(error):
        await opened(server)
    server.replies = [([OPENED], code, "because")]
    page = await opened(server)
    await until(lambda: page.link == "refused")
    with pytest.raises(error):
        page.set("/n", 1)
    await page.close()
    assert (len(server.opens), pauses) == (2, [])


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013, 4508, 4529])
async def test_another_code_connects_again_with_what_the_page_has(
    server: ScriptedServer, pauses: list[float], code: int
) -> None:
    server.then(OPENED, close=code)
    server.then({**{k: v for k, v in OPENED.items() if k != "value"}, "changes": []})
    async with await opened(server) as page:
        await until(lambda: len(server.opens) == 2 and page.link == "online")
        assert server.opens[1]["since"] == {"epoch": 1, "version": 1}
        assert server.opens[0]["client"] == server.opens[1]["client"] == page.client
        assert len(pauses) == 1
        assert page.value == {"n": 0}


async def test_the_server_says_how_long_to_wait(
    server: ScriptedServer, pauses: list[float]
) -> None:
    notice = {"type": "disconnect_notice", "code": 1012, "retry_after_ms": 45_000}
    server.then(OPENED, notice, close=1012)
    server.then(OPENED)
    async with await opened(server):
        await until(lambda: len(server.opens) == 2)
        assert pauses == [45.0]


def test_the_delay_doubles_and_has_a_limit() -> None:
    for tries, base in ((0, 0.5), (1, 1.0), (3, 4.0), (6, LONGEST_DELAY), (999, LONGEST_DELAY)):
        drawn = [delay(tries) for _ in range(200)]
        assert 0.5 * base <= min(drawn) < max(drawn) <= 1.5 * base
        assert max(drawn) > min(drawn), "clients must not connect at the same time"


async def test_a_refused_token_is_fetched_once_more(
    server: ScriptedServer, pauses: list[float]
) -> None:
    tokens = iter(["old", "new", "newer"])
    server.then(OPENED, close=4401, reason="the token has expired")
    server.then(OPENED)
    async with await opened(server, lambda: next(tokens)) as page:
        await until(lambda: len(server.opens) == 2 and page.link == "online")
        assert [message["token"] for message in server.opens] == ["old", "new"]
        assert pauses == []


async def test_two_refused_tokens_stop_the_page(server: ScriptedServer) -> None:
    server.then(close=4401, reason="the token has expired")
    tokens = iter(["old", "new", "newer"])
    with pytest.raises(weft.TokenExpiredError):
        await opened(server, lambda: next(tokens))
    assert [message["token"] for message in server.opens] == ["old", "new"]


async def test_a_token_that_is_a_text_is_not_tried_twice(server: ScriptedServer) -> None:
    server.then(close=4401, reason="the token was not signed by a key of this server")
    with pytest.raises(weft.TokenRefusedError, match="not signed"):
        await opened(server)
    assert len(server.opens) == 1


async def test_a_new_token_is_sent_before_the_old_one_expires(server: ScriptedServer) -> None:
    tokens = iter(["first", "second"])
    server.then(OPENED, {"type": "notice", "code": "token_expiring", "in_seconds": 60})
    async with await opened(server, lambda: next(tokens)):
        await until(lambda: server.seen[1:] == [{"type": "token", "token": "second"}])


async def test_a_token_function_that_fails_is_called_again(
    server: ScriptedServer, pauses: list[float]
) -> None:
    calls: list[int] = []

    def token() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise OSError("the backend does not answer")
        return "t"

    server.then(OPENED)
    async with await opened(server, token) as page:
        assert page.link == "online"
    assert (len(calls), len(pauses)) == (3, 2)


async def test_a_message_that_does_not_fit_loads_the_whole_value(
    server: ScriptedServer, pauses: list[float]
) -> None:
    gap = {"type": "change", "version": 9, "kind": "edit", "ops": [], "by": {}}
    server.then(OPENED, gap)
    server.then({**OPENED, "version": 9, "value": {"n": 9}})
    async with await opened(server) as page:
        await until(lambda: page.value == {"n": 9})
        assert "since" not in server.opens[1]


async def test_a_message_that_no_server_sends_fails_the_page(server: ScriptedServer) -> None:
    server.then(OPENED, {"type": "change", "version": 2})
    page = await opened(server)
    await until(lambda: page.link == "refused")
    with pytest.raises(weft.WeftError, match="report it"):
        page.set("/n", 1)
    await page.close()


async def test_the_program_learns_that_the_link_is_lost(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LOST_AFTER", 0.02)
    server.then(OPENED, close=1001)
    server.then()
    events: list[str] = []
    page = await opened(server)
    page.on("lost", lambda: events.append("lost"))
    page.on("link", events.append)
    await until(lambda: "lost" in events)
    assert page.link == "reconnecting"
    await page.close()


async def test_backpressure_is_obeyed_and_shown(server: ScriptedServer) -> None:
    def pressure(direction: str, state: str) -> dict[str, Any]:
        return {"type": "backpressure", "direction": direction, "state": state}

    server.then(OPENED, pressure("in", "on"), pressure("out", "on"))
    page = await opened(server)
    await until(lambda: page.behind)
    page.set("/n", 1)
    (socket,) = server.sockets
    await socket.send(
        json.dumps([pressure("out", "clear"), {"type": "notice", "code": "degraded"}])
    )
    await until(lambda: not page.behind)
    assert len(server.seen) == 1, "no patch is sent"
    await socket.send(json.dumps(pressure("in", "clear")))
    await until(lambda: len(server.seen) == 2)
    assert server.seen[1]["ops"] == [{"op": "replace", "path": "/n", "value": 1}]
    await page.close(patience=0)


async def test_a_listener_that_fails_stops_nothing(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a bug of the program")

    async def broken_later(*_: Any) -> None:
        raise RuntimeError("another bug")

    seen: list[Any] = []
    listeners: list[Callable[..., Any]] = [
        broken,
        broken_later,
        lambda value, _: seen.append(value),
    ]
    server.then(OPENED)
    page = await opened(server)
    for listener in listeners:
        page.subscribe("/n", listener)
    page.set("/n", 5)
    await until(lambda: len(caplog.records) >= 2)
    assert seen == [5]
    await page.close(patience=0)
