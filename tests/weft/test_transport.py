"""The connection: what each close code means, delays, tokens, and messages that do not fit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

import weft
from tests.held_store import until as turns
from tests.weft.scripted import OPENED, ScriptedServer, opened
from tests.weft.waiting import until
from weft import address, transport
from weft.environment import LONGEST_DELAY, delay


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays before each new connection. The tests do not wait for them."""
    seconds: list[float] = []

    async def pause(wake: asyncio.Event, wait: float) -> None:
        seconds.append(wait)
        await asyncio.sleep(0)

    monkeypatch.setattr(transport, "pause", pause)
    return seconds


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
    scripted: ScriptedServer, pauses: list[float], code: int, error: type[weft.WeftError]
) -> None:
    scripted.then(close=code, reason="because")
    with pytest.raises(error):
        await opened(scripted)
    scripted.replies = [([OPENED], code, "because")]
    page = await opened(scripted)
    await until(lambda: page.link == "refused")
    with pytest.raises(error):
        page.set("/n", 1)
    await page.close()
    assert (len(scripted.opens), pauses) == (2, [])


@pytest.mark.thorough
async def test_a_large_edit_is_sent_again_when_the_server_closes_while_it_is_written(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's transport closes when its last bytes are written, after the server's half."""
    sockets: list[ClientConnection] = []
    patches: list[dict[str, Any]] = []
    is_written = asyncio.Event()

    async def remembered(*address: Any, **options: Any) -> ClientConnection:
        sockets.append(await connect(*address, **options))
        return sockets[-1]

    async def handle(socket: ServerConnection) -> None:
        await socket.recv()
        if len(sockets) == 1:
            socket.transport.pause_reading()
        await socket.send(json.dumps({**OPENED, "limits": {"max_frame": 2**26, "max_ops": 9}}))
        if len(sockets) == 1:
            await is_written.wait()
            socket.transport.write(b"\x88\x02\x03\xf4")  # a Close frame with 1012
            socket.transport.write_eof()
            await until(sockets[0].transport.is_closing)
            socket.transport.resume_reading()
            await socket.wait_closed()
        else:
            patches.append(json.loads(await socket.recv()))
            await socket.wait_closed()

    monkeypatch.setattr(transport, "connect", remembered)
    async with serve(handle, "127.0.0.1", 0, max_size=None) as listening:
        (listener,) = listening.sockets
        page = await weft.connect(
            f"http://127.0.0.1:{listener.getsockname()[1]}", "home", token="t"
        )
        page.set("/text", "x" * 20_000_000)
        await until(lambda: sockets[0].transport.get_write_buffer_size() > 0)
        is_written.set()
        await until(lambda: patches)
        await page.close()
    assert patches[0]["ops"][0]["path"] == "/text"


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013, 4508, 4529])
async def test_another_code_connects_again_with_what_the_page_has(
    scripted: ScriptedServer, pauses: list[float], code: int
) -> None:
    scripted.then(OPENED, close=code)
    scripted.then({**{k: v for k, v in OPENED.items() if k != "value"}, "changes": []})
    async with await opened(scripted) as page:
        await until(lambda: len(scripted.opens) == 2 and page.link == "online")
        assert scripted.opens[1]["since"] == {"epoch": 1, "version": 1}
        assert scripted.opens[0]["client"] == scripted.opens[1]["client"] == page.client
        assert len(pauses) == 1
        assert page.value == {"n": 0}


async def test_the_server_says_how_long_to_wait(
    scripted: ScriptedServer, pauses: list[float]
) -> None:
    notice = {"type": "disconnect_notice", "code": 1012, "retry_after_ms": 45_000}
    scripted.then(OPENED, notice, close=1012)
    scripted.then(OPENED)
    async with await opened(scripted):
        await until(lambda: len(scripted.opens) == 2)
        assert pauses == [45.0]


def test_the_delay_doubles_and_has_a_limit() -> None:
    for tries, base in ((0, 0.5), (1, 1.0), (3, 4.0), (6, LONGEST_DELAY), (999, LONGEST_DELAY)):
        drawn = [delay(tries) for _ in range(200)]
        assert 0.5 * base <= min(drawn) < max(drawn) <= 1.5 * base
        assert max(drawn) > min(drawn), "clients must not connect at the same time"


async def test_a_refused_token_is_fetched_once_more(
    scripted: ScriptedServer, pauses: list[float]
) -> None:
    tokens = iter(["old", "new", "newer"])
    scripted.then(OPENED, close=4401, reason="the token has expired")
    scripted.then(OPENED)
    async with await opened(scripted, lambda: next(tokens)) as page:
        await until(lambda: len(scripted.opens) == 2 and page.link == "online")
        assert [message["token"] for message in scripted.opens] == ["old", "new"]
        assert pauses == []


async def test_two_refused_tokens_stop_the_page(scripted: ScriptedServer) -> None:
    scripted.then(close=4401, reason="the token has expired")
    tokens = iter(["old", "new", "newer"])
    with pytest.raises(weft.TokenExpiredError):
        await opened(scripted, lambda: next(tokens))
    assert [message["token"] for message in scripted.opens] == ["old", "new"]


async def test_a_token_that_is_a_text_is_not_tried_twice(scripted: ScriptedServer) -> None:
    scripted.then(close=4401, reason="the token was not signed by a key of this server")
    with pytest.raises(weft.TokenRefusedError, match="not signed"):
        await opened(scripted)
    assert len(scripted.opens) == 1


EXPIRING = {"type": "notice", "code": "token_expiring"}


async def test_a_new_token_is_sent_before_the_old_one_expires(scripted: ScriptedServer) -> None:
    tokens = iter(["first", "second"])
    scripted.then(OPENED, {**EXPIRING, "in_seconds": 60})
    async with await opened(scripted, lambda: next(tokens)):
        await until(lambda: scripted.seen[1:] == [{"type": "token", "token": "second"}])


async def test_a_token_that_the_server_has_is_not_sent_again(
    scripted: ScriptedServer, pauses: list[float]
) -> None:
    tokens = iter(["old", "old", "old", "new"])
    scripted.then(OPENED, {**EXPIRING, "in_seconds": 60})
    async with await opened(scripted, lambda: next(tokens)):
        await until(lambda: scripted.seen[1:] == [{"type": "token", "token": "new"}])
    assert len(pauses) == 2


async def test_a_token_function_that_fails_is_called_again_and_told_once(
    scripted: ScriptedServer, pauses: list[float]
) -> None:
    answers = iter(["t", None, None, "u", None, None, "v"])
    told: list[str] = []

    def token() -> str:
        answer = next(answers, "w")
        if answer is None:
            raise OSError("the backend does not answer")
        return answer

    scripted.then(OPENED)
    page = await opened(scripted, token)
    page.on("error", lambda error: told.append(error.code))
    for connections in (2, 3):
        await scripted.sockets[-1].close(1001)
        while len(scripted.opens) < connections or page.link != "online":
            await asyncio.sleep(0)
    await page.close()
    assert [message["token"] for message in scripted.opens] == ["t", "u", "v"]
    assert (told, len(pauses)) == (["token_failed"] * 2, 6)


async def test_a_token_function_that_fails_at_first_is_called_again(
    scripted: ScriptedServer, pauses: list[float]
) -> None:
    calls: list[int] = []

    def token() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise OSError("the backend does not answer")
        return "t"

    scripted.then(OPENED)
    async with await opened(scripted, token) as page:
        assert page.link == "online"
    assert (len(calls), len(pauses)) == (3, 2)


async def test_a_message_that_does_not_fit_loads_the_whole_value(
    scripted: ScriptedServer, pauses: list[float]
) -> None:
    gap = {"type": "change", "version": 9, "kind": "edit", "ops": [], "by": {}}
    scripted.then(OPENED, gap)
    scripted.then({**OPENED, "version": 9, "value": {"n": 9}})
    async with await opened(scripted) as page:
        await until(lambda: page.value == {"n": 9})
        assert "since" not in scripted.opens[1]


async def test_a_message_that_no_server_sends_fails_the_page(scripted: ScriptedServer) -> None:
    scripted.then(OPENED, {"type": "change", "version": 2})
    page = await opened(scripted)
    await until(lambda: page.link == "refused")
    with pytest.raises(weft.WeftError, match="report it"):
        page.set("/n", 1)
    await page.close()


async def test_the_program_learns_that_the_link_is_lost(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LOST_AFTER", 0.02)
    scripted.then(OPENED, close=1001)
    scripted.then()
    events: list[str] = []
    page = await opened(scripted)
    page.on("lost", lambda: events.append("lost"))
    page.on("link", events.append)
    await until(lambda: "lost" in events)
    assert page.link == "reconnecting"
    await page.close()


async def test_backpressure_is_obeyed_and_shown(scripted: ScriptedServer) -> None:
    def pressure(direction: str, state: str) -> dict[str, Any]:
        return {"type": "backpressure", "direction": direction, "state": state}

    scripted.then(OPENED, pressure("in", "on"), pressure("out", "on"))
    page = await opened(scripted)
    await until(lambda: page.behind)
    page.set("/n", 1)
    (socket,) = scripted.sockets
    await socket.send(
        json.dumps([pressure("out", "clear"), {"type": "notice", "code": "degraded"}])
    )
    await until(lambda: not page.behind)
    assert len(scripted.seen) == 1, "no patch is sent"
    await socket.send(json.dumps(pressure("in", "clear")))
    await until(lambda: len(scripted.seen) == 2)
    assert scripted.seen[1]["ops"] == [{"op": "replace", "path": "/n", "value": 1}]
    await page.close(patience=0)


async def test_a_listener_that_fails_stops_nothing(
    scripted: ScriptedServer, caplog: pytest.LogCaptureFixture
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
    scripted.then(OPENED)
    page = await opened(scripted)
    for listener in listeners:
        page.subscribe("/n", listener)
    page.set("/n", 5)
    await until(lambda: len(caplog.records) >= 2)
    assert seen == [5]
    await page.close(patience=0)


# --- tokens -----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [" t\n", lambda: "t\n"])
async def test_a_line_break_after_a_token_is_left_out(scripted: ScriptedServer, given: Any) -> None:
    scripted.then(OPENED)
    async with await opened(scripted, given):
        assert scripted.opens[0]["token"] == "t"


@pytest.mark.parametrize("given", ["a\nb", "é"])
async def test_a_text_that_is_no_token_is_sent_nowhere(
    scripted: ScriptedServer, given: str
) -> None:
    with pytest.raises(weft.TokenRefusedError, match="get a new token"):
        await opened(scripted, given)
    with pytest.raises(weft.TokenRefusedError, match="get a new token"):
        await weft.documents(scripted.url, given).list()
    assert scripted.sockets == []


async def test_a_token_function_that_hangs_is_named(scripted: ScriptedServer) -> None:
    with pytest.raises(weft.WeftError, match="the token function has not returned") as caught:
        await opened(scripted, asyncio.Event().wait, patience=0.05)
    assert caught.value.code == "token_failed"


async def test_a_token_function_that_takes_too_long_or_is_cancelled_is_called_again(
    scripted: ScriptedServer, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "TOKEN_WITHIN", 0.02)
    calls: list[int] = []

    async def token() -> str:
        calls.append(1)
        if len(calls) == 1:
            raise asyncio.CancelledError
        if len(calls) == 2:
            await asyncio.Event().wait()
        return "t"

    scripted.then(OPENED)
    async with await opened(scripted, token) as page:
        assert page.link == "online"
    assert (len(calls), len(pauses)) == (3, 2)


def renewals() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "weft token"]


async def test_a_renewal_that_hangs_ends_with_the_page(
    scripted: ScriptedServer, pauses: list[float]
) -> None:
    calls: list[int] = []

    async def token() -> str:
        calls.append(1)
        if len(calls) > 1:
            await asyncio.Event().wait()
        return "t"

    expiring = {"type": "notice", "code": "token_expiring", "in_seconds": 60}
    scripted.then(OPENED, expiring)
    async with await opened(scripted, token):
        await until(lambda: len(calls) == 2)
        await scripted.sockets[-1].send(json.dumps(expiring))
        await until(lambda: len(calls) == 3)
        assert len(renewals()) == 1, "the next one has ended the first"
    await turns(lambda: not renewals())


# --- what the client sends ------------------------------------------------------------------------


async def test_a_first_message_that_is_too_large_stops_the_page(scripted: ScriptedServer) -> None:
    scripted.then(close=1009, reason="the message is too large")
    with pytest.raises(weft.ConnectionRefusedByServerError, match="smaller `create`") as caught:
        await opened(scripted, create={})
    assert caught.value.code == "too_large"


async def test_a_document_that_was_deleted_is_not_created_again(
    scripted: ScriptedServer, pauses: list[float]
) -> None:
    scripted.then(OPENED, close=1001)
    scripted.then(close=4404)
    page = await opened(scripted, create={"n": 0})
    await until(lambda: page.link == "refused")
    assert ["create" in message for message in scripted.opens] == [True, False]
    await page.close()


@pytest.mark.parametrize("state", [{"x": object()}, {"x": "\ud800"}, {"x": "y" * 3000}])
async def test_a_presence_state_that_cannot_be_sent_is_refused_at_once(
    scripted: ScriptedServer, state: Any
) -> None:
    scripted.then(OPENED)
    async with await opened(scripted) as page:
        with pytest.raises(weft.NotJsonError):
            page.presence.set(state)
        page.presence.set({"x": 1})
        await until(lambda: scripted.seen[1:])
        assert scripted.seen[1]["state"] == {"x": 1}


@pytest.mark.parametrize("name", ["a\nb", "\ud800", 7])
async def test_a_wrong_name_of_the_program_is_refused(scripted: ScriptedServer, name: Any) -> None:
    with pytest.raises(weft.BadAddressError, match="client"):
        await opened(scripted, client=name)


async def test_a_long_name_is_cut_as_the_server_cuts_it(scripted: ScriptedServer) -> None:
    scripted.then(OPENED)
    async with await opened(scripted, client="x" * 300) as page:
        assert page.client == scripted.opens[0]["client"] == "x" * 128
