"""Archives: a document with its history as one JSON object, written out and read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from collab.document.document import Document
from collab.document.imported import check_values
from collab.entry import REPAIR, Entry
from collab.errors import UNREADABLE, Code, Rejected
from collab.ids import DocKey, Json
from collab.patch.apply import replay
from collab.patch.values import same
from collab.ports.store import Append, Committed, Full, NamedVersion, Store, Stored
from collab.room.request_digest import DIGEST_BYTES
from collab.schema.check import Schema
from collab.yjs import guard
from collab.yjs.guard import GuardBounds, inspect
from server.runtime.worker_threads import run_in_thread

# An entry may be a page that was pasted whole, so only what kills is bounded here, not its size.
_BOUNDS = GuardBounds(update_bytes=0)
_LAST_TIME = 253_402_300_799_999  # the end of the year 9999


class Archive(Struct, frozen=True, forbid_unknown_fields=True):
    """A document at a version, and every entry that led there.

    Invariant: `value` is what the entries give, from nothing where they begin at version 1.
    Where older ones have been compacted away, `entries` are those that are left. Of a damaged
    document it holds what could be read, and `left_out` says what could not.
    """

    format: Literal["weft-archive/1"]
    doc: str
    epoch: int
    version: int
    exported_at: str
    value: Any
    schema: Any
    names: list[NamedVersion]
    entries: list[Entry]
    left_out: list[str] | UnsetType = UNSET


def decode(raw: bytes) -> Archive:
    try:
        return msgspec.json.decode(raw, type=Archive)
    except UNREADABLE as error:
        raise Rejected(Code.MALFORMED, f"this is no archive of a document: {error}") from error


async def create_document(
    store: Store, key: DocKey, archive: Archive, now: int, *, quota: int = 0, most_names: int = 0
) -> int:
    """Make the document under a name that was never used; the version that it has then.

    All of it is one commit, so an import that fails leaves nothing. The tenant may have
    `quota` documents and the document `most_names` named versions; 0 is no limit.

    Its epoch is `now`: clients of the document that was exported hold edits of that one's epochs.
    """
    absent = await store.load(key)
    if isinstance(absent, Stored):
        raise Rejected(Code.ALREADY_EXISTS, f"there is a document {key.doc} already")
    if absent.last:
        # Undo records name versions, so an entry cannot be given another number.
        raise Rejected(Code.CONFLICT, f"the name {key.doc} was used before; take another")
    epoch = max(absent.epoch, now)
    # 0.08 s a megabyte, in which the event loop would serve no other client.
    await run_in_thread(check, archive, epoch)
    names = {one.version: one for one in archive.names}
    if most_names and len(names) > most_names:
        raise Rejected(Code.QUOTA_EXCEEDED, f"a document has {most_names} named versions at most")
    schema = b"" if archive.schema is None else msgspec.json.encode(archive.schema)
    append = Append(
        key=key,
        epoch=epoch,
        after=0,
        revision=0,
        entries=archive.entries,
        create=True,
        quota=quota,
        names=list(names.values()),
        schema=schema,
    )
    match (await store.commit([append]))[0]:
        case Committed():
            return archive.version
        case Full():
            raise Rejected(Code.QUOTA_EXCEEDED, "the tenant has as many documents as it may")
        case _:
            raise Rejected(Code.CONFLICT, f"another client made {key.doc} meanwhile")


def check(archive: Archive, epoch: int) -> None:
    """Refuse what no server can have written: what is imported is never checked again."""
    versions = [entry.version for entry in archive.entries]
    whole = list(range(1, len(versions) + 1))
    if not versions or versions != whole or versions[-1] != archive.version:
        raise Rejected(
            Code.UNKNOWN_VERSION,
            "the archive does not begin at version 1; create a document from its value instead",
        )
    inspected = [
        (entry, inspect(entry.update, _BOUNDS)) for entry in archive.entries if entry.update
    ]
    try:
        _check_updates(inspected)  # before the bytes come near native code
        for entry in archive.entries:
            check_values(entry)
        sound = _is_plausible(archive) and _gives_its_value(archive, epoch)
    except (Rejected, *UNREADABLE) as error:
        raise Rejected(
            Code.INVALID_DOCUMENT, f"the archive's entries cannot be applied: {error}"
        ) from error
    if not sound:
        raise Rejected(Code.INVALID_DOCUMENT, "the archive's entries do not give its value")
    if archive.schema is not None:
        Schema.compile(msgspec.json.encode(archive.schema)).check(archive.value)


def _check_updates(inspected: Sequence[tuple[Entry, guard.Inspected]]) -> None:
    """What is asked of a client's updates, but for whose ids they write under."""
    index = guard.StructIndex()
    for entry, update in inspected:
        if entry.kind == REPAIR:
            index = guard.StructIndex()
        without_owner = dict.fromkeys(update.sections, "")
        guard.check(update, index.clocks, leases=without_owner, user="", index=index)
        index.add(update)


def _is_plausible(archive: Archive) -> bool:
    """Whether versions, ids and times are such as the log can keep and be asked for."""
    entries, names = archive.entries, archive.names
    times = [*(entry.at for entry in entries), *(named.at for named in names)]
    ids = [(entry.author.user, entry.id) for entry in entries if entry.id]
    digests = {len(entry.digest) for entry in entries}
    return (
        entries[0].kind == "create"
        and len(set(ids)) == len(ids)
        and digests <= {0, DIGEST_BYTES}
        and all(0 <= at <= _LAST_TIME for at in times)
        and all(1 <= named.version <= archive.version for named in names)
    )


def _gives_its_value(archive: Archive, epoch: int) -> bool:
    """Whether the entries lead to the value, in JSON and in Yjs alike."""
    value: Json = {}
    for entry in archive.entries:
        value = replay(value, entry.ops)
    document = Document.open(None, archive.entries, epoch=epoch)
    try:
        return same(value, archive.value) and same(document.value, archive.value)
    finally:
        document.close()
