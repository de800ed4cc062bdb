"""The theme of a site: colours by two people at once, contrast, fonts, and the published page."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until

pytestmark = pytest.mark.real

THEME = "weft.page.value.theme"
# The colours that the canvas shows: of its text, its background, and its main button.
SHOWN = """() => {
  const root = getComputedStyle(document.querySelector('#stage .weft-page'))
  const button = getComputedStyle(document.querySelector('#stage .button.primary'))
  return [root.color, root.backgroundColor, button.color, button.backgroundColor]
}"""


def ratio(one: str, other: str) -> float:
    """The contrast of two colours such as `rgb(1, 2, 3)`, by the text of WCAG 2.2."""

    def luminance(color: str) -> float:
        parts = [int(each) / 255 for each in re.findall(r"\d+", color)[:3]]
        red, green, blue = (
            each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


# A drag in the browser's colour field, over many colours.
DRAG = """(input) => {
  for (const each of ['#2f5be0', '#2f5bd0', '#2f5bc0', '#2f5bb0']) {
    input.value = each
    input.dispatchEvent(new Event('input', { bubbles: true }))
  }
  input.dispatchEvent(new Event('change', { bubbles: true }))
}"""


async def drag(page: Page, label: str) -> None:
    await page.get_by_label(f"{label}: choose", exact=True).evaluate(DRAG)


async def open_theme(page: Page) -> Page:
    await page.locator("#bar h1 button").click()
    await page.get_by_role("menuitem", name="Theme…").click()
    await expect(page.get_by_role("tab", name="Theme")).to_be_focused()
    return page


def color(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def pair(page: Page, name: str) -> Locator:
    return page.locator(f'#site [data-pair="{name}"]')


def hero() -> dict[str, object]:
    button = {"id": "b", "label": "Go", "href": "/x", "style": "primary"}
    return section("h", "hero", headline="Hello", body="Text", buttons=[button])


async def test_two_people_choose_colours_at_once(
    studio: Studio, page: Page, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("colors", {**site(hero()), "theme": {}})
    ada = await open_theme(await studio.open(page.context, "colors"))
    bo = await open_theme(await studio.open(await contexts.new(), "colors", "bo"))
    # Ada sees at which colour Bo is. Bo's colour is on both pages.
    await color(bo, "Accent").focus()
    await expect(ada.get_by_role("img", name="bo is changing this colour")).to_be_visible()
    await color(bo, "Accent").fill("b3402a")
    await bo.keyboard.press("Enter")
    await expect(color(ada, "Accent")).to_have_value("#b3402a")
    for each in (ada, bo):
        await until(each, f"({SHOWN})()[3] === 'rgb(179, 64, 42)'")
    # A wrong one stays in the field, and is not sent.
    await color(bo, "Accent").fill("reddish")
    await bo.keyboard.press("Enter")
    await expect(bo.locator("#site .color .note.wrong")).to_contain_text("#2f6f4f")
    await bo.keyboard.press("Escape")
    await expect(color(bo, "Accent")).to_have_value("#b3402a")
    await color(bo, "Text").focus()
    await expect(ada.locator("#site .color .who .avatar")).to_have_count(1)
    # Both at once: the newest wins, and both see it.
    chosen = {ada: "#0b6e7c", bo: "#7a3b8f"}

    async def choose(each: Page) -> None:
        await color(each, "Accent").fill(chosen[each])
        await each.keyboard.press("Enter")

    await asyncio.gather(choose(ada), choose(bo))
    for each in (ada, bo):
        await saved(each)
    value = (await studio.value("colors"))["theme"]["colors"]["accent"]
    assert value in chosen.values()
    for each in (ada, bo):
        await expect(color(each, "Accent")).to_have_value(value)
        # Whose colour was overwritten may be asked about it.
        await each.evaluate("weft.page.attention.forEach((item) => item.discard())")
        await expect(each.locator(".conflict")).to_be_hidden()
    # Both drag, each another colour: each drag is one step of its own user.
    await asyncio.gather(drag(ada, "Accent"), drag(bo, "Text"))
    for each in (ada, bo):
        await until(each, f"{THEME}.colors.accent === {THEME}.colors.text")
        await saved(each)
    for each in (ada, bo):
        await each.evaluate("weft.page.undo()")
    for each in (ada, bo):
        await until(each, f"{THEME}.colors.accent === '{value}' && !{THEME}.colors.text")
    # Others learn that a person has left the theme.
    await bo.get_by_role("button", name="Close the settings").click()
    await expect(bo.locator("#site")).to_be_hidden()
    await expect(bo.locator("#inspector")).to_be_visible()
    await expect(ada.locator("#site .color .who .avatar")).to_have_count(0)
    # A message leads Bo to the colour that Ada changes.
    await color(ada, "Background").fill("#fff8f9")
    await ada.keyboard.press("Enter")
    await bo.get_by_role("button", name="ada changed background colour").click()
    await expect(color(bo, "Background")).to_be_focused()
    assert complaints == []


async def test_two_people_choose_the_first_colours_at_once(
    studio: Studio, page: Page, contexts: Contexts
) -> None:
    await studio.create("first", site(hero()))
    ada = await open_theme(await studio.open(page.context, "first"))
    bo = await open_theme(await studio.open(await contexts.new(), "first", "bo"))
    await bo.context.set_offline(True)
    await until(bo, "weft.page.link !== 'online'")
    for each, label, value in ((ada, "Accent", "#0b6e7c"), (bo, "Text", "#123456")):
        await color(each, label).fill(value)
        await color(each, label).press("Enter")
    await bo.get_by_role("button", name="Editorial").click()
    for each in (ada, bo):
        await each.get_by_role("tab", name="Navigation").click()
        await each.get_by_role("button", name="Add link").click()
        await each.get_by_label("Link text").fill(f"Of {'Ada' if each is ada else 'Bo'}")
    await saved(ada)
    await bo.context.set_offline(False)
    await bo.evaluate("weft.page.syncNow()")
    # Each of them made the theme and the site. There is one of each, with what both chose, and no
    # question to Bo.
    both = f"{THEME}.colors.accent === '#0b6e7c' && {THEME}.colors.text === '#123456'"
    for each in (ada, bo):
        await until(each, f"{both} && {THEME}.fonts.heading.startsWith('Georgia')")
        labels = "weft.page.value.site.navigation.map(({ label }) => label).join()"
        await until(each, f"{labels} === 'Of Ada,Of Bo'")
    await saved(bo)
    await until(bo, "weft.page.attention.length === 0")
    await expect(bo.locator(".conflict")).to_be_hidden()
    # His undo takes back only what is his.
    for _ in range(4):
        await bo.evaluate("weft.page.undo()")
    await until(ada, f"!{THEME}.fonts?.heading && !{THEME}.colors.text")
    assert await ada.evaluate(f"{THEME}.colors.accent") == "#0b6e7c"
    await until(ada, f"{labels} === 'Of Ada'")


async def test_a_gesture_is_one_step_of_undo_with_words(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    value = site(hero())
    value["theme"] = {"colors": {"accent": "#2f5bea"}}
    await studio.create("steps", value)
    page = await open_theme(await studio.open(page.context, "steps"))
    await drag(page, "Accent")
    await until(page, f"{THEME}.colors.accent === '#2f5bb0'")
    await page.get_by_role("tab", name="Theme").focus()
    await page.keyboard.press("Control+z")
    await expect(page.locator(".toast")).to_contain_text("Undid: accent colour")
    await until(page, f"{THEME}.colors.accent === '#2f5bea' && !weft.page.canUndo")
    # So is a palette: all its colours.
    forest = page.get_by_role("button", name="Forest")
    await forest.click()
    await expect(forest).to_have_attribute("aria-pressed", "true")
    await expect(color(page, "Background")).to_have_value("#fbfaf5")
    await page.get_by_role("button", name="Undo").first.click()
    await until(page, f"Object.keys({THEME}.colors).join() === 'accent' && !weft.page.canUndo")
    # And two fonts, and the way of the slider.
    await page.get_by_role("button", name="Editorial").click()
    await until(page, f"{THEME}.fonts.heading.startsWith('Georgia')")
    await expect(page.get_by_label("Headlines")).to_have_value("Georgia")
    await page.get_by_label("Corners").focus()
    await page.keyboard.press("End")
    await until(page, f"{THEME}.radius === 64")
    await page.get_by_text("Airy").click()
    await page.get_by_text("Large", exact=True).click()
    await until(page, f"{THEME}.spacing === 'airy' && {THEME}.fonts.scale === 'large'")
    await page.get_by_text("Medium", exact=True).first.click()
    await until(page, f"!('scale' in {THEME}.fonts)")
    await saved(page)
    assert complaints == []


async def test_contrast_is_measured_and_mended(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    own = {**section("own", "faq", headline="Own"), "theme": {}}
    own["theme"] = {"background": "#777777", "text": "#888888"}
    await studio.create("contrast", site(hero(), own))
    page = await open_theme(await studio.open(page.context, "contrast"))
    for text, background, is_good in (
        ("#767676", "#ffffff", True),
        ("#777777", "#ffffff", False),
        ("#ffdd00", "#1b1d24", True),
    ):
        for label, value in (("Text", text), ("Background", background)):
            await color(page, label).fill(value)
            await color(page, label).press("Enter")
        await until(page, f"{THEME}.colors.background === '{background}'")
        ink, ground, *_ = await shown_with(page, text)
        assert (ratio(ink, ground) >= 4.5) is is_good
        verdict = "Easy to read" if is_good else "Hard to read, needs 4.5:1"
        await expect(pair(page, "text")).to_contain_text(verdict)
        await expect(pair(page, "text")).to_contain_text(
            f"{int(ratio(ink, ground) * 100) / 100:.2f}:1"
        )
    # The text of the button follows the accent by itself.
    for accent in ("#ffdd00", "#0a0a0a", "#808080"):
        await color(page, "Accent").fill(accent)
        await color(page, "Accent").press("Enter")
        await expect(pair(page, "button")).to_contain_text("Easy to read")
        await until(page, f"{THEME}.colors.accent === '{accent}'")
    await color(page, "Text").fill("#999999")
    await color(page, "Text").press("Enter")
    await color(page, "Background").fill("#ffffff")
    await color(page, "Background").press("Enter")
    await expect(page.locator("#site .verdict")).to_contain_text("hard to see")
    await page.get_by_role("button", name="Fix: Text on the background").click()
    await expect(pair(page, "text")).to_contain_text("Easy to read")
    fixed = await page.evaluate(f"{THEME}.colors.text")
    # No lighter grey passes.
    assert fixed == "#767676"
    # Quiet text on a grey in the middle needs another background, too.
    await page.get_by_role("button", name="Fix: Quiet text of Questions").click()
    for each in ("own text", "own quiet"):
        await expect(pair(page, each)).to_contain_text("Easy to read")
    drawn = await page.evaluate(
        """(() => {
          const { color, backgroundColor } = getComputedStyle(document.querySelector('#stage .own'))
          return [color, backgroundColor]
        })()"""
    )
    assert ratio(*drawn) >= 4.5
    # Without a colour, the page chooses one. With the mode of the visitor, there are dark ones.
    await page.get_by_role("button", name="Text: choose automatically").click()
    await expect(color(page, "Text").first).to_have_value("")
    await page.get_by_text("As the visitor").click()
    await expect(page.locator("#site .dark .color")).to_have_count(3)
    await expect(pair(page, "text-dark")).to_contain_text("Easy to read")
    # All at once are one step.
    for label, value in (("Accent", "#fffde0"), ("Text", "#cccccc"), ("Background", "#ffffff")):
        await color(page, label).fill(value)
        await color(page, label).press("Enter")
    await page.get_by_role("button", name="Fix all").click()
    await expect(page.locator("#site .verdict")).to_contain_text("are easy to see")
    await page.get_by_role("button", name="Undo").first.click()
    await until(page, f"{THEME}.colors.text === '#cccccc' && {THEME}.colors.accent === '#fffde0'")
    assert complaints == []


async def shown_with(page: Page, text: str) -> list[str]:
    """Return the colours of the canvas, when it has this text."""
    wanted = ", ".join(str(int(text[at : at + 2], 16)) for at in (1, 3, 5))
    await until(page, f"({SHOWN})()[0] === 'rgb({wanted})'")
    found: list[str] = await page.evaluate(SHOWN)
    return found


async def test_a_visitor_gets_the_theme_and_a_viewer_cannot_change_it(
    studio: Studio, page: Page, contexts: Contexts
) -> None:
    await studio.create("visitor", site(hero()))
    ada = await open_theme(await studio.open(page.context, "visitor", "ada", Role.PUBLISHER))
    await ada.get_by_role("button", name="Terracotta").click()
    await ada.get_by_role("button", name="Classic").click()
    await ada.get_by_text("Small", exact=True).click()
    await ada.get_by_text("Compact").click()
    await saved(ada)
    url = await ada.evaluate("weft.page.publish().then(({ url }) => url)")
    async with httpx.AsyncClient(base_url=studio.server.http) as client:
        html = (await client.get(url)).text
    for rule in (
        "--accent:#b3402a;",
        "--ground:#fdf9f3;",
        "--scale:.85;",
        "--space:.65;",
        "--heading:'Iowan Old Style'",
    ):
        assert rule in html
    vera = await studio.open(await contexts.new(), "visitor", "vera", Role.VIEWER)
    await open_theme(vera)
    await expect(color(vera, "Accent")).to_have_value("#b3402a")
    enabled = "#site-body :is(input, select, button, textarea):enabled"
    await expect(vera.locator(enabled)).to_have_count(0)
    for tab in ("Pages", "Navigation", "SEO and sharing"):
        await vera.get_by_role("tab", name=tab).click()
        names = await vera.locator(enabled).evaluate_all(
            "(all) => all.map((each) => each.getAttribute('aria-label') ?? each.textContent)"
        )
        # What is left shows another page, and changes nothing.
        looks = ("More for", "Home", "Page", "Edit the whole footer")
        assert [each for each in names if not each.startswith(looks)] == []
