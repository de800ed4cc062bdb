"""The service worker of our own pages: its script, and the files that it keeps.

The worker keeps one version of all files. When any of them changes, its script changes too, and
the browser starts another worker beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from collab.schema.named import named_schema
from server.handling.requests import services_of
from server.http.page_scripts import MADE, html_of, later_files, scripts_of
from server.http.static_files import HOME, SDK, TYPES, cached_response, module_text
from server.runtime.worker_threads import run_in_thread

SCRIPT: Final = HOME / "worker" / "service_worker.js"
# The pages, and one address for the editors of all documents.
_PAGES: Final = {"documents": "/", "editor": "/edit/-"}
_STATIC: Final = ("style/tokens.css", "style/parts.css", "status/icon.svg", "favicon.ico")
_SCHEMA: Final = "landing-page"
_POLICY: Final = "default-src 'none'; connect-src 'self'"


async def get_service_worker(request: Request) -> Response:
    """Return the script. Its scope is the whole origin, because its address is at the top."""
    services = services_of(request)
    script = await run_in_thread(script_of, services.version, services.settings.public_url)
    tag = hashlib.sha256(script).hexdigest()[:32]
    headers = {"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}
    return await cached_response(request, script, TYPES[".js"], tag, headers)


@lru_cache(maxsize=2)
def script_of(version: str, public_url: str) -> bytes:
    """Return the script with the name of the build, and the addresses of its files."""
    build = msgspec.json.encode(build_of(version, public_url))
    addresses = msgspec.json.encode([*_PAGES.values(), *dict(_files(version))])
    start = b"const BUILD = " + build + b";\nconst FILES = " + addresses + b";\n"
    return start + SCRIPT.read_bytes()


@lru_cache(maxsize=2)
def build_of(version: str, public_url: str) -> str:
    """Return a name that changes with each file of our pages."""
    digest = hashlib.sha256(f"{version} {public_url}".encode())
    for name in _PAGES:
        digest.update((HOME / name / "index.html").read_bytes())
    for address, content in _files(version):
        digest.update(f"\n{address} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _files(version: str) -> Iterator[tuple[str, bytes]]:
    """Yield the address and the content of each file that the pages may load, but their HTML."""
    for name in _STATIC:
        address = f"/{name}" if name == "favicon.ico" else f"/static/{name}"
        yield address, (HOME / name).read_bytes()
    for name in dict.fromkeys(name for page in _PAGES for name in _names(page)):
        yield f"/modules/{version}/{name}", (HOME / name).read_bytes()
    yield f"/modules/{version}/{MADE}", module_text("page", "canvas.css") or b""
    for path in sorted((HOME / "templates").glob("*.svg")):
        yield f"/static/templates/{path.name}", path.read_bytes()
    for name in ("weft.js", "advice.js"):
        yield f"/sdk/{name}", b""
    for path in sorted(SDK.glob("*.js")):
        yield f"/sdk/{version}/{path.name}", path.read_bytes()
    yield f"/v1/schemas/{_SCHEMA}", named_schema(_SCHEMA) or b""


def _names(page: str) -> Iterator[str]:
    """Yield the paths in `static/` of the scripts and styles that a page loads from `/modules/`."""
    yield from scripts_of(page)
    yield from later_files(page)
    yield from re.findall(r"/modules/\{version\}/(.*?\.css)", html_of(page).replace(MADE, ""))
