"""The process: its health, and this description."""

from __future__ import annotations

from typing import Any

from server.description.operation import Answer, Operation
from server.description.shapes import Health, Readiness

HEALTHZ = Operation(
    "GET",
    "/healthz",
    "healthz",
    "Process",
    "Whether the process is alive",
    {200: Answer("It answers.", Health)},
    open_to_all=True,
)
READYZ = Operation(
    "GET",
    "/readyz",
    "readyz",
    "Process",
    "Whether requests may be sent here",
    {
        200: Answer("They may.", Readiness),
        503: Answer("Not now; the body says why.", Readiness),
    },
    open_to_all=True,
)
OPENAPI = Operation(
    "GET",
    "/openapi.json",
    "getDescription",
    "Process",
    "This description",
    {200: Answer("OpenAPI 3.1.", dict[str, Any], ("ETag", "Cache-Control"))},
    open_to_all=True,
)

PROCESS = (HEALTHZ, READYZ, OPENAPI)
