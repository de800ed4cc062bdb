"""The process: its health, and this description."""

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
    "Whether the process is alive",
    {200: Response("It answers.", Health)},
    open_to_all=True,
)
READYZ = Operation(
    "GET",
    "/readyz",
    "readyz",
    "Process",
    "Whether requests may be sent here",
    {
        200: Response("They may.", Readiness),
        503: Response("Not now; the body says why.", Readiness),
    },
    open_to_all=True,
)
OPENAPI = Operation(
    "GET",
    "/openapi.json",
    "getDescription",
    "Process",
    "This description",
    {200: Response("OpenAPI 3.1.", dict[str, Any], ("ETag", "Cache-Control"))},
    open_to_all=True,
)

GUEST = Operation(
    "POST",
    "/v1/demo/token",
    "makeGuest",
    "Process",
    "A token for a visitor, in demo mode",
    {200: Response("A token for an hour.", Guest, ("Cache-Control",))},
    refusals=(
        Code.NOT_FOUND,
        Code.FORBIDDEN,
        Code.MALFORMED,
        Code.RATE_LIMITED,
        Code.STORAGE_UNAVAILABLE,
    ),
    detail="Outside demo mode there is nothing here.",
    open_to_all=True,
)

PROCESS = (HEALTHZ, READYZ, OPENAPI, GUEST)
