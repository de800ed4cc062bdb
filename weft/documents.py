"""The documents of a tenant: list, create, delete and share them."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from weft.address import Address, Token, server_of
from weft.core.patch import as_json
from weft.http import Http

Role = Literal["viewer", "commenter"]


class Documents:
    """The documents that a token may see."""

    def __init__(self, url: str, token: Token) -> None:
        self._server = server_of(url)
        self._http = Http(self._server, token)

    def _path(self, document: str) -> str:
        return Address(self._server, document).path

    async def list(
        self, *, limit: int | None = None, cursor: str | None = None, include: str | None = None
    ) -> dict[str, Any]:
        """Return a page: `items`, and a `cursor` when there are more.

        `include="presence,summary"` adds who is in each document, and its title.
        """
        found: dict[str, Any] = await self._http.ask(
            "GET", "/v1/docs", limit=limit, cursor=cursor, include=include
        )
        return found

    async def activity(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> dict[str, Any]:
        """Return who changed which document, newest first: `items`, and a `cursor` for more."""
        found: dict[str, Any] = await self._http.ask(
            "GET", "/v1/activity", limit=limit, cursor=cursor
        )
        return found

    async def create(self, document: str, value: Any) -> dict[str, Any]:
        """Create a document. Raise `Refusal` when it exists."""
        made: dict[str, Any] = await self._http.ask(
            "PUT", self._path(document), as_json(value), absent=True
        )
        return made

    async def delete(self, document: str) -> None:
        """Delete a document with its history."""
        await self._http.ask("DELETE", self._path(document))

    async def share(
        self,
        document: str,
        role: Role = "viewer",
        *,
        ttl: float | None = None,
    ) -> dict[str, Any]:
        """Make a share link: `{"url", "token", "id", "role", "expires_at"}`. `ttl` is in seconds.

        Send only the link to a reader. It can be ended with `unshare`.
        """
        body = {"role": role} if ttl is None else {"role": role, "ttl": ttl}
        link: dict[str, Any] = await self._http.ask("POST", f"{self._path(document)}/share", body)
        return link

    async def unshare(self, document: str, id: str) -> None:
        """End a share link."""
        await self._http.ask("DELETE", f"{self._path(document)}/share/{quote(id, safe='')}")


def documents(url: str, token: Token) -> Documents:
    """Return the documents of the token's tenant at a server."""
    return Documents(url, token)
