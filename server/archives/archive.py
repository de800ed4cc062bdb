"""Archives: a document with its history as one JSON object, and the import of an archive."""

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
from collab.page.site import title_of
from collab.patch.apply import replay
from collab.patch.bounds import Bounds, json_size
from collab.patch.values import same
from collab.ports.store import Append, Committed, Full, NamedVersion, Store, Stored
from collab.room.request_digest import DIGEST_BYTES
from collab.schema.check import Schema
from collab.structs import guard
from collab.structs.guard import GuardBounds, inspect
from collab.tree.format_count import FormatCount
from collab.types.merging import merge_updates
from collab.yjs.lib0 import refuse_size
from server.runtime.worker_threads import run_in_thread

# An entry may be a whole pasted page, so its size is not limited here. The guard's other limits
# (`collab.yjs`) refuse updates that would exhaust the memory or the time of the process.
# An array of any length was accepted when it came, or the server could count its blocks exactly.
_BOUNDS = GuardBounds(update_bytes=0, array_values=0)
_LAST_TIME = 253_402_300_799_999  # the end of the year 9999


class Archive(Struct, frozen=True, forbid_unknown_fields=True):
    """A document at a version, with the entries of its log.

    Invariant: when the entries begin at version 1, applying all of them to `{}` gives `value`.

    When a compaction removed the oldest entries, `entries` begin at a later version. When the
    document is damaged, the archive has its readable parts, and `left_out` lists the others.
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
    """Return the archive in a body, or raise `malformed`."""
    try:
        return msgspec.json.decode(raw, type=Archive)
    except UNREADABLE as error:
        raise Rejected(
            Code.MALFORMED, f"the body is not an export of a document: {error}"
        ) from error


async def create_document(
    store: Store, key: DocKey, archive: Archive, now: int, *, quota: int = 0, most_names: int = 0
) -> int:
    """Create the document under a name that was never used; return its version.

    The import is one commit, so a failed import stores nothing. The tenant may have `quota`
    documents, and the document may have `most_names` named versions; 0 means no limit.

    The new epoch is `now`. It must differ from the epochs of the exported document, because that
    document's clients may hold edits of those epochs.
    """
    absent = await store.load(key)
    if isinstance(absent, Stored):
        raise Rejected(Code.ALREADY_EXISTS, f"a document {key.doc} exists already")
    if absent.last:
        # Earlier documents of this name used the versions 1 to `last`. An imported entry cannot get
        # another version, because saved undo steps name versions.
        raise Rejected(Code.CONFLICT, f"the name {key.doc} was used before; choose another")
    epoch = max(absent.epoch, now)
    # This takes 0.08 s for a megabyte. In the event loop, it would stop all clients meanwhile.
    await run_in_thread(check, archive, epoch)
    names = {one.version: one for one in archive.names}
    if most_names and len(names) > most_names:
        raise Rejected(Code.QUOTA_EXCEEDED, f"the export has more than {most_names} named versions")
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
        title=title_of(archive.value),
    )
    match (await store.commit([append]))[0]:
        case Committed():
            return archive.version
        case Full():
            raise Rejected(Code.QUOTA_EXCEEDED, "the tenant has reached its limit of documents")
        case _:
            raise Rejected(Code.CONFLICT, f"another client created {key.doc} meanwhile")


def check(archive: Archive, epoch: int) -> None:
    """Refuse an archive that no server can have written. No later code checks its entries."""
    versions = [entry.version for entry in archive.entries]
    whole = list(range(1, len(versions) + 1))
    if not versions or versions != whole or versions[-1] != archive.version:
        raise Rejected(
            Code.UNKNOWN_VERSION,
            "the export does not begin at version 1; create a document from its `value` instead",
        )
    inspected = [
        (entry, inspect(entry.update, _BOUNDS)) for entry in archive.entries if entry.update
    ]
    try:
        # Before any native code reads the bytes.
        _check_updates(inspected, max(json_size(archive.value), Bounds().max_bytes))
        for entry in archive.entries:
            check_values(entry)
        sound = _is_plausible(archive) and _gives_its_value(archive, epoch)
    except (Rejected, *UNREADABLE) as error:
        raise Rejected(
            Code.INVALID_DOCUMENT, f"the export's `entries` cannot be applied: {error}"
        ) from error
    if not sound:
        raise Rejected(Code.INVALID_DOCUMENT, "the export's `entries` do not result in its `value`")
    if archive.schema is not None:
        Schema.compile(msgspec.json.encode(archive.schema)).check(archive.value)


def _check_updates(inspected: Sequence[tuple[Entry, guard.Inspected]], most: int) -> None:
    """Check the Yjs updates like those of a client, but allow the client ids of any user.

    The formats of the last version may have `most` bytes (`collab/structs/text_formats.py`).
    """
    index, applied = guard.StructIndex(), list[bytes]()
    for entry, update in inspected:
        if entry.kind == REPAIR:
            index, applied = guard.StructIndex(), []
        applied.append(entry.update)
        without_owner = dict.fromkeys(update.sections, "")
        guard.check(update, index.clocks, leases=without_owner, user="", index=index)
        index.add(update)
    if index.formats.total > most:
        count = FormatCount(merge_updates(applied), index)
        if sum(text.pieces for text in count.texts()) > most:
            refuse_size(f"the formats of the texts take more than {most} bytes")


def _is_plausible(archive: Archive) -> bool:
    """Whether the log can store the versions, ids and times, and find them again."""
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
    """Whether the entries result in the value: both their JSON ops and their Yjs updates."""
    value: Json = {}
    for entry in archive.entries:
        value = replay(value, entry.ops)
    document = Document.open(None, archive.entries, epoch=epoch)
    try:
        return same(value, archive.value) and same(document.value, archive.value)
    finally:
        document.close()
