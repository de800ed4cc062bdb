"""The operations to publish a document, and to read it without a token."""

from __future__ import annotations

from typing import Any

from collab.errors import Code
from server.openapi.operation import (
    CLIENT,
    DOC,
    IF_NONE_MATCH,
    WHOLE,
    WITHOUT_SECTIONS,
    Body,
    Operation,
    Parameter,
    Response,
)
from server.openapi.shapes import Checked, NewPublication, Outcome, Public

ONE = "/v1/docs/{doc}/publish"
TENANT = Parameter(
    "tenant", "path", str, "The tenant of the document.", {"pattern": "^[a-z0-9][a-z0-9-]{0,62}$"}
)
VERSION = Parameter(
    "version",
    "query",
    int,
    "A version that was published before. Default: the public version.",
    WHOLE,
)
READING = ("ETag", "Cache-Control", "Vary", "Weft-Version", "Weft-Epoch")

MISSING = Parameter(
    "missing",
    "query",
    str,
    'With `null`, the answer is `{"published": null}` when no version is public, not a 404.',
    {"enum": ["null"]},
)
READ_POINTER = Operation(
    "GET",
    ONE,
    "getPublished",
    "Publishing",
    "Read which version is public, and who published it",
    {200: Response("The public version.", Public, ("Cache-Control",))},
    (DOC, MISSING),
    refusals=(Code.NOT_FOUND,),
)
PUBLISH = Operation(
    "POST",
    ONE,
    "publish",
    "Publishing",
    "Make a version public (publisher)",
    {
        200: Response(
            "The version is public at `url`. `warnings` are problems that you should fix.", Outcome
        )
    },
    (DOC, CLIENT),
    Body(NewPublication, "The version to publish. Default: the newest one.", required=False),
    (
        Code.FORBIDDEN,
        Code.NOT_FOUND,
        Code.CONFLICT,
        Code.UNKNOWN_VERSION,
        Code.INVALID_DOCUMENT,
    ),
    WITHOUT_SECTIONS,
)
TAKE_DOWN = Operation(
    "DELETE",
    ONE,
    "takeDown",
    "Publishing",
    "Take the document down: make no version public (publisher)",
    {204: Response("No version is public.")},
    (DOC, CLIENT),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
    detail=WITHOUT_SECTIONS,
)
CHECKED = Parameter(
    "version", "query", int, "The version to check. Default: the newest version.", WHOLE
)
READ_FINDINGS = Operation(
    "GET",
    f"{ONE}/findings",
    "getFindings",
    "Publishing",
    "Check a version as publishing would, and publish nothing",
    {
        200: Response(
            "`refusals` would stop the publication; `warnings` would not.",
            Checked,
            ("Cache-Control",),
        )
    },
    (DOC, CHECKED),
    refusals=(Code.NOT_FOUND, Code.UNKNOWN_VERSION),
)
READ = Operation(
    "GET",
    "/v1/published/{tenant}/{doc}",
    "readPublished",
    "Publishing",
    "Read the published value, without a token",
    {
        200: Response("The value, plain or compressed with gzip or br.", Any, READING),
        304: Response("Not modified: the client has this version already.", headers=READING),
    },
    (TENANT, DOC, VERSION, IF_NONE_MATCH),
    refusals=(Code.NOT_FOUND, Code.STORAGE_UNAVAILABLE),
    open_to_all=True,
)

PUBLISHING = (READ_POINTER, PUBLISH, TAKE_DOWN, READ_FINDINGS, READ)
