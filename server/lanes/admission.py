"""Admission: check the token, open the document, and find the changes that a client missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from collab import wire
from collab.entry import Author, Entry
from collab.errors import Code, Rejected
from collab.messages import Change, Open, Since
from collab.room.member import Member
from collab.room.requests import Create
from collab.room.tail import approximate_size
from server.access.authentication import authenticate, client_name, name_document, not_found
from server.runtime.encoded import Position, ValueKey
from server.runtime.worker_threads import LARGE

if TYPE_CHECKING:
    from server.access.tokens import Claims
    from server.documents.live_room import LiveRoom
    from server.recording.connections import ConnectionInfo
    from server.services import Services

# A client that missed more changes gets the value instead, which is shorter.
MAX_RESUMED = 1000
MAX_RESUMED_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Admission:
    """An admitted client, and its live room (an open document), which the caller must release.

    `changes` lead from the client's version to the room's version; None when the client needs the
    value. `encoded` is the JSON of a large value. The caller must use `changes` and `encoded`
    before its next await, because the document may change then.
    """

    claims: Claims
    live: LiveRoom
    changes: list[Change] | None
    encoded: bytes | None = None


async def admit_to_patch_lane(
    services: Services, doc: str, token: str | None, message: Open, info: ConnectionInfo
) -> Admission:
    """Check the token, open the document or create it, and find the changes since `since`."""
    claims = await authenticate(services.keyring, token)
    key = name_document(claims, doc)
    info.asker = key, claims.user
    live = await services.hub.open(key)
    try:
        await _ensure_document(services, claims, live, message, info.socket.peer)
        _check_connection_count(services, live)
        changes = await _changes_since(services, claims, live, message.since)
        encoded = None if changes is not None else await _encoded(services, live)
        _check_not_ended(live)
    except BaseException:  # also when cancelled: a refused client must not keep the room open
        services.hub.release(live)
        raise
    return Admission(claims, live, changes, encoded)


async def admit_to_yjs_lane(
    services: Services, doc: str, token: str | None, info: ConnectionInfo
) -> Admission:
    """Check the token and open the document.

    When the document does not exist, the first update of a Yjs client creates it. So the client
    needs the right to create.
    """
    claims = await authenticate(services.keyring, token)
    key = name_document(claims, doc)
    info.asker = key, claims.user
    live = await services.hub.open(key)
    try:
        if not live.room.exists and not _may_create(claims):
            raise not_found()
        if not live.room.exists:
            services.creations.check(key, claims.user)
        _check_connection_count(services, live)
        _check_not_ended(live)
    except BaseException:  # also when cancelled: a refused client must not keep the room open
        services.hub.release(live)
        raise
    return Admission(claims, live, None)


async def _ensure_document(
    services: Services, claims: Claims, live: LiveRoom, message: Open, origin: str
) -> None:
    if live.room.exists:
        return
    if message.create is None or not claims.rights.can_write():
        raise not_found()
    claims.rights.require_whole_document()
    services.creations.charge(live.key, claims.user, len(wire.encode(message.create)))
    author = Author(claims.user, claims.name, client_name(message.client))
    member = Member(author=author, rights=claims.rights, lane="patch", origin=origin)
    await services.hub.ask(live, member, Create(message.create))


def _may_create(claims: Claims) -> bool:
    return claims.rights.can_write() and claims.rights.sections is None


def _check_connection_count(services: Services, live: LiveRoom) -> None:
    most = services.settings.max_connections
    if most and len(live.audience) >= most:
        raise Rejected(
            Code.QUOTA_EXCEEDED,
            f"the document has {most} connections, the most allowed; try again later",
        )


def _check_not_ended(live: LiveRoom) -> None:
    """Raise when the document was deleted, or found damaged, during the admission."""
    if live.audience.ended is not None:
        refusal = live.audience.ended.refusal
        raise Rejected(refusal.code, refusal.message)


async def _changes_since(
    services: Services, claims: Claims, live: LiveRoom, since: Since | None
) -> list[Change] | None:
    """Return the changes after `since` up to the room's version.

    None when the changes are too many or too large, or when the server does not know `since`.
    """
    if since is None or not _is_known(live, since):
        return None
    at = since.version
    missed: list[Entry] = []
    while (newer := live.room.tail.since(at)) is None:
        upto = live.room.tail.base
        history, left = services.hub.history, MAX_RESUMED_BYTES - sum(map(approximate_size, missed))
        older = await history.between(live.key, at, upto, MAX_RESUMED, left)
        if older is None or len(missed) + len(older) > MAX_RESUMED or not _is_known(live, since):
            return None
        missed += older
        at = upto
    return [
        wire.change(entry, with_id=entry.author.user == claims.user) for entry in missed + newer
    ]


async def _encoded(services: Services, live: LiveRoom) -> bytes | None:
    """Return a large value as JSON; None when it is small, or changed during the encoding."""
    room, version = live.room, live.room.version
    if room.document.size <= LARGE:
        return None
    value_key = ValueKey(live.key, Position(room.epoch, version))
    held = await services.encoded_values.encode(value_key, room.value)
    return held.body if live.room is room and room.version == version else None


def _is_known(live: LiveRoom, since: Since) -> bool:
    return since.epoch == live.room.epoch and 0 < since.version <= live.room.version
