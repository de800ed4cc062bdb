"""A row with a flipped bit is never returned, whatever bit it is."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from collab.entry import Accepted, Author
from collab.ids import DocKey
from collab.ports.directory import ShareLink, SigningKey
from collab.ports.publications import Publication
from collab.ports.store import (
    Append,
    Corrupt,
    NamedVersion,
    SavedSteps,
    Snapshot,
    StorageUnavailable,
)
from storage.sql.checksum import (
    accepted_crc,
    is_sound,
    lock_crc,
    name_crc,
    pack_entries,
    pack_snapshot,
    publication_crc,
    share_link_crc,
    signing_key_crc,
    title_crc,
    unpack_entry,
    unpack_snapshot,
)
from storage.sql.documents import control_crc, head_crc, schema_crc
from storage.store import SqlStore
from tests.storage.contract import AWAY, HOME, OTHER, entry, further, large, made, opened, stored

VERSIONS = 12
COLUMNS = {
    "entries": [
        *("tenant", "doc", "version", "author", "request", "commit_id"),
        *("at", "payload", "crc"),
    ],
    "snapshots": ["tenant", "doc", "version", "packing", "body", "crc"],
    "steps": ["tenant", "doc", "version", "packing", "body", "crc"],
}


def flipped(value: Any, dice: random.Random) -> Any:
    """Return the value with one bit flipped."""
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(32))
    data = bytearray(value.encode() if isinstance(value, str) else value)
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return data.decode("latin-1") if isinstance(value, str) else bytes(data)


def image_of(url: str) -> bytes:
    return Path(url.partition(":///")[2]).read_bytes()


class BitFlips:
    """Flips single bits in a file's rows, and flips them back."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self._file = sqlite3.connect(Path(url.partition(":///")[2]), isolation_level=None)
        self._dice = dice

    def close(self) -> None:
        self._file.close()

    def turn(self, table: str, where: str, *only: str) -> Callable[[], None]:
        """Flip one bit of a row, in one of these columns. Return the function that undoes it."""
        names = COLUMNS[table]
        select = f"SELECT {', '.join(names)} FROM {table} WHERE {where}"
        before = list(self._file.execute(select).fetchone())
        chosen = [n for n, name in enumerate(names) if name in (only or names) and before[n] != b""]
        while True:
            after = list(before)
            column = self._dice.choice(chosen)
            after[column] = flipped(before[column], self._dice)
            try:
                self._set(table, after, before)
            except sqlite3.IntegrityError:
                continue  # the key is now that of another row, which the table refuses
            return lambda: self._set(table, before, after)

    def _set(self, table: str, new: Sequence[Any], old: Sequence[Any]) -> None:
        to = ", ".join(f"{name} = ?" for name in COLUMNS[table])
        row = to.replace(",", " AND")
        done = self._file.execute(f"UPDATE {table} SET {to} WHERE {row}", [*new, *old])
        assert done.rowcount == 1


@pytest.mark.thorough
async def test_100_of_100_flipped_bits_in_entries_are_found(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    entries = [entry(n, id=f"p-{n}", commit=f"c-{n}") for n in range(1, VERSIONS + 1)]
    await sqlite_store.commit([Append(HOME, 1, 0, 0, entries, create=True), made(AWAY, 3)])
    sound = await sqlite_store.load(HOME)
    dice = random.Random(20)
    found = 0
    with closing(BitFlips(sqlite_url, dice)) as flips:
        for _ in range(100):
            where = f"doc = 'home' AND version = {dice.randint(1, VERSIONS)}"
            turn_back = flips.turn("entries", where)
            with pytest.raises(Corrupt):
                await sqlite_store.load(HOME)
            found += 1
            assert (await stored(sqlite_store, AWAY)).head == 3
            turn_back()
    assert found == 100
    assert await sqlite_store.load(HOME) == sound


@pytest.mark.thorough
async def test_no_flipped_bit_in_snapshots_is_served(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, VERSIONS)])
    bodies = {4: b"an early state", 8: b"a later state " * 2_000}
    for version, body in bodies.items():
        await sqlite_store.save_snapshot(HOME, 1, Snapshot(version, body))
    sound = await stored(sqlite_store)
    dice = random.Random(21)
    with closing(BitFlips(sqlite_url, dice)) as flips:
        for _ in range(100):
            version = dice.choice([4, 8])
            turn_back = flips.turn("snapshots", f"version = {version}")
            served = await stored(sqlite_store)
            expected = 4 if version == 8 else 8
            assert served.snapshot == Snapshot(expected, bodies[expected])
            assert served.entries == opened([entry(v) for v in range(expected + 1, VERSIONS + 1)])
            turn_back()
    assert await stored(sqlite_store) == sound


