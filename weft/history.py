"""The versions of a document, and its public version."""

from __future__ import annotations

from typing import Any, TypeAlias

from weft.http import Http

Patch: TypeAlias = list[dict[str, Any]]


class History:
    """The versions of a document, newest first."""

    def __init__(self, http: Http, path: str) -> None:
        self._http = http
        self._path = path

    async def list(
        self, *, limit: int | None = None, cursor: str | None = None, each: bool = False
    ) -> dict[str, Any]:
        """Return a page: `items`, and a `cursor` when there are more."""
        found: dict[str, Any] = await self._http.ask(
            "GET", f"{self._path}/versions", limit=limit, cursor=cursor, each=1 if each else None
        )
        return found

    async def at(self, version: int) -> Any:
        """Return the value at a version."""
        return await self._http.ask("GET", f"{self._path}/versions/{version}")

    async def diff(self, a: int, b: int) -> Patch:
        """Return a patch from version `a` to version `b`."""
        path = f"{self._path}/diff?from={int(a)}&to={int(b)}"
        ops: Patch = await self._http.ask("GET", path)
        return ops

    async def name(self, version: int, text: str) -> dict[str, Any]:
        """Name a version. It is then kept for ever."""
        named: dict[str, Any] = await self._http.ask(
            "POST", f"{self._path}/versions", {"version": version, "name": text}
        )
        return named

    async def restore(self, version: int, pointer: str = "") -> dict[str, Any]:
        """Make an older version, or a part of it, current again."""
        body = {"version": version, "pointer": pointer}
        done: dict[str, Any] = await self._http.ask("POST", f"{self._path}/restore", body)
        return done
