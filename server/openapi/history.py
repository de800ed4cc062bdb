"""History: what can be asked of a document's versions over HTTP."""

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
VERSION = Parameter("version", "path", int, "A version.", WHOLE)
FROM = Parameter("from", "query", int, "The older version.", WHOLE)
TO = Parameter("to", "query", int, "The newer version; the head, where left out.", WHOLE)
LIMIT = Parameter("limit", "query", int, "The most rows in the answer.", WHOLE)
EACH = Parameter("each", "query", str, "`1` shows every version, not one row for a run of edits.")
OLDER = Parameter("cursor", "query", int, "Where the page before this one ended.", WHOLE)

LIST = Operation(
    "GET",
    f"{ONE}/versions",
    "listVersions",
    "History",
    "The history, newest first",
    {200: Response("A page of versions; a row with `from` stands for a run of them.", VersionPage)},
    (DOC, LIMIT, OLDER, FROM, TO, EACH),
    refusals=(Code.NOT_FOUND,),
)
NAME = Operation(
    "POST",
    f"{ONE}/versions",
    "nameVersion",
    "History",
    "Name a version",
    {201: Response("It has the name, and is kept for ever.", NameGiven)},
    (DOC,),
    Body(NewName, "The name, and the version; the head, where left out."),
    (Code.FORBIDDEN, Code.NOT_FOUND, Code.UNKNOWN_VERSION),
    WITHOUT_SECTIONS,
)
GET = Operation(
    "GET",
    f"{ONE}/versions/{{version}}",
    "getVersion",
    "History",
    "The value at a version",
    {200: Response("The value as it was.", Any, ("ETag",))},
    (DOC, VERSION),
    refusals=(Code.NOT_FOUND, Code.UNKNOWN_VERSION),
)
DIFF = Operation(
    "GET",
    f"{ONE}/diff",
    "getDiff",
    "History",
    "What changed between two versions",
    {200: Response("The patch that leads from one to the other.", JsonPatch, media_types=(PATCH,))},
    (DOC, replace(FROM, needed=True), TO),
    refusals=(Code.NOT_FOUND, Code.UNKNOWN_VERSION),
)
RESTORE = Operation(
    "POST",
    f"{ONE}/restore",
    "restore",
    "History",
    "Go back to a version, by a change that can be undone (publisher)",
    {200: CHANGED},
    (DOC, IDEMPOTENCY_KEY, CLIENT),
    Body(Restoration, "Where to."),
    ON_CHANGE,
)
NOT_ARCHIVED = (
    "An archive has no edit locks, nothing of what is or was published, no audit trail, "
    "and no ids of requests that made no version."
)
EXPORT = Operation(
    "GET",
    f"{ONE}/export",
    "exportDocument",
    "History",
    "The document with its history (editor)",
    {200: Response("An archive that `import` takes.", dict[str, Any], ("Content-Disposition",))},
    (DOC,),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND),
    detail=f"Of a document in quarantine it is what can be read; `left_out` says what cannot. "
    f"{NOT_ARCHIVED}",
)
IMPORT = Operation(
    "POST",
    f"{ONE}/import",
    "importDocument",
    "History",
    "Make a document from an archive, under a name that was never used (admin)",
    {201: Response("It was made.", Changed, ("ETag",))},
    (DOC,),
    Body(dict[str, Any], "An archive from `export`."),
    (*ON_CHANGE, Code.ALREADY_EXISTS),
    detail=f"The document is there whole, or not at all. {NOT_ARCHIVED} {WITHOUT_SECTIONS}",
)

HISTORY = (LIST, NAME, GET, DIFF, RESTORE, EXPORT, IMPORT)