@pytest.mark.thorough
async def test_no_flipped_bit_in_undo_steps_is_served(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, VERSIONS)])
    steps = {4: b"early steps", 8: b"later steps " * 2_000}
    for version, body in steps.items():
        await sqlite_store.save_snapshot(HOME, 1, Snapshot(version, b"state", body))
    sound = await stored(sqlite_store)
    dice = random.Random(22)
    with closing(BitFlips(sqlite_url, dice)) as flips:
        for _ in range(100):
            version = dice.choice([4, 8])
            turn_back = flips.turn("steps", f"version = {version}")
            served = await stored(sqlite_store)
            expected = 4 if version == 8 else 8
            between = opened([entry(v) for v in range(expected + 1, 9)])
            assert served.steps == SavedSteps(expected, steps[expected], between)
            assert served.snapshot == sound.snapshot
            turn_back()
    assert await stored(sqlite_store) == sound


@pytest.mark.thorough
async def test_undo_steps_before_a_damaged_entry_are_not_served(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, 5)])
    await sqlite_store.save_snapshot(HOME, 1, Snapshot(2, b"state", b"steps"))
    await sqlite_store.save_snapshot(HOME, 1, Snapshot(4, b"state"))
    with closing(BitFlips(sqlite_url, random.Random(6))) as flips:
        flips.turn("entries", "version = 3", "payload")
    found = await stored(sqlite_store)
    assert (found.snapshot, found.steps) == (Snapshot(4, b"state"), None)


@pytest.mark.thorough
async def test_without_a_sound_snapshot_the_whole_log_is_used(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, 5)])
    await sqlite_store.save_snapshot(HOME, 1, Snapshot(4, b"state"))
    with closing(BitFlips(sqlite_url, random.Random(1))) as flips:
        flips.turn("snapshots", "version = 4", "body")
    found = await stored(sqlite_store)
    assert (found.snapshot, len(found.entries)) == (None, 5)


@pytest.mark.thorough
async def test_after_a_compaction_the_newest_snapshot_may_break(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, 30)])
    for version in (10, 20):
        await sqlite_store.save_snapshot(HOME, 1, Snapshot(version, b"%d" % version))
    await sqlite_store.compact(HOME, before=30, keep=[])
    with closing(BitFlips(sqlite_url, random.Random(2))) as flips:
        flips.turn("snapshots", "version = 20", "crc")
    found = await stored(sqlite_store)
    assert found.snapshot == Snapshot(10, b"10")
    assert found.entries == opened([entry(v) for v in range(11, 31)])


@pytest.mark.thorough
async def test_a_damaged_snapshot_drops_no_entries(sqlite_store: SqlStore, sqlite_url: str) -> None:
    await sqlite_store.commit([made(HOME, 30)])
    for version in (10, 20):
        await sqlite_store.save_snapshot(HOME, 1, Snapshot(version, b"%d" % version))
    with closing(BitFlips(sqlite_url, random.Random(3))) as flips:
        flips.turn("snapshots", "version = 10", "body")
    assert await sqlite_store.compact(HOME, before=30, keep=[]) == 0
    assert await sqlite_store.snapshot_before(HOME, 30) == Snapshot(20, b"20")


