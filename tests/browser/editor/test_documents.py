"""The list of pages at `/`: what it shows, and what a user can do with a page."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import BrowserContext, Locator, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, section, site
from tests.browser.waits import until
from tests.patience import PATIENCE

pytestmark = pytest.mark.real


def card(page: Page, title: str) -> Locator:
    return page.locator("article").filter(has=page.get_by_role("link", name=title, exact=True))


async def choose(page: Page, title: str, choice: str) -> None:
    await page.get_by_role("button", name=f"More about {title}").click()
    await page.get_by_role("menuitem", name=choice, exact=True).click()


async def refreshed(page: Page) -> None:
    await page.evaluate("dispatchEvent(new Event('focus'))")


async def names(studio: Studio) -> set[str]:
    return {item["doc"] for item in (await studio.request("GET", "/v1/docs?limit=1000"))["items"]}


def named(title: str) -> dict[str, Any]:
    return {"site": {"name": title}, **site(section("hero-1", "hero", headline=f"About {title}"))}


async def test_the_list_shows_pages_and_people_and_what_they_did(
    contexts: Contexts, studio: Studio, complaints: Complaints
) -> None:
    await studio.create("spring-sale", named("Spring sale"))
    await studio.create(
        "broken", {"pages": {"home": {"title": "Broken", "sections": [7]}}}, schema=False
    )
    await studio.create("empty", {"n": 1}, schema=False)
    await studio.request("POST", "/v1/docs/spring-sale/publish", {})
    bo = await studio.open(await contexts.new(), "spring-sale", "bo")
    await bo.evaluate("weft.page.set('/pages/home/title', 'By Bo')")
    page = await studio.open_list(await contexts.new())
    assert "token" not in page.url
    shown = card(page, "Spring sale")
    await expect(shown).to_contain_text("Published")
    await expect(shown).to_contain_text("edited just now")
    await expect(shown.get_by_role("img", name="Bo")).to_be_visible()
    await expect(shown.locator(".thumbnail")).to_have_attribute("data-state", "drawn")
    await expect(card(page, "Broken")).to_contain_text("Draft")
    await expect(card(page, "empty").locator(".thumbnail")).to_have_attribute(
        "data-state", "failed"
    )
    activity = page.get_by_role("complementary", name="Recent activity")
    await refreshed(page)
    await expect(activity).to_contain_text("Ann published Spring sale")
    await until(
        page, "document.querySelector('#activity').textContent.includes('Bo edited Spring sale')"
    )
    await bo.close()
    await refreshed(page)
    await expect(shown.get_by_role("img", name="Bo")).to_have_count(0)
    await page.get_by_label("Search by title").fill("spring")
    await expect(page.locator("article")).to_have_count(1)
    await page.get_by_label("Search by title").fill("nothing")
    await page.get_by_role("button", name="Show all pages").click()
    await page.get_by_label("Sort by").select_option("title")
    await expect(page.locator("article h2")).to_have_text(["Broken", "empty", "Spring sale"])
    await card(page, "Spring sale").get_by_role("link").click()
    await page.wait_for_url("**/edit/spring-sale")
    assert complaints == []


async def test_a_duplicate_has_the_same_content_under_a_name_of_its_own(
    context: BrowserContext, studio: Studio
) -> None:
    sections = [section(f"s-{n}", "hero", headline=f"{n} " + "x" * 9_000) for n in range(200)]
    big = {"site": {"name": "Big"}, **site(*sections)}
    await studio.create("big", big, schema=False)
    page = await studio.open_list(context)
    for _ in range(2):
        await choose(page, "Big", "Duplicate")
        await page.get_by_text("Copy of Big made").wait_for()
        await page.get_by_role("button", name="Close this message").click()
    copies = {"copy-of-big", "copy-of-big-2"}
    assert copies <= await names(studio)
    for doc in copies:
        assert await studio.value(doc) == {**big, "site": {"name": "Copy of Big"}}


async def test_a_deletion_is_sent_when_its_message_ends_or_the_page_is_left(
    contexts: Contexts, studio: Studio
) -> None:
    docs = [f"old-{n}" for n in range(4)]
    for doc in docs:
        await studio.create(doc, named(doc))
    context = await contexts.new()
    page = await studio.open_list(context)
    await choose(page, "old-0", "Delete")
    await expect(card(page, "old-0")).to_have_count(0)
    await refreshed(page)
    await page.get_by_role("button", name="Undo").click()
    await expect(card(page, "old-0")).to_be_visible()
    assert set(docs) <= await names(studio)

    await choose(page, "old-1", "Delete")
    assert "old-1" in await names(studio)
    async with page.expect_response(lambda answer: answer.request.method == "DELETE") as sent:
        await page.get_by_role("button", name="Close this message").click()
    assert (await sent.value).status == 204
    await expect(card(page, "old-1")).to_have_count(0)

    await studio.open(await contexts.new(), "old-2", "bo")
    await refreshed(page)
    await expect(card(page, "old-2").get_by_role("img", name="Bo")).to_be_visible()
    await choose(page, "old-2", "Delete")
    question = page.get_by_role("dialog", name="Delete old-2?")
    await expect(question).to_contain_text("Bo is in this page now")
    await question.get_by_role("button", name="Delete").click()
    await expect(card(page, "old-2")).to_have_count(0)
    await choose(page, "old-3", "Delete")
    await page.get_by_role("button", name="Undo").last.click()
    await page.goto("about:blank")
    async with asyncio.timeout(PATIENCE):
        while "old-2" in await names(studio):
            pass
    left = await studio.open_list(context)
    await expect(card(left, "old-3")).to_be_visible()
    await expect(card(left, "old-2")).to_have_count(0)


async def test_a_role_sees_only_what_it_may_do(contexts: Contexts, studio: Studio) -> None:
    await studio.create("roles", named("Roles"))
    wanted = {
        Role.VIEWER: ["Open", "Open in new tab"],
        Role.EDITOR: ["Open", "Open in new tab", "Duplicate", "Share…"],
    }
    for role, choices in wanted.items():
        page = await studio.open_list(await contexts.phone(), "eve", role)
        await expect(page.get_by_role("button", name="New page").first).to_be_visible(
            visible=role is Role.EDITOR
        )
        await page.get_by_role("button", name="More about Roles").tap()
        await expect(page.get_by_role("menuitem")).to_have_text(choices)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.keyboard.press("Escape")
    # The right is gone while the page is open: the card comes back, with a sentence.
    page = await studio.open_list(await contexts.new(), "root")
    await page.route(
        "**/v1/docs/roles", lambda route: route.fulfill(status=403, json={"code": "forbidden"})
    )
    await choose(page, "Roles", "Delete")
    await page.get_by_role("button", name="Close this message").click()
    await page.get_by_text("Roles was not deleted. Your role does not allow this.").wait_for()
    await expect(card(page, "Roles")).to_be_visible()


async def test_a_share_link_works_until_it_is_ended(contexts: Contexts, studio: Studio) -> None:
    await studio.create("shared", named("Shared"))
    context = await contexts.new(permissions=["clipboard-read", "clipboard-write"])
    page = await studio.open_list(context)
    await choose(page, "Shared", "Share…")
    dialog = page.get_by_role("dialog", name="Share Shared")
    await dialog.get_by_label("For").select_option("As long as possible")
    await dialog.get_by_role("button", name="Make link").click()
    await dialog.get_by_role("button", name="Copied").wait_for()
    url = await dialog.get_by_label("Link", exact=True).input_value()
    assert url.startswith(f"{studio.server.http}/preview/shared#token=")
    assert await page.evaluate("navigator.clipboard.readText()") == url
    reader = await (await contexts.new()).new_page()
    await reader.goto(url)
    await reader.get_by_role("heading", name="About Shared").wait_for()
    assert "token" not in reader.url
    await dialog.get_by_role("button", name="End the link").click()
    await page.get_by_role("button", name="End link").click()
    await expect(dialog.get_by_role("listitem")).to_have_count(0)
    refused = await (await contexts.new()).new_page()
    await refused.goto(url)
    await expect(refused.get_by_role("heading", name="About Shared")).to_have_count(0)

    # The same dialog in the editor, for the page that is shown. The link of a commenter opens the
    # editor, and not the list.
    second = {"title": "Second", "slug": "two", "sections": []}
    await studio.patch("shared", {"op": "add", "path": "/pages/second", "value": second})
    editor = await studio.open(context, "shared?page=second")
    await editor.get_by_role("button", name="Share", exact=True).click()
    dialog = editor.get_by_role("dialog", name="Share Second")
    await dialog.get_by_role("button", name="Make link").click()
    made = dialog.get_by_label("Link", exact=True)
    await expect(made).to_have_value(re.compile(r"/preview/shared/two#token="))
    guest = await (await contexts.new()).new_page()
    await guest.goto(await made.input_value())
    await guest.get_by_role("heading", name="Second").wait_for(state="attached")
    await dialog.get_by_label("People with the link").select_option("Can see the editor")
    await dialog.get_by_role("button", name="Make link").click()
    await expect(made).to_have_value(re.compile(r"/edit/shared\?page=second#token="))
    await guest.goto(await made.input_value())
    await guest.wait_for_selector('body[data-state="ready"]')
    await until(guest, "weft.workspace.key === 'second'")
    await expect(guest.get_by_role("button", name="Share", exact=True)).to_have_count(0)
    await guest.goto(studio.server.http)
    await guest.get_by_role("heading", name="Your link opens one page").wait_for()
    await expect(guest.get_by_role("link", name="Open it")).to_have_attribute(
        "href", "/edit/shared"
    )


async def test_without_a_valid_token_the_user_is_asked(
    context: BrowserContext, studio: Studio
) -> None:
    page = await context.new_page()
    await page.goto(f"{studio.server.http}/#token=wrong")
    dialog = page.get_by_role("dialog", name="Sign in")
    await expect(dialog).to_contain_text("Your token is wrong, or its time is over.")
    assert "token" not in page.url
    await dialog.get_by_label("Token").fill(
        await studio.server.mint("ada", Role.EDITOR, seconds=60)
    )
    await dialog.get_by_role("button", name="Continue").click()
    await page.wait_for_selector('body[data-state="ready"]')
    await expect(page.locator(".me")).to_contain_text("Adaeditor")
    other = await context.new_page()
    await other.goto(studio.server.http)
    await expect(other.get_by_role("dialog", name="Sign in")).to_contain_text(
        "This page needs a token."
    )


NO_STORAGE = """
const get = () => { throw new DOMException('denied', 'SecurityError') }
for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
  Object.defineProperty(window, name, { get })
