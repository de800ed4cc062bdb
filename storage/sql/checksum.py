"""Packs rows with a checksum (CRC), and unpacks them.

A checksum covers the content and the key of a row. So it also detects a row that has moved to
another document. Rows of an old Weft version have no checksum. They count as sound until they are
written again.

An entry contains the answer to its request (`answer`), so that a retry gets the same answer.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec
from msgspec.structs import replace

from collab.entry import Accepted, Author, Entry, Kind, Lane, Summary, pointers_of, without_ops
from collab.ids import DocKey
from collab.ports.directory import ShareLink, SigningKey
from collab.ports.publications import Publication
from collab.ports.store import Corrupt, NamedVersion, Snapshot

T = TypeVar("T")

_encode = msgspec.msgpack.Encoder().encode
_decode_entry = msgspec.msgpack.Decoder(Entry).decode

PLAIN, DEFLATED = 0, 1
_STEPS = b"steps "  # part of the checksum, so that undo steps are never read as a snapshot
# A smaller body takes one or two pages anyway, and inflating it would cost more than reading it.
_SMALLEST_DEFLATED = 8192
# A limit for inflated bodies. The server never writes a larger body.
_LARGEST_BODY = 1 << 30


# A larger entry has a summary, so that history does not read the whole entry.
_LARGEST_WITHOUT_SUMMARY = 4096

# A row of `entries`, from `tenant` to `summary`.
EntryRow: TypeAlias = tuple[str, str, int, bytes, bytes, bytes, int, bytes, int, bytes]


class _OpPath(msgspec.Struct):
    """An op. Only its path is decoded."""

    path: str


class _WithoutOps(msgspec.Struct):
    """An entry. Everything except the ops is decoded."""

    version: int
    author: Author
    at: int
    kind: Kind
    update: bytes
    lane: Lane = "patch"
    id: str = ""
    commit: str = ""
    inverse: bytes = b""
    reverts: list[int] = []
    leases: list[int] = []
    answer: dict[str, Any] = {}
    digest: bytes = b""


class _Summarized(msgspec.Struct):
    """An entry. Only the fields of its summary are decoded."""

    version: int
    author: Author
    at: int
    kind: Kind
    ops: list[_OpPath]


_decode_without_ops = msgspec.msgpack.Decoder(_WithoutOps).decode
_decode_summarized = msgspec.msgpack.Decoder(_Summarized).decode
_decode_summary = msgspec.msgpack.Decoder(Summary).decode


def _key_crc(key: DocKey) -> int:
    # So that the checksum also detects a row that has moved to another document.
    return zlib.crc32(f"{key.tenant}/{key.doc}/".encode())


def _entry_crc(
    key_crc: int,
    version: int,
    author: bytes,
    request: bytes,
    commit: bytes,
    at: int,
    payload: bytes,
) -> int:
    sizes = (len(author), len(request), len(commit))
    fields = b"%d %d %d %d %d %b%b%b" % (version, at, *sizes, author, request, commit)
    return zlib.crc32(payload, zlib.crc32(fields, key_crc))


def pack_entries(key: DocKey, entries: Sequence[Entry]) -> list[EntryRow]:
    """Return the entries as rows of their table."""
    tenant, doc = key
    key_crc = _key_crc(key)
    rows = []
    for entry in entries:
        version, at = entry.version, entry.at
        author, request = entry.author.user.encode(), entry.id.encode()
        stored = _without_repeated_ops(entry) if entry.answer else entry
        commit, payload = entry.commit.encode(), _encode(stored)
        crc = _entry_crc(key_crc, version, author, request, commit, at, payload)
        summary = _pack_summary(key_crc, entry) if len(payload) > _LARGEST_WITHOUT_SUMMARY else b""
        rows.append((tenant, doc, version, author, request, commit, at, payload, crc, summary))
    return rows


def unpack_entry(key: DocKey, row: Sequence[Any]) -> Entry:
    """Return the entry in a row (`version` to `crc`); raise `Corrupt` when it is damaged."""
    try:
        sound = _entry_crc(_key_crc(key), *row[:6]) == row[6]
        if sound:
            return _with_repeated_ops(_decode_entry(row[5]))
    except (TypeError, msgspec.MsgspecError):
        # A damaged column may have another type, because SQLite columns accept every type.
        pass
    raise Corrupt(f"entry {row[0]} of {key.tenant}/{key.doc} does not match its checksum")


def unpack_without_ops(key: DocKey, row: Sequence[Any]) -> Entry:
    """Like `unpack_entry`, without the ops. Decode the ops only when the answer repeats them."""
    try:
        if _entry_crc(_key_crc(key), *row[:6]) == row[6]:
            found = _decode_without_ops(row[5])
            if found.answer.get("ops", ()) is not None:
                return Entry(ops=[], **msgspec.structs.asdict(found))
    except (TypeError, msgspec.MsgspecError):
        pass  # as in `unpack_entry`
    return without_ops(unpack_entry(key, row))


def _pack_summary(key_crc: int, entry: Entry) -> bytes:
    body = _encode(Summary.of(entry))
    return zlib.crc32(body, key_crc).to_bytes(4, "big") + body


def unpack_summary(key: DocKey, row: Sequence[Any], packed: bytes | None) -> Summary:
    """Return the stored summary. Without a stored summary, make it from the entry in this row."""
    try:
        if packed is None:
            if _entry_crc(_key_crc(key), *row[:6]) == row[6]:
                parts = _decode_summarized(row[5])
                places = pointers_of(op.path for op in parts.ops)
                return Summary(parts.version, parts.author, parts.at, parts.kind, places)
        elif zlib.crc32(packed[4:], _key_crc(key)).to_bytes(4, "big") == packed[:4]:
            summary = _decode_summary(packed[4:])
            if summary.version == row[0]:
                return summary
    except (TypeError, msgspec.MsgspecError):
        pass  # as in `unpack_entry`
    raise Corrupt(f"entry {row[0]} of {key.tenant}/{key.doc} does not match its checksum")


def _without_repeated_ops(entry: Entry) -> Entry:
    """Return the entry in its stored form: when its answer repeats the ops, store them once."""
    ops = entry.answer.get("ops")
    if ops is None or ops is not entry.ops:
        return entry
    return replace(entry, answer={**entry.answer, "ops": None})


def _with_repeated_ops(entry: Entry) -> Entry:
    """Return the entry with the ops that its answer repeats."""
    if entry.answer.get("ops", ()) is not None:
        return entry
    return replace(entry, answer={**entry.answer, "ops": entry.ops})


class Packed(NamedTuple):
    """A body as it is stored."""

    packing: int
    body: bytes
    crc: int


def pack_snapshot(key: DocKey, snapshot: Snapshot) -> Packed:
    """Return the state of a snapshot, packed."""
    return _pack(key, b"", snapshot.version, snapshot.body)


def pack_steps(key: DocKey, snapshot: Snapshot) -> Packed:
    """Return the undo steps of a snapshot, packed."""
    return _pack(key, _STEPS, snapshot.version, snapshot.steps)


def unpack_snapshot(key: DocKey, row: Sequence[Any]) -> Snapshot | None:
    """Return the snapshot in a row (version, packing, body, crc); None when it is damaged."""
    body = _unpack(key, b"", row)
    return None if body is None else Snapshot(row[0], body)


def unpack_steps(key: DocKey, row: Sequence[Any]) -> bytes | None:
    """Return the undo steps in a row (version, packing, body, crc); None when damaged."""
    return _unpack(key, _STEPS, row)


def _body_crc(key: DocKey, what: bytes, version: int, packing: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(b"%b%d %d " % (what, version, packing), _key_crc(key)))


def _pack(key: DocKey, what: bytes, version: int, body: bytes) -> Packed:
    packing = PLAIN
    if len(body) >= _SMALLEST_DEFLATED:
        smaller = zlib.compress(body, 1)
        if len(smaller) < len(body) * 3 // 4:
            packing, body = DEFLATED, smaller
    return Packed(packing, body, _body_crc(key, what, version, packing, body))


def _unpack(key: DocKey, what: bytes, row: Sequence[Any]) -> bytes | None:
    version, packing, body, crc = row
    try:
        if _body_crc(key, what, version, packing, body) != crc:
            return None
        if packing == DEFLATED:
            body = zlib.decompressobj().decompress(body, _LARGEST_BODY)
    except (TypeError, zlib.error):
        return None
    return bytes(body)


def pack_answer(answer: dict[str, Any]) -> bytes:
    return _encode(answer) if answer else b""


def unpack_answer(packed: bytes) -> dict[str, Any]:
    return msgspec.msgpack.decode(packed, type=dict[str, Any]) if packed else {}


# --- rows that are written column by column -------------------------------------------------------


def crc_of(table: str, place: Iterable[str], *columns: object) -> int:
    """Return the checksum of a row: of its table, its key (`place`) and its columns."""
    return zlib.crc32(_encode((table, *place, *columns)))


def is_sound(crc: int | None, now: Callable[[], int]) -> bool:
    """Whether a row matches its stored checksum. `now` computes the checksum of the row as read."""
    if crc is None:
        return True
    try:
        return now() == crc
    except (TypeError, OverflowError, UnicodeError):
        return False  # a damaged column may have another type


def sound_and_damaged(
    rows: Iterable[tuple[T, int, int | None, Callable[[], int]]],
) -> tuple[list[T], list[int]]:
    """Return the values of the sound rows, and the numbers of the damaged rows.

    Each row is given as its value, its number, its stored checksum and its computed checksum.
    """
    sound: list[T] = []
    damaged: list[int] = []
    for value, number, crc, now in rows:
        if is_sound(crc, now):
            sound.append(value)
        else:
            damaged.append(number)
    return sound, damaged


def name_crc(key: DocKey, one: NamedVersion) -> int:
    return crc_of("named", key, one.version, one.name, one.by, one.at)


def title_crc(key: DocKey, title: str) -> int:
    return crc_of("titles", key, title)


def publication_crc(key: DocKey, number: int, step: Publication) -> int:
    by = step.by
    return crc_of("publications", key, number, step.version, by.user, by.name, step.at, step.what)


def lock_crc(key: DocKey, id: str, body: bytes) -> int:
    return crc_of("locks", key, id, body)


def accepted_crc(key: DocKey, one: Accepted, at: int, answer: bytes) -> int:
    # Rows from before revision 0008 have no digest, and their checksum does not cover one.
    digest = (one.digest,) if one.digest else ()
    return crc_of("accepted", key, one.user, one.id, one.version, at, answer, *digest)


def signing_key_crc(tenant: str, key: SigningKey) -> int:
    columns = (key.secret, key.created_at, key.retired_at)
    return crc_of("signing_keys", (tenant, key.kid), *columns)


def share_link_crc(key: DocKey, link: ShareLink) -> int:
    times = (link.created_at, link.expires_at)
    return crc_of("share_links", key, link.id, link.secret, link.role, link.by, *times)
