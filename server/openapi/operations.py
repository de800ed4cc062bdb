"""The operations about the process over HTTP: health, the API description, guest tokens."""

from __future__ import annotations

from typing import Any

from collab.errors import Code
from server.openapi.operation import Operation, Response
from server.openapi.shapes import Guest, Health, Readiness

HEALTHZ = Operation(
    "GET",
    "/healthz",
    "healthz",
    "Process",
    "Check that the process is alive",
    {200: Response("The process is alive.", Health)},
    open_to_all=True,
)
READYZ = Operation(
    "GET",
    "/readyz",
    "readyz",
    "Process",
    "Check that the server is ready for requests",
    {
        200: Response("The server is ready.", Readiness),
        503: Response("The server is not ready. The body says why.", Readiness),
    },
    open_to_all=True,
)
OPENAPI = Operation(
    "GET",
    "/openapi.json",
    "getDescription",
    "Process",
    "Read this API description",
    {200: Response("An OpenAPI 3.1 document.", dict[str, Any], ("ETag", "Cache-Control"))},
    open_to_all=True,
)

GUEST = Operation(
    "POST",
    "/v1/demo/token",
    "makeGuest",
    "Process",
    "Create a guest token (demo mode)",
    {200: Response("A token that is valid for an hour.", Guest, ("Cache-Control",))},
    refusals=(
        Code.NOT_FOUND,
        Code.FORBIDDEN,
        Code.MALFORMED,
        Code.RATE_LIMITED,
        Code.STORAGE_UNAVAILABLE,
    ),
    detail="Without demo mode the answer is `not_found`. With an earlier guest token, the new "
    "token is for the same user, up to 30 days after the earlier one has expired.",
    open_to_all=True,
)

PROCESS = (HEALTHZ, READYZ, OPENAPI, GUEST)
