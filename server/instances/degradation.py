"""Degradation: tells clients when the messages between instances are lost, and when they return.

Edits go on meanwhile. An instance then reads the changes of the other instances from the database,
so clients see them later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from collab.messages import Notice
from collab.wire import encode

if TYPE_CHECKING:
    from collab.ports.gossip import Gossip
    from server.broadcast.audience import Audience
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

# A shorter loss, or a shorter return, is not announced.
ANNOUNCE_AFTER: Final = 1.0
LOOK_EVERY: Final = 0.25
DEGRADED: Final = encode(Notice(code="degraded"))
RECOVERED: Final = encode(Notice(code="recovered"))


class Degradation:
    """What the clients of this instance know about the messages between instances.

    Invariant: `is_degraded` changes only after gossip was in the other state for `ANNOUNCE_AFTER`
    seconds. At each change, every patch client gets a notice.
    """

    def __init__(
        self, gossip: Gossip, clock: Clock, audiences: Callable[[], Iterable[Audience]]
    ) -> None:
        self.is_degraded = False
        self._gossip = gossip
        self._clock = clock
        self._audiences = audiences
        self._differs_since: float | None = None

    @property
    def gossip_state(self) -> str:
        """The state of gossip at this moment, as `/readyz` shows it."""
        if not self._gossip.reaches_others:
            return "none"
        return "ok" if self._gossip.is_connected else "degraded"

    async def run(self) -> None:
        """Compare the states until cancelled."""
        while True:
            self.look(self._clock.monotonic())
            await asyncio.sleep(LOOK_EVERY)

    def look(self, now: float) -> None:
        """Compare the state of gossip with the state that the clients know."""
        if self._gossip.is_connected is not self.is_degraded:
            self._differs_since = None
        elif self._differs_since is None:
            self._differs_since = now
        elif now - self._differs_since >= ANNOUNCE_AFTER:
            self._differs_since = None
            self._change()

    def _change(self) -> None:
        self.is_degraded = not self.is_degraded
        if self.is_degraded:
            logger.warning("messages between instances are lost: changes arrive later")
        else:
            logger.warning("messages between instances arrive again")
        for audience in list(self._audiences()):
            audience.notice(DEGRADED if self.is_degraded else RECOVERED)
