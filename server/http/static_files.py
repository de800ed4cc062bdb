"""Files for browsers: the files of `static/`, the SDK, and the API's description.

The folder `static/` is beside the `server` package, both in a clone and in an installed wheel.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from collab import wire
from collab.errors import Code, Rejected
from collab.page.style_sheets import STYLE_SHEET, canvas_sheet
from server.handling.conditional import if_none_match
from server.handling.requests import JSON, services_of
from server.openapi.describe import describe
from server.openapi.page import POLICY as REFERENCE_POLICY
from server.openapi.page import render
from server.publishing.public_request import coding_of
from server.runtime.encoded import compress_well
from server.runtime.worker_threads import run_in_thread

# --- the files of `static/` -----------------------------------------------------------------

HOME = Path(__file__).resolve().parents[2] / "static"

# Our own table: the system's MIME table differs from machine to machine.
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
    "Cache-Control": "no-cache",  # the browser keeps a file, and asks with its ETag before each use
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class OwnFiles(StaticFiles):
    """Starlette's file server, limited to the file types in `TYPES`."""

    def file_response(self, full_path: Any, *args: Any, **kwargs: Any) -> Response:
        media_type = TYPES.get(Path(full_path).suffix)
        if media_type is None:
            raise HTTPException(404)
        response = super().file_response(full_path, *args, **kwargs)
        response.headers.update(HEADERS)
        if response.status_code != 304:
            response.headers["Content-Type"] = media_type
        return response


def own_files() -> OwnFiles:
    """Return the ASGI application that serves the files of `static/`."""
    return OwnFiles(directory=HOME, check_dir=False)


async def get_icon(request: Request) -> Response:
    """Return the icon that browsers request from every server."""
    return await page_response(request, "favicon.ico")


async def page_response(request: Request, path: str) -> Response:
    """Return a file of `static/` under a URL that is not the path of the file."""
    files = own_files()
    full_path, stat = files.lookup_path(path)
    if stat is None or not S_ISREG(stat.st_mode):
        raise HTTPException(404)
    return files.file_response(full_path, stat, request.scope)


# --- the browser SDK ------------------------------------------------------------------------

# The modules of `static/sdk/` without comments, in a few files. `make sdk` makes them, and
# compresses them as far as it can.
SDK = HOME / "sdk" / "served"
SUFFIXES = {"": "", "gzip": ".gz", "br": ".br"}
SDK_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
# A browser never asks for these files again: another version has other addresses.
IMMUTABLE = "public, max-age=31536000, immutable"
# The modules that pages import. `/sdk/NAME.js` leads to the one of this server's version.
ENTRANCES = ("weft", "preview", "react", "advice")


async def get_sdk_file(request: Request) -> Response:
    """Return a file of the SDK, if the address has this server's version."""
    version, name = request.path_params["version"], request.path_params["name"]
    own = services_of(request).version
    if version != own:
        message = f"this server has version {own} of the SDK, not {version}: load /sdk/weft.js"
        raise Rejected(Code.NOT_FOUND, message)
    coding, _ = coding_of(request.scope["headers"])
    body = _sdk_file(name, coding)
    if body is None:
        raise Rejected(Code.NOT_FOUND, f"the SDK has no file {name!r}")
    return _immutable(body, TYPES[".js"], coding)


async def get_sdk_entrance(request: Request) -> Response:
    """Return a module that re-exports the SDK of this server's version."""
    name = request.path_params["name"]
    if name not in ENTRANCES or not (SDK / f"{name}.js").is_file():
        raise Rejected(Code.NOT_FOUND, f"the SDK has no module {name!r}: load /sdk/weft.js")
    body = f'export * from "./{services_of(request).version}/{name}.js";\n'
    tag = hashlib.sha256(body.encode()).hexdigest()[:32]
    headers = {**SDK_HEADERS, "Cache-Control": "no-cache", "ETag": f'"{tag}"'}
    if if_none_match(request, tag) is not None:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=TYPES[".js"], headers=headers)


def _sdk_file(name: str, coding: str) -> bytes | None:
    plain = _file_of(SDK, name, ".js")
    return None if plain is None else plain.with_name(name + SUFFIXES[coding]).read_bytes()


def _file_of(folder: Path, name: str, *kinds: str) -> Path | None:
    """Return a file of a folder; None for an unknown name.

    A client may ask for any name. So we look for it in the list of the folder: the file system
    raises errors for some names, for example for long ones.
    """
    found = (path for path in folder.iterdir() if path.name == name and path.suffix in kinds)
    return next((path for path in found if path.is_file()), None)


