"""Detects from outside that the server has closed a client that does not read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from collab.rights.user_rights import Role
from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import RunningServer

# A ping is shorter than a close frame with its reason. Any other message is longer than the close
# frame.
PING, MORE = 16, 1000


async def until_let_go(server: RunningServer, user: str, act: Callable[[], Awaitable[Any]]) -> None:
    """Act until the server sends `user` nothing more, and then the close frame.

    A test that wants to read the close frame must start before the server's close timeout.
    """
    admin = await server.mint("looks-on", Role.ADMIN)
    before, now = -1, 0
    async with asyncio.timeout(PATIENCE):
        while True:
            await act()
            was_still = before == now
            before, now = now, await _sent(server, admin, user)
            if now < 0 or (was_still and PING < now - before < MORE):
                return


async def _sent(server: RunningServer, admin: str, user: str) -> int:
    """Return the bytes sent to a user; -1 when the user is not connected."""
    report = await asyncio.to_thread(call, "GET", f"{server.http}/status.json", token=admin)
    return next(
        (int(each["sent"]) for each in report.body["connections"] if each["user"] == user), -1
    )
