"""The contract of every store. The tests of each adapter subclass these classes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from collab.entry import Accepted, Author, Entry, Op, Summary, without_ops
from collab.ids import DocKey
from collab.ports.audit import MOST_DETAIL, AuditRow
from collab.ports.directory import ShareLink, SigningKey
from collab.ports.locks import StoredLock
from collab.ports.positions import MOST_NEWER, Control, Newer, Position
from collab.ports.publications import Publication, PublicState, What
from collab.ports.repairs import Rebuilt, Remains
from collab.ports.store import (
    Absent,
    Append,
    Clash,
    Committed,
    Compute,
    DocRow,
    Duplicate,
    Full,
    NamedVersion,
    Outcome,
    Snapshot,
    Store,
    Stored,
)

HOME = DocKey("demo", "home")
AWAY = DocKey("demo", "away")
OTHER = DocKey("other", "home")
BEFORE_ALL = Position(0, 0, 0)


def entry(version: int, *, id: str = "", user: str = "ada", commit: str = "") -> Entry:
    return Entry(
        version=version,
        author=Author(user, user.title(), "tab-1", "s-1"),
        at=1_000 + version,
        kind="create" if version == 1 else "edit",
        ops=[{"op": "replace", "path": "/headline", "value": f"version {version}"}],
        update=bytes([version % 256]) * 8,
        id=id,
        commit=commit,
        inverse=b"back",
        leases=[version],
    )


LARGE = 50_000


def large(version: int) -> Entry:
    """Return an entry with large values at several places, which a summary leaves out."""
    ops: list[Op] = [
        {"op": "replace", "path": f"/text/{place}", "value": "x" * (LARGE // 2)} for place in "ab"
    ]
    return msgspec.structs.replace(entry(version), ops=ops)


def made(key: DocKey, versions: int = 1, **fields: str) -> Append:
    entries = [entry(version, **fields) for version in range(1, versions + 1)]
    return Append(key, epoch=1, after=0, revision=0, entries=entries, create=True)


def further(key: DocKey, after: int, *, count: int = 1, revision: int = 0, id: str = "") -> Append:
    entries = [entry(after + n, id=id) for n in range(1, count + 1)]
    return Append(key, epoch=1, after=after, revision=revision, entries=entries)


def public(version: int, at: int = 5, what: What = "published") -> Publication:
    return Publication(version, Author("ada", "Ada"), at, what)


def always(append: Append) -> Compute:
    async def compute(_: Newer | None) -> Append:
        return append

    return compute


async def locked(store: Store, append: Append) -> Outcome | None:
    return await store.commit_locked(append.key, BEFORE_ALL, always(append))


async def stored(store: Store, key: DocKey = HOME) -> Stored:
    found = await store.load(key)
    assert isinstance(found, Stored)
    return found


def opened(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries as `load` returns them."""
    return list(map(without_ops, entries))


