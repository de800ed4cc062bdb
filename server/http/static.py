"""What a browser loads: the files of `static/`, each with its type, its tag and no liberties.

`static/` lies beside the `server` package, in a clone as in an installed wheel.
"""

from __future__ import annotations

from pathlib import Path
from stat import S_ISREG
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

HOME = Path(__file__).resolve().parents[2] / "static"

# Not left to the system's own table, which differs from machine to machine.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Cache-Control": "no-cache",  # kept, and asked for by its tag before each use
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Shelf(StaticFiles):
    """The framework's file server, for types that we know."""

    def file_response(self, full_path: Any, *args: Any, **kwargs: Any) -> Response:
        media_type = TYPES.get(Path(full_path).suffix)
        if media_type is None:
            raise HTTPException(404)
        response = super().file_response(full_path, *args, **kwargs)
        response.headers.update(HEADERS)
        if response.status_code != 304:
            response.headers["Content-Type"] = media_type
        return response


def shelf() -> Shelf:
    return Shelf(directory=HOME, check_dir=False)


async def get_icon(request: Request) -> Response:
    """What browsers ask every server for."""
    return await page(request, "favicon.ico")


async def page(request: Request, path: str) -> Response:
    """One page by another address than its file's."""
    files = shelf()
    full_path, stat = files.lookup_path(path)
    if stat is None or not S_ISREG(stat.st_mode):
        raise HTTPException(404)
    return files.file_response(full_path, stat, request.scope)
