"""Documents: what can be asked of them over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from collab.errors import Code
from collab.ids import DOC_NAME
from server.openapi.operation import (
    CHANGED,
    CLIENT,
    CURSOR,
    DOC,
    FENCE,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    JSON,
    LIMIT,
    ON_CHANGE,
    PATCH,
    POINTER,
    SCHEMA,
    WHOLE,
    WITHOUT_SECTIONS,
    Body,
    Operation,
    Parameter,
    Response,
)
from server.openapi.shapes import Changed, DocumentPage, JsonPatch, PresencePage, RevertScope

AT = Parameter("at", "query", int, "The value as it was at this version.", WHOLE)
BASE = Parameter(
    "base",
    "query",
    int,
    "The version that the patch is based on; it is rebased to the head. The head, where left out.",
    WHOLE,
)
ONLY_IF_ABSENT = Parameter(
    "If-None-Match", "header", str, "`*`: where there is one already, 412 and not 409."
)
EPOCH = Parameter(
    "epoch", "query", int, "The epoch of `base`; the current one, where left out.", WHOLE
)
READING = ("ETag", "Last-Modified", "Weft-Updated-By", "Cache-Control", "Vary")
ONE = "/v1/docs/{doc}"

LIST = Operation(
    "GET",
    "/v1/docs",
    "listDocuments",
    "Documents",
    "The tenant's documents, by name",
    {200: Response("A page of documents.", DocumentPage)},
    (LIMIT, replace(CURSOR, schema={"pattern": f"^({DOC_NAME.pattern})?$"})),
)
GET = Operation(
    "GET",
    ONE,
    "getDocument",
    "Documents",
    "Read a document, or a part of it",
    {
        200: Response("The value, as it is or as br or gzip.", Any, (*READING, "Content-Encoding")),
        304: Response("The client has it already.", headers=READING),
    },
    (DOC, AT, POINTER, IF_NONE_MATCH),
    refusals=(Code.NOT_FOUND, Code.UNKNOWN_VERSION),
)
PUT = Operation(
    "PUT",
    ONE,
    "putDocument",
    "Documents",
    "Make a document, or replace its value",
    {
        201: Response("It was made.", Changed, ("ETag", "Location")),
        200: CHANGED,
    },
    (DOC, IF_MATCH, ONLY_IF_ABSENT, IDEMPOTENCY_KEY, CLIENT, FENCE),
    Body(dict[str, Any], "The whole value."),
    (*ON_CHANGE, Code.ALREADY_EXISTS),
    "Without `If-Match` it makes the document, and is refused when there is one. With it, it "
    "replaces the value by the smallest change that leads there. A token with `sections` makes "
    "no document, and changes what lies in its sections.",
    conditional=True,
)
PATCH_IT = Operation(
    "PATCH",
    ONE,
    "patchDocument",
    "Documents",
    "Change a document",
    {200: CHANGED},
    (DOC, BASE, EPOCH, IF_MATCH, IDEMPOTENCY_KEY, CLIENT, FENCE),
    Body(JsonPatch, "A JSON Patch (RFC 6902); it is applied whole or not at all.", (PATCH, JSON)),
    ON_CHANGE,
    "`If-Match` is strict: whatever others did meanwhile refuses it, with what they did. `base` "
    "is not: the patch is rebased to the head, and `ops` says what was applied.",
    conditional=True,
)
DELETE = Operation(
    "DELETE",
    ONE,
    "deleteDocument",
    "Documents",
    "Delete a document (admin)",
    {204: Response("It is gone, and its clients are disconnected.")},
    (DOC, IF_MATCH),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
    detail=f"A document in quarantine is deleted too. {WITHOUT_SECTIONS}",
    conditional=True,
)


def _revert(name: str, summary: str) -> Operation:
    return Operation(
        "POST",
        f"{ONE}/{name}",
        name,
        "Documents",
        summary,
        {200: CHANGED},
        (DOC, IDEMPOTENCY_KEY, CLIENT),
        Body(RevertScope, "Where; everywhere without it.", required=False),
        (*ON_CHANGE, Code.NOTHING_TO_UNDO),
    )


UNDO = _revert("undo", "Take back one's own newest change")
REDO = _revert("redo", "Put back what one's own undo took back")
PRESENCE = Operation(
    "GET",
    f"{ONE}/presence",
    "listPresent",
    "Documents",
    "Who is in the document",
    {200: Response("Every client that has been announced, on either lane.", PresencePage)},
    (DOC,),
    refusals=(Code.NOT_FOUND,),
)
GET_SCHEMA = Operation(
    "GET",
    f"{ONE}/schema",
    "getSchema",
    "Documents",
    "Read the schema (admin)",
    {200: Response("The JSON Schema, as it was put.", dict[str, Any])},
    (DOC,),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND),
)
PUT_SCHEMA = Operation(
    "PUT",
    f"{ONE}/schema",
    "putSchema",
    "Documents",
    "Set the schema that every change must keep (admin)",
    {204: Response("It holds from now on, on every lane.")},
    (DOC,),
    Body(dict[str, Any], "A JSON Schema (2020-12).", (JSON, SCHEMA)),
    (Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT, Code.INVALID_DOCUMENT),
    "Refused as `invalid_document`, with the place, when the value breaks it as it stands. "
    + WITHOUT_SECTIONS,
)
DELETE_SCHEMA = Operation(
    "DELETE",
    f"{ONE}/schema",
    "deleteSchema",
    "Documents",
    "Take the schema away (admin)",
    {204: Response("The document may be anything again.")},
    (DOC,),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
    detail=WITHOUT_SECTIONS,
)

DOCUMENTS = (
    LIST,
    GET,
    PUT,
    PATCH_IT,
    DELETE,
    UNDO,
    REDO,
    PRESENCE,
    GET_SCHEMA,
    PUT_SCHEMA,
    DELETE_SCHEMA,
)
