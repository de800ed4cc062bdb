"""The budget exchange: a user's budgets hold on all instances together.

The rules are in `collab/flow/sharing.py`. Without a connection to the other instances, each
instance has budgets of its own. With a keeper, the budgets also survive a restart of all instances.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from collab.flow.shared import BudgetsAsked, BudgetsKept, BudgetsShown
from collab.flow.sharing import BudgetMessage, BudgetSharing
from collab.ports.gossip import LOST
from server.instances.messages import decode, encode

if TYPE_CHECKING:
    from collab.flow.budget import BudgetPool
    from collab.ports.gossip import Gossip, Keeper
    from server.runtime.clock import Clock

CHANNEL: Final = "budgets"
# Seconds. After the second time, every budget of the default settings is full again.
KEEP_EVERY: Final = 1.0
KEPT_FOR: Final = 120.0


class BudgetExchange:
    """Tells the other instances what this one spends, and charges what they spend.

    `pools` has the pools by name. All instances use the same names.
    """

    def __init__(
        self,
        gossip: Gossip,
        clock: Clock,
        instance: str,
        pools: Mapping[str, BudgetPool],
        keeper: Keeper | None = None,
    ) -> None:
        self._gossip = gossip
        self._clock = clock
        self._instance = instance
        self._sharing = BudgetSharing(pools, instance)
        self._keeper = keeper
        self._kept_at = float("-inf")
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        self._end = self._gossip.subscribe(CHANNEL, self._receive)

    def tick(self) -> None:
        """Send what was spent since the last tick."""
        now = self._clock.monotonic()
        for message in self._sharing.messages(now):
            self._publish(message)
        if now - self._kept_at >= KEEP_EVERY:
            self._kept_at = now
            self._keep(now)

    async def restore(self) -> None:
        """Lower the budgets to what was left before all instances stopped."""
        value = None if self._keeper is None else await self._keeper.kept(CHANNEL)
        read = None if value is None else decode(value)
        if read is not None and isinstance(read.body, BudgetsKept):
            now, now_ms = self._clock.monotonic(), self._clock.now_ms()
            self._sharing.restore(read.body, now, now_ms)

    def stop(self) -> None:
        """Send what this instance has spent, so that a restart gives users no new budget."""
        if self._end is not None:
            self._end()
            self._end = None
            now = self._clock.monotonic()
            for message in self._sharing.last_messages(now):
                self._publish(message)
            self._keep(now)

    def _keep(self, now: float) -> None:
        if self._keeper is not None:
            kept = self._sharing.kept(now, self._clock.now_ms())
            if kept is not None:
                self._keeper.keep(CHANNEL, encode(self._instance, kept), KEPT_FOR)

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
