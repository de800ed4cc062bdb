"""`/status` and its numbers: how the server is, for people."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from collab.rights.user_rights import Role
from server.access.keyring import DEMO_TENANT
from server.access.tokens import token_in_header
from server.http.requests import answer, claims_of, require_role, services_of, whole_number
from server.http.static import page
from server.status.report import Scope, report


async def go_to_page(request: Request) -> Response:
    """What the address alone leads to, for whoever opens it as it was printed."""
    return RedirectResponse("/status", 307)


async def get_status_page(request: Request) -> Response:
    """The page alone; what it shows it asks for with its reader's token."""
    return await page(request, "status/index.html")


async def get_status(request: Request) -> Response:
    """The whole process's numbers, and the documents and connections of the reader's tenant.

    In demo mode nobody needs a token, and is shown the demo tenant without addresses.
    """
    services = services_of(request)
    if services.settings.demo and not token_in_header(request.headers.get("authorization")):
        scope = Scope(DEMO_TENANT)
    else:
        claims = await claims_of(request)
        require_role(claims, Role.ADMIN)
        scope = Scope(claims.tenant, claims.rights)
    response = answer(report(services, scope, whole_number(request, "since") or 0))
    response.headers["Cache-Control"] = "no-store"
    return response
