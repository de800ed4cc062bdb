"""Publishing: what can be asked of a document's public face over HTTP."""

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
from server.openapi.shapes import NewPublication, Outcome, Public

ONE = "/v1/docs/{doc}/publish"
TENANT = Parameter(
    "tenant", "path", str, "The document's tenant.", {"pattern": "^[a-z0-9][a-z0-9-]{0,62}$"}
)
VERSION = Parameter(
    "version", "query", int, "A version that was published, though it no longer is.", WHOLE
)
READING = ("ETag", "Cache-Control", "Vary", "Weft-Version", "Weft-Epoch")

READ_POINTER = Operation(
    "GET",
    ONE,
    "getPublished",
    "Publishing",
    "Which version is public, and who made it so",
    {200: Response("The version.", Public, ("Cache-Control",))},
    (DOC,),
    refusals=(Code.NOT_FOUND,),
)
PUBLISH = Operation(
    "POST",
    ONE,
    "publish",
    "Publishing",
    "Make a version public (publisher)",
    {200: Response("It is public at `url`; `warnings` are what should be mended.", Outcome)},
    (DOC, CLIENT),
    Body(NewPublication, "Which version; the newest, where left out.", required=False),
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
    "Let nothing of the document be public (publisher)",
    {204: Response("Nothing is public.")},
    (DOC, CLIENT),
    refusals=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
    detail=WITHOUT_SECTIONS,
)
READ = Operation(
    "GET",
    "/v1/published/{tenant}/{doc}",
    "readPublished",
    "Publishing",
    "The published value, for every reader",
    {
        200: Response("The value, as it is or as gzip or br.", Any, READING),
        304: Response("The client has it already.", headers=READING),
    },
    (TENANT, DOC, VERSION, IF_NONE_MATCH),
    refusals=(Code.NOT_FOUND, Code.STORAGE_UNAVAILABLE),
    open_to_all=True,
)

PUBLISHING = (READ_POINTER, PUBLISH, TAKE_DOWN, READ)
