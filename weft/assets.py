"""The pictures that a tenant keeps at the server."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from weft.http import Http

_PATH = "/v1/assets"


class Assets:
    """The pictures of a tenant: `page.assets`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def upload(self, data: bytes, name: str = "") -> dict[str, Any]:
        """Upload a picture: `{"id", "url", "type", "bytes", "width", "height"}`.

        `name` is the name of the file in the list. The server reads the type from the bytes.
        """
        made: dict[str, Any] = await self._http.ask(
            "POST", _PATH, raw=bytes(data), name=name[:200] or None
        )
        return made

    async def list(self, *, limit: int | None = None, cursor: str | None = None) -> dict[str, Any]:
        """Return a page of the pictures, newest first: `assets`, and `next` when there are more.

        Each has the members of an upload, and `name`, `by`, `at` and `uses`: the documents that
        name the picture in their newest, published or named versions.
        """
        found: dict[str, Any] = await self._http.ask("GET", _PATH, limit=limit, cursor=cursor)
        return found

    async def delete(self, id: str) -> None:
        """Delete a picture that no document uses.

        Otherwise raise `Refusal` with the code `in_use`; its `uses` name the documents.
        """
        await self._http.ask("DELETE", f"{_PATH}/{quote(id, safe='')}")
