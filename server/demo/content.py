"""The demo documents, the pictures that they show, and the example pages of `examples/`."""

from __future__ import annotations

from functools import cache
from importlib import resources
from stat import S_ISREG
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from collab.errors import Code, Rejected
from collab.ids import DocKey
from server.handling.requests import services_of
from server.http.static_files import HOME, OwnFiles

EXAMPLES = HOME.parent / "examples"
# The page that a new user opens first.
FIRST_EXAMPLE = "/examples/two-tabs"

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


async def get_example(request: Request) -> Response:
    """Return an example page, or its script or style.

    The pages edit documents as guests. So without demo mode, return 404.
    """
    if not services_of(request).settings.demo:
        raise HTTPException(404)
    name = request.path_params["name"]
    files = OwnFiles(directory=EXAMPLES, check_dir=False)
    path, stat = files.lookup_path(name if "." in name else f"{name}.html")
    if stat is None or not S_ISREG(stat.st_mode):
        raise HTTPException(404)
    return files.file_response(path, stat, request.scope)


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