@pytest.mark.thorough
async def test_a_damaged_entry_does_not_stop_a_compaction(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    entries = [entry(n, id=f"p-{n}") for n in range(1, 31)]
    await sqlite_store.commit([Append(HOME, 1, 0, 0, entries, create=True)])
    for version in (10, 20):
        await sqlite_store.save_snapshot(HOME, 1, Snapshot(version, b"%d" % version))
    with closing(BitFlips(sqlite_url, random.Random(5))) as flips:
        flips.turn("entries", "version = 5", "payload")
    assert await sqlite_store.compact(HOME, before=30, keep=[]) == 10
    found = await sqlite_store.find_accepted(HOME, "ada", ["p-4", "p-5", "p-6"])
    assert sorted(one.id for one in found) == ["p-4", "p-6"]


@pytest.mark.thorough
async def test_a_damaged_entry_does_not_affect_other_documents(
    sqlite_store: SqlStore, sqlite_url: str
) -> None:
    await sqlite_store.commit([made(HOME, 3), made(OTHER, 3)])
    with closing(BitFlips(sqlite_url, random.Random(4))) as flips:
        flips.turn("entries", "tenant = 'demo' AND version = 2", "payload")
    with pytest.raises(Corrupt, match="entry 2 of demo/home"):
        await sqlite_store.entries(HOME, 0, 3, 9)
    assert len(await sqlite_store.entries(OTHER, 0, 3, 9)) == 3
    await sqlite_store.commit([further(OTHER, 3)])


@pytest.mark.thorough
async def test_a_damaged_page_never_gives_a_wrong_value(
    sqlite_store: SqlStore, sqlite_url: str, tmp_path: Path
) -> None:
    await sqlite_store.commit([made(HOME, VERSIONS)])
    await sqlite_store.save_snapshot(HOME, 1, Snapshot(4, b"state"))
    sound = await stored(sqlite_store)
    await sqlite_store.close()
    image = image_of(sqlite_url)
    at = image.index(b"version 9")
    copy = tmp_path / "copy.db"
    for offset in range(at - 40, at + 40, 8):
        damaged = bytearray(image)
        damaged[offset] ^= 4
        copy.write_bytes(damaged)
        store = SqlStore(f"sqlite+aiosqlite:///{copy}")
        with pytest.raises((Corrupt, StorageUnavailable)):
            assert await store.load(HOME) != sound
        await store.close()


@pytest.mark.thorough
def test_a_row_under_another_key_is_not_sound() -> None:
    ((_, _, version, author, request, *rest),) = pack_entries(HOME, [entry(7, id="p-7")])
    row = (version, author, request, *rest)
    assert unpack_entry(HOME, row) == entry(7, id="p-7")
    for key in (AWAY, OTHER, DocKey("demoh", "ome")):
        with pytest.raises(Corrupt):
            unpack_entry(key, row)
    for other in ((8, author, request), (7, b"ad", b"ap-7"), (7, b"bo", request)):
        with pytest.raises(Corrupt):
            unpack_entry(HOME, (*other, *rest))


@pytest.mark.thorough
def test_a_column_of_another_type_is_damage() -> None:
    ((_, _, *row, _),) = pack_entries(HOME, [entry(7)])
    for column in range(len(row)):
        with pytest.raises(Corrupt):
            unpack_entry(HOME, [*row[:column], None, *row[column + 1 :]])
    packing, body, crc = pack_snapshot(HOME, Snapshot(1, b"state"))
    assert unpack_snapshot(HOME, (1, packing, body, crc)) == Snapshot(1, b"state")
    assert unpack_snapshot(HOME, (1, packing, "state", crc)) is None
    assert unpack_snapshot(HOME, (1, None, body, crc)) is None


@pytest.mark.thorough
async def test_a_flipped_bit_in_a_summary_is_found(sqlite_store: SqlStore, sqlite_url: str) -> None:
    entries = [large(version) for version in (1, 2)]
    await sqlite_store.commit([Append(HOME, 1, 0, 0, entries, create=True)])
    dice, path = random.Random(3), Path(sqlite_url.partition(":///")[2])
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        [sound] = file.execute("SELECT summary FROM entries WHERE version = 2").fetchone()
        for turned in [flipped(sound, dice) for _ in range(20)]:
            file.execute("UPDATE entries SET summary = ? WHERE version = 2", [turned])
            with pytest.raises(Corrupt):
                await sqlite_store.summaries(HOME, 0, 9, 9)
        file.execute("UPDATE entries SET summary = ? WHERE version = 2", [sound])
    assert len(await sqlite_store.summaries(HOME, 0, 9, 9)) == 2


def test_an_answer_that_repeats_the_ops_is_stored_without_them() -> None:
    plain = entry(2)
    ops = [{"op": "replace", "path": "/t", "value": "x" * 1_000}]
    long = replace(plain, ops=ops, answer={"ops": ops, "conflicts": []})
    [row] = pack_entries(HOME, [long])
    assert len(row[7]) < 1_500
    assert unpack_entry(HOME, row[2:]) == long


def test_the_checksum_of_an_accepted_id_covers_its_answer() -> None:
    one = Accepted("ada", "r-1", 1)
    assert accepted_crc(HOME, one, 5, b"a") != accepted_crc(HOME, one, 5, b"b")


def test_the_checksums_of_stored_rows_never_change() -> None:
    """A database keeps the checksums of earlier versions of Weft."""
    key, publication = SigningKey("k-1", b"secret", 5, 7), Publication(3, Author("ada", "Ada"), 5)
    link = ShareLink("s-1", b"secret", "viewer", "ada", 5, 7)
    assert name_crc(HOME, NamedVersion(3, "first", "ada", 5)) == 1149129373
    assert title_crc(HOME, "Home") == 230324814
    assert publication_crc(HOME, 2, publication) == 1364884617
    assert lock_crc(HOME, "l-1", b"body") == 4143837497
    assert accepted_crc(HOME, Accepted("ada", "r-1", 3), 5, b"a") == 2043667443
    assert signing_key_crc("demo", key) == 2759062828
    assert share_link_crc(HOME, link) == 2745316568
    assert control_crc(HOME, 1, 0, 5, 3) == 2191114862
    assert head_crc(HOME, 3, 5, "ada") == 3649974712
    assert schema_crc(HOME, b"{}") == 569927804


def test_a_row_from_before_the_checksums_counts_as_sound() -> None:
    assert is_sound(None, lambda: 1)
    assert is_sound(1, lambda: 1)
    assert not is_sound(2, lambda: 1)
