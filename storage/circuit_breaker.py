"""A circuit breaker: refuses calls at once while the database does not answer.

| state | calls | when | next state |
|---|---|---|---|
| closed | pass | a call fails | checking |
| checking | pass | the probe fails | open |
| | | the probe or a call succeeds | closed |
| open | are refused | the probe fails | open |
| | | the probe succeeds, or a call that began earlier | closed |

A probe is a small call that the owner of the breaker makes. Only a failed probe opens the breaker.
So a slow query, or a row that another transaction has locked, never opens it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, TypeVar

from collab.ports.availability import BreakerState
from collab.ports.store import StorageUnavailable

T = TypeVar("T")

logger = logging.getLogger(__name__)


class State(Enum):
    CLOSED = "closed"
    CHECKING = "checking"
    OPEN = "open"


class CircuitBreaker:
    """Passes or refuses the calls of one kind.

    `on_first_failure` is called when a call fails in the closed state. Then the owner must make a
    probe, and repeat it until the breaker is closed.
    """

    __slots__ = ("_on_first_failure", "calls", "openings", "state")

    def __init__(self, calls: str, on_first_failure: Callable[[], None]) -> None:
        self.calls = calls
        self.state = State.CLOSED
        self.openings = 0
        self._on_first_failure = on_first_failure

    async def run(self, call: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        """Make a call, and note whether it failed; when the breaker is open, refuse the call.

        Only `StorageUnavailable` is a failure. A refusal raises it too: for the caller, the outcome
        is unknown, as after a failure.
        """
        if self.state is State.OPEN:
            raise StorageUnavailable(f"the database does not answer, so {self.calls} are refused")
        try:
            result = await call(*arguments)
        except StorageUnavailable:
            self.on_failure()
            raise
        if self.state is not State.CLOSED:
            self.on_success()
        return result

    def on_failure(self) -> None:
        """Note that a call failed."""
        if self.state is State.CLOSED:
            self.state = State.CHECKING
            self._on_first_failure()

    def on_success(self) -> None:
        """Note that a call or a probe succeeded."""
        if self.state is State.OPEN:
            logger.warning("the database answers again: its %s pass", self.calls)
        self.state = State.CLOSED

    def on_failed_probe(self) -> None:
        """Note that a probe failed. When a call has succeeded meanwhile, this changes nothing."""
        if self.state is State.CHECKING:
            self.state = State.OPEN
            self.openings += 1
            logger.warning("the database does not answer: its %s are refused", self.calls)

    def report(self) -> BreakerState:
        """Return the state for metrics."""
        return BreakerState(self.calls, self.state is State.OPEN, self.openings)
