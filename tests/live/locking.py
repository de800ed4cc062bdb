"""Lock requests and broadcasts for the tests of edit locks."""

from __future__ import annotations

from itertools import count
from typing import Any

from tests.patch_client import Message, PatchClient

PAGE = {
    "title": "Landing",
    "sections": [
        {"id": "hero", "type": "hero", "headline": "Hello", "cta": {"label": "Buy"}},
        {"id": "cards", "type": "cards", "headline": "Cards"},
        {"id": "foot", "type": "footer", "headline": "Bye"},
    ],
}
HERO = "/sections/0"

_numbers = count(1)


async def ask(client: PatchClient, action: str, **fields: Any) -> Message:
    """Send one lock request. Return its answer."""
    request_id = f"lock.{next(_numbers)}"
    await client.send({"type": "lock", "id": request_id, "action": action, **fields})
    return await client.answer(request_id)


async def hold(client: PatchClient, scope: str = HERO, **fields: Any) -> Message:
    """Acquire a free lock. Return its `ack`."""
    ack = await ask(client, "acquire", scope=scope, base=client.version, **fields)
    assert ack["type"] == "ack", ack
    return ack


def heard(client: PatchClient) -> list[Message]:
    """Return the lock broadcasts so far."""
    return [message for message in client.others if message["type"] == "lock"]


async def until_heard(client: PatchClient, **fields: Any) -> Message:
    """Wait for a broadcast that has all of these members."""

    def found() -> list[Message]:
        return [m for m in heard(client) if all(m.get(k, ...) == v for k, v in fields.items())]

    await client.until(lambda: bool(found()))
    return found()[-1]


async def refused(client: PatchClient, path: str, value: Any, **fields: Any) -> Message:
    """Replace a value, which the server must refuse. Return the `reject`."""
    reject = await client.set(path, value, **fields)
    assert reject["type"] == "reject", reject
    return reject
