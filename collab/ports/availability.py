"""Availability: whether the database answers, and what happens while it does not."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class BreakerState(Struct, frozen=True):
    """A circuit breaker of the store, for metrics.

    While it `is_open`, the store refuses these calls ("reads" or "writes") at once.
    """

    calls: str
    is_open: bool
    openings: int  # since the start of the process


class Availability(Protocol):
    """Finds out whether the database answers.

    While `watch` runs, the store refuses calls at once when the database does not answer: they
    raise `StorageUnavailable`. So a dead or frozen database does not make each request wait.
    """

    async def ping(self) -> None:
        """Raise `StorageUnavailable` when the database would accept no edit.

        This always asks the database. When it answers, the store refuses no call any more.
        """

    async def watch(self) -> None:
        """Until cancelled: after a failed call, ask the database until it answers again."""

    def breakers(self) -> list[BreakerState]:
        """The circuit breakers of the store; none when it needs no other process."""
