"""Attempts: a write that another writer may be faster than is tried again, a few times."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from collab.errors import Code, Rejected

# An attempt fails when another request changed the schema, the locks or the publication meanwhile.
TRIES = 8


async def succeeds(attempt: Callable[[], Awaitable[bool]]) -> bool:
    """Repeat an attempt until it returns True; return False when all attempts failed."""
    for _ in range(TRIES):
        if await attempt():
            return True
    return False


async def require_success(attempt: Callable[[], Awaitable[bool]]) -> None:
    """Repeat an attempt until it returns True; raise `conflict` when all attempts failed."""
    if not await succeeds(attempt):
        raise Rejected(Code.CONFLICT, "the schema, locks or publication kept changing; try again")
