"""Publishing from the editor: what changes for visitors, by whom, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, Page, Route, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site, write
from tests.browser.waits import until

pytestmark = pytest.mark.real

AT = "/pages/home/sections"
PAGE = site(
    section(
        "top",
        "hero",
        headline="Fresh bread every day",
        image={"src": "/static/templates/hills.svg", "alt": "", "width": 1200, "height": 800},
        buttons=[{"id": "b", "label": "Order", "href": "#gone", "style": "primary"}],
    ),
    section("ask", "faq", headline="", items=[{"id": "q", "question": "When?", "answer": "Now"}]),
    section("end", "footer", text="Larkfield"),
)


async def visit(studio: Studio, doc: str) -> httpx.Response:
    """Read the public page as a visitor, who has no token."""
    async with httpx.AsyncClient() as client:
        return await client.get(f"{studio.server.http}/p/demo/{doc}")


async def press_publish(page: Page) -> Locator:
    """Open the screen with the button of the bar, and wait until it has compared."""
    await page.locator("#publish").click()
    screen = page.get_by_role("dialog", name="Publish", exact=True)
    await expect(screen).to_be_visible()
    await until(page, "document.querySelector('dialog.publish').dataset.state !== 'loading'")
    return screen


async def texts(entries: Locator) -> list[str]:
    return [" ".join(each.split()) for each in await entries.all_inner_texts()]


async def publish_as(studio: Studio, user: str, doc: str, **body: Any) -> None:
    token = await studio.server.mint(user, Role.PUBLISHER)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=studio.server.http, headers=headers) as client:
        (await client.post(f"/v1/docs/{doc}/publish", json=body)).raise_for_status()


async def test_a_page_becomes_public_and_its_warnings_lead_to_their_places(
    studio: Studio, page: Page
) -> None:
    await studio.create("first", PAGE)
    ada = await studio.open(page.context, "first", role=Role.PUBLISHER)
    button = ada.locator("#publish")
    await expect(button).to_have_text("Publish")
    assert (await visit(studio, "first")).status_code == 404

    screen = await press_publish(ada)
    await expect(screen).to_contain_text("This page is not public")
    entries = screen.locator(".entry")
    await expect(entries).to_have_count(1)
    sections = await entries.locator(".contents li").all_inner_texts()
    assert sections == ["Hero", "Questions", "Footer"]
    await expect(entries.locator(".by")).to_contain_text("Ann")
    checks = screen.get_by_role("region", name="Checks").get_by_role("button")
    await expect(checks.filter(has_text="The link “#gone” leads nowhere")).to_be_visible()
    await expect(checks.filter(has_text="Questions has an empty headline")).to_be_visible()
    await expect(checks.filter(has_text="no description for search engines")).to_be_visible()
    await checks.filter(has_text="The picture has no description").click()
    await expect(screen).to_be_hidden()
    selected = await ada.evaluate("weft.workspace.selection")
    assert selected == {"id": "top", "pointer": f"{AT}/0/content/image/alt"}
    await write(ada, f"{AT}/0/content/image/alt", "Hills at dawn")
    await saved(ada)

    screen = await press_publish(ada)
    await expect(checks.filter(has_text="leads nowhere")).to_be_visible()
    await expect(checks.filter(has_text="The picture has no description")).to_have_count(0)
    await screen.get_by_label("Name this version").fill("Opening day")
    await screen.locator(".go").click()
    await expect(screen.get_by_role("heading", name="Published")).to_be_visible()
    answer = await visit(studio, "first")
    assert answer.status_code == 200
    assert "Fresh bread every day" in answer.text
    assert 'alt="Hills at dawn"' in answer.text
    rows = (await studio.request("GET", "/v1/docs/first/versions"))["items"]
    assert [row.get("name") for row in rows if row.get("published")] == ["Opening day"]
    async with ada.expect_popup() as opened:
        await screen.get_by_role("link", name="View live").click()
    visitor = await opened.value
    await expect(visitor.get_by_role("heading", level=1)).to_have_text("Fresh bread every day")
    await visitor.close()
    await screen.get_by_role("button", name="Done").click()
    await expect(button).to_have_text("Published")


async def test_two_people_change_a_page_and_one_publishes_meanwhile(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("both", PAGE)
    await publish_as(studio, "cy", "both")
    ada = await studio.open(await contexts.new(), "both", role=Role.PUBLISHER)
    bo = await studio.open(await contexts.new(), "both", "bo", Role.PUBLISHER)
    await expect(ada.locator("#publish")).to_have_text("Published")
    await write(ada, f"{AT}/0/content/headline", "Fresh rolls every day")
    await saved(ada)
    await bo.evaluate("void weft.commands.toggleHidden('ask')")
    await saved(bo)
    for each in (ada, bo):
        await expect(each.locator("#publish")).to_contain_text("2")

    screen = await press_publish(ada)
    entries = screen.locator(".entry")
    await expect(entries).to_have_count(2)
    await expect(entries.first.locator("del")).to_have_text("bread")
    await expect(entries.first.locator("ins")).to_have_text("rolls")
    await expect(entries.first.locator(".by")).to_contain_text("You, just now")
    await expect(entries.last.locator(".badge")).to_have_text("Hidden")
    await expect(entries.last.locator(".by")).to_contain_text("Bo, just now")

    # The list follows what others do meanwhile.
    await write(bo, f"{AT}/2/content/text", "Larkfield Bakery")
    await bo.evaluate("void weft.commands.move('end', 0)")
    await saved(bo)
    await expect(entries).to_have_count(3)
    await expect(entries.first).to_contain_text("Moved to the top")
    await expect(entries.first.locator("ins")).to_have_text("Bakery")
    go = screen.locator(".go")
    await expect(go).to_have_text("Publish 3 changes")

    # Bo is faster: what Ada saw is not what is public any more.
    head: int = await ada.evaluate("weft.page.version")

    waiting = [head - 1]

    async def bo_is_faster(route: Route) -> None:
        if route.request.method == "POST" and waiting:
            waiting.clear()
            await publish_as(studio, "bo", "both", version=head - 1)
        await route.continue_()

    await ada.route("**/publish", bo_is_faster)
    await go.click()
    banner = screen.get_by_role("alert")
    await expect(banner).to_contain_text("Bo published another version, just now.")
    await expect(banner).to_contain_text("It changed 3 things for visitors")
    await expect(entries).to_have_count(1)
    await expect(entries.first).to_contain_text("Moved to the top")
    assert "Fresh rolls" in (await visit(studio, "both")).text
    await expect(go).to_have_text("Publish 1 change")
    await bo.get_by_role("button", name="History").click()
    await expect(bo.locator(".history [role=option]").nth(1)).to_be_visible()
    await go.click()
    await expect(screen.get_by_role("heading", name="Published")).to_be_visible()
    # Bo learns it at once: his tab hears of it by the presence of Ada.
    await expect(bo.locator("#publish")).to_have_text("Published")
    await expect(bo.locator(".history [role=option]").nth(1)).to_contain_text("Published by Ada")
    await bo.keyboard.press("Escape")
    public = await studio.request("GET", "/v1/docs/both/publish")
    assert (public["published"], public["by"]["user"]) == (head, "ada")
    text = (await visit(studio, "both")).text
    assert text.index("Larkfield Bakery") < text.index("Fresh rolls")
    assert "When?" not in text
    await ada.keyboard.press("Escape")

    # A click on a change leads to its place.
    await write(bo, f"{AT}/1/content/headline", "Warm rolls")
    await saved(bo)
    screen = await press_publish(ada)
    await screen.locator(".entry").get_by_role("button", name="Headline").click()
    await expect(screen).to_be_hidden()
    selected = await ada.evaluate("weft.workspace.selection")
    assert selected == {"id": "top", "pointer": f"{AT}/1/content/headline"}


async def test_an_older_version_becomes_public_again_and_the_page_is_taken_down(
    studio: Studio, page: Page
) -> None:
    await studio.create("older", PAGE)
    await publish_as(studio, "cy", "older")
    await studio.request("POST", "/v1/docs/older/versions", {"version": 1, "name": "Spring"})
    ada = await studio.open(page.context, "older", role=Role.PUBLISHER)
    await write(ada, f"{AT}/0/content/headline", "Summer bread")
    await saved(ada)
    await publish_as(studio, "cy", "older")

    screen = await press_publish(ada)
    await expect(screen).to_contain_text("Visitors see the newest version")
    await expect(screen.locator(".go")).to_be_disabled()
    await screen.get_by_role("button", name="Older versions").click()
    rows = screen.get_by_role("region", name="Older versions").get_by_role("listitem")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("Live")
    await expect(rows.last).to_contain_text("Spring")
    await expect(rows.last).to_contain_text("Published by Cy")
    await rows.last.get_by_role("button", name="again").click()
    await expect(screen.get_by_role("alert")).to_contain_text(
        "You look at an older version: “Spring”"
    )
    assert (await screen.inner_text()).count("an older version") == 1
    entries = screen.locator(".entry")
    await expect(entries.locator("ins").first).to_have_text("Fresh")
    await expect(screen.locator(".go")).to_have_text("Publish this version")
    await screen.locator(".go").click()
    await expect(screen.get_by_role("heading", name="Published")).to_be_visible()
    assert "Fresh bread every day" in (await visit(studio, "older")).text
    draft = await studio.sections("older")
    assert draft[0]["content"]["headline"] == "Summer bread"
    await screen.get_by_role("button", name="Done").click()

    screen = await press_publish(ada)
    await expect(screen.locator(".go")).to_have_text("Publish 1 change")
    await screen.get_by_role("button", name="Unpublish").click()
    question = ada.get_by_role("dialog", name="Unpublish this page?")
    await question.get_by_role("button", name="Cancel").click()
    assert (await visit(studio, "older")).status_code == 200
    await screen.get_by_role("button", name="Unpublish").click()
    await question.get_by_role("button", name="Unpublish").click()
    await expect(screen).to_contain_text("This page is not public")
    assert (await visit(studio, "older")).status_code == 404
    await expect(screen.locator(".go")).to_have_text("Publish")
    # The keyboard stays in the screen, also when what had the focus is gone.
    await ada.evaluate("weft.workspace.select('top')")
    await ada.evaluate("document.activeElement.blur()")
    await ada.keyboard.press("Delete")
    assert await ada.evaluate("weft.workspace.sections.length") == 3
    await ada.keyboard.press("Escape")
    await expect(screen).to_be_hidden()
    assert await ada.evaluate("weft.workspace.selection.id") == "top"
    await expect(ada.locator("#publish")).to_have_text("Publish")
