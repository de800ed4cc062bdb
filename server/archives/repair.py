"""Repair: what is left of a damaged document, and the document that is written from it.

Every snapshot and every entry is read alone. The newest snapshot that opens is the base; the
entries after it are applied where they still read and apply. What is left out is said by version.
The repaired document has a new epoch, so that no client takes it for the one that it knew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from collab.document.document import Document
from collab.document.snapshot_format import with_version
from collab.entry import REPAIR, Author, Entry, since_repair
from collab.errors import UNREADABLE, Rejected
from collab.ids import Json
from collab.patch.apply import replay
from collab.patch.values import Atomic, named_atomic, sanitized
from collab.ports.repairs import Rebuilt, Remains
from collab.ports.store import SavedSteps
from collab.schema.check import Schema
from server.documents.open_in_child import Asked, Failed, Opened, open_in_child
from server.runtime.logs import error_sentence

Open = Callable[[Asked], Awaitable[Opened | Failed]]

MISMATCH = "its row does not match its checksum"
NEW_STATE = "undo steps, and what only Yjs clients saw (other root types, formats, embeds)"


@dataclass(slots=True)
class Salvage:
    """What can be read of a document.

    `value` is None where nothing can. `last` is the newest version that any row names. `whole`
    is the document with its Yjs state, where all of that is sound; `failure` says why a document
    whose rows are all there does not open. `has_start` is False where neither a snapshot nor the
    first entries can be read. `schema` is None where there is none, or it cannot be read.
    `left_out` are sentences.
    """

    last: int
    value: Json = None
    whole: Opened | None = None
    failure: str = ""
    has_start: bool = True
    schema: Schema | None = None
    left_out: list[str] = field(default_factory=list)
    broken_snapshots: list[int] = field(default_factory=list)


async def salvage(remains: Remains, *, every: bool = False, open_: Open = open_in_child) -> Salvage:
    """Find out what can be read; `every` also tries the snapshots that only history needs."""
    found = Salvage(_last(remains))
    found.left_out += remains.lost
    for version in remains.damaged_snapshots:
        found.left_out.append(f"snapshot {version}: {MISMATCH}")
    base, value = await _find_base(remains, found, open_)
    since = [entry for entry in remains.entries if entry.version > base]
    if found.whole is None and found.value is None:
        # A long log takes seconds, in which the server would answer no other request.
        await asyncio.to_thread(_apply, found, value, since)
    if found.failure:
        found.left_out.append(_yjs_state(found.failure))
    _report_missing(remains, found, base)
    _read_schema(remains, found)
    if every:
        await _try_older(remains, found, base, open_)
    return found


def _last(remains: Remains) -> int:
    rows = [remains.head, *remains.damaged_entries, *remains.damaged_snapshots]
    rows += [entry.version for entry in remains.entries[-1:]]
    return max([*rows, *remains.snapshots])


async def _find_base(remains: Remains, found: Salvage, open_: Open) -> tuple[int, Json]:
    """The newest version to begin at, and the value there; `found` gets more where it is whole."""
    repaired = since_repair(remains.entries)
    for version, body in reversed(remains.snapshots.items()):
        if repaired is not None and version < repaired[0].version:
            break
        since = [entry for entry in remains.entries if entry.version > version]
        asked = Asked(body, since, remains.epoch or 1, _steps_before(remains, version))
        if await _open_whole(found, asked, version, open_):
            return version, None
        opened = await open_(Asked(body, [], remains.epoch or 1))
        if isinstance(opened, Opened):
            return version, opened.value
        found.failure = ""
        _note_broken(found, version, opened)
    entries = list(repaired or remains.entries)
    if not entries:
        found.has_start = False
        return found.last, None
    base = entries[0].version - 1
    if entries[0].kind in ("create", REPAIR):
        await _open_whole(found, Asked(None, entries, remains.epoch or 1), base, open_)
    else:
        found.has_start = False
        found.left_out.append(f"versions up to {base}: no snapshot of them opens")
    return base, {}


def _steps_before(remains: Remains, base: int) -> SavedSteps | None:
    """The newest steps from which every entry up to a base is there."""
    for version, body in sorted(remains.steps.items(), reverse=True):
        since = [entry for entry in remains.entries if version < entry.version <= base]
        if version <= base and _is_dense(since, version, base):
            return SavedSteps(version, body, since)
    return None


def _is_dense(entries: Sequence[Entry], after: int, upto: int) -> bool:
    return len(entries) == upto - after and all(
        entry.version == version for version, entry in enumerate(entries, after + 1)
    )


async def _open_whole(found: Salvage, asked: Asked, base: int, open_: Open) -> bool:
    """Whether everything from a base to the last version opens."""
    found.failure = ""
    if not _is_dense(asked.entries, base, found.last):
        return False
    opened = await open_(asked)
    if isinstance(opened, Failed):
        found.failure = opened.reason
        return False
    found.value = opened.value
    if opened.refusal:
        found.failure = opened.refusal
    else:
        found.whole = opened
    return True


def _yjs_state(reason: str) -> str:
    return f"the Yjs state ({reason}): a repair makes it again from the value"


def _apply(found: Salvage, value: Json, since: Sequence[Entry]) -> None:
    """Replay the entries that still apply."""
    for entry in since:
        try:
            after = replay(value, entry.ops)
            if not isinstance(after, dict):
                raise TypeError("the value is no object")
            value = after
        except Exception as error:  # whatever the row holds, the rows after it are tried
            found.left_out.append(f"version {entry.version}: {error_sentence(error)}")
    found.value = value


def _report_missing(remains: Remains, found: Salvage, base: int) -> None:
    read = {entry.version for entry in remains.entries}
    applied = "; the value has its change" if found.has_start else ""
    for version in remains.damaged_entries:
        rest = applied if version <= base else ""
        found.left_out.append(f"version {version}: {MISMATCH}{rest}")
    named = sorted(read.union(remains.damaged_entries))
    for first, last in remains.lost_entries if found.has_start else ():
        if first <= base:
            found.left_out.append(f"{_versions(first, min(last, base))}: not in the log{applied}")
    for first, last in _gaps(base, named, found.last):
        found.left_out.append(f"{_versions(first, last)}: not in the log")
    is_said = any(said.startswith("the head:") for said in remains.lost)
    if remains.head < found.last and not is_said:
        found.left_out.append(f"the head, which said {remains.head}: the log has {found.last}")


def _versions(first: int, last: int) -> str:
    return f"version {first}" if first == last else f"versions {first} to {last}"


async def _try_older(remains: Remains, found: Salvage, base: int, open_: Open) -> None:
    """Find the snapshots that do not open: no request for a version after them would succeed."""
    for version, body in remains.snapshots.items():
        if version < base:
            opened = await open_(Asked(body, [], remains.epoch or 1))
            if isinstance(opened, Failed):
                _note_broken(found, version, opened)


def _note_broken(found: Salvage, version: int, failed: Failed) -> None:
    found.left_out.append(f"snapshot {version}: it does not open ({failed.reason})")
    found.broken_snapshots.append(version)


def _gaps(after: int, versions: Iterable[int], upto: int) -> Iterator[tuple[int, int]]:
    """The first and the last of each run of versions that is missing; a run may be vast."""
    for version in (*versions, upto + 1):
        if version > after + 1:
            yield after + 1, version - 1
        after = max(after, version)


def _read_schema(remains: Remains, found: Salvage) -> None:
    """A document with a schema that cannot be read does not open."""
    if remains.schema:
        try:
            found.schema = Schema.compile(remains.schema)
        except (Rejected, *UNREADABLE) as error:
            found.left_out.append(f"the schema: {error_sentence(error)}")


# --- writing it again -------------------------------------------------------------------------


def rebuild(remains: Remains, found: Salvage, now: int) -> Rebuilt:
    """The document that begins again with what was found; `found.left_out` gets the rest."""
    value: Any = sanitized(found.value)
    schema = _kept_schema(value, found)
    atomic = named_atomic if schema is None else schema.is_atomic
    # An epoch that cannot be read may be one that clients hold; the second of the clock is not.
    epoch = remains.epoch + 1 if remains.epoch else now // 1000
    version = found.last + 1
    if found.whole is not None:
        update, body = found.whole.state, with_version(found.whole.snapshot, version)
        steps = found.whole.steps
    else:
        (update, body), steps = _fresh(value, epoch, version, atomic), b""
        found.left_out.append(NEW_STATE)
    entry = Entry(
        version=version,
        author=Author("weft", "Weft"),
        at=now,
        kind=REPAIR,
        ops=[{"op": "replace", "path": "", "value": value}],
        update=update,
        lane="server",
    )
    return Rebuilt(
        seen=remains.epoch,
        head=remains.head,
        revision=remains.revision,
        epoch=epoch,
        entry=entry,
        body=body,
        steps=steps,
        drop_entries=remains.damaged_entries,
        drop_snapshots=[*remains.damaged_snapshots, *found.broken_snapshots],
        drop_schema=bool(remains.schema) and schema is None,
    )


def _fresh(value: Json, epoch: int, version: int, atomic: Atomic) -> tuple[bytes, bytes]:
    """A Yjs document that holds the value and nothing else: its whole state, and a snapshot."""
    document = Document.create(epoch, atomic, version=version - 1)
    try:
        ops = [{"op": "replace", "path": "", "value": value}]
        document.patch(ops, version=version, user="weft", at=0, kind="create")
        document.advance_to(version)  # of an empty value too
        return document.update_since(b"\x00"), document.snapshot(steps=False).body
    finally:
        document.close()


def _kept_schema(value: Json, found: Salvage) -> Schema | None:
    """The schema, where the value keeps it: else no edit would be accepted."""
    if found.schema is not None:
        try:
            found.schema.check(value)
        except Rejected as error:
            found.left_out.append(f"the schema: {error_sentence(error)}")
            return None
    return found.schema