def _immutable(body: bytes, kind: str, coding: str) -> Response:
    """Return a file that browsers keep for ever."""
    headers = {**SDK_HEADERS, "Cache-Control": IMMUTABLE}
    if coding:
        headers["Content-Encoding"] = coding
    return Response(body, media_type=kind, headers=headers)


# --- the scripts and styles of our own pages -------------------------------------------------

# The folders of `static/` whose files have the server's version in their address. A sandboxed
# preview has no origin, and loads them as well.
MODULES = (
    "page",
    "preview",
    "ui",
    "documents",
    "new_page",
    "templates",
    "editor",
    "canvas",
    "fields",
    "panels",
    "gallery",
    "people",
    "safety",
    "history",
    "site",
    "publish",
    "add_page",
    "served",
)
# More than these files in both codings.
MOST_COMPRESSED: Final = 512
_compressed_files: dict[tuple[str, bytes], bytes] = {}


async def get_module(request: Request) -> Response:
    """Return a script or style of our pages, if the address has this server's version."""
    version, folder = request.path_params["version"], request.path_params["folder"]
    if version != services_of(request).version or folder not in MODULES:
        raise HTTPException(404)
    name = request.path_params["name"]
    body, kind = module_text(folder, name), TYPES.get(Path(name).suffix)
    if body is None or kind is None:
        raise HTTPException(404)
    coding, _ = coding_of(request.scope["headers"])
    if coding:
        body = await _compressed(coding, body)
    return _immutable(body, kind, coding)


async def _compressed(coding: str, body: bytes) -> bytes:
    """Compress a file once, in a worker thread: brotli may take longer than a turn of the loop."""
    key = (coding, body)
    if key not in _compressed_files:
        small = await run_in_thread(compress_well, coding, body)
        if len(_compressed_files) >= MOST_COMPRESSED:  # only when files change while Weft runs
            _compressed_files.clear()
        _compressed_files[key] = small
    return _compressed_files[key]


def module_text(folder: str, name: str) -> bytes | None:
    """Return a script or style of a folder; None for an unknown name."""
    if (folder, name) == ("page", "page.css"):
        return STYLE_SHEET.encode()
    if (folder, name) == ("page", "canvas.css"):
        return canvas_sheet().encode()
    path = _file_of(HOME / folder, name, ".js", ".css")
    return None if path is None else path.read_bytes()


# --- the description of the API: `/openapi.json` for programs, `/docs` for people -----------

DESCRIPTION_CACHE = "public, max-age=300"


@lru_cache(maxsize=1)
def _description(version: str, is_demo: bool) -> tuple[bytes, bytes, str]:
    """Return the OpenAPI document, its HTML page, and one ETag for both.

    All three stay the same while the process runs.
    """
    described = describe(version)
    document, html = wire.encode(described), render(described, is_demo=is_demo).encode()
    return document, html, hashlib.sha256(document + html).hexdigest()[:32]


def _description_of(request: Request) -> tuple[bytes, bytes, str]:
    services = services_of(request)
    return _description(services.version, services.settings.demo)


async def get_description(request: Request) -> Response:
    """Return the OpenAPI document. It contains nothing private, so it needs no token."""
    document, _, tag = _description_of(request)
    return await cached_response(request, document, JSON, tag, {"Access-Control-Allow-Origin": "*"})


async def get_reference(request: Request) -> Response:
    """Return the same description as an HTML page."""
    _, html, tag = _description_of(request)
    headers = {"Content-Security-Policy": REFERENCE_POLICY, "Referrer-Policy": "no-referrer"}
    return await cached_response(request, html, "text/html", tag, headers)


async def cached_response(
    request: Request, body: bytes, media_type: str, tag: str, headers: dict[str, str]
) -> Response:
    """Return a body that changes only with the server's version or settings, compressed."""
    coding, _ = coding_of(request.scope["headers"])
    headers = {
        "Cache-Control": DESCRIPTION_CACHE,
        **headers,
        "ETag": f'W/"{tag}"' if coding else f'"{tag}"',  # the bytes depend on the coding
        "Vary": "Accept-Encoding",
    }
    if if_none_match(request, tag) is not None:
        return Response(status_code=304, headers=headers)
    headers["X-Content-Type-Options"] = "nosniff"
    if coding:
        headers["Content-Encoding"] = coding
        body = await _compressed(coding, body)
    return Response(body, media_type=media_type, headers=headers)
