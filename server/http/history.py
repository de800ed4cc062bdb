"""History over HTTP: versions, old values, diffs, names, restore, import and the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.document.history_rows import VersionRow, version_rows
from collab.entry import Summary
from collab.errors import Code, Refusal, Rejected
from collab.ids import DocKey, Json
from collab.patch.pointer import parse_named
from collab.ports.audit import AuditRow
from collab.ports.store import NamedVersion
from collab.rights.user_rights import Role
from collab.room.requests import RestoreVersion
from server.access.authentication import not_found
from server.archives import archive
from server.documents.live_room import LiveRoom
from server.handling.bodies import read_body, read_object
from server.handling.position import note_position, position_of
from server.handling.requests import (
    as_whole_number,
    diff_in_thread,
    document_of,
    json_response,
    large_json_response,
    member_of,
    named_document,
    permitted,
    permitted_whole,
    request_id_of,
    require_exists,
    require_role,
    require_whole_document,
    services_of,
    using,
    whole_number,
)
from server.http.listing import page_size
from server.runtime.encoded import Position

PAGE = 50
MOST = 500
# The most log entries to read for one page. An item of more entries continues on the next page.
MOST_ENTRIES = 2000
# The most bytes of the log to read for one page. Most entries have a short summary. Entries of
# early Weft versions have no summary, so the server reads the whole entry.
MOST_BYTES = 2 << 20
MAX_NAME = 200


async def list_versions(request: Request) -> Response:
    """Return the versions, newest first. Successive edits of one user are one item.

    With `?each=1` each version is an item. `?from=` and `?to=` limit the versions. With all three,
    a client lists the versions of one item.
    """
    async with document_of(request) as (_, live):
        require_exists(live)
        limit = min(whole_number(request, "limit") or PAGE, MOST)
        newest = _newest(request, live)
        oldest = whole_number(request, "from") or 1
        entries = await _page(request, live, oldest, newest)
        store = services_of(request).store
        names = await store.named_versions(live.key)
        steps = await store.publications(live.key, oldest - 1, newest)
        gap_ms = _gap_ms(request)
        published = live.room.control.published
        found = version_rows(
            entries,
            {n.version: n.name for n in names},
            gap_ms=gap_ms,
            published=published,
            publications=steps,
        )
    page: dict[str, Any] = {"items": found[:limit]}
    if found:
        rest = _first(found[:limit])
        if len(found) > limit or await _is_kept(request, live, oldest, rest - 1):
            page["cursor"] = str(rest)
    return json_response(page)


async def get_version(request: Request) -> Response:
    """Return the value at a version."""
    async with document_of(request) as (_, live):
        version = _version_in_path(request)
        value = await value_at(request, require_exists(live), version)
        at = note_position(request, position_of(live, version))
    return await large_json_response(value, at=at)


async def get_diff(request: Request) -> Response:
    """Return the JSON Patch that leads from one version to another."""
    async with document_of(request) as (_, live):
        require_exists(live)
        from_, to = whole_number(request, "from"), whole_number(request, "to")
        if from_ is None:
            raise Rejected(Code.MALFORMED, "`from` must name a version, for example `?from=3`")
        was = await value_at(request, live, from_)
        at = note_position(request, position_of(live, to))
        is_ = await value_at(request, live, at.version)
    response = await large_json_response(await diff_in_thread(was, is_))
    response.headers["Content-Type"] = "application/json-patch+json"
    return response


async def name_version(request: Request) -> Response:
    """Name a version. Retention never removes a named version."""
    services = services_of(request)
    async with permitted_whole(request, Role.EDITOR) as (claims, key):
        body = await read_object(request)
        name = body.get("name")
        if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME:
            raise Rejected(Code.MALFORMED, f"`name` must be a text of 1 to {MAX_NAME} characters")
        async with using(request, key) as live:
            version = _number(body.get("version", require_exists(live).room.version), "version")
            await value_at(request, live, version)  # raises when the log no longer has the version
        named = NamedVersion(version, name.strip(), claims.user, services.clock.now_ms())
        most = services.settings.max_named
        if not await services.store.name_version(key, named, most):
            raise Rejected(Code.QUOTA_EXCEEDED, f"the document has {most} named versions already")
        services.recorder.did(key, member_of(request, claims), "name", version=version)
    body = {"version": version, "name": named.name, "by": named.by, "at": wire.rfc3339(named.at)}
    return json_response(body, 201)


async def restore(request: Request) -> Response:
    """Restore an older version, whole or in part, as a change that the user can undo."""
    hub = services_of(request).hub
    async with permitted(request, Role.PUBLISHER) as (claims, key):
        body = await read_object(request)
        version, pointer = _number(body.get("version"), "version"), body.get("pointer", "")
        parse_named(pointer, "pointer")
        async with using(request, key) as live:
            value, missing = await _value_or_refusal(request, require_exists(live), version)
            asked = RestoreVersion(version, value, pointer, request_id_of(request), missing)
            done = await hub.ask(live, member_of(request, claims), asked)
            at = note_position(request, position_of(live, done.version))
    return await large_json_response({"version": done.version, **done.ack}, at=at)


async def import_document(request: Request) -> Response:
    """Create a document from an export. No document of this name may exist."""
    async with document_of(request) as (claims, live):
        require_whole_document(claims, Role.ADMIN)
        if live.room.exists:
            raise Rejected(Code.ALREADY_EXISTS, "a document with this name exists already")
        services = services_of(request)
        services.creations.check(live.key, claims.user)
        settings = services.settings
        raw = await read_body(request, settings.max_import)
        services.creations.charge(live.key, claims.user, len(raw))
        whole, now = archive.decode(raw), services.clock.now_ms()
        quota, most = settings.max_documents, settings.max_named
        version = await archive.create_document(
            services.store, live.key, whole, now, quota=quota, most_names=most
        )
        await services.hub.reopen(live)
        services.recorder.did(live.key, member_of(request, claims), "import", upto=version)
        at = note_position(request, position_of(live, version))
    return json_response({"version": version}, 201, at=at)


async def value_at(request: Request, live: LiveRoom, version: int) -> Json:
    """Return the value at a version; raise `unknown_version` when the version is not kept."""
    room = live.room
    if version == room.version:
        return room.value
    if version > room.version:
        raise Rejected(Code.UNKNOWN_VERSION, f"version {version} does not exist yet")
    # The version before the tail, `tail.base`, may belong to an earlier document of this name. So
    # read that version from the log.
    if version and room.tail.base < version:
        return room.tail.value_at(version)
    history = services_of(request).hub.history
    async with history.reading:
        return await history.value_at(live.key, version)


async def _value_or_refusal(
    request: Request, live: LiveRoom, version: int
) -> tuple[Json, Refusal | None]:
    """Return the value at a version, or the refusal when it cannot be read."""
    try:
        return await value_at(request, live, version), None
    except Rejected as rejected:
        return None, rejected.refusal


def _newest(request: Request, live: LiveRoom) -> int:
    """Return the newest version of this page: the lowest of head, `?to=` and `?cursor=` - 1."""
    newest = live.room.version
    to = whole_number(request, "to")
    if to is not None:
        newest = min(newest, to)
    cursor = whole_number(request, "cursor")
    return newest if cursor is None else min(newest, cursor - 1)


async def _page(request: Request, live: LiveRoom, oldest: int, newest: int) -> Sequence[Summary]:
    if newest < oldest:
        return []
    services = services_of(request)
    async with services.hub.history.reading:
        store = services.store
        return await store.summaries(live.key, oldest - 1, newest, MOST_ENTRIES, MOST_BYTES)


async def _is_kept(request: Request, live: LiveRoom, oldest: int, newest: int) -> bool:
    """Whether the log still has any of these versions; compaction removes the oldest."""
    if newest < oldest:
        return False
    return bool(await services_of(request).store.summaries(live.key, oldest - 1, newest, 1))


def _first(found: Sequence[VersionRow]) -> int:
    """Return the oldest version on a page."""
    last = found[-1]
    return last.version if not isinstance(last.from_, int) else last.from_


def _gap_ms(request: Request) -> int:
    if request.query_params.get("each") not in (None, "", "0", "false"):
        return 0
    return int(services_of(request).settings.history_gap_seconds * 1000)


def _version_in_path(request: Request) -> int:
    text: str = request.path_params["version"]
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise not_found()
    return int(text)


def _number(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Rejected(Code.MALFORMED, f"`{name}` must be a version: a whole number")
    return value


# --- the audit trail: who did what, when, from where ----------------------------------------


async def list_audit(request: Request) -> Response:
    """Return the audit rows of a document, newest first. Only an admin of the tenant may read them.

    This does not open the document, so it works for a deleted or damaged document too.
    """
    services = services_of(request)
    async with named_document(request) as (claims, key):
        require_role(claims, Role.ADMIN)
        limit, before = page_size(request), _cursor(request)
        await _find(request, key)
        await services.recorder.trail.flush()
        rows = await services.store.audit(key, before, limit + 1)
    page: dict[str, Any] = {"items": [_shown(row) for _, row in rows[:limit]]}
    if len(rows) > limit:
        page["cursor"] = str(rows[limit - 1][0])
    response = json_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _find(request: Request, key: DocKey) -> None:
    """Refuse a name that the tenant never used: its audit trail has only refused requests."""
    store = services_of(request).store
    row = await store.row(key)
    if row is not None and not row.damaged:
        note_position(request, Position(row.epoch, row.version))
    elif row is None and not await store.ever_existed(key):
        raise not_found()


def _cursor(request: Request) -> int:
    text = request.query_params.get("cursor", "")
    return as_whole_number(text, "`cursor`") if text else 0


def _shown(row: AuditRow) -> dict[str, Any]:
    body: dict[str, Any] = {
        "at": wire.rfc3339(row.at),
        "actor": row.actor,
        "action": row.action,
        "outcome": row.outcome,
        "origin": row.origin,
    }
    if row.version:
        body["version"] = row.version
    return {**body, "detail": row.detail} if row.detail else body
