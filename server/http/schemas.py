"""A document's JSON Schema over HTTP. After every change, the value must match the schema.

A document's revision is a number. It grows when the schema, the locks or the publication change.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext

from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Refusal, Rejected
from collab.ids import Json
from collab.ports.store import StorageUnavailable
from collab.raw_json import MAX_VALUES
from collab.rights.user_rights import Role
from collab.schema.check import Schema
from collab.schema.named import named_schema
from server.documents.attempts import require_success, succeeds
from server.documents.catching_up import take_schema
from server.documents.live_room import LiveRoom
from server.handling.bodies import parse, read_raw_json
from server.handling.conditional import if_none_match
from server.handling.requests import (
    JSON,
    document_of,
    member_of,
    permitted_whole,
    require_exists,
    require_role,
    require_whole_document,
    services_of,
    using,
)
from server.loading.opening import LONG_SCHEMA, schema_of, stored_schemas
from server.runtime.worker_threads import run_in_thread
from server.services import Services

SCHEMA_TYPE = "application/schema+json"


async def get_schema(request: Request) -> Response:
    """Return the schema exactly as it was set."""
    async with document_of(request) as (claims, live):
        require_role(claims, Role.ADMIN)
        schema = require_exists(live).room.control.schema
    if not schema:
        raise _no_schema()
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache, private"}
    return Response(schema, media_type=JSON, headers=headers)


async def get_named_schema(request: Request) -> Response:
    """Return one of the server's own schemas. It contains nothing private, so it needs no token."""
    name = request.path_params["schema"]
    schema = named_schema(name)
    if schema is None:
        raise Rejected(Code.NOT_FOUND, f"there is no schema {name!r}")
    tag = hashlib.sha256(schema).hexdigest()[:32]
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    if if_none_match(request, tag) is not None:
        return Response(status_code=304, headers=headers)
    return Response(schema, media_type=SCHEMA_TYPE, headers=headers)


async def put_schema(request: Request) -> Response:
    """Set the schema of the document. Refuse a schema that the present value does not match."""
    services = services_of(request)
    async with permitted_whole(request, Role.ADMIN) as (claims, key):
        schema = await read_raw_json(request, JSON, SCHEMA_TYPE, "")
        await parse(schema, MAX_VALUES)
        async with using(request, key) as live:
            await _replace_schema(services, require_exists(live), schema)
        services.recorder.did(key, member_of(request, claims), "schema")
    return Response(status_code=204)


async def delete_schema(request: Request) -> Response:
    """Remove the schema: any value is allowed again."""
    async with document_of(request) as (claims, live):
        require_whole_document(claims, Role.ADMIN)
        if not require_exists(live).room.control.schema:
            raise _no_schema()
        await _replace_schema(services_of(request), live, b"")
        services_of(request).recorder.did(live.key, member_of(request, claims), "drop schema")
    return Response(status_code=204)


async def _replace_schema(services: Services, live: LiveRoom, schema: bytes) -> None:
    """Write the schema, and use it for all further changes.

    A change may be committed between the check and the write, by this instance or by another. It
    was checked only against the previous schema. So this checks the value again after the write.
    When the value breaks the new schema, this restores the previous schema.
    """

    compiled: Schema | None = None

    async def attempt() -> bool:
        nonlocal compiled
        room = require_exists(live).room
        previous, version = room.control.schema, room.version
        compiled = await _checked(schema, compiled, room.value)
        if not await _set_schema(services, live, schema, compiled, room.control.revision):
            return False
        await services.hub.others.level(live)
        room = require_exists(live).room
        if room.version != version:
            try:
                await _checked(schema, compiled, room.value)
            except Rejected:
                await _restore_schema(services, live, schema, previous)
                raise
        return True

    # One long schema at a time: a compiled schema takes 200 times the memory of its text.
    turn = services.long_schemas if len(schema) > LONG_SCHEMA else nullcontext()
    async with turn:
        await require_success(attempt)


async def _restore_schema(
    services: Services, live: LiveRoom, schema: bytes, previous: bytes
) -> None:
    """Restore the previous schema, unless another request has set a schema meanwhile."""

    async def attempt() -> bool:
        control = live.room.control
        if control.schema != schema:
            return True
        compiled = await schema_of(live.key, previous)
        return await _set_schema(services, live, previous, compiled, control.revision)

    await succeeds(attempt)


async def _set_schema(
    services: Services, live: LiveRoom, schema: bytes, compiled: Schema | None, revision: int
) -> bool:
    """Write the schema, and use it. Return False when the document no longer has this revision."""
    is_set = await _write_schema(services, live, schema, revision)
    is_taken = is_set and take_schema(live, schema, compiled, revision)
    if not is_taken and live.room.control.revision == revision:
        await services.hub.refresh(live)  # the room has neither this schema nor that of a rival
    if is_set:
        services.hub.others.controlled(live)
    return is_set


async def _write_schema(services: Services, live: LiveRoom, schema: bytes, revision: int) -> bool:
    """Write the schema. Return False when the document no longer has this revision.

    When the database fails, the schema may or may not be written. So the hub reloads the document.
    """
    try:
        return await services.store.set_schema(live.key, schema, revision)
    except StorageUnavailable:
        services.hub.request_reopen(live)
        raise


async def _checked(schema: bytes, compiled: Schema | None, value: Json) -> Schema | None:
    """Return the compiled schema, if the value matches it. Raise the refusal if not.

    A worker thread does it, because large schemas and large values take long.
    """
    if not schema:
        return None
    compiled, refusal = await run_in_thread(_compiled_for, schema, compiled, value)
    if refusal is not None:
        raise Rejected(refusal.code, refusal.message, **refusal.extra)
    return compiled


def _compiled_for(
    raw: bytes, compiled: Schema | None, value: Json
) -> tuple[Schema | None, Refusal | None]:
    """Return the compiled schema, which documents share, or a refusal.

    The thread frees the schema of a refusal.
    """
    try:
        schema = compiled or stored_schemas.find(raw) or Schema.stored(raw)
        schema.require_known().check(value)
        return stored_schemas.add(raw, schema), None
    except Rejected as rejected:
        return None, rejected.refusal


def _no_schema() -> Rejected:
    return Rejected(Code.NOT_FOUND, "this document has no schema")
