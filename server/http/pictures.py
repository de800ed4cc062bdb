"""The demo documents' pictures: `/demo/NAME.svg`, for everybody."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from server import demo

HEADERS = {
    "Cache-Control": "public, max-age=3600",
    # Opened by itself, an SVG is a page; this one may load and run nothing.
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


async def get_picture(request: Request) -> Response:
    """One of the pictures that come with the package; nothing else of the disk has a name here."""
    picture = demo.pictures().get(request.path_params["name"])
    if picture is None:
        raise Rejected(Code.NOT_FOUND, "no such picture")
    return Response(picture, media_type="image/svg+xml", headers=HEADERS)
