"""Alive, and ready: what a load balancer asks."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from server.http.requests import answer, services_of


async def healthz(request: Request) -> Response:
    """The process answers."""
    return answer({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The database and the gossip answer, and we are not about to stop."""
    services = services_of(request)
    database = await services.readiness.database()
    status = "ok" if database == "ok" and not services.hub.draining else "unavailable"
    body = {
        "status": status,
        "database": database,
        "gossip": "ok",
        "draining": services.hub.draining,
    }
    return answer(body, 200 if status == "ok" else 503)
