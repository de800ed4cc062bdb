"""Seeing from outside that the server has let somebody go who takes nothing from their socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from collab.rights.user_rights import Role
from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.running import RunningServer

# A ping is shorter than a close frame with its reason, and whatever else goes out is longer than
# the last words.
PING, MORE = 16, 1000


async def until_let_go(server: RunningServer, user: str, act: Callable[[], Awaitable[Any]]) -> None:
    """Act until nothing more goes out to `user`, and then the last words all the same.

    Whoever wants to read them must begin before the server gives the close up.
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
    """How many bytes went out to a user; -1 for one who is not connected any more."""
    report = await asyncio.to_thread(call, "GET", f"{server.http}/status.json", token=admin)
    return next(
        (int(each["sent"]) for each in report.body["connections"] if each["user"] == user), -1
    )
