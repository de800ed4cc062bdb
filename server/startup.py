"""What `weft serve` does before it serves: it warns of wrong names, and locks a SQLite file.

The parent of workers imports this module, and not the web server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from server.runtime.settings import environment, unknown_names

if TYPE_CHECKING:
    from collab.ports.gossip import Gossip
    from server.runtime.settings import Settings

logger = logging.getLogger(__name__)

SQLITE: Final = "sqlite+aiosqlite:///"
# How long a starting server waits for the local bus. It takes milliseconds, unless a server hangs.
JOIN_SECONDS: Final = 10.0
# The exit code when the server cannot start. It is also uvicorn's code for this.
CANNOT_START: Final = 3


class CannotServeError(Exception):
    """Another process serves the database file alone, or does not answer."""


def warn_of_unknown_settings() -> None:
    """Log each variable that looks like a setting and is none."""
    for name, meant in unknown_names(environment()).items():
        logger.warning("%s is not a setting%s", name, f"; did you mean {meant}?" if meant else "")


def make_home(settings: Settings) -> None:
    """Create the folder of the SQLite file when it is missing."""
    if settings.database.startswith(SQLITE):
        Path(settings.database.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def permission_to_serve(settings: Settings) -> Iterator[Path | None]:
    """Yield the path of the local bus, or None when no other process may serve the database file.

    Raise `CannotServeError` when another process serves the file alone.
    """
    from storage.serving_lock import AlreadyServedError, serving

    make_home(settings)
    try:
        with serving(settings.database, shared=settings.local_bus or settings.workers > 1) as bus:
            yield bus
    except AlreadyServedError as error:
        raise CannotServeError(str(error)) from error


def open_bus(path: Path) -> Gossip:
    """Return the gossip over the local bus at a path. It does not run yet."""
    from storage.gossip.local import LocalGossip

    return LocalGossip(path)


async def until_on_the_bus(gossip: Gossip, bus: Path) -> None:
    """Wait until this process hears the others. Raise `CannotServeError` when it does not.

    Otherwise it might serve values that another server has changed.
    """
    try:
        async with asyncio.timeout(JOIN_SECONDS):
            while not gossip.is_connected:
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise CannotServeError(
            f"another server on this database does not answer at {bus}: stop that server, or "
            "start this one again"
        ) from None
