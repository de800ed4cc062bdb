"""Share links over HTTP: make a link for one document, list the links, and end one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from collab import wire
from collab.errors import Code, Rejected
from collab.rights.user_rights import Role
from server.access.share_links import ROLES
from server.handling.bodies import read_object
from server.handling.requests import (
    json_response,
    member_of,
    permitted,
    require_exists,
    services_of,
    using,
)

# Where a link leads. The pages read the token from the fragment, which browsers never send.
_PAGE = {Role.VIEWER: "preview", Role.COMMENTER: "edit"}


async def make_share(request: Request) -> Response:
    """Make a share link. Its token reads this document, and can do nothing else."""
    services = services_of(request)
    async with permitted(request, Role.EDITOR) as (claims, key):
        body = await read_object(request)
        role, ttl = _role(body.get("role")), _ttl(body.get("ttl"))
        async with using(request, key) as live:
            require_exists(live)
            link, token = await services.share_links.make(key, claims.user, role, ttl)
        member = member_of(request, claims)
        services.recorder.did(key, member, "share", link=link.id, role=role.value)
    url = f"{services.settings.public_url}/{_PAGE[role]}/{key.doc}#token={token}"
    expires_at = wire.rfc3339(link.expires_at)
    made = {"url": url, "token": token, "id": link.id, "role": role, "expires_at": expires_at}
    return _private(made, 201)


async def list_shares(request: Request) -> Response:
    """Return the document's share links that have not expired, without their tokens."""
    services = services_of(request)
    async with permitted(request, Role.EDITOR) as (_, key), using(request, key) as live:
        require_exists(live)
        links = await services.store.shares(key)
    now = services.clock.now_ms()
    items = [
        {
            "id": link.id,
            "role": link.role,
            "by": link.by,
            "created_at": wire.rfc3339(link.created_at),
            "expires_at": wire.rfc3339(link.expires_at),
        }
        for link in links
        if link.expires_at > now
    ]
    return _private({"items": items})


async def end_share(request: Request) -> Response:
    """End a share link: the server refuses its token, and closes its connections."""
    services = services_of(request)
    async with permitted(request, Role.EDITOR) as (claims, key):
        id = request.path_params["share"]
        if not await services.share_links.end(key, id):
            raise Rejected(Code.NOT_FOUND, "no such share link: it was ended, or its id is wrong")
        services.recorder.did(key, member_of(request, claims), "unshare", link=id)
        async with using(request, key):  # so that the response names the newest version
            pass
    return Response(status_code=204)


def _role(given: object) -> Role:
    role = next((role for role in ROLES if role == given), None)
    if role is None:
        raise Rejected(Code.MALFORMED, '`role` must be "viewer" or "commenter"')
    return role


def _ttl(given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or given <= 0:
        raise Rejected(Code.MALFORMED, "`ttl` must be a number of seconds above 0")
    return given


def _private(body: object, status: int = 200) -> Response:
    response = json_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    return response
