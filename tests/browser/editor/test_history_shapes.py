"""What the history marks: pictures, places, pages of the site; and on a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, section, site
from tests.browser.editor.test_history import AT, entries, opened, shown
from tests.browser.waits import until

pytestmark = pytest.mark.real

PICTURE = {"src": "/static/status/icon.svg", "alt": "An icon", "width": 64, "height": 64}
PAGE = site(
    section("top", "hero", headline="Fresh bread", image=PICTURE),
    section("one", "features", headline="First", items=[{"id": "i", "title": "An item"}]),
    section("two", "features", headline="Second"),
    section("last", "footer", copyright="All rights"),
)
# The renderer fails at one text.
BREAK = """() => {
  const { replace } = String.prototype
  String.prototype.replace = function (...given) {
    if (this.valueOf() === 'Break') throw new Error('no text')
    return replace.apply(this, given)
  }
}"""


async def test_each_kind_of_difference_has_its_mark(studio: Studio, contexts: Contexts) -> None:
    await studio.create("kinds", PAGE)
    picture = {"op": "replace", "path": f"{AT}/0/content/image/src", "value": "/favicon.ico"}
    hidden = {"op": "add", "path": f"{AT}/1/hidden", "value": True}
    moved = {"op": "move", "from": f"{AT}/2", "path": f"{AT}/0"}
    added = {
        "op": "add",
        "path": f"{AT}/4",
        "value": section("new", "callToAction", headline="Break", body="Come in"),
    }
    columns = {"op": "add", "path": f"{AT}/0/content/columns", "value": 2}
    style = {"op": "add", "path": "/theme", "value": {"mode": "dark"}}
    gone = {"op": "remove", "path": f"{AT}/3"}
    await studio.patch("kinds", picture, hidden, moved, added, columns, style, gone)
    ada = await studio.open(await contexts.new(), "kinds", role=Role.PUBLISHER)
    await ada.evaluate(BREAK)
    await opened(ada)
    await expect(entries(ada).nth(1)).to_contain_text("and 3 more")
    await entries(ada).nth(1).click()
    marks = ada.locator(".history .mark .tag")
    await expect(marks).to_have_text(
        [
            "Features movedcolumns",
            "Hero changedpicture",
            "Features hidden",
            "Call to action new",
            "Footer deletedPut back",
        ]
    )
    await expect(shown(ada).locator("img[data-picture]")).to_have_count(1)
    await expect(shown(ada).locator("[data-section=one]")).to_contain_text("An item")
    await expect(shown(ada).locator("[data-section=last]")).to_contain_text("All rights")
    # A section that cannot be drawn blanks nothing.
    await expect(shown(ada).locator("[data-section=new]")).to_contain_text("cannot be shown")
    await expect(ada.locator(".history .elsewhere")).to_contain_text("Also changed: the theme")
    for count in (2, 3, 4, 5, 1):
        await ada.get_by_role("button", name="Next difference").click()
        await expect(ada.get_by_text(f"{count} of 5 differences")).to_be_visible()
    await ada.get_by_role("button", name="Features moved").focus()
    await expect(ada.locator(".history .author")).to_contain_text("Ann")
    await expect(ada.locator(".history .author")).to_contain_text("moved this section")


async def test_words_with_another_style_have_a_mark(studio: Studio, contexts: Contexts) -> None:
    lines = "Fresh **bread** every day\n\nWarm [rolls](https://example.com/a) and *cake*"
    await studio.create("styles", site(section("top", "callToAction", headline="Hi", body=lines)))
    other = "Fresh bread **every** day\n\nHot [rolls](https://example.com/b) and cake"
    body = f"{AT}/0/content/body"
    await studio.patch("styles", {"op": "replace", "path": body, "value": other})
    await studio.patch(
        "styles", {"op": "replace", "path": f"{AT}/0/content/headline", "value": "**Hi**"}
    )
    ada = await studio.open(await contexts.new(), "styles")
    await opened(ada)
    await entries(ada).nth(1).click()
    marks = shown(ada).locator("mark")
    await expect(marks).to_have_text(["Hi", "bread", "every", "rolls", "cake"])
    notes = await marks.evaluate_all("all => all.map(({ title }) => title)")
    assert notes == ["bold", "not bold", "bold", "another link", "not italic"]
    await expect(shown(ada).locator("ins")).to_have_text("Hot")
    await expect(shown(ada).locator("del")).to_have_text("Warm")
    tag = ada.locator(".history .mark .tag small")
    await expect(tag).to_have_text("bold, not bold, another link, not italic")
    await expect(ada.get_by_text("1 of 1 difference")).to_be_visible()


async def test_each_page_of_the_site_has_its_past(studio: Studio, contexts: Contexts) -> None:
    await studio.create("pages", PAGE)
    about = {"title": "About us", "slug": "us", "sections": [section("us", "hero", headline="Us")]}
    await studio.patch("pages", {"op": "add", "path": "/pages/about", "value": about})
    ada = await studio.open(await contexts.new(), "pages")
    await ada.evaluate("weft.workspace.show('about')")
    await opened(ada)
    await expect(shown(ada).locator("h1")).to_have_text("Us")
    await expect(entries(ada).nth(1)).to_contain_text("Page About us")
    await entries(ada).last.click()
    await expect(ada.get_by_text("did not exist in this version.")).to_be_visible()
    await entries(ada).nth(1).click()
    await ada.get_by_label("Page of the site").select_option("Home")
    await expect(shown(ada).locator("h1")).to_have_text("Fresh bread")
    await expect(ada.locator(".history .elsewhere")).to_contain_text("About us")


async def test_a_phone_shows_the_history_and_answers_a_tap(
    studio: Studio, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("phone", PAGE)
    await studio.patch(
        "phone", {"op": "replace", "path": f"{AT}/0/content/headline", "value": "Warm bread"}
    )
    ada = await studio.open(await contexts.phone(), "phone", role=Role.PUBLISHER)
    # A narrow bar has it in the menu of the page.
    await ada.locator("#bar [aria-haspopup=menu]").first.tap()
    await ada.get_by_role("menuitem", name="History").tap()
    await entries(ada).nth(1).tap()
    await expect(shown(ada).locator("h1 ins")).to_have_text("Warm")
    await shown(ada).locator("h1").tap()
    await expect(ada.locator(".history .author")).to_contain_text("Ann")
    await expect(ada.locator(".history .author")).to_be_in_viewport()
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert await ada.evaluate(fits)
    sizes = await ada.locator(".history button:visible").evaluate_all(
        "all => all.map((each) => each.offsetHeight)"
    )
    assert min(sizes) >= 28
    # Back closes a question, and then the history. The editor stays.
    await ada.get_by_role("button", name="Restore this version").tap()
    await expect(ada.get_by_role("dialog", name="Restore the whole page?")).to_be_visible()
    await ada.evaluate("history.back()")
    await expect(ada.get_by_role("dialog", name="Restore the whole page?")).to_have_count(0)
    await expect(ada.locator(".history")).to_have_count(1)
    await ada.evaluate("history.back()")
    await expect(ada.locator(".history")).to_have_count(0)
    address = ada.url
    for _ in range(2):
        await ada.locator("#bar [aria-haspopup=menu]").first.tap()
        await ada.get_by_role("menuitem", name="History").tap()
        await ada.get_by_role("button", name="Back to the editor").tap()
        await expect(ada.locator(".history")).to_have_count(0)
    await until(ada, "history.state === null")
    assert ada.url == address
    assert complaints == []