class LogContract:
    async def test_a_document_that_does_not_exist_is_absent(self, store: Store) -> None:
        assert await store.load(HOME) == Absent(epoch=1, last=0, revision=0)
        assert await store.row(HOME) is None

    async def test_a_committed_document_is_loaded_unchanged(self, store: Store) -> None:
        append = made(HOME, 3, commit="c-1")
        assert await store.commit([append]) == [Committed()]
        assert await stored(store) == Stored(1, 3, Control(), None, opened(append.entries))

    async def test_ids_and_names_may_have_every_character(self, store: Store) -> None:
        odd = "a\0b\U0001f600'\"%?$1"
        append = made(HOME, 1, id=odd, user=odd, commit=odd)
        assert await store.commit([append]) == [Committed()]
        assert (await stored(store)).entries == opened(append.entries)
        assert await store.find_accepted(HOME, odd, [odd]) == [Accepted(odd, odd, 1)]
        assert await store.find_commit(HOME, odd) == 1

    async def test_another_head_is_a_clash_and_writes_nothing(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        assert await store.commit([further(HOME, 1)]) == [Clash()]
        assert (await stored(store)).head == 2

    async def test_another_epoch_is_a_clash(self, store: Store) -> None:
        await store.commit([made(HOME)])
        await store.new_epoch(HOME, 7)
        assert await store.commit([further(HOME, 1, revision=1)]) == [Clash()]
        assert (await stored(store)).epoch == 7

    async def test_another_revision_is_a_clash(self, store: Store) -> None:
        await store.commit([made(HOME)])
        assert await store.set_schema(HOME, b"{}", 0)
        assert await store.commit([further(HOME, 1)]) == [Clash()]
        assert await store.commit([further(HOME, 1, revision=1)]) == [Committed()]

    async def test_creating_an_existing_document_is_a_clash(self, store: Store) -> None:
        await store.commit([made(HOME)])
        assert await store.commit([made(HOME)]) == [Clash()]
        assert await locked(store, made(HOME)) == Clash()

    async def test_writing_a_missing_document_is_a_clash(self, store: Store) -> None:
        assert await store.commit([further(HOME, 1)]) == [Clash()]
        assert await locked(store, further(HOME, 1)) == Clash()
        assert await store.load(HOME) == Absent()

    async def test_a_clash_does_not_affect_other_documents(self, store: Store) -> None:
        keys = [DocKey("demo", f"doc-{n}") for n in range(5)]
        assert await store.commit([made(key) for key in keys]) == [Committed()] * 5
        batch = [further(key, 1 if n != 2 else 9) for n, key in enumerate(keys)]
        expected = [Committed(), Committed(), Clash(), Committed(), Committed()]
        assert await store.commit(batch) == expected
        heads = [(await stored(store, key)).head for key in keys]
        assert heads == [2, 2, 1, 2, 2]

    async def test_a_batch_may_have_two_appends_of_a_document(self, store: Store) -> None:
        batch = [made(HOME), further(HOME, 1), further(HOME, 1)]
        assert await store.commit(batch) == [Committed(), Committed(), Clash()]
        assert (await stored(store)).head == 2

    async def test_appends_of_a_document_are_in_order_beside_those_of_others(
        self, store: Store
    ) -> None:
        await store.commit([made(AWAY), made(OTHER)])
        batch = [made(HOME), further(AWAY, 1), further(HOME, 1), further(OTHER, 1)]
        assert await store.commit(batch) == [Committed()] * 4
        assert [(await stored(store, key)).head for key in (HOME, AWAY, OTHER)] == [2, 2, 2]

    async def test_outcomes_are_in_the_order_of_the_batch(self, store: Store) -> None:
        await store.commit([made(AWAY)])
        assert await store.commit([made(HOME), made(AWAY)]) == [Committed(), Clash()]

    async def test_many_entries_of_many_documents_are_one_commit(self, store: Store) -> None:
        keys = [DocKey("demo", f"doc-{n:03}") for n in range(60)]
        batch = [made(key, 1 + n % 5) for n, key in enumerate(keys)]
        assert await store.commit(batch) == [Committed()] * 60
        for n, key in enumerate(keys):
            assert (await stored(store, key)).entries == opened(batch[n].entries)

    async def test_a_commit_of_many_entries_works(self, store: Store) -> None:
        append = made(HOME, 341)
        assert await store.commit([append]) == [Committed()]
        assert (await stored(store)).entries == opened(append.entries)

    async def test_a_tenant_cannot_exceed_its_documents(self, store: Store) -> None:
        for tenant in ("demo", "other"):
            await store.add_tenant(tenant, 1)
        keys = [DocKey("demo", name) for name in ("a", "b", "c")]
        one, two, three = (msgspec.structs.replace(made(key), quota=2) for key in keys)
        assert await store.commit([one, further(HOME, 1)]) == [Committed(), Clash()]
        outcomes = await store.commit([two, three, further(keys[0], 1)])
        assert outcomes == [Committed(), Full(), Committed()]
        assert await store.row(keys[2]) is None
        assert await store.entries(keys[2], 0, 9, 9) == []
        assert await store.commit([msgspec.structs.replace(made(OTHER), quota=2)]) == [Committed()]
        await store.delete(keys[0], 5)
        assert await store.commit([three]) == [Committed()]

    async def test_an_import_commits_names_and_schema_too(self, store: Store) -> None:
        names = [NamedVersion(1, "one", "ada", 5), NamedVersion(2, "two", "bo", 6)]
        whole = msgspec.structs.replace(made(HOME, 3), names=names, schema=b"{}")
        assert await store.commit([whole]) == [Committed()]
        assert await store.named_versions(HOME) == names
        assert (await stored(store)).control == Control(schema=b"{}")
        assert await store.commit([further(HOME, 3)]) == [Committed()]

    async def test_locked_commits_follow_the_same_rules(self, store: Store) -> None:
        assert await locked(store, made(HOME)) == Committed()
        assert await locked(store, further(HOME, 1, id="p-1")) == Committed()
        assert await locked(store, further(HOME, 1)) == Clash()
        duplicate = await locked(store, further(HOME, 2, id="p-1"))
        assert isinstance(duplicate, Duplicate)
        assert duplicate.accepted[0].version == 2
        assert (await stored(store)).head == 2

    async def test_a_locked_commit_is_computed_on_the_current_state(self, store: Store) -> None:
        await store.commit([made(HOME, 3)])
        seen: list[Newer | None] = []

        async def compute(newer: Newer | None) -> Append | None:
            seen.append(newer)
            return further(HOME, 3) if len(seen) < 3 else None

        assert await store.commit_locked(HOME, Position(1, 1, 0), compute) == Committed()
        assert await store.commit_locked(AWAY, BEFORE_ALL, always(made(AWAY))) == Committed()
        assert await store.commit_locked(OTHER, BEFORE_ALL, compute) == Clash()
        assert await store.commit_locked(HOME, Position(1, 4, 0), compute) is None
        assert seen == [
            Newer(Position(1, 3, 0), [entry(2), entry(3)]),
            None,
            Newer(Position(1, 4, 0), []),
        ]
        assert (await stored(store)).head == 4

    async def test_a_locked_commit_may_write_only_locks(self, store: Store) -> None:
        await store.commit([made(HOME)])
        held = lock("l-1", "/headline")
        append = Append(HOME, 1, 1, 0, [], put=[held])
        assert await store.commit_locked(HOME, BEFORE_ALL, always(append)) == Committed()
        taken = Newer(Position(1, 1, 1), [], Control(1), [held])
        assert await store.newer(HOME, Position(1, 1, 0)) == taken
        append = Append(HOME, 1, 1, 1, [], drop=["l-1"])
        assert await store.commit_locked(HOME, BEFORE_ALL, always(append)) == Committed()
        ended = Newer(Position(1, 1, 2), [], Control(2), [])
        assert await store.newer(HOME, Position(1, 1, 1)) == ended

    async def test_the_store_is_read_while_a_locked_commit_computes(self, store: Store) -> None:
        await store.commit([made(HOME)])

        async def compute(newer: Newer | None) -> Append:
            assert await store.find_accepted(HOME, "ada", ["p-1"]) == []
            assert await store.position(HOME) == Position(1, 1, 0)
            return further(HOME, 1, id="p-1")

        assert await store.commit_locked(HOME, BEFORE_ALL, compute) == Committed()
        assert len(await store.find_accepted(HOME, "ada", ["p-1"])) == 1

    async def test_a_locked_commit_that_fails_writes_nothing(self, store: Store) -> None:
        await store.commit([made(HOME, 3)])

        async def compute(newer: Newer | None) -> Append | None:
            raise LookupError("no such section")

        with pytest.raises(LookupError):
            await store.commit_locked(HOME, BEFORE_ALL, compute)
        assert await store.commit([further(HOME, 3)]) == [Committed()]

    async def test_newer_is_what_came_after_a_position(self, store: Store) -> None:
        assert await store.newer(HOME, BEFORE_ALL) is None
        await store.commit([made(HOME, 3)])
        assert await store.newer(HOME, Position(1, 3, 0)) == Newer(Position(1, 3, 0), [])
        assert await store.newer(HOME, Position(1, 2, 0)) == Newer(Position(1, 3, 0), [entry(3)])
        # Another epoch, and a reader that is ahead: its version was never committed.
        for since in (Position(2, 2, 0), Position(1, 4, 0)):
            assert await store.newer(HOME, since) == Newer(Position(1, 3, 0), None)
        held = lock("l-1", "/headline")
        assert await store.set_schema(HOME, b"{}", 0)
        assert await store.save_locks(HOME, revision=1, put=[held], drop=[])
        changed = Newer(Position(1, 3, 2), [], Control(2, b"{}", 0), [held])
        assert await store.newer(HOME, Position(1, 3, 0)) == changed
        assert await store.newer(HOME, Position(1, 3, 2)) == Newer(Position(1, 3, 2), [])
        await store.delete(HOME, 9)
        assert await store.newer(HOME, Position(1, 3, 2)) is None

    async def test_newer_has_at_most_one_page_of_entries(self, store: Store) -> None:
        count = MOST_NEWER + 2
        await store.commit([made(HOME, count)])
        newer = await store.newer(HOME, Position(1, 1, 0))
        assert newer == Newer(Position(1, count, 0), None)
        newer = await store.newer(HOME, Position(1, 2, 0))
        assert newer is not None
        assert newer.entries is not None
        assert [one.version for one in newer.entries] == list(range(3, count + 1))
        large_ones = [large(version) for version in range(1, 101)]
        await store.commit([Append(AWAY, 1, 0, 0, large_ones, create=True)])
        newer = await store.newer(AWAY, Position(1, 0, 0))
        assert newer == Newer(Position(1, 100, 0), None)
        newer = await store.newer(AWAY, Position(1, 98, 0))
        assert newer == Newer(Position(1, 100, 0), large_ones[98:])

    async def test_positions_of_many_documents_are_read_at_once(self, store: Store) -> None:
        keys = [DocKey("demo", f"doc-{number:03}") for number in range(300)]
        await store.commit([made(key, 1 + number % 3) for number, key in enumerate(keys)])
        await store.delete(keys[5], 1)
        found = await store.positions([*keys, OTHER])
        assert len(found) == 299
        assert keys[5] not in found
        assert found[keys[7]] == Position(1, 2, 0)
        assert await store.positions([]) == {}

    async def test_entries_are_read_in_order_within_the_range(self, store: Store) -> None:
        await store.commit([made(HOME, 9)])
        assert await store.entries(HOME, 2, 6, 100) == [entry(v) for v in (3, 4, 5, 6)]
        assert await store.entries(HOME, 2, 6, 2) == [entry(3), entry(4)]
        assert await store.entries(AWAY, 0, 9, 100) == []

    async def test_pages_of_entries_are_limited_in_bytes(self, store: Store) -> None:
        entries = [large(version) for version in range(1, 9)]
        await store.commit([Append(HOME, 1, 0, 0, entries, create=True)])
        whole = await store.log_bytes(HOME, 0, 8)
        assert whole > 8 * LARGE
        one = whole // 8
        assert await store.log_bytes(HOME, 3, 5) in range(2 * one - 9, 2 * one + 9)
        assert await store.log_bytes(HOME, 8, 9) == 0
        for most, count in ((0, 1), (one // 2, 1), (3 * one + 9, 3), (whole, 8)):
            page = await store.entries(HOME, 0, 9, 100, most)
            assert [entry.version for entry in page] == list(range(1, count + 1))
        told = await store.summaries(HOME, 0, 9, 100, one)
        assert told == [Summary.of(entry) for entry in entries]
        assert await store.summaries(HOME, 2, 6, 2) == told[4:6]
        assert await store.summaries(HOME, 2, 6, 100, 0) == told[5:6]
        assert await store.summaries(AWAY, 0, 9, 100) == []

    async def test_ops_that_an_answer_repeats_are_loaded(self, store: Store) -> None:
        undone = large(2)
        undone = msgspec.structs.replace(undone, answer={"ops": undone.ops, "skipped": []})
        made_so = Append(HOME, 1, 0, 0, [entry(1), undone], create=True)
        assert await store.commit([made_so]) == [Committed()]
        [_, found] = (await stored(store)).entries
        assert (found.ops, found.answer) == ([], undone.answer)
        assert await store.entries(HOME, 1, 2, 9) == [undone]

    async def test_a_commit_is_found_by_its_id(self, store: Store) -> None:
        await store.commit([made(HOME, 3, commit="c-1")])
        assert await store.find_commit(HOME, "c-1") == 3
        assert await store.find_commit(HOME, "c-2") is None
        assert await store.find_commit(AWAY, "c-1") is None

    async def test_the_rows_of_many_documents_are_found_at_once(self, store: Store) -> None:
        keys = [DocKey("demo", f"doc-{number}") for number in range(70)]
        await store.commit([made(key) for key in keys])
        await store.commit([made(OTHER)])
        await store.delete(keys[3], 5)
        found = await store.find_rows([*keys, HOME, OTHER])
        assert set(found) == {*keys, OTHER} - {keys[3]}
        assert found[keys[9]] == await store.row(keys[9])
        assert await store.find_rows([HOME]) == {}
        assert await store.find_rows([]) == {}

    async def test_the_position_changes_with_every_write(self, store: Store) -> None:
        assert await store.position(HOME) is None
        await store.commit([made(HOME, 3)])
        assert await store.position(HOME) == Position(1, 3, 0)
        assert await store.set_schema(HOME, b"{}", 0)
        assert await store.position(HOME) == Position(1, 3, 1)
        await store.delete(HOME, 5)
        assert await store.position(HOME) is None

    async def test_the_last_version_before_a_time_is_found(self, store: Store) -> None:
        await store.commit([made(HOME, 5)])
        assert await store.last_before(HOME, 1_004) == 3
        assert await store.last_before(HOME, 1_001) == 0
        assert await store.last_before(AWAY, 9_999) == 0


class RequestsContract:
    async def test_an_id_that_was_accepted_is_a_duplicate_with_its_answer(
        self, store: Store
    ) -> None:
        answered = Entry(1, Author("ada"), 5, "create", [], b"", id="p-1", answer={"n": [1]})
        await store.commit([Append(HOME, 1, 0, 0, [answered], create=True)])
        duplicate = [Duplicate([Accepted("ada", "p-1", 1, {"n": [1]})])]
        assert await store.commit([further(HOME, 1, id="p-1")]) == duplicate
        assert await locked(store, further(HOME, 1, id="p-1")) == duplicate[0]
        assert (await stored(store)).head == 1

    async def test_a_duplicate_does_not_affect_other_documents(self, store: Store) -> None:
        await store.commit([made(HOME, 1, id="p-1"), made(AWAY)])
        batch = [further(AWAY, 1), further(HOME, 1, id="p-1")]
        first, second = await store.commit(batch)
        assert (first, type(second)) == (Committed(), Duplicate)
        assert (await stored(store, AWAY)).head == 2

    async def test_a_duplicate_is_found_after_the_head_has_moved(self, store: Store) -> None:
        await store.commit([made(HOME, 2, user="ada")])
        await store.commit([further(HOME, 2, id="p-3")])
        (outcome,) = await store.commit([further(HOME, 2, id="p-3")])
        assert outcome == Duplicate([Accepted("ada", "p-3", 3)])

    async def test_ids_belong_to_a_user_and_a_document(self, store: Store) -> None:
        await store.commit([made(HOME, 1, id="p-1", user="ada")])
        others = Append(HOME, 1, 1, 0, [entry(2, id="p-1", user="bo")])
        assert await store.commit([others]) == [Committed()]
        assert await store.commit([made(AWAY, 1, id="p-1", user="ada")]) == [Committed()]
        assert await store.commit([made(OTHER, 1, id="p-1", user="ada")]) == [Committed()]

    async def test_entries_without_an_id_are_never_duplicates(self, store: Store) -> None:
        await store.commit([made(HOME, 3)])
        assert await store.commit([further(HOME, 3, count=2)]) == [Committed()]
        assert await store.find_accepted(HOME, "ada", [""]) == []

    async def test_an_id_may_be_accepted_without_a_version(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        nothing = Accepted("ada", "p-9", 2, {"ops": []})
        append = Append(HOME, 1, 2, 0, [], accepted=[nothing])
        assert await store.commit([append]) == [Committed()]
        assert await store.commit([append]) == [Duplicate([nothing])]
        assert await store.commit([further(HOME, 2, id="p-9")]) == [Duplicate([nothing])]
        assert (await stored(store)).head == 2

    async def test_digests_are_kept_with_and_without_an_entry(self, store: Store) -> None:
        digests = [bytes(range(16)), b"\x00" * 16]
        first = msgspec.structs.replace(entry(1, id="p-1"), digest=digests[0])
        await store.commit([Append(HOME, 1, 0, 0, [first], create=True)])
        second = Accepted("ada", "p-2", 1, {"ops": []}, digests[1])
        third = Accepted("ada", "p-3", 1)
        await store.commit([Append(HOME, 1, 1, 0, [], accepted=[second, third])])
        found = await store.find_accepted(HOME, "ada", ["p-1", "p-2", "p-3"])
        assert found == [Accepted("ada", "p-1", 1, {}, digests[0]), second, third]
        assert (await stored(store)).entries == opened([first])

    async def test_an_id_with_an_entry_is_not_accepted_again(self, store: Store) -> None:
        await store.commit([made(HOME, 1, id="p-1")])
        append = Append(HOME, 1, 1, 0, [], accepted=[Accepted("ada", "p-1", 1)])
        assert await store.commit([append]) == [Duplicate([Accepted("ada", "p-1", 1)])]

    async def test_accepted_ids_are_checked_against_the_head(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        append = Append(HOME, 1, 1, 0, [], accepted=[Accepted("ada", "p-1", 1)])
        assert await store.commit([append]) == [Clash()]
        assert await store.find_accepted(HOME, "ada", ["p-1"]) == []

    async def test_the_accepted_ids_among_many_are_found(self, store: Store) -> None:
        entries = [entry(n, id=f"p-{n}") for n in range(1, 8)]
        await store.commit([Append(HOME, 1, 0, 0, entries, create=True)])
        asked = [f"p-{n}" for n in range(5, 1_500)]
        found = await store.find_accepted(HOME, "ada", asked)
        assert sorted(one.id for one in found) == ["p-5", "p-6", "p-7"]


class SnapshotContract:
    async def test_a_document_opens_from_its_newest_snapshot(self, store: Store) -> None:
        await store.commit([made(HOME, 6)])
        for version in (2, 4):
            await store.save_snapshot(HOME, 1, Snapshot(version, b"state %d" % version))
        found = await stored(store)
        assert found.snapshot == Snapshot(4, b"state 4")
        assert found.entries == opened([entry(5), entry(6)])

    async def test_a_large_snapshot_is_loaded_unchanged(self, store: Store) -> None:
        await store.commit([made(HOME, 1)])
        body = b"a long and repetitive page; " * 20_000
        await store.save_snapshot(HOME, 1, Snapshot(1, body))
        assert (await stored(store)).snapshot == Snapshot(1, body)

    async def test_the_newest_snapshot_at_or_below_a_version_is_found(self, store: Store) -> None:
        await store.commit([made(HOME, 6)])
        for version in (2, 4):
            await store.save_snapshot(HOME, 1, Snapshot(version, b"%d" % version))
        assert await store.snapshot_before(HOME, 1) is None
        assert await store.snapshot_before(HOME, 3) == Snapshot(2, b"2")
        assert await store.snapshot_before(HOME, 4) == Snapshot(4, b"4")
        assert await store.snapshot_before(HOME, 6) == Snapshot(4, b"4")

    async def test_a_snapshot_saved_again_replaces_the_first(self, store: Store) -> None:
        await store.commit([made(HOME, 1)])
        await store.save_snapshot(HOME, 1, Snapshot(1, b"first"))
        await store.save_snapshot(HOME, 1, Snapshot(1, b"second"))
        assert await store.snapshot_before(HOME, 1) == Snapshot(1, b"second")

    async def test_a_snapshot_of_another_epoch_or_the_future_is_refused(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        await store.save_snapshot(HOME, 2, Snapshot(1, b"another epoch"))
        await store.save_snapshot(HOME, 1, Snapshot(3, b"the future"))
        await store.save_snapshot(AWAY, 1, Snapshot(1, b"nowhere"))
        assert await store.snapshot_before(HOME, 9) is None
        assert await store.snapshot_before(AWAY, 9) is None


class CompactionContract:
    async def _page(self, store: Store, versions: int, *snapshots: int) -> None:
        entries = [
            msgspec.structs.replace(entry(v, id=f"p-{v}"), digest=b"digest of %d" % v)
            for v in range(1, versions + 1)
        ]
        await store.commit([Append(HOME, 1, 0, 0, entries, create=True)])
        for version in snapshots:
            await store.save_snapshot(HOME, 1, Snapshot(version, b"%d" % version))

    async def _kept(self, store: Store, versions: int) -> list[int]:
        return [one.version for one in await store.entries(HOME, 0, versions, versions)]

    async def test_compaction_does_not_change_the_document(self, store: Store) -> None:
        await self._page(store, 30, 10, 20)
        before = await store.load(HOME)
        assert await store.compact(HOME, before=15, keep=[]) == 10
        assert await self._kept(store, 30) == list(range(11, 31))
        assert await store.load(HOME) == before
        assert await store.compact(HOME, before=15, keep=[]) == 0

    async def test_compaction_keeps_two_snapshots(self, store: Store) -> None:
        await self._page(store, 30, 10, 20)
        assert await store.compact(HOME, before=30, keep=[]) == 10
        assert await store.snapshot_before(HOME, 19) == Snapshot(10, b"10")
        assert await self._kept(store, 30) == list(range(11, 31))

    async def test_with_one_snapshot_nothing_is_dropped(self, store: Store) -> None:
        await self._page(store, 30, 20)
        assert await store.compact(HOME, before=30, keep=[]) == 0
        assert await self._kept(store, 30) == list(range(1, 31))

    async def test_kept_named_and_published_versions_stay_readable(self, store: Store) -> None:
        await self._page(store, 60, 10, 20, 30, 40, 50)
        await store.name_version(HOME, NamedVersion(13, "launch", "ada", 5))
        for revision, version in enumerate((22, 32)):
            assert await store.publish(HOME, public(version), revision)
        await store.compact(HOME, before=45, keep=[3, 20])
        expected = [1, 2, 3, 11, 12, 13, 21, 22, 31, 32, *range(41, 61)]
        assert await self._kept(store, 60) == expected
        for version in (10, 20, 30, 40, 50):
            found = await store.snapshot_before(HOME, version)
            assert found == Snapshot(version, b"%d" % version)

    async def test_superseded_snapshots_are_dropped(self, store: Store) -> None:
        await self._page(store, 60, 10, 20, 30, 40, 50)
        await store.compact(HOME, before=60, keep=[25])
        assert await store.snapshot_before(HOME, 19) is None
        assert await store.snapshot_before(HOME, 39) == Snapshot(20, b"20")
        assert await store.snapshot_before(HOME, 49) == Snapshot(40, b"40")

    async def test_a_log_longer_than_one_slice_is_dropped_whole(self, store: Store) -> None:
        await self._page(store, 1_700, 1_500, 1_600)
        assert await store.compact(HOME, before=1_700, keep=[700]) == 800
        kept = await self._kept(store, 1_700)
        assert kept == [*range(1, 701), *range(1_501, 1_701)]

    async def test_ids_outlive_their_compacted_entries(self, store: Store) -> None:
        await self._page(store, 30, 10, 20)
        await store.compact(HOME, before=30, keep=[], forget=1_006)
        found = await store.find_accepted(HOME, "ada", [f"p-{n}" for n in range(1, 12)])
        assert sorted(one.version for one in found) == [6, 7, 8, 9, 10, 11]
        (outcome,) = await store.commit([further(HOME, 30, id="p-7")])
        assert outcome == Duplicate([Accepted("ada", "p-7", 7, {}, b"digest of 7")])
        await store.compact(HOME, before=30, keep=[], forget=5_000)
        assert await store.find_accepted(HOME, "ada", ["p-7"]) == []

    async def test_a_document_that_does_not_exist_has_nothing_to_drop(self, store: Store) -> None:
        assert await store.compact(HOME, before=9, keep=[1]) == 0


class DocumentsContract:
    async def test_documents_are_listed_by_name_a_page_at_a_time(self, store: Store) -> None:
        names = ["Zoo", "a", "a-b", "a.b", "b", "home"]
        await store.commit([made(DocKey("demo", name)) for name in names])
        first = await store.list_docs("demo", "", 4)
        assert len(first) == 4
        rest = await store.list_docs("demo", first[-1].doc, 4)
        assert [row.doc for row in first + rest] == sorted(names)
        assert await store.list_docs("demo", "\0", 4) in ([], first)

    async def test_a_row_has_the_last_author_and_time(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        await store.commit([Append(HOME, 1, 2, 0, [entry(3, user="bo")])])
        assert await store.publish(HOME, public(2), 0)
        expected = DocRow("home", 1, 3, 1_001, 1_003, "bo", 2)
        assert await store.row(HOME) == expected
        assert await store.list_docs("demo", "", 9) == [expected]

    async def test_schema_and_publication_increase_the_revision(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        assert await store.set_schema(HOME, b'{"type":"object"}', 0)
        assert not await store.publish(HOME, public(1), 0)
        assert await store.publish(HOME, public(1), 1)
        assert (await stored(store)).control == Control(2, b'{"type":"object"}', 1)
        assert await store.set_schema(HOME, b"", 2)
        assert (await stored(store)).control == Control(3, b"", 1)

    async def test_a_deleted_document_is_gone(self, store: Store) -> None:
        assert not await store.ever_existed(HOME)
        await store.commit([made(HOME, 3, id="")])
        await store.save_snapshot(HOME, 1, Snapshot(2, b"2"))
        await store.name_version(HOME, NamedVersion(1, "launch", "ada", 5))
        assert await store.ever_existed(HOME)
        assert await store.delete(HOME, 9_000)
        assert not await store.delete(HOME, 9_001)
        assert await store.load(HOME) == Absent(epoch=2, last=3, revision=1)
        assert await store.row(HOME) is None
        assert await store.ever_existed(HOME)
        assert not await store.ever_existed(DocKey("other", HOME.doc))
        assert await store.list_docs("demo", "", 9) == []
        assert await store.named_versions(HOME) == []
        assert not await store.set_schema(HOME, b"{}", 0)
        assert await store.commit([further(HOME, 3)]) == [Clash()]

    async def test_a_recreated_document_has_a_new_epoch(self, store: Store) -> None:
        await store.commit([made(HOME, 3, commit="c-1")])
        await store.set_schema(HOME, b"{}", 0)
        await store.delete(HOME, 9_000)
        first = msgspec.structs.replace(entry(4), kind="create")
        again = Append(HOME, 2, 3, 2, [first], create=True)
        assert await store.load(HOME) == Absent(2, 3, 2)
        assert await store.commit([made(HOME)]) == [Clash()]
        assert await store.commit([again]) == [Committed()]
        row = await store.row(HOME)
        assert row is not None
        assert (row.epoch, row.version, row.created_at) == (2, 4, 1_004)
        assert await stored(store) == Stored(2, 4, Control(2), None, [without_ops(first)])
        await store.save_snapshot(HOME, 1, Snapshot(4, b"of the old epoch"))
        await store.save_snapshot(HOME, 2, Snapshot(4, b"of the new"))
        assert await stored(store) == Stored(2, 4, Control(2), Snapshot(4, b"of the new"), [])
        assert await store.commit([again]) == [Clash()]

    async def test_remains_are_read_row_by_row(self, store: Store) -> None:
        assert await store.remains(HOME) is None
        await store.commit([made(HOME, 4)])
        await store.save_snapshot(HOME, 1, Snapshot(3, b"three"))
        await store.set_schema(HOME, b"{}", 0)
        entries = [entry(version) for version in range(1, 5)]
        assert await store.remains(HOME) == Remains(1, 4, 1, b"{}", {3: b"three"}, entries)
        await store.delete(HOME, 9_000)
        assert await store.remains(HOME) is None

    async def test_a_rebuilt_document_has_its_new_epoch(self, store: Store) -> None:
        await store.commit([made(HOME, 4)])
        await store.save_snapshot(HOME, 1, Snapshot(3, b"three"))
        await store.set_schema(HOME, b"{}", 0)
        await store.name_version(HOME, NamedVersion(2, "launch", "ada", 5))
        repair = msgspec.structs.replace(entry(7, user="weft"), kind="repair")
        rebuilt = Rebuilt(1, 4, 1, 2, repair, b"seven", [4], [3], drop_schema=True)
        assert await store.rebuild(HOME, rebuilt)
        assert not await store.rebuild(HOME, rebuilt)
        assert await stored(store) == Stored(2, 7, Control(2), Snapshot(7, b"seven"), [])
        row = await store.row(HOME)
        assert row is not None
        assert (row.epoch, row.version, row.updated_at, row.updated_by) == (2, 7, 1_007, "weft")
        assert [one.version for one in await store.entries(HOME, 0, 9, 9)] == [1, 2, 3, 7]
        assert [one.version for one in await store.named_versions(HOME)] == [2]
        assert await store.commit([further(HOME, 4, revision=2)]) == [Clash()]
        after = Append(HOME, 2, 7, 2, [entry(8)])
        assert await store.commit([after]) == [Committed()]

    async def test_a_repair_needs_no_earlier_entry(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        repair = msgspec.structs.replace(entry(5), kind="repair")
        assert await store.rebuild(HOME, Rebuilt(1, 2, 0, 2, repair, b"five"))
        remains = await store.remains(HOME)
        assert remains is not None
        again = Rebuilt(2, 5, 1, 3, msgspec.structs.replace(entry(9), kind="repair"), b"9", [], [5])
        assert await store.rebuild(HOME, again)
        assert (await stored(store)).head == 9

    async def test_new_documents_get_at_least_the_lowest_epoch(self, store: Store) -> None:
        await store.commit([made(HOME), made(AWAY)])
        await store.delete(AWAY, 9_000)
        await store.raise_epochs(50)
        await store.raise_epochs(40)
        assert (await stored(store)).epoch == 1
        assert await store.load(AWAY) == Absent(epoch=50, last=1, revision=1)
        assert await store.load(OTHER) == Absent(epoch=50)
        assert await store.commit([msgspec.structs.replace(made(OTHER), epoch=50)]) == [Committed()]
        assert (await stored(store, OTHER)).epoch == 50
        await store.delete(OTHER, 9_000)
        assert await store.load(OTHER) == Absent(epoch=51, last=1, revision=1)

    async def test_a_new_document_may_have_a_later_epoch_only(self, store: Store) -> None:
        assert await store.commit([msgspec.structs.replace(made(HOME), epoch=7)]) == [Committed()]
        await store.delete(HOME, 9_000)
        assert await store.load(HOME) == Absent(epoch=8, last=1, revision=1)
        first = msgspec.structs.replace(entry(2), kind="create")
        again = Append(HOME, 7, 1, 1, [first], create=True)
        assert await store.commit([again]) == [Clash()]
        assert await store.commit([msgspec.structs.replace(again, epoch=9)]) == [Committed()]
        assert (await stored(store)).epoch == 9

    async def test_names_of_versions_are_kept_in_order(self, store: Store) -> None:
        await store.commit([made(HOME, 9), made(AWAY, 2)])
        await store.name_version(HOME, NamedVersion(7, "later\0", "bo", 2))
        await store.name_version(HOME, NamedVersion(3, "launch", "ada", 1))
        await store.name_version(HOME, NamedVersion(3, "the launch", "ada", 3))
        assert await store.named_versions(HOME) == [
            NamedVersion(3, "the launch", "ada", 3),
            NamedVersion(7, "later\0", "bo", 2),
        ]
        assert await store.named_versions(AWAY) == []


class PublicationsContract:
    async def test_named_versions_are_limited(self, store: Store) -> None:
        await store.commit([made(HOME, 9), made(AWAY, 9)])
        for version in (1, 2, 3):
            assert await store.name_version(HOME, NamedVersion(version, "x", "ada", 5), 3)
        assert not await store.name_version(HOME, NamedVersion(4, "y", "ada", 6), 3)
        assert await store.name_version(HOME, NamedVersion(2, "again", "ada", 7), 3)
        assert await store.name_version(AWAY, NamedVersion(4, "y", "ada", 8), 3)
        names = [(one.version, one.name) for one in await store.named_versions(HOME)]
        assert names == [(1, "x"), (2, "again"), (3, "x")]
        assert await store.name_version(HOME, NamedVersion(4, "y", "ada", 9))

    async def test_the_newest_step_decides_what_is_public(self, store: Store) -> None:
        await store.commit([made(HOME, 9)])
        assert await store.public_state(HOME) == PublicState(0, None)
        steps = [public(4), public(2, at=6), public(2, 7, "taken_down"), public(4, at=8)]
        for revision, step in enumerate(steps):
            assert await store.publish(HOME, step, revision)
            now = None if step.what == "taken_down" else step
            assert await store.public_state(HOME) == PublicState(revision + 1, now)
            row = await store.row(HOME)
            assert row is not None
            assert row.published == (now.version if now else 0)
        assert await store.publications(HOME, 0, 9) == steps
        assert await store.publications(HOME, 1, 2) == steps[1:3]
        assert await store.publications(AWAY, 0, 9) == []
        assert await store.public_versions(HOME) == sorted({step.version for step in steps})
        assert await store.public_versions(AWAY) == []

    async def test_of_two_steps_at_one_revision_one_succeeds(self, store: Store) -> None:
        await store.commit([made(HOME, 3)])
        assert await store.publish(HOME, public(2), 0)
        assert not await store.publish(HOME, public(3), 0)
        assert await store.publications(HOME, 0, 9) == [public(2)]
        assert await store.commit([further(HOME, 3)]) == [Clash()]
        assert await store.commit([further(HOME, 3, revision=1)]) == [Committed()]

    async def test_publications_are_deleted_with_their_document(self, store: Store) -> None:
        await store.commit([made(HOME, 3)])
        assert await store.publish(HOME, public(2), 0)
        assert await store.delete(HOME, 9_000)
        assert await store.public_state(HOME) is None
        assert await store.publications(HOME, 0, 9) == []
        assert not await store.publish(HOME, public(2), 1)


class TenantContract:
    async def test_two_tenants_never_see_each_other(self, store: Store) -> None:
        await store.commit([made(HOME, 3, id="", commit="c-1")])
        await store.save_snapshot(HOME, 1, Snapshot(2, b"2"))
        await store.name_version(HOME, NamedVersion(1, "launch", "ada", 5))
        assert await store.publish(HOME, public(2), 0)
        await store.save_locks(HOME, revision=1, put=[lock("l-1")], drop=[])
        await store.write_audit([(HOME, AuditRow(1, "ada", "edit"))])
        assert await store.load(OTHER) == Absent()
        assert await store.row(OTHER) is None
        assert await store.list_docs("other", "", 9) == []
        assert await store.entries(OTHER, 0, 9, 9) == []
        assert await store.snapshot_before(OTHER, 9) is None
        assert await store.find_commit(OTHER, "c-1") is None
        assert await store.named_versions(OTHER) == []
        assert await store.locks(OTHER) == (0, [])
        assert await store.audit(OTHER, 0, 9) == []
        assert await store.compact(OTHER, before=9, keep=[]) == 0
        assert not await store.delete(OTHER, 1)
        assert not await store.publish(OTHER, public(1), 1)
        assert await store.public_state(OTHER) is None
        assert await store.publications(OTHER, 0, 9) == []
        assert not await store.set_schema(OTHER, b"{}", 1)
        assert not await store.save_locks(OTHER, revision=1, put=[], drop=["l-1"])

    async def test_one_name_in_two_tenants_is_two_documents(self, store: Store) -> None:
        assert await store.commit([made(HOME, 2), made(OTHER, 1)]) == [Committed()] * 2
        assert await store.delete(HOME, 5)
        assert (await stored(store, OTHER)).entries == opened([entry(1)])

    async def test_tenants_are_added_once(self, store: Store) -> None:
        assert await store.add_tenant("demo", 1)
        assert not await store.add_tenant("demo", 2)
        assert await store.add_tenant("acme", 3)
        assert await store.tenants() == ["acme", "demo"]

    async def test_keys_are_found_by_their_id_and_retired_by_their_tenant(
        self, store: Store
    ) -> None:
        await store.add_tenant("demo", 1)
        await store.add_tenant("acme", 1)
        first, second = SigningKey("k-1", b"\0\xff", 10), SigningKey("k-2", b"s", 20)
        await store.add_key("demo", second)
        await store.add_key("demo", first)
        assert await store.keys("demo") == [first, second]
        assert await store.keys("acme") == []
        assert await store.find_keys(["k-1", "k\0"]) == {"k-1": ("demo", first)}
        invented = [f"k-{number}" for number in range(70)]
        assert await store.find_keys(invented) == {"k-1": ("demo", first), "k-2": ("demo", second)}
        assert not await store.retire_key("acme", "k-1", 30)
        assert await store.retire_key("demo", "k-1", 30)
        assert not await store.retire_key("demo", "k-1", 31)
        retired = SigningKey("k-1", b"\0\xff", 10, 30)
        assert await store.find_keys(["k-1"]) == {"k-1": ("demo", retired)}

    async def test_a_key_id_is_unique_and_needs_its_tenant(self, store: Store) -> None:
        await store.add_tenant("demo", 1)
        await store.add_key("demo", SigningKey("k-1", b"s", 10))
        with pytest.raises(ValueError, match="k-1"):
            await store.add_key("demo", SigningKey("k-1", b"t", 11))
        with pytest.raises(ValueError, match="nowhere"):
            await store.add_key("nowhere", SigningKey("k-2", b"t", 11))


def link(id: str, created_at: int = 10, expires_at: int = 100) -> ShareLink:
    return ShareLink(id, b"\0secret", "viewer", "ada", created_at, expires_at)


class TitlesContract:
    async def test_a_title_is_kept_until_a_commit_has_another(self, store: Store) -> None:
        names = [HOME.doc, AWAY.doc]
        first = msgspec.structs.replace(made(HOME), title="Hello")
        await store.commit([first, made(AWAY)])
        assert await store.titles(HOME.tenant, names) == {HOME.doc: "Hello"}
        await store.commit([further(HOME, 1)])
        assert await store.titles(HOME.tenant, names) == {HOME.doc: "Hello"}
        await store.commit([msgspec.structs.replace(further(HOME, 2), title="\0é")])
        assert await store.titles(HOME.tenant, names) == {HOME.doc: "\0é"}
        assert await store.titles("acme", names) == {}
        assert await store.titles(HOME.tenant, []) == {}
        assert await store.titles(HOME.tenant, [AWAY.doc]) == {}

    async def test_a_deleted_document_has_no_title(self, store: Store) -> None:
        await store.commit([msgspec.structs.replace(made(HOME), title="Hello")])
        await store.delete(HOME, 5)
        assert await store.titles(HOME.tenant, [HOME.doc]) == {}

    async def test_a_commit_that_clashes_leaves_the_title(self, store: Store) -> None:
        await store.commit([msgspec.structs.replace(made(HOME), title="Hello")])
        stale = msgspec.structs.replace(further(HOME, 9), title="Late")
        assert await store.commit([stale]) == [Clash()]
        assert await store.titles(HOME.tenant, [HOME.doc]) == {HOME.doc: "Hello"}


class ShareLinksContract:
    async def test_a_share_link_is_found_as_a_key_for_its_document(self, store: Store) -> None:
        await store.commit([made(HOME), made(AWAY)])
        first, second = link("share-1", 10), link("share-2", 20)
        assert await store.add_share(HOME, second)
        assert await store.add_share(HOME, first)
        assert await store.shares(HOME) == [first, second]
        assert await store.shares(AWAY) == []
        key = SigningKey("share-1", b"\0secret", 10, doc=HOME.doc)
        assert await store.find_keys(["share-1", "share-9"]) == {"share-1": (HOME.tenant, key)}
        assert await store.keys(HOME.tenant) == []

    async def test_an_ended_share_link_has_no_key(self, store: Store) -> None:
        await store.commit([made(HOME), made(AWAY)])
        await store.add_share(HOME, link("share-1"))
        assert not await store.end_share(AWAY, "share-1")
        assert await store.end_share(HOME, "share-1")
        assert not await store.end_share(HOME, "share-1")
        assert await store.find_keys(["share-1"]) == {}

    async def test_a_document_has_a_limited_number_of_valid_share_links(self, store: Store) -> None:
        await store.commit([made(HOME)])
        assert await store.add_share(HOME, link("share-1", 10, 50), 2)
        assert await store.add_share(HOME, link("share-2", 20, 90), 2)
        assert await store.add_share(HOME, link("share-3", 30, 90), 2) is False
        assert await store.add_share(HOME, link("share-4", 50, 90), 2), "the first link is over"

    async def test_expired_share_links_are_dropped(self, store: Store) -> None:
        await store.commit([made(HOME)])
        await store.add_share(HOME, link("share-1", 10, 50))
        await store.add_share(HOME, link("share-2", 10, 60))
        assert await store.drop_shares(60) == 1
        assert [one.id for one in await store.shares(HOME)] == ["share-2"]

    async def test_the_share_links_of_a_deleted_document_are_gone(self, store: Store) -> None:
        assert await store.add_share(HOME, link("share-1")) is None
        await store.commit([made(HOME), made(AWAY)])
        await store.add_share(HOME, link("share-1"))
        await store.add_share(AWAY, link("share-2"))
        await store.delete(HOME, 30)
        assert await store.add_share(HOME, link("share-3")) is None
        assert list(await store.find_keys(["share-1", "share-2"])) == ["share-2"]


def lock(id: str, scope: str = "/sections/0") -> StoredLock:
    return StoredLock(id, scope, Author("ada", "Ada", "tab-1"), 7, 100, 400, b"\0hash")


class LocksContract:
    async def test_locks_are_written_together_with_the_revision(self, store: Store) -> None:
        await store.commit([made(HOME)])
        assert await store.locks(HOME) == (0, [])
        assert await store.save_locks(HOME, revision=0, put=[lock("l-2"), lock("l-1")], drop=[])
        assert await store.locks(HOME) == (1, [lock("l-1"), lock("l-2")])
        moved = lock("l-2", "/sections/4")
        assert await store.save_locks(HOME, revision=1, put=[moved], drop=["l-1"])
        assert await store.locks(HOME) == (2, [moved])

    async def test_several_lock_changes_are_one_write(self, store: Store) -> None:
        await store.commit([made(HOME)])
        assert await store.save_locks(
            HOME, revision=0, put=[lock("l-2")], drop=["l-1"], head=1, steps=3
        )
        assert await store.locks(HOME) == (3, [lock("l-2")])
        assert await store.commit([further(HOME, 1, revision=3)]) == [Committed()]

    async def test_a_stale_revision_writes_no_lock(self, store: Store) -> None:
        await store.commit([made(HOME)])
        assert await store.save_locks(HOME, revision=0, put=[lock("l-1")], drop=[])
        assert not await store.save_locks(HOME, revision=0, put=[lock("l-2")], drop=["l-1"])
        assert await store.locks(HOME) == (1, [lock("l-1")])

    async def test_a_lock_for_another_head_is_not_written(self, store: Store) -> None:
        await store.commit([made(HOME, 2)])
        new = [lock("l-1")]
        assert not await store.save_locks(HOME, revision=0, put=new, drop=[], head=1)
        assert await store.locks(HOME) == (0, [])
        assert await store.save_locks(HOME, revision=0, put=new, drop=[], head=2)
        assert await store.locks(HOME) == (1, new)

    async def test_a_new_lock_makes_older_commits_clash(self, store: Store) -> None:
        await store.commit([made(HOME)])
        await store.save_locks(HOME, revision=0, put=[lock("l-1")], drop=[])
        assert await store.commit([further(HOME, 1)]) == [Clash()]
        assert await store.commit([further(HOME, 1, revision=1)]) == [Committed()]

    async def test_a_commit_moves_locks_with_its_entries(self, store: Store) -> None:
        await store.commit([made(HOME), made(AWAY)])
        old = [lock("l-1"), lock("l-2", "/sections/2"), lock("l-3", "/seo")]
        assert await store.save_locks(HOME, revision=0, put=old, drop=[])
        moved = lock("l-2", "/sections/1")
        append = further(HOME, 1, revision=1)
        append = msgspec.structs.replace(append, put=[moved], drop=["l-1"])
        assert await store.commit([append, further(AWAY, 1)]) == [Committed(), Committed()]
        assert await store.locks(HOME) == (2, [moved, lock("l-3", "/seo")])
        assert await store.commit([further(AWAY, 2)]) == [Committed()]
        assert await store.commit([further(HOME, 2, revision=2)]) == [Committed()]

    async def test_a_clash_moves_no_lock(self, store: Store) -> None:
        await store.commit([made(HOME)])
        await store.save_locks(HOME, revision=0, put=[lock("l-1")], drop=[])
        append = msgspec.structs.replace(further(HOME, 1, revision=0), drop=["l-1"])
        assert await store.commit([append]) == [Clash()]
        assert await locked(store, append) == Clash()
        assert await store.locks(HOME) == (1, [lock("l-1")])

    async def test_locks_are_deleted_with_their_document(self, store: Store) -> None:
        await store.commit([made(HOME)])
        await store.save_locks(HOME, revision=0, put=[lock("l-1")], drop=[])
        await store.delete(HOME, 9)
        assert await store.locks(HOME) == (0, [])
        assert not await store.save_locks(HOME, revision=1, put=[lock("l-2")], drop=[])

    async def test_no_document_has_no_locks(self, store: Store) -> None:
        assert not await store.save_locks(HOME, revision=0, put=[lock("l-1")], drop=[])

    async def test_the_database_has_a_clock(self, store: Store) -> None:
        first = await store.now()
        assert first <= await store.now()


class AuditContract:
    async def test_the_trail_is_read_in_pages_newest_first(self, store: Store) -> None:
        rows = [AuditRow(n, f"user-{n}", "edit", "::1", "ok", n, {"n": n}) for n in range(1, 6)]
        await store.write_audit([(HOME, row) for row in rows])
        await store.write_audit([(AWAY, rows[0]), (HOME, AuditRow(6, "a\0", "lock"))])
        first = await store.audit(HOME, 0, 2)
        assert [row for _, row in first] == [AuditRow(6, "a\0", "lock"), rows[4]]
        rest = await store.audit(HOME, first[-1][0], 9)
        assert [row for _, row in rest] == rows[3::-1]

    async def test_many_rows_of_one_call_are_numbered_in_their_order(self, store: Store) -> None:
        rows = [AuditRow(n, "ada", "edit", version=n, detail={"n": n}) for n in range(1, 151)]
        await store.write_audit([(HOME, row) for row in rows])
        assert [row for _, row in await store.audit(HOME, 0, 200)] == rows[::-1]

    async def test_old_rows_are_dropped(self, store: Store) -> None:
        rows = [(HOME, AuditRow(n, "ada", "edit")) for n in range(1, 6)]
        await store.write_audit(rows)
        last = (await store.audit(HOME, 0, 1))[0][0]
        assert await store.drop_audit(4, most=2) == 2
        assert [row.at for _, row in await store.audit(HOME, 0, 9)] == [5, 4, 3]
        assert await store.drop_audit(4, most=2) == 1
        assert [row.at for _, row in await store.audit(HOME, 0, 9)] == [5, 4]
        assert await store.drop_audit(9, most=9) == 2
        await store.write_audit(rows[:1])
        assert (await store.audit(HOME, 0, 1))[0][0] > last

    async def test_a_retried_write_does_not_repeat_rows(self, store: Store) -> None:
        row = HOME, AuditRow(1, "ada", "edit", "::1", "ok", 1, {"n": 1})
        await store.write_audit([row, row], again=True)
        await store.write_audit([row, row], again=True)
        assert len(await store.audit(HOME, 0, 9)) == 2
        await store.write_audit([row, row, row], again=True)
        assert len(await store.audit(HOME, 0, 9)) == 5
        await store.write_audit([row])
        assert len(await store.audit(HOME, 0, 9)) == 6

    async def test_activity_has_the_changes_of_all_documents_of_a_tenant(
        self, store: Store
    ) -> None:
        titled = msgspec.structs.replace(made(HOME), title="Spring sale")
        assert await store.commit([titled, made(AWAY), made(OTHER)]) == [Committed()] * 3
        edit = AuditRow(1, "ada", "edit", "::1", "ok", 1, {"name": "Ada"})
        publish = AuditRow(3, "bo", "publish", "::1", "ok", 0, {"version": 1})
        long = AuditRow(4, "bo", "edit", "::1", "ok", 9, {"versions": ["x" * MOST_DETAIL]})
        others = [AuditRow(2, "ada", name) for name in ("open", "lock", "upload", "take")]
        refused = AuditRow(2, "ada", "edit", "", "read_only")
        await store.write_audit([(HOME, edit), *((HOME, each) for each in others)])
        await store.write_audit([(HOME, refused), (OTHER, edit), (AWAY, publish), (AWAY, long)])
        found = await store.activity("demo", 0, 9)
        assert [(each.doc, each.title, each.is_deleted, each.row) for each in found] == [
            ("away", "", False, AuditRow(4, "bo", "edit", version=9)),
            ("away", "", False, AuditRow(3, "bo", "publish", detail={"version": 1})),
            ("home", "Spring sale", False, AuditRow(1, "ada", "edit", "", "ok", 1, edit.detail)),
        ]
        [newest] = await store.activity("demo", 0, 1)
        assert newest == found[0]
        assert await store.activity("demo", newest.number, 9) == found[1:]
        assert await store.delete(HOME, 5)
        gone = (await store.activity("demo", 0, 9))[-1]
        assert (gone.title, gone.is_deleted) == ("", True)
        assert await store.activity("nowhere", 0, 9) == []

    async def test_writing_no_rows_does_nothing(self, store: Store) -> None:
        await store.write_audit([])
        assert await store.audit(HOME, 0, 9) == []


class StoreContract(
    LogContract,
    RequestsContract,
    SnapshotContract,
    CompactionContract,
    DocumentsContract,
    PublicationsContract,
    TenantContract,
    TitlesContract,
    ShareLinksContract,
    LocksContract,
    AuditContract,
):
    async def test_ping_succeeds(self, store: Store) -> None:
        await store.ping()
        await store.ping()
