"""The parts of the process, which `server/app.py` builds and every request handler gets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collab.flow.budget import BudgetPool
    from collab.ids import DocKey
    from collab.messages import Peer
    from collab.ports.gossip import Gossip
    from collab.ports.store import Store
    from server.access.connection_limit import ConnectionLimit
    from server.access.guests import GuestTokenLimit
    from server.access.keyring import Keyring
    from server.access.origins import Origins
    from server.access.share_links import ShareLinks
    from server.archives.export import Exports
    from server.assets.library import AssetLibrary
    from server.commits.commit_loop import CommitLoop
    from server.documents.creations import Creations
    from server.documents.hub import Hub
    from server.documents.long_work import UpdateCutter
    from server.instances.degradation import Degradation
    from server.instances.relay import Relay
    from server.instances.sharing import Sharing
    from server.publishing.public_cache import PublicCache
    from server.publishing.publisher import Publisher
    from server.recording.recorder import Recorder
    from server.runtime.clock import Clock
    from server.runtime.encoded import EncodedValues
    from server.runtime.settings import Settings
    from server.status.monitor import Monitor
    from server.status.readiness import Readiness
    from server.status.workers import Workers

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Placement:
    """Which processes of this machine serve the same documents.

    `bus` is the socket of the local bus; None without one. `workers` are the workers of the server;
    None when it is one process.
    """

    bus: Path | None = None
    workers: Workers | None = None

    @property
    def worker(self) -> int:
        """The number of this worker, from 1; 0 when the server is one process."""
        return 0 if self.workers is None else self.workers.number


ALONE: Final = Placement()


@dataclass(slots=True)
class Services:
    """The parts of the process.

    Invariant: every task of a connection or a request runs in `group`.
    """

    settings: Settings
    placement: Placement
    clock: Clock
    store: Store
    hub: Hub
    gossip: Gossip
    relay: Relay | None  # None when no other instance can share the database
    sharing: Sharing | None  # as `relay`
    degradation: Degradation
    commits: CommitLoop
    keyring: Keyring
    share_links: ShareLinks
    origins: Origins
    budget_pool: BudgetPool
    connection_limit: ConnectionLimit
    large_openings: ConnectionLimit
    group: asyncio.TaskGroup
    recorder: Recorder
    public_cache: PublicCache
    publisher: Publisher
    readiness: Readiness
    encoded_values: EncodedValues
    creations: Creations
    guest_token_limit: GuestTokenLimit
    cutter: UpdateCutter
    exports: Exports
    assets: AssetLibrary
    monitor: Monitor
    version: str
    long_schemas: asyncio.Lock = field(default_factory=asyncio.Lock)  # the turn to set one

    async def present_elsewhere(self, keys: Collection[DocKey]) -> dict[DocKey, list[Peer]]:
        """Return the clients that other instances have in these documents."""
        return {} if self.sharing is None else await self.sharing.query.find(keys)

    def spawn(
        self,
        work: Coroutine[Any, Any, None],
        name: str,
        on_failure: Callable[[], None] = lambda: None,
    ) -> asyncio.Task[None]:
        """Run a connection's work as a task. An exception ends only this task.

        The server logs the exception, and then calls `on_failure`.
        """
        return self.group.create_task(_at_the_edge(work, name, on_failure), name=name)


async def _at_the_edge(
    work: Coroutine[Any, Any, None], name: str, on_failure: Callable[[], None]
) -> None:
    try:
        await work
    except Exception:  # an exception that leaves the task would cancel the whole task group
        logger.exception("task failed", extra={"task": name})
        on_failure()
