"""What this instance shares with the others besides entries: presence and users' budgets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from collab.ports.gossip import Keeper
from server.instances.budget_exchange import BudgetExchange
from server.instances.presence_query import PresenceQuery

if TYPE_CHECKING:
    from collab.flow.budget import BudgetPool
    from collab.ids import DocKey
    from collab.messages import Peer
    from collab.ports.gossip import Gossip
    from server.instances.presence_exchange import PresenceExchange
    from server.runtime.clock import Clock

logger = logging.getLogger(__name__)

TICK: Final = 0.1
TICKS_IN_A_SECOND: Final = 10


class Sharing:
    """Runs the exchange of presence, the exchange of budgets, and the presence query.

    `instance` is the name of this process; no other process ever has it. `pools` has the pools of
    budgets by name. `present_here` returns the clients of a document that this instance has. When
    the gossip is a `Keeper`, budgets survive a restart of all instances.
    """

    def __init__(
        self,
        gossip: Gossip,
        clock: Clock,
        instance: str,
        pools: Mapping[str, BudgetPool],
        presence: PresenceExchange,
        present_here: Callable[[DocKey], list[Peer]],
    ) -> None:
        keeper = gossip if isinstance(gossip, Keeper) else None
        self.presence = presence
        self.budgets = BudgetExchange(gossip, clock, instance, pools, keeper)
        self.query = PresenceQuery(gossip, clock, instance, present_here)
        self._ticks = 0

    async def run(self) -> None:
        """Share until cancelled."""
        self.budgets.start()
        self.query.start()
        try:
            with _guarded("budgets"):
                await self.budgets.restore()
            while True:
                await asyncio.sleep(TICK)
                self.tick()
        finally:
            self.stop()

    def stop(self) -> None:
        """Say what the others must know when this instance stops. The gossip must still run."""
        self.presence.close()
        self.budgets.stop()
        self.query.stop()

    def tick(self) -> None:
        """Send what is due: budgets every time, presence every tenth time."""
        with _guarded("budgets"):
            self.budgets.tick()
        self._ticks += 1
        if self._ticks % TICKS_IN_A_SECOND == 0:
            with _guarded("the answers of other instances"):
                self.query.tick()
            with _guarded("presence"):
                self.presence.tick()


@contextmanager
def _guarded(what: str) -> Iterator[None]:
    """Log a bug of one part. It must end neither the other parts nor a task of the process."""
    try:
        yield
    except Exception:  # any exception is a bug; the task group would end the process
        logger.exception("sharing failed: %s", what)
