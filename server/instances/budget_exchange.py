"""The budget exchange: a user's budgets hold on all instances together.

The rules are in `collab/flow/sharing.py`. Without a connection to the other instances, each
instance has budgets of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from collab.flow.shared import BudgetsAsked, BudgetsShown
from collab.flow.sharing import BudgetMessage, BudgetSharing
from collab.ports.gossip import LOST
from server.instances.messages import decode, encode

if TYPE_CHECKING:
    from collab.flow.budget import BudgetPool
    from collab.ports.gossip import Gossip
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

CHANNEL: Final = "budgets"
EVERY: Final = 0.1


class BudgetExchange:
    """Tells the other instances what this one spends, and charges what they spend.

    `pools` has the pools by name. All instances use the same names.
    """

    def __init__(
        self, gossip: Gossip, clock: Clock, instance: str, pools: Mapping[str, BudgetPool]
    ) -> None:
        self._gossip = gossip
        self._clock = clock
        self._instance = instance
        self._sharing = BudgetSharing(pools, instance)
        self._end: Callable[[], None] | None = None

    async def run(self) -> None:
        """Share the budgets until cancelled."""
        self.start()
        try:
            while True:
                await asyncio.sleep(EVERY)
                self.tick()
        finally:
            self.stop()

    def start(self) -> None:
        self._end = self._gossip.subscribe(CHANNEL, self._receive)

    def tick(self) -> None:
        """Send what was spent since the last tick."""
        try:
            for message in self._sharing.messages(self._clock.monotonic()):
                self._publish(message)
        except Exception:  # a bug here must not end a task of the process
            logger.exception("budgets cannot be shared")

    def stop(self) -> None:
        """Send what this instance has spent, so that a restart gives users no new budget."""
        if self._end is not None:
            self._end()
            self._end = None
            for message in self._sharing.last_messages(self._clock.monotonic()):
                self._publish(message)

    def _receive(self, message: bytes) -> None:
        """Handle a message; a subscription gets `LOST` first, when it begins."""
        if message == LOST:
            self._publish(BudgetsAsked())
            return
        read = decode(message)
        if read is not None and isinstance(read.body, BudgetsShown | BudgetsAsked):
            self._sharing.receive(read.sender, read.body, self._clock.monotonic())

    def _publish(self, message: BudgetMessage) -> None:
        """Send a message, unless no instance would get it now: sums need no queue."""
        if self._gossip.is_connected or isinstance(message, BudgetsAsked):
            self._gossip.publish(CHANNEL, encode(self._instance, message))
