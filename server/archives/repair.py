"""Repair: reads the remains of a damaged document, and writes a new document from them.

The remains are all rows of the document: snapshots, entries and the head (`collab.ports.repairs`).
A repair reads each row separately. The newest snapshot that opens is the base. The repair applies
the readable entries after the base, and lists the versions of the other entries. The repaired
document has a new epoch, so that clients do not send older edits to it.
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
from server.loading.open_in_child import Asked, Failed, Opened, open_in_child
from server.runtime.logs import error_sentence

Open = Callable[[Asked], Awaitable[Opened | Failed]]

MISMATCH = "its row does not match its checksum"
NEW_STATE = "undo steps, and content that only Yjs clients see (other root types, formats, embeds)"


@dataclass(slots=True)
class Salvage:
    """The readable parts of a document.

    - `last`: the newest version that any row names.
    - `value`: the value, or None when no part of it can be read.
    - `whole`: the document with its Yjs state, when the whole document opens.
    - `failure`: why a document does not open although no row is missing.
    - `has_start`: False when neither a snapshot nor the first entries can be read.
    - `schema`: None when the document has no schema, or when the schema cannot be read.
    - `left_out`: a sentence for each part that cannot be read.
    - `broken_snapshots`: the versions of the snapshots that do not open.
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
    """Return the readable parts. With `every`, also try older snapshots, which history needs."""
    found = Salvage(_last(remains))
    found.left_out += remains.lost
    for version in remains.damaged_snapshots:
        found.left_out.append(f"snapshot {version}: {MISMATCH}")
    base, value = await _find_base(remains, found, open_)
    since = [entry for entry in remains.entries if entry.version > base]
    if found.whole is None and found.value is None:
        # A long log takes seconds. In the event loop, it would stop all other requests meanwhile.
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
    """Return the base: the newest version from which the entries can be applied, and its value.

    When the document opens with all entries after the base, `found` gets the whole document.
    """
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
        found.left_out.append(f"versions up to {base}: no snapshot of these versions opens")
    return base, {}


def _steps_before(remains: Remains, base: int) -> SavedSteps | None:
    """Return the newest saved undo steps from which the log has every entry up to `base`."""
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
    """Whether the document opens with every entry from the base to the last version."""
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
    return f"the Yjs state ({reason}): a repair makes a new one from the value"


def _apply(found: Salvage, value: Json, since: Sequence[Entry]) -> None:
    """Replay the entries that still apply."""
    for entry in since:
        try:
            after = replay(value, entry.ops)
            if not isinstance(after, dict):
                raise TypeError("the value is not an object")
            value = after
        except Exception as error:  # for every kind of damage: continue with the next row
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
        found.left_out.append(
            f"the head: its row names version {remains.head}, the log has version {found.last}"
        )


def _versions(first: int, last: int) -> str:
    return f"version {first}" if first == last else f"versions {first} to {last}"


async def _try_older(remains: Remains, found: Salvage, base: int, open_: Open) -> None:
    """Find older snapshots that do not open.

    A repair drops these snapshots: with them, reads of the versions after them would fail.
    """
    for version, body in remains.snapshots.items():
        if version < base:
            opened = await open_(Asked(body, [], remains.epoch or 1))
            if isinstance(opened, Failed):
                _note_broken(found, version, opened)


def _note_broken(found: Salvage, version: int, failed: Failed) -> None:
    found.left_out.append(f"snapshot {version}: it does not open ({failed.reason})")
    found.broken_snapshots.append(version)


def _gaps(after: int, versions: Iterable[int], upto: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last version of each gap. A gap may be very long."""
    for version in (*versions, upto + 1):
        if version > after + 1:
            yield after + 1, version - 1
        after = max(after, version)


def _read_schema(remains: Remains, found: Salvage) -> None:
    """Read the schema. When it cannot be read, the repair drops it: the document would not open."""
    if remains.schema:
        try:
            found.schema = Schema.stored(remains.schema)
        except (Rejected, *UNREADABLE) as error:
            found.left_out.append(f"the schema: {error_sentence(error)}")


# --- writing it again -------------------------------------------------------------------------


def rebuild(remains: Remains, found: Salvage, now: int) -> Rebuilt:
    """Return the new document. Add a sentence to `found.left_out` for each part that it lacks."""
    value: Any = sanitized(found.value)
    schema = _kept_schema(value, found)
    atomic = named_atomic if schema is None else schema.is_atomic
    # When the epoch cannot be read, any small number may be an epoch that clients know. No client
    # knows the present time in seconds as an epoch.
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
    """Return the state and the snapshot of a new Yjs document that contains only the value."""
    document = Document.create(epoch, atomic, version=version - 1)
    try:
        ops = [{"op": "replace", "path": "", "value": value}]
        document.patch(ops, version=version, user="weft", at=0, kind="create")
        document.advance_to(version)  # an empty value makes no change, so `patch` makes no version
        return document.update_since(b"\x00"), document.snapshot(steps=False).body
    finally:
        document.close()


def _kept_schema(value: Json, found: Salvage) -> Schema | None:
    """Return the schema; None when the value breaks it, because then no edit would be accepted."""
    if found.schema is not None:
        try:
            found.schema.check(value)
        except Rejected as error:
            found.left_out.append(f"the schema: {error_sentence(error)}")
            return None
    return found.schema
