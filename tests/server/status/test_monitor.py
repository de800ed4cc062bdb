"""The monitor: when the server stops, it writes the last rows of the audit trail, or says so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import pytest

from collab.ids import DocKey
from collab.ports.audit import AuditRow
from collab.ports.store import StorageUnavailable
from collab.room.working import RoomBounds
from server.archives.export import Exports
from server.documents.hub import Hub
from server.documents.snapshots import HubBounds
from server.runtime.settings import Settings
from server.status.monitor import Monitor
from storage.gossip.memory import MemoryGossip
from storage.memory.store import MemoryStore
from tests.manual_clock import ManualClock

HOME = DocKey("demo", "home")
ROW = AuditRow(at=1, actor="ada", action="delete")
LOST = "the last rows of the audit trail are lost: the database did not answer"


class AwayStore(MemoryStore):
    async def write_audit(
        self, rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False
    ) -> None:
        raise StorageUnavailable


class SlowStore(MemoryStore):
    async def write_audit(
        self, rows: Sequence[tuple[DocKey, AuditRow]], *, again: bool = False
    ) -> None:
        await asyncio.Event().wait()


async def stopped_with_a_row(store: MemoryStore) -> None:
    """Run a monitor, note one row, and stop the monitor."""
    hub = Hub(store, ManualClock(), HubBounds(RoomBounds()))
    monitor = Monitor(hub, Exports(1), Settings(), "0", MemoryGossip())
    monitor.last_rows_within = 0.01
    running = asyncio.create_task(monitor.run())
    await asyncio.sleep(0)
    hub.recorder.trail.note(HOME, ROW)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_the_last_rows_are_written_at_the_stop(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    await stopped_with_a_row(store)
    assert [row.action for _, row in await store.audit(HOME, 0, 10)] == ["delete"]
    assert LOST not in caplog.messages


@pytest.mark.parametrize("store", [AwayStore(), SlowStore()], ids=["away", "slow"])
async def test_a_stop_without_the_database_says_that_the_last_rows_are_lost(
    store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    await stopped_with_a_row(store)
    assert LOST in caplog.messages
