"""The operations on documents over HTTP."""

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

AT = Parameter(
    "at", "query", int, "Read the value at this version instead of the newest one.", WHOLE
)
BASE = Parameter(
    "base",
    "query",
    int,
    "The version on which the patch was made. The server rebases the patch to the newest version. "
    "Default: the newest version.",
    WHOLE,
)
ONLY_IF_ABSENT = Parameter(
    "If-None-Match",
    "header",
    str,
    "`*`: when the document exists, the answer is 412 instead of 409.",
)
EPOCH = Parameter("epoch", "query", int, "The epoch of `base`. Default: the current epoch.", WHOLE)
READING = ("ETag", "Last-Modified", "Weft-Updated-By", "Cache-Control", "Vary")
CACHED = ("ETag", "Cache-Control")
ONE = "/v1/docs/{doc}"
INCLUDE = Parameter(
    "include",
    "query",
    str,
    "What else each item has: `presence`, `summary`, or both, separated by a comma.",
    {"pattern": "^((presence|summary)(,(presence|summary))*)?$"},
)

LIST = Operation(
    "GET",
    "/v1/docs",
    "listDocuments",
    "Documents",
    "List the tenant's documents by name",
    {200: Response("A page of documents.", DocumentPage)},
    (LIMIT, replace(CURSOR, schema={"pattern": f"^({DOC_NAME.pattern})?$"}), INCLUDE),
    refusals=(Code.FORBIDDEN,),
)
GET = Operation(
    "GET",
    ONE,
    "getDocument",
    "Documents",
    "Read a document, or a part of it",
    {
        200: Response(
            "The value, plain or compressed with br or gzip.", Any, (*READING, "Content-Encoding")
        ),
        304: Response("Not modified: the client has this version already.", headers=READING),
    },
    (DOC, AT, POINTER, IF_NONE_MATCH),
    refusals=(Code.NOT_FOUND, Code.UNKNOWN_VERSION),
)
PUT = Operation(
    "PUT",
    ONE,
    "putDocument",
    "Documents",
    "Create a document, or replace its value",
    {
        201: Response("The document was created.", Changed, ("ETag", "Location")),
        200: CHANGED,
    },
    (DOC, IF_MATCH, ONLY_IF_ABSENT, IDEMPOTENCY_KEY, CLIENT, FENCE),
    Body(dict[str, Any], "The whole value."),
    (*ON_CHANGE, Code.ALREADY_EXISTS),
    "Without `If-Match`, the server creates the document. When the document exists, the answer is "
    "`already_exists`. With `If-Match`, the server replaces the value by the smallest change that "
    "leads to the new value. A token with `sections` cannot create a document, but it can change "
    "values in its sections.",
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
    Body(JsonPatch, "A JSON Patch (RFC 6902). All of it is applied, or nothing.", (PATCH, JSON)),
    ON_CHANGE,
    "With `If-Match`, the server refuses the patch when the document has changed since that "
    "version. The answer then has the changes. With `base`, the server rebases the patch to the "
    "newest version. Then `ops` in the answer has the operations that the server applied.",
    conditional=True,
)
DELETE = Operation(
    "DELETE",
    ONE,
    "deleteDocument",
    "Documents",
    "Delete a document (admin)",
    {204: Response("The document was deleted, and its clients are disconnected.")},
    (DOC, IF_MATCH),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
    detail=f"You can also delete a damaged document (in quarantine). {WITHOUT_SECTIONS}",
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
        Body(
            RevertScope,
            "Which step to undo or redo. A step is all changes that one undo takes back. Default: "
            "your newest step, in the whole document.",
            required=False,
        ),
        (*ON_CHANGE, Code.NOTHING_TO_UNDO),
    )


UNDO = _revert("undo", "Undo your newest change")
REDO = _revert("redo", "Redo your newest undone change")
PRESENCE = Operation(
    "GET",
    f"{ONE}/presence",
    "listPresent",
    "Documents",
    "List the clients in the document",
    {200: Response("The present clients of both lanes.", PresencePage)},
    (DOC,),
    refusals=(Code.NOT_FOUND,),
)
NAMED_SCHEMA = Operation(
    "GET",
    "/v1/schemas/{schema}",
    "getNamedSchema",
    "Documents",
    "Read a schema of the server: `landing-page`",
    {
        200: Response("The newest version.", dict[str, Any], CACHED, (SCHEMA,)),
        304: Response("Not modified: the client has this version already.", headers=CACHED),
    },
    (Parameter("schema", "path", str, "The name of the schema."), IF_NONE_MATCH),
    refusals=(Code.NOT_FOUND,),
    detail='A document uses it when its schema is `{"$ref": "weft:landing-page"}`.',
    open_to_all=True,
)
GET_SCHEMA = Operation(
    "GET",
    f"{ONE}/schema",
    "getSchema",
    "Documents",
    "Read the schema (admin)",
    {200: Response("The JSON Schema as it was set.", dict[str, Any])},
    (DOC,),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND),
)
PUT_SCHEMA = Operation(
    "PUT",
    f"{ONE}/schema",
    "putSchema",
    "Documents",
    "Set the schema that the value must match after every change (admin)",
    {204: Response("The schema is set. It applies to changes from both lanes and over HTTP.")},
    (DOC,),
    Body(dict[str, Any], "A JSON Schema (2020-12).", (JSON, SCHEMA)),
    (Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT, Code.INVALID_DOCUMENT),
    "When the current value breaks the schema, the answer is `invalid_document` with `path`. "
    + WITHOUT_SECTIONS,
)
DELETE_SCHEMA = Operation(
    "DELETE",
    f"{ONE}/schema",
    "deleteSchema",
    "Documents",
    "Remove the schema (admin)",
    {204: Response("The schema was removed. The document may have any value.")},
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
    NAMED_SCHEMA,
    GET_SCHEMA,
    PUT_SCHEMA,
    DELETE_SCHEMA,
)
