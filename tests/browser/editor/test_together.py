"""Several people in one document: where they are, and what they change."""

from __future__ import annotations

from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until

LONG = "\n\n".join(["A long text about bread."] * 30)
PAGE = site(
    section("top", "hero", headline="Fresh bread", subheadline="Every day"),
    section("long", "callToAction", headline="Our story", body=LONG),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)
PAGE["pages"]["about"] = {
    "title": "About",
    "slug": "about",
    "sections": [section("who", "hero", headline="Who we are")],
}


def row(page: Page, id: str) -> str:
    return f'#outline li[data-section="{id}"] [data-place=people] .avatar'


async def test_people_see_where_others_are(
    studio: Studio, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("here", PAGE)
    at_bo = await contexts.new(color_scheme="dark")
    ada = await studio.open(await contexts.new(), "here")
    await expect(ada.get_by_role("button", name="Only you are here")).to_be_visible()
    height = await ada.evaluate("document.querySelector('#bar').offsetHeight")
    bo = await studio.open(at_bo, "here", "bo")
    again = await studio.open(at_bo, "here", "bo")
    await expect(again.get_by_text("You edit this page in another tab, too.")).to_be_visible()
    await expect(bo.get_by_text("You edit this page in another tab, too.")).to_be_visible()
    await expect(ada.get_by_text("in another tab")).to_be_hidden()
    # Two tabs are one person.
    await expect(ada.locator("#people .faces .avatar")).to_have_count(1)
    assert await ada.evaluate("document.querySelector('#bar').offsetHeight") == height
    await expect(ada.get_by_role("button", name="2 people here")).to_be_visible()
    await again.close()
    await expect(bo.get_by_text("in another tab")).to_be_hidden()

    await bo.locator("#stage h1").click()
    frame = ada.locator(".person-frame")
    await expect(frame).to_have_text("Bo")
    await expect(ada.locator(row(ada, "top"))).to_have_attribute("aria-label", "Bo is here")
    # The frame is around the section, and stays there when the page scrolls.
    around = (
        "(() => { const [a, b] = ['.person-frame', '[data-section=top].space-medium,"
        " #stage [data-section=top]'].map((each) => document.querySelector(each)"
        ".getBoundingClientRect());"
        " return Math.abs(a.top - b.top) + Math.abs(a.width - b.width) < 2 })()"
    )
    await until(ada, around)
    await ada.evaluate("document.querySelector('#stage').scrollTop = 60")
    await until(ada, around)
    # In the same text, the caret has the colour of the frame.
    await ada.locator("#stage h1").click()
    await expect(bo.locator(".person-frame")).to_have_text("Ada")
    assert await bo.evaluate("weft.page.presence.others[0].state.color") == "#c4318d"
    # No caret lies over the settings, which take the place of the fields, or over the history.
    carets = "[...document.querySelectorAll('[data-weft-caret=bo]')]"
    await until(ada, f"{carets}.length === 2")
    layer = "getComputedStyle(document.querySelector('[data-weft-caret]').parentElement).zIndex"
    assert int(await ada.evaluate(layer)) < 45
    await ada.evaluate("weft.workspace.emit('screen', {name: 'site', pointer: '/theme'})")
    await expect(ada.locator("#site")).to_be_visible()
    start = "document.querySelector('#site').getBoundingClientRect().left"
    await until(ada, f"{carets}.every((each) => each.getBoundingClientRect().right < {start})")
    await ada.get_by_role("button", name="Close the settings").click()
    await until(ada, f"{carets}.length === 1")
    await ada.locator("#stage h1").click()
    await ada.keyboard.press("Escape")
    await bo.keyboard.press("Escape")
    await bo.evaluate("weft.workspace.select('ask')")
    await expect(ada.locator(row(ada, "ask"))).to_have_count(1)
    await expect(ada.locator(row(ada, "top"))).to_have_count(0)
    await bo.close()
    await expect(ada.locator(".person-frame")).to_have_count(0)
    assert complaints == []


async def test_the_page_follows_a_person_until_the_user_does_something(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("follow", PAGE)
    ada = await studio.open(await contexts.new(), "follow")
    bo = await studio.open(await contexts.new(), "follow", "bo")
    await bo.evaluate("weft.workspace.select('ask')")
    await ada.get_by_role("button", name="Follow Bo").click()
    await expect(ada.get_by_text("Following Bo · Stop")).to_be_visible()
    await expect(ada.locator("#stage [data-section=ask] h2")).to_be_in_viewport()
    await bo.evaluate("weft.workspace.show('about'); weft.workspace.select('who')")
    await expect(ada.locator("#stage h1")).to_have_text("Who we are")
    await ada.keyboard.press("Escape")
    await expect(ada.locator(".following")).to_be_hidden()
    await bo.evaluate("weft.workspace.show('home')")
    await ada.get_by_role("button", name="people here").click()
    await ada.get_by_role("menuitem", name="Bo").click()
    await expect(ada.get_by_text("Following Bo · Stop")).to_be_visible()
    await expect(ada.locator("#stage h1")).to_have_text("Fresh bread")
    await ada.mouse.move(640, 500)
    await ada.mouse.wheel(0, 100)
    await expect(ada.locator(".following")).to_be_hidden()


async def test_changes_of_others_are_shown_where_they_land(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("flash", PAGE)
    lively = await studio.open(await contexts.new(reduced_motion="no-preference"), "flash")
    calm = await studio.open(await contexts.new(), "flash", "cy")
    bo = await studio.open(await contexts.new(), "flash", "bo")
    for each in (lively, calm):
        await each.evaluate(
            "window.flashes = []; new MutationObserver((all) => all.forEach(({addedNodes}) =>"
            " addedNodes.forEach((node) => node.dataset?.flash && flashes.push(node.dataset.flash))"
            ")).observe(document.querySelector('.others'), {childList: true})"
        )
    await bo.evaluate("void weft.page.set('/pages/home/sections/0/content/headline', 'Warm')")
    await until(lively, "flashes.length === 1 && flashes[0] === 'top'")
    await expect(lively.locator(".flash")).to_have_count(0)  # it goes by itself
    # A change out of sight is told at the edge, and so is one on another page.
    await bo.evaluate("void weft.page.set('/pages/home/sections/2/content/headline', 'FAQ')")
    await calm.get_by_role("button", name="Bo changed Questions").click()
    await expect(calm.locator("#stage [data-section=ask] h2")).to_be_in_viewport()
    await bo.evaluate("void weft.page.set('/pages/about/sections/0/content/headline', 'Who bakes')")
    await lively.get_by_role("button", name="Bo changed headline of Hero").click()
    await expect(lively.locator("#stage h1")).to_have_text("Who bakes")
    assert await calm.evaluate("flashes") == []
    await expect(calm.locator("#announcer")).to_contain_text("Bo changed ")

    # A text that has just changed has a note when a person begins to edit it.
    await calm.evaluate("weft.workspace.select('top', null, {scroll: true})")
    await calm.locator("#stage h1").click()
    await expect(calm.get_by_text("Bo changed this text")).to_be_visible()
    await saved(calm)


async def test_a_viewer_sees_that_the_page_is_read_only(studio: Studio, contexts: Contexts) -> None:
    await studio.create("viewer", PAGE)
    eve = await studio.open(await contexts.new(), "viewer", "eve", Role.VIEWER)
    await expect(eve.locator("#state .word")).to_have_text("read-only")
    await expect(eve.get_by_text("You can look at this page, but not change it.")).to_be_visible()
    await expect(eve.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
    await eve.get_by_role("button", name="Close this notice").click()
    await expect(eve.locator("#notices .notice")).to_have_count(0)
    await expect(eve.get_by_role("button", name="Lock section")).to_have_count(0)
