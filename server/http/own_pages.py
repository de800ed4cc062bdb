"""Weft's own pages for people who write: the list of pages, the editor, and the preview of a draft.

The server sends the same HTML for every document. The page's script loads the document itself,
with a token.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from server.handling.requests import services_of
from server.http.page_scripts import html_of, scripts_of
from server.http.service_worker import build_of
from server.http.static_files import cached_response
from server.runtime.worker_threads import run_in_thread

# Pictures of a page may come from any https address.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_TOOL_POLICY = f"{_POLICY}; frame-src 'self'; worker-src 'self'; manifest-src 'self'"


async def get_preview(request: Request) -> Response:
    """Return the page that shows a document's draft."""
    ancestors = " ".join(("'self'", *services_of(request).settings.frame_ancestors))
    return await _page(request, "preview", f"{_POLICY}; frame-ancestors {ancestors}")


async def get_documents(request: Request) -> Response:
    """Return the list of all pages."""
    return await _page(request, "documents", f"{_TOOL_POLICY}; frame-ancestors 'none'")


async def get_editor(request: Request) -> Response:
    """Return the editor of a document."""
    ancestors = " ".join(services_of(request).settings.editor_ancestors) or "'none'"
    return await _page(request, "editor", f"{_TOOL_POLICY}; frame-ancestors {ancestors}")


async def _page(request: Request, name: str, policy: str) -> Response:
    services = services_of(request)
    # The first call reads all files of the pages.
    html = await run_in_thread(page_html, name, services.version, services.settings.public_url)
    tag = hashlib.sha256(html.encode()).hexdigest()[:32]
    headers = {
        "Cache-Control": "no-cache",  # the addresses in it change with the server's version
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
    }
    return await cached_response(request, html.encode(), "text/html", tag, headers)


@lru_cache(maxsize=8)
def page_html(name: str, version: str, public_url: str) -> str:
    """Return the HTML of a page. It names all scripts, so the browser loads them at once."""
    *others, start = (f"/modules/{version}/{path}" for path in scripts_of(name))
    sdk = () if name == "preview" else ("/sdk/weft.js", f"/sdk/{version}/weft.js")
    tags = [f'<link rel="modulepreload" href="{address}" />' for address in (*sdk, *others)]
    tags.append(f'<script type="module" src="{start}"></script>')
    # An origin has no character that HTML reads as markup.
    html = html_of(name).replace("{scripts}", "\n    ".join(tags)).replace("{version}", version)
    build = build_of(version, public_url)
    return html.replace("{build}", build).replace("{public_url}", public_url)
