"""Correlation: one id a request, on its lines and in its answer."""

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


async def test_an_answer_tells_the_id_that_its_lines_carry() -> None:
    app = RequestIds(_app, ManualClock())
    answers = [await answer("http", app) for _ in range(2)]
    for each in answers:
        headers = dict(each["headers"])
        assert headers[b"x"] == b"y"
        assert each["bound"] == f"request={headers[b'weft-request'].decode()}"
    assert answers[0]["bound"] != answers[1]["bound"]


async def test_a_connection_has_an_id_of_its_own() -> None:
    opened = await answer("websocket", RequestIds(_app, ManualClock()))
    assert opened["bound"].startswith("connection=c-")
    assert opened["headers"] == [(b"x", b"y")]


async def test_nothing_stays_bound_when_it_is_over() -> None:
    await answer("http", RequestIds(_app, ManualClock()))
    assert ids() == {}


async def test_the_lifespan_is_nobodys_request() -> None:
    assert (await answer("lifespan", RequestIds(_app, ManualClock())))["bound"] == ""
