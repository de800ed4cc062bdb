"""The composition root: which adapters stand behind the ports, and the process that serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collab.ports import Store
    from server.settings import Settings


def open_store(settings: Settings) -> Store:
    """The database that the settings name, not started yet."""
    from storage.store import SqlStore

    return SqlStore(settings.database)
