"""A page that was deleted in the list is deleted also when the user closes the list at once."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, section, site
from tests.browser.waits import until
from tests.patience import PATIENCE

pytestmark = pytest.mark.real


async def names(studio: Studio) -> set[str]:
    return {item["doc"] for item in (await studio.request("GET", "/v1/docs?limit=1000"))["items"]}


async def delete(page: Page, title: str) -> None:
    await page.get_by_role("button", name=f"More about {title}").click()
    await page.get_by_role("menuitem", name="Delete", exact=True).click()
    await expect(page.get_by_text(f"{title} deleted")).to_be_visible()


@pytest.mark.parametrize("workers", ["allow", "block"])
async def test_a_closed_list_sends_each_deletion_that_was_not_undone(
    studio: Studio, contexts: Contexts, workers: Literal["allow", "block"]
) -> None:
    """The service worker sends it; without one, a request that outlives the tab."""
    gone, undone, other = (f"{name}-{workers}" for name in ("gone", "undone", "other"))
    for doc in (gone, undone, other):
        value = {"site": {"name": doc}, **site(section("top", "hero", headline=doc))}
        await studio.create(doc, value, schema=False)
    context = await contexts.new(service_workers=workers)
    page = await context.new_page()
    token = await studio.server.mint("root", Role.ADMIN)
    await page.goto(f"{studio.server.http}/#token={token}")
    await page.wait_for_selector('body[data-state="ready"]')
    if workers == "allow":
        await until(page, "navigator.serviceWorker.controller")
    await delete(page, gone)
    await delete(page, undone)
    message = page.locator(".toast", has_text=f"{undone} deleted")
    await message.get_by_role("button", name="Undo").click()
    await expect(page.locator(".card").get_by_role("link", name=undone, exact=True)).to_be_visible()
    assert {gone, undone, other} <= await names(studio)
    await page.close()
    async with asyncio.timeout(PATIENCE):
        while gone in await names(studio):
            pass
    assert {undone, other} <= await names(studio)
