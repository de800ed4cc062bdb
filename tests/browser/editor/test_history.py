"""The history: a story of who changed what, and the page as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Locator, Page, Route, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site, write
from tests.browser.proxy import Proxy
from tests.browser.waits import until

pytestmark = pytest.mark.real

AT = "/pages/home/sections"
PAGE = site(
    section("top", "hero", headline="Fresh bread every day", subheadline="From our oven"),
    section("prices", "pricing", headline="Prices", plans=[{"id": "one", "name": "Small"}]),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)


def entries(page: Page) -> Locator:
    return page.locator(".history [role=option]")


def shown(page: Page) -> Locator:
    """The page as it was."""
    return page.locator(".history .sheet")


async def opened(page: Page) -> Locator:
    """Open the history, and wait for its entries."""
    await page.get_by_role("button", name="History").click()
    await expect(entries(page).nth(1)).to_be_visible()
    return page.get_by_role("dialog", name="History")


async def test_the_story_names_both_people_and_shows_what_each_changed(
    studio: Studio, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("story", PAGE)
    low = await contexts.new(viewport={"width": 1280, "height": 480})
    ada = await studio.open(low, "story", role=Role.PUBLISHER)
    bo = await studio.open(await contexts.new(), "story", "bo")
    await write(ada, f"{AT}/0/content/headline", "Warm bread every day")
    await saved(ada)
    await write(bo, f"{AT}/1/content/headline", "What it costs")
    await bo.evaluate("weft.commands.remove('ask')")
    await saved(bo)

    await ada.evaluate("weft.workspace.select('prices', null, {scroll: true})")
    await ada.evaluate("document.querySelector('#stage').scrollTop = 40")
    button = ada.get_by_role("button", name="History")
    await button.click()
    await expect(entries(ada)).to_have_count(4)
    names = (
        "all => all.map((each) => [...each.querySelectorAll('b, .deed')]"
        ".map(({ textContent }) => textContent).join(': '))"
    )
    await until(
        ada,
        "document.querySelectorAll('.history [role=option]')[1].textContent.includes('Pricing')",
    )
    assert await entries(ada).evaluate_all(names) == [
        "The page now: With everything up to this moment",
        "Bo: Deleted Questions, Pricing · 2 changes",
        "Ada: Hero · 1 change",
        "Ann: Made this page",
    ]
    await expect(shown(ada).locator("h1")).to_have_text("Warm bread every day")

    # Bo's step: a text word by word, and the section that went away.
    await entries(ada).nth(1).click()
    heading = shown(ada).locator("[data-section=prices] h2")
    await expect(heading.locator("del")).to_have_text("Prices")
    await expect(heading.locator("ins")).to_have_text("What it costs")
    await expect(shown(ada).locator("[data-gone]")).to_contain_text("When?")
    await expect(ada.locator(".history .mark")).to_have_count(2)
    await expect(ada.get_by_text("1 of 2 differences")).to_be_visible()
    assert not await shown(ada).locator("[data-section=top] :is(ins, del)").count()
    await heading.hover()
    await expect(ada.locator(".history .author")).to_contain_text("Bo")
    await ada.get_by_role("button", name="Questions deleted").focus()
    await expect(ada.locator("#announcer")).to_contain_text("Bo deleted this section")

    # Compared with the page now, which goes on meanwhile.
    await entries(ada).nth(3).click()
    await ada.get_by_role("button", name="The page now").click()
    await expect(shown(ada).locator("h1 del")).to_have_text("Warm")
    await expect(shown(ada).locator("h1 ins")).to_have_text("Fresh")
    await write(bo, f"{AT}/0/content/headline", "Hot bread every day")
    await expect(shown(ada).locator("h1 del")).to_have_text("Hot")
    await until(
        ada,
        "document.querySelectorAll('.history [role=option]')[1].textContent.includes('3 changes')",
    )

    # Each text tells its author, also one without a mark. The choice of the other side has a name.
    await expect(ada.get_by_text("Compare with", exact=True)).to_be_visible()
    await shown(ada).locator(".lede").hover()
    await expect(ada.locator(".history .author")).to_contain_text("Ann")

    # Who wrote what, on the page now: a face beside each text in sight.
    await entries(ada).nth(0).click()
    await ada.get_by_role("button", name="Who wrote this").click()
    faces = ada.locator(".history .writers .avatar")
    for name in ("Bo", "Ann"):
        await expect(faces.and_(ada.get_by_title(name)).first).to_be_visible()
    await expect(shown(ada).locator("h1[data-asks]")).to_be_visible()
    await shown(ada).locator("h1").hover()
    await expect(ada.locator(".history .author")).to_contain_text("Bo")
    await shown(ada).locator(".lede").focus()
    await expect(ada.locator(".history .author")).to_contain_text("Ann")
    await expect(ada.locator(".history .author")).to_contain_text("made this page")

    await ada.keyboard.press("Escape")
    await expect(ada.locator(".history")).to_have_count(0)
    await expect(button).to_be_focused()
    assert await ada.evaluate("weft.workspace.selection.id") == "prices"
    assert await ada.evaluate("document.querySelector('#stage').scrollTop") == 40
    assert complaints == []


async def test_versions_get_names_and_hostile_texts_stay_texts(
    studio: Studio, contexts: Contexts, complaints: Complaints
) -> None:
    hostile = "<img src=x onerror=document.title='caught'>"
    await studio.create("named", site(section("top", "hero", headline=hostile)))
    context = await contexts.new()
    page = await context.new_page()
    token = await studio.server.mint("<b>eve</b>", Role.PUBLISHER)
    await page.goto(f"{studio.server.http}/edit/named#token={token}")
    await page.wait_for_selector('body[data-state="ready"]')
    await write(page, f"{AT}/0/content/headline", f"{hostile} <script>1</script>")
    await saved(page)
    await opened(page)
    await entries(page).nth(1).click()
    await page.get_by_role("button", name="Name this version").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("at least one letter")
    await page.get_by_label("Name", exact=True).fill(hostile)
    await page.keyboard.press("Enter")
    await expect(entries(page).nth(1)).to_contain_text(hostile)
    await page.get_by_role("button", name="Rename").click()
    await expect(page.get_by_label("Name", exact=True)).to_have_value(hostile)
    await page.get_by_label("Name", exact=True).fill(f"{hostile} again")
    await page.keyboard.press("Enter")
    await expect(page.locator(".history .what")).to_contain_text(f"{hostile} again")
    await page.get_by_role("button", name="Named only").click()
    await expect(entries(page)).to_have_count(2)
    await shown(page).locator("h1").hover()
    await expect(page.locator(".history .author b")).to_be_visible()
    names = (await studio.request("GET", "/v1/docs/named/versions"))["items"]
    assert [each.get("name") for each in names] == [f"{hostile} again", None]
    assert await page.locator(".history img, .history script").count() == 0
    assert "caught" not in await page.title()
    assert complaints == []


async def test_keys_open_the_history_and_go_through_it(studio: Studio, contexts: Contexts) -> None:
    await studio.create("keys", PAGE)
    for number in range(3):
        await studio.patch(
            "keys", {"op": "replace", "path": f"{AT}/{number}/content/headline", "value": "Other"}
        )
    await studio.request("POST", "/v1/docs/keys/versions", {"version": 3, "name": "Three"})
    ada = await studio.open(await contexts.new(), "keys")
    await ada.evaluate("weft.workspace.select('top')")
    await ada.keyboard.press("Control+Alt+h")
    story = ada.get_by_role("listbox", name="Versions of the page")
    await expect(story).to_be_focused()
    await expect(entries(ada)).to_have_count(4)
    await ada.keyboard.press("ArrowDown")
    await ada.keyboard.press("ArrowDown")
    await expect(ada.locator(".history .what")).to_contain_text("Three")
    chosen = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"
    assert await ada.evaluate(f"{chosen}.ariaSelected") == "true"
    await expect(shown(ada).locator("[data-section=top] ins")).to_have_text("Other")
    await ada.keyboard.press("End")
    await expect(ada.locator(".history .what")).to_contain_text("Ann")
    # No key reaches the editor behind, also when nothing has the focus.
    await ada.keyboard.press("Delete")
    await ada.evaluate("document.activeElement.blur()")
    await ada.keyboard.press("Delete")
    await expect(story).to_be_focused()
    await ada.keyboard.press("Escape")
    await expect(ada.locator(".history")).to_have_count(0)
    assert await ada.evaluate("weft.workspace.sections.length") == 3

    # The menu of a section leads to its own versions.
    row = ada.locator("#outline [data-section=prices]")
    await row.get_by_role("button", name="More").or_(row.locator("button.more")).first.click()
    await ada.get_by_role("menuitem", name="Earlier versions…").click()
    await expect(ada.get_by_role("button", name="Only Pricing: show all versions")).to_be_visible()
    await expect(shown(ada).locator("[data-section=prices] ins")).to_have_text("Other")
    await expect(entries(ada)).to_have_count(2)
    await ada.get_by_role("button", name="Only Pricing: show all versions").click()
    await expect(entries(ada)).to_have_count(4)


async def test_a_viewer_looks_and_a_lost_connection_is_told(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("away", PAGE)
    await studio.patch(
        "away",
        {"op": "replace", "path": f"{AT}/0/content/headline", "value": "Stale bread every day"},
    )
    async with Proxy.to(studio.server.port) as proxy:
        vi = await studio.open(await contexts.new(), "away", "vi", Role.VIEWER, url=proxy.http)
        await opened(vi)
        await entries(vi).nth(1).click()
        await expect(shown(vi).locator("h1 ins")).to_have_text("Stale")
        await shown(vi).locator("h1").hover()
        await expect(vi.locator(".history .author")).to_contain_text("Ann")
        await expect(vi.get_by_role("button", name="Name this version")).to_be_hidden()
        await expect(vi.get_by_role("button", name="Restore this version")).to_be_disabled()
        await vi.get_by_role("button", name="The page now").click()
        assert not await vi.locator(".history .tag button:not(.link)").count()
        await vi.get_by_role("button", name="The version before").click()

        proxy.cut()
        await until(vi, "weft.page.link !== 'online'")
        await entries(vi).nth(2).click()
        # What was loaded is there; what was not says so.
        await expect(shown(vi).locator("h1")).to_have_text("Fresh bread every day")
        await vi.evaluate("document.querySelector('.history button[aria-label^=Back]').click()")
        await vi.get_by_role("button", name="History").click()
        await expect(vi.get_by_text("The history needs a connection.")).to_be_visible()
        proxy.mend()
        await vi.evaluate("weft.page.syncNow()")
        await expect(entries(vi)).to_have_count(3)
        await expect(vi.get_by_text("The history needs a connection.")).to_have_count(0)


async def test_a_long_history_stays_short_in_the_page(studio: Studio, contexts: Contexts) -> None:
    await studio.create("long", PAGE)
    ada = await studio.open(await contexts.new(), "long")
    count = 2000
    asked: list[str] = []
    start = datetime(2026, 1, 1, tzinfo=UTC)

    async def rows(route: Route) -> None:
        given = parse_qs(urlsplit(route.request.url).query).get("cursor", [f"{count + 1}"])
        cursor = int(given[0])
        found: list[dict[str, Any]] = [
            {
                "version": version,
                "by": {"user": f"user-{version % 7}", "name": f"Person {version % 7}"},
                "at": (start + timedelta(minutes=20 * version)).isoformat(),
                "kind": "edit",
                "pointers": [f"{AT}/{version % 3}/content/headline"],
            }
            for version in range(cursor - 1, max(0, cursor - 101), -1)
        ]
        page = {"items": found, **({"cursor": str(found[-1]["version"])} if cursor > 101 else {})}
        await route.fulfill(body=json.dumps(page), content_type="application/json")

    async def value(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(body=json.dumps(PAGE), content_type="application/json")

    await ada.route("**/v1/docs/long/versions?*", rows)
    await ada.route("**/v1/docs/long/versions/*", value)
    await opened(ada)
    await expect(entries(ada).nth(1)).to_contain_text("1 change")
    await expect(entries(ada).nth(1)).to_contain_text("Questions")
    story = ada.locator(".story")
    while await story.evaluate("(each) => each.firstChild.offsetHeight") < count * 60:
        before = await story.evaluate("(each) => each.firstChild.offsetHeight")
        await story.evaluate("(each) => void (each.scrollTop = each.scrollHeight)")
        await until(ada, f"document.querySelector('.story').firstChild.offsetHeight > {before}")
        assert await entries(ada).count() < 60
    await story.evaluate("(each) => void (each.scrollTop = each.scrollHeight)")
    await expect(entries(ada).last).to_contain_text("Person 1")
    await expect(entries(ada).last).to_contain_text("Pricing · 1 change")
    assert len(asked) == 1, "one old version has all names"
