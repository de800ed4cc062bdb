"""A server with pages, and people who open the editor."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.async_api import BrowserContext, Page

from collab.rights.user_rights import Role
from tests.running import RunningServer

SCHEMA = {"$ref": "weft:landing-page"}


def site(*sections: dict[str, Any]) -> dict[str, Any]:
    """A document with one page of these sections."""
    return {"pages": {"home": {"title": "Home", "slug": "home", "sections": list(sections)}}}


def section(id: str, type: str, **content: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "content": content}


class Studio:
    def __init__(self, server: RunningServer) -> None:
        self.server = server

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        token = await self.server.mint("ann", Role.ADMIN)
        headers["Authorization"] = f"Bearer {token}"
        async with httpx.AsyncClient(base_url=self.server.http, headers=headers) as client:
            answer = await client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def create(self, doc: str, value: dict[str, Any], *, schema: bool = True) -> None:
        await self.request("PUT", f"/v1/docs/{doc}", value)
        if schema:
            await self.request("PUT", f"/v1/docs/{doc}/schema", SCHEMA)

    async def value(self, doc: str) -> Any:
        """The document, as the server has it."""
        return await self.request("GET", f"/v1/docs/{doc}")

    async def sections(self, doc: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.value(doc))["pages"]["home"]["sections"]
        return found

    async def patch(self, doc: str, *ops: dict[str, Any]) -> None:
        """Change a document as Ann, who has no browser."""
        await self.request("PATCH", f"/v1/docs/{doc}", list(ops))

    async def open(
        self,
        context: BrowserContext,
        doc: str,
        user: str = "ada",
        role: Role = Role.EDITOR,
        url: str = "",
    ) -> Page:
        """Open the editor as a user, and wait until it is ready."""
        page = await context.new_page()
        token = await self.server.mint(user, role)
        await page.goto(f"{url or self.server.http}/edit/{doc}#token={token}")
        await page.wait_for_selector('body[data-state="ready"]')
        return page

    async def open_list(
        self, context: BrowserContext, user: str = "ada", role: Role = Role.ADMIN
    ) -> Page:
        """Open the list of pages as a user, and wait until it is there."""
        page = await context.new_page()
        await page.goto(f"{self.server.http}/#token={await self.server.mint(user, role)}")
        await page.wait_for_selector('body[data-state="ready"]')
        return page


async def saved(page: Page) -> None:
    """Wait until the server has all changes of this tab."""
    await page.wait_for_function("() => weft.page.saved === 'saved' && weft.page.pending === 0")


async def write(page: Page, pointer: str, value: object) -> None:
    """Change a value in the document of a tab, without its fields."""
    await page.evaluate("([p, v]) => void weft.page.set(p, v)", [pointer, value])
