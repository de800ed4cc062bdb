"""What a request handler is given: the process's parts, put together by the composition root."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collab.ports import Store
    from collab.room.budget import Purses
    from server.clock import Clock
    from server.commits import CommitLoop
    from server.creations import Creations
    from server.doorstep import Doorstep
    from server.guests import Guests
    from server.http.encoded import Encodings
    from server.hub import Hub
    from server.keyring import Keyring
    from server.lookout import Lookout
    from server.origins import Origins
    from server.published import Published
    from server.readiness import Readiness
    from server.settings import Settings
    from server.socket import SocketBounds
    from server.witness import Witness

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Services:
    """Invariant: every task of a connection or a request lives in `group`."""

    settings: Settings
    clock: Clock
    store: Store
    hub: Hub
    commits: CommitLoop
    keyring: Keyring
    origins: Origins
    purses: Purses
    doorstep: Doorstep
    large_openings: Doorstep
    socket_bounds: SocketBounds
    group: asyncio.TaskGroup
    witness: Witness
    published: Published
    readiness: Readiness
    encodings: Encodings
    creations: Creations
    guests: Guests
    lookout: Lookout | None = None
    version: str = ""

    def spawn(
        self,
        work: Coroutine[Any, Any, None],
        name: str,
        on_failure: Callable[[], None] = lambda: None,
    ) -> asyncio.Task[None]:
        """Run a connection's work; what goes wrong there ends there, and with the connection."""
        return self.group.create_task(_at_the_edge(work, name, on_failure), name=name)


async def _at_the_edge(
    work: Coroutine[Any, Any, None], name: str, on_failure: Callable[[], None]
) -> None:
    try:
        await work
    except Exception:  # reported here, whatever it is
        # A connection's own failure must not take the process's task group with it.
        logger.exception("task failed", extra={"task": name})
        on_failure()
