"""A repaired document: its row is sound, and it is as public as before."""

from __future__ import annotations

from collab.ports.repairs import Rebuilt
from collab.ports.store import Committed
from tests.storage.conftest import opened
from tests.storage.contract import HOME, entry, further, made, public, stored


async def test_a_repaired_document_has_a_sound_row_and_stays_public() -> None:
    async with opened("sqlite+aiosqlite:///:memory:") as store:
        assert await store.commit([made(HOME)]) == [Committed()]
        assert await store.publish(HOME, public(1), 0)
        assert await store.rebuild(HOME, Rebuilt(1, 1, 1, 2, entry(2), b"body"))
        row = await store.row(HOME)
        assert row is not None
        assert (row.epoch, row.version, row.published, row.damaged) == (2, 2, 1, False)
        state = await store.public_state(HOME)
        assert state is not None
        assert state.published == public(1)
        assert (await stored(store)).epoch == 2
        revision = state.revision
        assert revision > 1
        later = further(HOME, 2, revision=revision)
        assert (await store.commit([later]))[0] != Committed(), "its epoch is an old one"
