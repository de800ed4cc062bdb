"""One id per request, in its log lines and in its response."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from server.runtime.logs import ids
from server.runtime.request_ids import RequestIds
from tests.manual_clock import ManualClock


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    bound_here = ",".join(f"{name}={value}" for name, value in ids().items())
    kind = {"http": "http.response.start", "websocket": "websocket.accept"}.get(scope["type"])
    await send({"type": kind, "headers": [(b"x", b"y")], "bound": bound_here})


async def _receive() -> Message:
    return {"type": "http.request"}


async def answer(kind: str, app: RequestIds) -> Message:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": kind}, _receive, send)
    return sent[0]


async def test_a_response_has_the_id_of_its_log_lines() -> None:
    app = RequestIds(_app, ManualClock())
    answers = [await answer("http", app) for _ in range(2)]
    for each in answers:
        headers = dict(each["headers"])
        assert headers[b"x"] == b"y"
        assert each["bound"] == f"request={headers[b'weft-request'].decode()}"
    assert answers[0]["bound"] != answers[1]["bound"]


async def test_a_connection_has_its_own_id() -> None:
    opened = await answer("websocket", RequestIds(_app, ManualClock()))
    assert opened["bound"].startswith("connection=c-")
    assert opened["headers"] == [(b"x", b"y")]


async def test_ids_are_unbound_after_the_request() -> None:
    await answer("http", RequestIds(_app, ManualClock()))
    assert ids() == {}


async def test_the_lifespan_has_no_request_id() -> None:
    assert (await answer("lifespan", RequestIds(_app, ManualClock())))["bound"] == ""
