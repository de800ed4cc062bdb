"""Tests with two stores on one database, like two instances. For databases that can be shared."""

from __future__ import annotations

import asyncio

from collab.ids import DocKey
from collab.ports.positions import Newer
from collab.ports.store import Append, Clash, Committed, Duplicate, Held, Outcome, Snapshot, Store
from tests.storage.contract import AWAY, BEFORE_ALL, HOME, entry, further, made, stored


async def _head(store: Store, key: DocKey) -> int:
    row = await store.row(key)
    assert row is not None
    return row.version


async def _increment(store: Store, user: str, times: int) -> int:
    """Append `times` entries, retrying after each clash; return the number of clashes."""
    clashes, head = 0, await _head(store, HOME)
    for n in range(times):
        while True:
            mine = entry(head + 1, id=f"{user}-{n}", user=user)
            outcome = await _committed(store, Append(HOME, 1, head, 0, [mine]))
            if outcome == Committed():
                head += 1
                break
            assert outcome == Clash()
            clashes, head = clashes + 1, await _head(store, HOME)
    return clashes


async def _committed(store: Store, append: Append) -> Outcome:
    """Return the outcome of an append; retry while another transaction holds its row."""
    while True:
        (outcome,) = await store.commit([append])
        if outcome != Held():
            return outcome


class RaceContract:
    async def test_two_writers_lose_none_of_400_increments(
        self, store: Store, rival: Store
    ) -> None:
        await store.commit([made(HOME)])
        await asyncio.gather(_increment(store, "ada", 200), _increment(rival, "bo", 200))
        entries = (await stored(store)).entries
        assert [one.version for one in entries] == list(range(1, 402))
        wanted = {f"{user}-{n}" for user in ("ada", "bo") for n in range(200)}
        assert {one.id for one in entries[1:]} == wanted

    async def test_a_locked_commit_never_clashes(self, store: Store, rival: Store) -> None:
        await store.commit([made(HOME)])

        async def next_one(newer: Newer | None) -> Append:
            assert newer is not None
            return further(HOME, newer.position.version)

        async def insist() -> None:
            for _ in range(20):
                assert await rival.commit_locked(HOME, BEFORE_ALL, next_one) == Committed()

        await asyncio.gather(insist(), _increment(store, "ada", 60))
        assert (await stored(store)).head == 81

    async def test_nothing_is_committed_while_a_locked_commit_computes(
        self, store: Store, rival: Store
    ) -> None:
        await store.commit([made(HOME)])
        is_computing, may_end = asyncio.Event(), asyncio.Event()

        async def slowly(newer: Newer | None) -> Append:
            is_computing.set()
            await may_end.wait()
            return further(HOME, 1, id="first")

        locked = asyncio.create_task(rival.commit_locked(HOME, BEFORE_ALL, slowly))
        await is_computing.wait()
        other = asyncio.create_task(store.commit([further(HOME, 1, id="second")]))
        await asyncio.wait([other], timeout=0.2)
        assert await _head(store, HOME) == 1
        may_end.set()
        assert await locked == Committed()
        assert (await other)[0] in (Held(), Clash())
        assert [one.id for one in (await stored(store)).entries[1:]] == ["first"]

    async def test_of_two_creators_of_a_document_one_succeeds(
        self, store: Store, rival: Store
    ) -> None:
        for n in range(20):
            key = DocKey("demo", f"doc-{n}")
            one, two = (_committed(each, made(key)) for each in (store, rival))
            outcomes = await asyncio.gather(one, two)
            assert sorted(type(one).__name__ for one in outcomes) == ["Clash", "Committed"]

    async def test_of_two_requests_with_one_id_one_is_a_duplicate(
        self, store: Store, rival: Store
    ) -> None:
        await store.commit([made(HOME)])
        for n in range(1, 21):
            append = further(HOME, n, id=f"p-{n}")
            one, two = (_committed(each, append) for each in (store, rival))
            outcomes = await asyncio.gather(one, two)
            assert sorted(type(one).__name__ for one in outcomes) == ["Committed", "Duplicate"]
            (duplicate,) = (one for one in outcomes if isinstance(one, Duplicate))
            assert duplicate.accepted[0].version == n + 1

    async def test_overlapping_batches_do_not_deadlock(self, store: Store, rival: Store) -> None:
        keys = [DocKey("demo", f"doc-{n:02}") for n in range(30)]
        await store.commit([made(key) for key in keys])
        for head in range(1, 11):
            forward = [further(key, head) for key in keys]
            outcomes = await asyncio.gather(
                store.commit(forward), rival.commit(list(reversed(forward)))
            )
            won = [outcome for one in outcomes for outcome in one if outcome == Committed()]
            assert len(won) == len(keys)

    async def test_a_delete_and_a_commit_are_serialized(self, store: Store, rival: Store) -> None:
        for n in range(10):
            key = DocKey("demo", f"doc-{n}")
            await store.commit([made(key)])
            (outcome,), gone = await asyncio.gather(
                store.commit([further(key, 1)]), rival.delete(key, 9)
            )
            assert gone
            assert await store.entries(key, 0, 9, 9) == []
            absent = await store.load(key)
            assert absent.last == (2 if outcome == Committed() else 1)  # type: ignore[union-attr] # it was deleted

    async def test_compaction_and_commits_run_concurrently(
        self, store: Store, rival: Store
    ) -> None:
        await store.commit([made(HOME, 1_600), made(AWAY)])
        for version in (1_400, 1_500):
            await store.save_snapshot(HOME, 1, Snapshot(version, b"state"))

        async def edit() -> None:
            for head in range(1_600, 1_650):
                assert await _committed(store, further(HOME, head)) == Committed()

        _, dropped = await asyncio.gather(edit(), rival.compact(HOME, before=1_600, keep=[]))
        assert dropped == 1_400
        assert (await stored(store)).head == 1_650
