"""The operations on the versions of a document over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from collab.errors import Code
from server.openapi.operation import (
    CHANGED,
    CLIENT,
    DOC,
    IDEMPOTENCY_KEY,
    ON_CHANGE,
    PATCH,
    WHOLE,
    WITHOUT_SECTIONS,
    Body,
    Operation,
    Parameter,
    Response,
)
from server.openapi.shapes import Changed, JsonPatch, NameGiven, NewName, Restoration, VersionPage

ONE = "/v1/docs/{doc}"
VERSION = Parameter("version", "path", int, "The number of a version.", WHOLE)
FROM = Parameter("from", "query", int, "The oldest version of the range.", WHOLE)
TO = Parameter("to", "query", int, "The newest version of the range. Default: the head.", WHOLE)
LIMIT = Parameter("limit", "query", int, "The largest number of items in the answer.", WHOLE)
EACH = Parameter(
    "each",
    "query",
    str,
    "`1`: an item for each version. Default: one item for successive edits of one user.",
)
OLDER = Parameter("cursor", "query", int, "The `cursor` of the previous page.", WHOLE)

LIST = Operation(
    "GET",
    f"{ONE}/versions",
    "listVersions",
    "History",
    "List the versions, newest first",
    {
        200: Response(
            "A page of versions. An item with `from` has the versions `from` to `version`, made "
            "between `since` and `at`.",
            VersionPage,
        )
    },
    (DOC, LIMIT, OLDER, FROM, TO, EACH),
    refusals=(Code.NOT_FOUND,),
)
NAME = Operation(
    "POST",
    f"{ONE}/versions",
    "nameVersion",
    "History",
    "Name a version",
    {201: Response("The version has the name, and the server keeps it forever.", NameGiven)},
    (DOC,),
    Body(NewName, "The name and the version. Default version: the head."),
    (Code.FORBIDDEN, Code.NOT_FOUND, Code.UNKNOWN_VERSION),
    WITHOUT_SECTIONS,
)
GET = Operation(
    "GET",
    f"{ONE}/versions/{{version}}",
    "getVersion",
    "History",
    "Read the value at a version",
    {200: Response("The value at that version.", Any, ("ETag",))},
    (DOC, VERSION),
    refusals=(Code.NOT_FOUND, Code.UNKNOWN_VERSION),
)
DIFF = Operation(
    "GET",
    f"{ONE}/diff",
    "getDiff",
    "History",
    "Compare two versions",
    {
        200: Response(
            "The JSON Patch that leads from the version `from` to the version `to`.",
            JsonPatch,
            media_types=(PATCH,),
        )
    },
    (DOC, replace(FROM, needed=True), TO),
    refusals=(Code.NOT_FOUND, Code.UNKNOWN_VERSION),
)
RESTORE = Operation(
    "POST",
    f"{ONE}/restore",
    "restore",
    "History",
    "Restore a version as a new change, which can be undone (publisher)",
    {200: CHANGED},
    (DOC, IDEMPOTENCY_KEY, CLIENT),
    Body(Restoration, "The version, and optionally a part of the document."),
    ON_CHANGE,
)
NOT_ARCHIVED = (
    "An archive has no edit locks, no publications, no audit trail, and no ids of requests that "
    "made no version."
)
EXPORT = Operation(
    "GET",
    f"{ONE}/export",
    "exportDocument",
    "History",
    "Export the document with its history (editor)",
    {200: Response("An archive for `import`.", dict[str, Any], ("Content-Disposition",))},
    (DOC,),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND),
    detail="The archive of a damaged document (in quarantine) has all parts that can be read. "
    f"`left_out` names the other parts. {NOT_ARCHIVED}",
)
IMPORT = Operation(
    "POST",
    f"{ONE}/import",
    "importDocument",
    "History",
    "Create a document from an archive, under a name that was never used (admin)",
    {201: Response("The document was created.", Changed, ("ETag",))},
    (DOC,),
    Body(dict[str, Any], "An archive from `export`."),
    (*ON_CHANGE, Code.ALREADY_EXISTS),
    detail=f"All of the archive is imported, or nothing. {NOT_ARCHIVED} {WITHOUT_SECTIONS}",
)

HISTORY = (LIST, NAME, GET, DIFF, RESTORE, EXPORT, IMPORT)
