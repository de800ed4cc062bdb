"""A token for every visitor of the demo."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from collab.wire import rfc3339
from server.access.guests import is_own_host
from server.http.requests import answer, services_of


async def make_guest(request: Request) -> Response:
    """A new user of the demo tenant, for an hour; there is nothing here outside demo mode."""
    services = services_of(request)
    if not services.settings.demo:
        raise HTTPException(404)
    host = request.headers.get("host", "")
    if not is_own_host(host, services.settings.public_url):
        raise Rejected(Code.FORBIDDEN, "guests come by localhost, an IP address or WEFT_PUBLIC_URL")
    if not services.origins.judge(request.scope["headers"]):
        raise Rejected(Code.FORBIDDEN, "this Origin is not allowed")
    services.guests.charge(request.client.host if request.client else "")
    token, claims = await services.keyring.guest()
    told = {
        "token": token,
        "user": claims.user,
        "name": claims.name,
        "role": claims.role,
        "tenant": claims.tenant,
        "expires_at": rfc3339(claims.expires_at),
    }
    response = answer(told)
    response.headers["Cache-Control"] = "no-store"
    return response
