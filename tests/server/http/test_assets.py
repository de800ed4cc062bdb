"""Uploads over HTTP, without a socket: a client that has gone takes no turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.applications import Starlette

from server.app import build
from server.runtime.settings import Settings
from server.services import Services
from storage.memory.store import MemoryStore
from tests.server.heavy import token_of


@pytest.fixture
async def app() -> AsyncIterator[Starlette]:
    application = build(Settings(), MemoryStore())
    async with application.router.lifespan_context(application):
        yield application


async def upload_and_go(app: Starlette, body: bytes) -> int:
    """Upload a body, and end the connection right after it. Return the status."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": False},
        {"type": "http.disconnect"},
    ]
    statuses = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(b"authorization", f"Bearer {await token_of(app)}".encode()), (b"host", b"x")]
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/v1/assets",
        "query_string": b"",
    }
    scope |= {"headers": headers, "client": None, "state": {}, "raw_path": b"/v1/assets"}
    await app(scope, receive, send)
    return int(statuses[0])


async def test_the_upload_of_a_client_that_has_gone_is_not_read(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    services: Services = app.state.services
    added: list[bytes] = []

    async def add(tenant: str, user: str, name: str, body: bytes) -> Any:
        added.append(body)

    monkeypatch.setattr(type(services.assets), "add", staticmethod(add))
    assert await upload_and_go(app, b"a picture") == 400
    assert added == []
    assert len(services.assets.uploads) == 0
