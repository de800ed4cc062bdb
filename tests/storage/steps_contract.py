"""The contract of every store for undo steps, which are saved beside snapshots."""

from __future__ import annotations

import msgspec

from collab.ports.repairs import Rebuilt
from collab.ports.store import SavedSteps, Snapshot, Store
from tests.storage.contract import HOME, entry, further, made, opened, stored


def saved(version: int, steps: bytes = b"") -> Snapshot:
    return Snapshot(version, b"state %d" % version, steps)


class StepsContract:
    async def test_a_document_opens_with_the_steps_of_its_snapshot(self, store: Store) -> None:
        await store.commit([made(HOME, 6)])
        await store.save_snapshot(HOME, 1, saved(4, b"steps 4"))
        found = await stored(store)
        assert found.snapshot == saved(4)
        assert found.steps == SavedSteps(4, b"steps 4")

    async def test_older_undo_steps_are_loaded_with_later_entries(self, store: Store) -> None:
        await store.commit([made(HOME, 6)])
        await store.save_snapshot(HOME, 1, saved(2, b"steps 2"))
        await store.save_snapshot(HOME, 1, saved(4))
        found = await stored(store)
        assert found.snapshot == saved(4)
        assert found.steps == SavedSteps(2, b"steps 2", opened([entry(3), entry(4)]))
        assert found.entries == opened([entry(5), entry(6)])

    async def test_a_snapshot_saved_without_steps_keeps_the_old_ones(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        await store.save_snapshot(HOME, 1, saved(2, b"steps"))
        await store.save_snapshot(HOME, 1, saved(2))
        assert (await stored(store)).steps == SavedSteps(2, b"steps")

    async def test_large_undo_steps_are_loaded_unchanged(self, store: Store) -> None:
        await store.commit([made(HOME)])
        steps = b"a step and the next one; " * 20_000
        await store.save_snapshot(HOME, 1, saved(1, steps))
        assert (await stored(store)).steps == SavedSteps(1, steps)

    async def test_the_entries_since_the_older_of_two_steps_are_kept(self, store: Store) -> None:
        await store.commit([made(HOME, 60)])
        for version in (10, 20, 30, 40, 50):
            await store.save_snapshot(HOME, 1, saved(version, b"s" if version in (20, 40) else b""))
        await store.compact(HOME, before=60, keep=[])
        assert [one.version for one in await store.entries(HOME, 0, 60, 1)] == [21]
        found = await stored(store)
        assert found.snapshot == saved(50)
        assert found.steps is not None
        assert [one.version for one in found.steps.entries] == list(range(41, 51))

    async def test_a_repair_without_steps_drops_them(self, store: Store) -> None:
        await store.commit([made(HOME, 3)])
        await store.save_snapshot(HOME, 1, saved(3, b"steps"))
        left = await store.remains(HOME)
        assert left is not None
        assert left.steps == {3: b"steps"}
        repair = msgspec.structs.replace(entry(4), kind="repair")
        assert await store.rebuild(HOME, Rebuilt(1, 3, 0, 2, repair, b"four"))
        assert (await stored(store)).steps is None

    async def test_a_repair_with_steps_keeps_them(self, store: Store) -> None:
        await store.commit([made(HOME, 3)])
        repair = msgspec.structs.replace(entry(4), kind="repair")
        assert await store.rebuild(HOME, Rebuilt(1, 3, 0, 2, repair, b"four", steps=b"steps"))
        assert (await stored(store)).steps == SavedSteps(4, b"steps")

    async def test_undo_steps_are_deleted_with_their_document(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        await store.save_snapshot(HOME, 1, saved(2, b"steps"))
        assert await store.delete(HOME, 9_000)
        again = msgspec.structs.replace(
            further(HOME, 2, revision=1), epoch=2, create=True, entries=[entry(3)]
        )
        await store.commit([again])
        await store.save_snapshot(HOME, 2, saved(3))
        assert (await stored(store)).steps is None
