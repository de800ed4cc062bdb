"""The demo documents, and the pictures that they show."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from collab.ids import DocKey

PICTURE_HEADERS = {
    "Cache-Control": "public, max-age=3600",
    # A browser can open the URL of an SVG as a page. Then the SVG must not load or run anything.
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


def pages() -> list[tuple[DocKey, dict[str, Any]]]:
    """Return every demo document with its key, from `TENANT.DOC.json` beside this module."""
    return [(_key(name), msgspec.json.decode(body)) for name, body in _files(".json").items()]


@cache
def pictures() -> dict[str, bytes]:
    """Return the SVG pictures by name. The documents show them as `/demo/NAME.svg`."""
    return _files(".svg")


async def get_picture(request: Request) -> Response:
    """Return a picture of this package. The URL cannot reach any other file on the disk."""
    picture = pictures().get(request.path_params["name"])
    if picture is None:
        raise Rejected(Code.NOT_FOUND, "the demo has no picture of this name")
    return Response(picture, media_type="image/svg+xml", headers=PICTURE_HEADERS)


def _files(ending: str) -> dict[str, bytes]:
    files = sorted(resources.files("server.demo").iterdir(), key=lambda each: each.name)
    return {
        each.name.removesuffix(ending): each.read_bytes()
        for each in files
        if each.name.endswith(ending)
    }


def _key(name: str) -> DocKey:
    tenant, doc = name.split(".", 1)
    return DocKey(tenant, doc)
