"""A change of the user, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

from weft.core.effects import ChangeState, Ended, Reason, Result
from weft.errors import Refusal, WeftError


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
    `future` is its end; no program may cancel it.
    """

    def __init__(self, id: str) -> None:
        self.id = id
        self.state: ChangeState = "pending"
        self.future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.durable = Durable(self.future)

    def end(self, state: ChangeState, end: Result | WeftError) -> None:
        """Note how the change has ended."""
        self.state = state
        if self.future.done():
            return
        if isinstance(end, WeftError):
            self.future.set_exception(end)
            self.future.exception()  # mark it as retrieved: a program need not await the change
        else:
            self.future.set_result(end)


def refusal_of(reason: Reason, ended: Ended | None = None) -> Refusal:
    """Return the error of a request that was not accepted. `ended` has the values of a change."""
    return Refusal(
        reason.code,
        reason.message,
        path=reason.path if ended is None else ended.path,
        yours=ended and ended.yours,
        theirs=ended and ended.theirs,
        by=reason.by,
        version=reason.version,
        lock=reason.lock,
    )
