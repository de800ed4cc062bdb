"""A change of the user, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

from weft.core.effects import ChangeState, Result
from weft.errors import WeftError


class Durable:
    """The end of a change. `await` it as often as you like, or never."""

    def __init__(self, future: asyncio.Future[Result]) -> None:
        self._future = future

    def __await__(self) -> Generator[Any, None, Result]:
        # Shielded, so that a timeout of one caller does not cancel the change for all callers.
        return asyncio.shield(self._future).__await__()

    def done(self) -> bool:
        """Whether the change has ended."""
        return self._future.done()


class Change:
    """A change of the user.

    `state` is `pending`, `sending` or `retrying`. The change ends once: as `durable`, `merged`,
    `overwritten`, `undone`, `refused` or `failed`.
    """

    def __init__(self, id: str) -> None:
        self.id = id
        self.state: ChangeState = "pending"
        self._future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.durable = Durable(self._future)

    def end(self, state: ChangeState, end: Result | WeftError) -> None:
        """Note how the change has ended."""
        self.state = state
        if self._future.done():
            return
        if isinstance(end, WeftError):
            self._future.set_exception(end)
            self._future.exception()  # mark it as retrieved: a program need not await the change
        else:
            self._future.set_result(end)
