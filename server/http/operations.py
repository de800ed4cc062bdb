"""The process over HTTP: health, metrics, status, and tokens for guests of the demo."""

from __future__ import annotations

from hmac import compare_digest

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from collab.rights.user_rights import Role
from collab.wire import rfc3339
from server.access.guests import is_own_host
from server.access.keyring import DEMO_TENANT
from server.access.tokens import token_in_header
from server.handling.requests import (
    claims_of,
    json_response,
    require_role,
    services_of,
    whole_number,
)
from server.http.static_files import page_response
from server.status.report import Scope, report
from server.status.workers import encoder_for, metrics_of_all, report_of

# --- health, for load balancers -------------------------------------------------------------


async def healthz(request: Request) -> Response:
    """Return 200 whenever the process answers."""
    return json_response({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Return 200 when the database answers and the process is not about to stop, else 503.

    Without messages of other instances, `gossip` is "degraded" or "none". The server still takes
    edits.
    """
    services = services_of(request)
    database = await services.readiness.database()
    status = "ok" if database == "ok" and not services.hub.draining else "unavailable"
    body = {
        "status": status,
        "database": database,
        "gossip": services.degradation.gossip_state,
        "draining": services.hub.draining,
    }
    return json_response(body, 200 if status == "ok" else 503)


# --- `/metrics`, in Prometheus's text format ------------------------------------------------


async def get_metrics(request: Request) -> Response:
    """Return every metric. When `WEFT_METRICS_TOKEN` is set, the client must send its value."""
    services = services_of(request)
    wanted = services.settings.metrics_token
    if wanted:
        given = token_in_header(request.headers.get("authorization")) or ""
        if not compare_digest(given.encode(), wanted.encode()):
            raise Rejected(
                Code.UNAUTHENTICATED,
                "send the value of WEFT_METRICS_TOKEN as `Authorization: Bearer ...`",
            )
    accept = request.headers.get("accept", "")
    encode, media_type = encoder_for(accept)
    workers = services.placement.workers
    if workers is None:
        text = encode(services.recorder.metrics.registry)
    else:
        text = await metrics_of_all(workers, accept)
    headers = {"Content-Type": media_type, "Cache-Control": "no-store"}
    return Response(text, headers={**headers, "X-Content-Type-Options": "nosniff"})


# --- `/status`, for people ------------------------------------------------------------------


async def get_status_page(request: Request) -> Response:
    """Return the HTML page. The page then asks for its data with the user's token."""
    return await page_response(request, "status/index.html")


async def get_status(request: Request) -> Response:
    """Return the numbers of the process, and the documents and connections of the user's tenant.

    With several workers, `?worker=` names the worker whose numbers the user wants.
    In demo mode a token is optional. Without a token, the response shows the demo tenant, without
    the IP addresses of its clients.
    """
    services = services_of(request)
    if services.settings.demo and not token_in_header(request.headers.get("authorization")):
        scope = Scope(DEMO_TENANT)
    else:
        claims = await claims_of(request)
        require_role(claims, Role.ADMIN)
        scope = Scope(claims.tenant, claims.rights)
    since, workers = whole_number(request, "since") or 0, services.placement.workers
    if workers is None:
        response = json_response(report(services.monitor, scope, since))
    else:
        worker = whole_number(request, "worker") or 0
        response = json_response(await report_of(workers, scope, since, worker))
    response.headers["Cache-Control"] = "no-store"
    return response


# --- demo mode ------------------------------------------------------------------------------


async def make_guest(request: Request) -> Response:
    """Return a token for a user of the demo tenant, valid for an hour.

    The user is new, unless the request has an earlier guest token. Without demo mode, return 404.
    """
    services = services_of(request)
    if not services.settings.demo:
        raise HTTPException(404)
    host = request.headers.get("host", "")
    if not is_own_host(host, services.settings.public_url):
        raise Rejected(
            Code.FORBIDDEN,
            "the Host header must be localhost, an IP address or the host of WEFT_PUBLIC_URL",
        )
    if not services.origins.allows_request(request.scope["headers"]):
        raise Rejected(Code.FORBIDDEN, "this Origin is not allowed; add it to WEFT_ORIGINS")
    services.guest_token_limit.charge(request.client.host if request.client else "")
    token, claims = await services.keyring.guest(
        token_in_header(request.headers.get("authorization"))
    )
    body = {
        "token": token,
        "user": claims.user,
        "name": claims.name,
        "role": claims.role,
        "tenant": claims.tenant,
        "expires_at": rfc3339(claims.expires_at),
    }
    response = json_response(body)
    response.headers["Cache-Control"] = "no-store"
    return response