"""


async def test_the_tools_work_where_the_browser_stores_nothing(
    context: BrowserContext, studio: Studio
) -> None:
    await studio.create("unstored", named("Unstored"))
    await context.add_init_script(NO_STORAGE)
    page = await studio.open_list(context)
    await expect(card(page, "Unstored")).to_be_visible()
    await page.get_by_label("Sort by").select_option("title")
    editor = await studio.open(context, "unstored")
    await editor.evaluate("weft.page.set('/site/name', 'In memory').durable")
    await refreshed(page)
    await expect(card(page, "In memory")).to_be_visible()
    token = await studio.server.mint("root", Role.ADMIN)
    await page.goto(f"{studio.server.http}/status#token={token}")
    await expect(page.locator("#documents")).to_contain_text("unstored")


@pytest.mark.long
async def test_a_tenant_without_pages_is_invited_to_make_one(
    context: BrowserContext, studio: Studio
) -> None:
    page = await context.new_page()
    token = await studio.server.mint("ada", Role.EDITOR, tenant="new")
    await page.goto(f"{studio.server.http}/#token={token}")
    await page.get_by_role("heading", name="No pages yet").wait_for()
    await page.get_by_role("main").get_by_role("button", name="New page").click()
    await page.get_by_role("dialog", name="New page").wait_for()
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        for n in range(260):  # more than one page of the server's list
            made = await client.put(
                f"{studio.server.http}/v1/docs/p-{n}", json={"title": f"Page {n}"}
            )
            assert made.status_code in (201, 429), made.text
    await page.keyboard.press("Escape")
    await refreshed(page)
    await until(page, "document.querySelectorAll('article').length > 250")
    await page.get_by_label("Search by title").fill("page 259")
    await expect(page.locator("article")).to_have_count(1)
