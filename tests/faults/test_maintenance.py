"""Maintenance renews presence in time even when the database answers late."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from collab.ids import DocKey
from collab.presence.book import RENEW_AFTER, SILENT_AFTER
from collab.presence.presence_entry import ClientIdentity
from server import maintenance
from server.app import build
from server.runtime.settings import Settings
from storage.store import SqlStore
from tests.faults.inside import Inside
from tests.manual_clock import ManualClock
from tests.patience import PATIENCE, eventually
from tests.storage.conftest import another
from tests.storage.postgres_server import PostgresServer

DUE = [DocKey("demo", f"due-{n}") for n in range(4)]
SEEN = DocKey("demo", "seen")
HOLD = "SELECT 1 FROM docs WHERE doc LIKE 'due-%' FOR UPDATE"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def until_one_waits(holder: asyncpg.Connection) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await holder.fetchval(WAITING):
            pass


async def test_presence_is_renewed_while_snapshots_wait_for_their_rows(
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "LOOK_EVERY", 0.01)
    clock, settings = ManualClock(), Settings(snapshot_seconds=10)
    app = build(settings, SqlStore(postgres_url), clock)
    async with app.router.lifespan_context(app):
        hall = Inside(app.state.services.hub, clock)
        for key in (*DUE, SEEN):
            await hall.make({"text": "x" * 100}, key)
            await hall.hub.open(key)
        board = hall.hub.lives[SEEN].presence
        book = board.book
        book.join(ClientIdentity("s-1", "ada", "Ada", "", "editor", "patch", 7), clock.monotonic())
        board.changed()
        await eventually(lambda: bool(book.awareness()))
        [told] = book.awareness()
        async with another(postgres_server, postgres_url) as holder:
            await holder.execute(HOLD)
            clock.advance(settings.snapshot_seconds)
            await until_one_waits(holder)
            clock.advance(RENEW_AFTER)
            await eventually(lambda: book.awareness()[0].clock > told.clock)
            clock.advance(SILENT_AFTER)
            await eventually(lambda: not book.present())
            assert await holder.fetchval("SELECT count(*) FROM snapshots") == 0
        await eventually(lambda: not any(live.unsaved.entries for live in hall.hub.lives.values()))
