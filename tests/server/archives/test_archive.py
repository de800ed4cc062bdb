"""Archives: an import restores an export, and refuses incomplete or invalid archives."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import pytest
from pycrdt import Array, Doc, Map, XmlFragment, XmlText

from collab.document.document import Document
from collab.document.opening import Opening
from collab.entry import Author, Entry, Kind, Op
from collab.errors import Code, Rejected
from collab.ids import DocKey
from collab.ports.store import Append, Committed, NamedVersion, Stored
from server.archives.archive import Archive, check, create_document, decode
from server.archives.export import Head, export, export_damaged
from storage.store import SqlStore

pytestmark = pytest.mark.thorough

HOME = DocKey("demo", "home")
COPY = DocKey("acme", "copy")
AT = 1_772_366_400_123
EDITS: list[list[Op]] = [
    [{"op": "replace", "path": "", "value": {"title": "Hi", "sections": []}}],
    [{"op": "add", "path": "/sections/-", "value": {"id": "s1", "headline": "Buy"}}],
    [{"op": "replace", "path": "/title", "value": "Hello é"}],
    [{"op": "remove", "path": "/sections/0"}],
]
SCHEMA = b'{"type":"object"}'


def history(edits: list[list[Op]]) -> list[Entry]:
    document = Document.create(1)
    entries = []
    for version, ops in enumerate(edits, 1):
        change = document.patch(ops, version=version, user="ada", at=AT)
        assert change is not None
        entries.append(
            Entry(
                version=version,
                author=Author("ada", "Ada", "tab"),
                at=AT + version,
                kind="create" if version == 1 else "edit",
                ops=change.ops,
                update=change.update,
                id=f"tab.{version}",
                inverse=change.inverse,
            )
        )
    document.close()
    return entries


def archive_of_home() -> Archive:
    """Return an export of `home`, made without a database."""
    return Archive(
        format="weft-archive/1",
        doc="home",
        epoch=1,
        version=len(EDITS),
        exported_at="2026-03-01T12:00:00.123Z",
        value={"title": "Hello é", "sections": []},
        schema=None,
        names=[],
        entries=history(EDITS),
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = SqlStore(f"sqlite+aiosqlite:///{tmp_path}/weft.db")
    await opened.start()
    yield opened
    await opened.close()


async def fill(store: SqlStore) -> None:
    append = Append(HOME, 1, 0, 0, history(EDITS), create=True)
    assert await store.commit([append]) == [Committed()]
    await store.name_version(HOME, NamedVersion(2, "before the launch", "ada", AT))
    stored = await store.load(HOME)
    assert isinstance(stored, Stored)
    assert await store.set_schema(HOME, SCHEMA, stored.control.revision)


async def exported(store: SqlStore) -> Archive:
    await fill(store)
    return await exported_from(store, HOME)


async def exported_from(store: SqlStore, key: DocKey) -> Archive:
    """Export a document, and decode the export as an import does."""
    stored = await store.load(key)
    assert isinstance(stored, Stored)
    document = Document(Opening.of_stored(stored))
    head = Head(stored.epoch, stored.head, document.value, stored.control.schema)
    document.close()
    whole = await export(store, key, head, AT)
    return decode(b"".join([part async for part in whole.parts()]))


async def refused(store: SqlStore, archive: Archive, key: DocKey = COPY) -> Code:
    with pytest.raises(Rejected) as caught:
        await create_document(store, key, archive, AT)
    return caught.value.refusal.code


def changed(archive: Archive, **changes: Any) -> Archive:
    return msgspec.structs.replace(archive, **changes)


async def test_an_archive_has_the_whole_document(store: SqlStore) -> None:
    archive = await exported(store)
    assert (archive.doc, archive.epoch, archive.version) == ("home", 1, 4)
    assert archive.value == {"title": "Hello é", "sections": []}
    assert archive.schema == {"type": "object"}
    assert archive.exported_at == "2026-03-01T12:00:00.123Z"


async def test_a_document_comes_back_with_its_history(store: SqlStore) -> None:
    archive = await exported(store)
    assert await create_document(store, COPY, archive, AT) == 4
    again = await exported_from(store, COPY)
    # Another epoch: clients of the original may hold edits of its epoch.
    assert again == changed(archive, doc="copy", epoch=AT)


async def test_undo_works_after_an_import(store: SqlStore) -> None:
    await create_document(store, COPY, await exported(store), AT)
    stored = await store.load(COPY)
    assert isinstance(stored, Stored)
    document = Document.open(None, stored.entries, epoch=1)
    undone = document.undo("ada", version=5, at=AT)
    assert undone.change is not None
    assert document.value == {"title": "Hello é", "sections": [{"id": "s1", "headline": "Buy"}]}
    document.close()


async def test_request_ids_are_imported_with_their_digests(store: SqlStore) -> None:
    entries = [
        msgspec.structs.replace(entry, digest=bytes([entry.version]) * 16)
        for entry in archive_of_home().entries
    ]
    whole = changed(archive_of_home(), entries=entries)
    await create_document(store, COPY, decode(msgspec.json.encode(whole)), AT)
    found = await store.find_accepted(COPY, "ada", ["tab.1", "tab.3"])
    assert {one.digest for one in found} == {b"\x01" * 16, b"\x03" * 16}
    odd = msgspec.structs.replace(entries[0], digest=b"too short")
    other = DocKey("acme", "other")
    assert await refused(store, changed(whole, entries=[odd, *entries[1:]]), other) == (
        Code.INVALID_DOCUMENT
    )


async def test_an_archive_is_checked_in_a_thread(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, goes_on = Event(), Event()

    def judge(*_: object) -> None:
        began.set()
        assert goes_on.wait(5)

    monkeypatch.setattr("server.archives.archive.check", judge)
    creating = asyncio.create_task(create_document(store, COPY, archive_of_home(), AT))
    while not began.is_set():
        await asyncio.sleep(0)
    goes_on.set()
    assert await creating == 4


async def test_a_missing_document_is_not_exported(store: SqlStore) -> None:
    with pytest.raises(Rejected) as caught:
        await export_damaged(store, HOME, AT)
    assert caught.value.refusal.code is Code.NOT_FOUND


async def test_an_import_never_overwrites_a_document(store: SqlStore) -> None:
    assert await refused(store, await exported(store), HOME) is Code.ALREADY_EXISTS


async def test_a_name_that_was_used_before_is_not_imported(store: SqlStore) -> None:
    archive = await exported(store)
    await store.delete(HOME, AT)
    assert await refused(store, archive, HOME) is Code.CONFLICT


async def test_a_history_without_version_1_is_not_imported(store: SqlStore) -> None:
    archive = await exported(store)
    for version in (0, 3, 5, 10**15):
        assert await refused(store, changed(archive, version=version)) is Code.UNKNOWN_VERSION
    assert await refused(store, changed(archive, version=0, entries=[])) is Code.UNKNOWN_VERSION
    for entries in (archive.entries[1:], archive.entries[:-1], archive.entries[::2], []):
        assert await refused(store, changed(archive, entries=entries)) is Code.UNKNOWN_VERSION
    assert await store.row(COPY) is None


async def test_entries_that_do_not_give_the_value_are_not_imported(store: SqlStore) -> None:
    archive = await exported(store)
    forged = changed(archive, value={"title": "Hello"})
    assert await refused(store, forged) is Code.INVALID_DOCUMENT
    entry = msgspec.structs.replace(archive.entries[2], update=b"\0\0")
    mute = changed(archive, entries=[*archive.entries[:2], entry, archive.entries[3]])
    assert await refused(store, mute) is Code.INVALID_DOCUMENT
    assert await store.row(COPY) is None


@pytest.mark.parametrize("schema", [{"type": "nothing"}, {"required": ["seo"]}, [], "x"])
async def test_an_invalid_or_broken_schema_is_not_imported(store: SqlStore, schema: Any) -> None:
    archive = changed(await exported(store), schema=schema)
    assert await refused(store, archive) is Code.INVALID_DOCUMENT
    assert await store.row(COPY) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"ops": [{"op": "nonsense"}]},
        {"ops": [{"op": "remove", "path": "/nowhere"}]},
        {"ops": [{"op": "replace", "path": "", "value": None}]},
        {"inverse": b"no records"},
        {"at": 2**63},
        {"at": -1},
        {"id": "tab.1"},
    ],
)
async def test_an_impossible_entry_is_not_imported(store: SqlStore, odd: dict[str, Any]) -> None:
    archive = await exported(store)
    entry = msgspec.structs.replace(archive.entries[2], **odd)
    forged = changed(archive, entries=[*archive.entries[:2], entry, archive.entries[3]])
    assert await refused(store, forged) is Code.INVALID_DOCUMENT
    assert await store.row(COPY) is None


@pytest.mark.parametrize("version", [0, -1, 5, 2**63])
async def test_a_name_of_a_missing_version_is_not_imported(store: SqlStore, version: int) -> None:
    names = [NamedVersion(version, "launch", "ada", AT)]
    assert (
        await refused(store, changed(await exported(store), names=names)) is Code.INVALID_DOCUMENT
    )
    assert await store.row(COPY) is None


@pytest.mark.parametrize("update", [b"\xff\xff\xff\x7f", b"x", b"\1\1\1\0"])
async def test_harmful_updates_never_reach_native_code(store: SqlStore, update: bytes) -> None:
    archive = await exported(store)
    entry = msgspec.structs.replace(archive.entries[2], update=update)
    hostile = changed(archive, entries=[*archive.entries[:2], entry, archive.entries[3]])
    assert await refused(store, hostile) is Code.MALFORMED


async def test_deeply_nested_types_never_reach_native_code(
    store: SqlStore,
) -> None:
    doc: Doc[Any] = Doc()
    place: Map[Any] = doc.get("beside", type=Map)
    entries = []
    for version in range(1, 300):
        before = doc.get_state()
        place["a"] = place = Map()
        kind: Kind = "create" if version == 1 else "edit"
        update = doc.get_update(before)
        entries.append(Entry(version, Author("ada"), AT, kind, [], update))
    for count, sound in ((250, True), (299, False)):
        archive = changed(
            archive_of_home(), version=count, value={}, entries=entries[:count], doc=f"d{count}"
        )
        if sound:
            assert await create_document(store, DocKey("acme", archive.doc), archive, AT) == count
        else:
            assert await refused(store, archive) is Code.INVALID_DOCUMENT


@pytest.mark.parametrize(("pieces", "sound"), [(100, True), (8_000, False)])
async def test_formats_that_take_megabytes_never_reach_native_code(
    store: SqlStore, pieces: int, sound: bool
) -> None:
    """The value of the last version has no text: only yrs would read all formats."""
    doc: Doc[Any] = Doc()
    content = doc.get("content", type=Map)
    content["x"] = XmlFragment([XmlText("ab" * pieces)])
    text = content["x"].children[0]
    with doc.transaction():
        for at in range(0, 2 * pieces, 2):
            text.format(at, at + 1, {"b": True})
        text.format(0, 2 * pieces, {"n" * 500: True})
    value = {"x": str(text)} if sound else {"x": ""}
    ops = [{"op": "add", "path": "/x", "value": value["x"]}]
    entries = [Entry(1, Author("ada"), AT, "create", ops, doc.get_update())]
    archive = changed(archive_of_home(), version=1, value=value, entries=entries)
    if sound:
        assert await create_document(store, COPY, archive, AT) == 1
    else:
        assert await refused(store, archive) is Code.INVALID_DOCUMENT


async def test_a_y_array_of_any_length_is_imported(store: SqlStore) -> None:
    doc: Doc[Any] = Doc()
    doc.get("beside", type=Map)["list"] = Array([Map() for _ in range(5_100)])
    entries = [Entry(1, Author("ada"), AT, "create", [], doc.get_update())]
    archive = changed(archive_of_home(), version=1, value={}, entries=entries)
    assert await create_document(store, COPY, archive, AT) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b'{"format":"weft-archive/2"}',
        b"\xff",
        b'{"format":1}',
        b'{"format":"\xff"}',
    ],
)
def test_a_body_that_is_no_archive_is_malformed(raw: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        decode(raw)
    assert caught.value.refusal.code is Code.MALFORMED


def is_taken_or_refused(raw: bytes) -> bool:
    """Whether an archive could be imported. Any other error than a refusal fails the test."""
    try:
        check(decode(raw), AT)
    except Rejected:
        return False
    return True


def test_a_flipped_bit_in_undo_records_is_accepted_or_refused() -> None:
    archive = archive_of_home()
    refused = 0
    for number, entry in enumerate(archive.entries):
        for bit in range(8 * len(entry.inverse)):
            inverse = bytearray(entry.inverse)
            inverse[bit // 8] ^= 1 << bit % 8
            rotten = msgspec.structs.replace(entry, inverse=bytes(inverse))
            entries = [*archive.entries[:number], rotten, *archive.entries[number + 1 :]]
            refused += not is_taken_or_refused(
                msgspec.json.encode(changed(archive, entries=entries))
            )
    assert refused > 100


@pytest.mark.parametrize("seed", range(5))
def test_a_flipped_bit_in_an_archive_is_accepted_or_refused(seed: int) -> None:
    dice = random.Random(seed)
    sound = msgspec.json.encode(archive_of_home())
    for _ in range(200):
        raw = bytearray(sound)
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        is_taken_or_refused(bytes(raw))


def test_an_archive_that_nests_too_deep_is_malformed() -> None:
    sound = msgspec.json.encode(archive_of_home())
    deep = sound.replace(b'"Buy"', b"[" * 100_000 + b"]" * 100_000)
    assert not is_taken_or_refused(deep)
