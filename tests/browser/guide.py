"""Makes the pictures of docs/user-guide.md: `python -m tests.browser.guide docs/guide`.

Run it when the editor looks different. Each picture shows what its part of the guide tells.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from PIL import Image
from playwright.async_api import BrowserContext, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Contexts, started
from tests.browser.editor.studio import Studio
from tests.running import RunningServer

COLORS = 256
PAGES = ("Corner Bakery", "Harbor Yoga", "Oak & Lime")
TRADES = ("Bakery", "Physiotherapist", "Architect")


class Guide:
    """Ada and Bo in one page, and the pictures of what they do."""

    def __init__(self, server: RunningServer, contexts: Contexts, folder: Path) -> None:
        self.server, self.contexts, self.folder = server, contexts, folder
        self.studio = Studio(server)
        self.doc = ""
        self.ada: Page
        self.bo: Page

    async def person(self, user: str, path: str = "/", **options: object) -> Page:
        context: BrowserContext = await self.contexts.new(**options)
        page = await context.new_page()
        token = await self.server.mint(user, Role.PUBLISHER)
        await page.goto(f"{self.server.http}{path}#token={token}")
        await page.wait_for_selector('body[data-state="ready"]')
        return page

    async def shot(self, name: str, page: Page, selector: str = "") -> None:
        """Save a picture of the window, or of one element with some space around it."""
        clip = None
        if selector:
            box = await page.locator(selector).first.bounding_box()
            assert box is not None, selector
            clip = {
                "x": max(0, box["x"] - 16),
                "y": max(0, box["y"] - 16),
                "width": box["width"] + 32,
                "height": box["height"] + 32,
            }
        raw = await page.screenshot(animations="disabled", clip=clip)  # type: ignore[arg-type]  # a dict is what it takes
        picture = Image.open(io.BytesIO(raw)).convert("RGB")
        picture.quantize(COLORS, dither=Image.Dither.NONE).save(
            self.folder / f"{name}.png", optimize=True
        )
        print(f"  {name}", flush=True)

    async def select(self, page: Page, type: str) -> None:
        await page.evaluate(
            "(type) => weft.workspace.select("
            "weft.workspace.sections.find((one) => one.type === type).id, null, { scroll: true })",
            type,
        )

    async def quiet(self, page: Page) -> None:
        """Close what is open, and let the messages go."""
        for _ in range(3):
            await page.keyboard.press("Escape")
        await page.evaluate(
            "document.querySelectorAll('.toast button.quiet').forEach((each) => each.click())"
        )


async def pages(guide: Guide) -> None:
    ada = guide.ada = await guide.person("ada")
    for title, trade in zip(PAGES, TRADES, strict=True):
        await ada.get_by_role("button", name="New page").first.click()
        dialog = ada.get_by_role("dialog", name="New page")
        await dialog.locator("#title").fill(title)
        await dialog.locator(".template", has_text=trade).first.click()
        if title == PAGES[0]:
            await ada.wait_for_function(
                "document.querySelectorAll('dialog .thumbnail[data-state=drawn]').length > 6"
            )
            await guide.shot("new-page", ada)
        await dialog.get_by_role("button", name="Create page").click()
        await ada.wait_for_url("**/edit/**")
        await ada.wait_for_selector('body[data-state="ready"]')
        guide.doc = guide.doc or ada.url.split("/")[-1].partition("#")[0]
        await ada.goto(f"{guide.server.http}/")
        await ada.wait_for_selector('body[data-state="ready"]')
    await expect(ada.locator(".thumbnail[data-state=drawn]")).to_have_count(len(PAGES))
    await guide.shot("pages", ada)
    await ada.get_by_role("link", name=PAGES[0], exact=True).first.click()
    await ada.wait_for_selector('body[data-state="ready"]')
    await ada.wait_for_selector("#stage h1")


async def texts(guide: Guide) -> None:
    ada = guide.ada
    await guide.shot("editor", ada)
    await ada.locator("#stage .lede").first.click()
    await ada.keyboard.press("Home")
    await ada.keyboard.press("Control+Shift+ArrowRight")
    await ada.keyboard.press("Control+Shift+ArrowRight")
    await ada.wait_for_selector(".format")
    await guide.shot("text", ada)
    await guide.quiet(ada)


async def sections(guide: Guide) -> None:
    ada = guide.ada
    await ada.get_by_role("button", name="Add section").last.click()
    await ada.wait_for_selector("dialog .template:visible")
    await ada.wait_for_function("document.querySelector('dialog .weft-page') !== null")
    await guide.shot("add-section", ada)
    await guide.quiet(ada)
    await guide.select(ada, "features")
    await guide.shot("section", ada)


async def together(guide: Guide) -> None:
    ada = guide.ada
    bo = guide.bo = await guide.person("bo", f"/edit/{guide.doc}")
    await bo.wait_for_selector("#stage h1")
    await bo.locator("#stage h1").first.click()
    await bo.keyboard.press("Control+End")
    await bo.keyboard.type(". Truly.", delay=20)
    await ada.locator("#stage h1").first.click()
    await ada.keyboard.press("Control+Home")
    await expect(ada.locator("#stage h1").first).to_contain_text("Truly.")
    await guide.shot("together", ada)
    await guide.quiet(bo)
    await guide.quiet(ada)
    await guide.select(ada, "hero")
    await ada.locator("#stage").get_by_role("button", name="Lock section").click()
    await guide.select(bo, "hero")
    await bo.locator("#stage").get_by_role("button", name="Ask to take over").click()
    await bo.get_by_role("dialog").get_by_role("button", name="Ask to take over").click()
    await expect(ada.get_by_role("button", name="Let go")).to_be_visible()
    await guide.shot("lock", ada)
    await ada.get_by_role("button", name="Let go").click()
    await bo.locator("#stage").get_by_role("button", name="Unlock section").click()


async def apart(guide: Guide) -> None:
    """Both change one price without a network."""
    ada, bo = guide.ada, guide.bo
    kind = await ada.evaluate("weft.workspace.sections[1].id")
    at = await ada.evaluate("(id) => weft.workspace.sectionAt(id).at", kind)
    for page in (ada, bo):
        await guide.quiet(page)
        await page.context.set_offline(True)
        await expect(page.locator("#state")).to_contain_text("offline")
    words = {"ada": "Open until we are sold out", "bo": "Open from seven to noon"}
    await ada.evaluate(
        "([at, text]) => void weft.page.set(`${at}/content/headline`, text)", [at, words["ada"]]
    )
    await bo.evaluate(
        "([at, text]) => void weft.page.set(`${at}/content/headline`, text)", [at, words["bo"]]
    )
    await expect(ada.locator("#state")).to_contain_text("1 change")
    await guide.shot("offline", ada)
    await bo.context.set_offline(False)
    await bo.wait_for_function("() => weft.page.saved === 'saved' && weft.page.pending === 0")
    await ada.context.set_offline(False)
    await ada.wait_for_function("() => weft.page.saved === 'saved' && weft.page.pending === 0")
    card = ada.get_by_role("region", name="Needs your decision")
    await expect(card).to_be_visible()
    await guide.shot("decision", ada)
    await card.get_by_role("button", name="Keep mine").click()


async def site(guide: Guide) -> None:
    ada = guide.ada
    await guide.quiet(ada)
    for place, name in (
        ("/theme", "theme"),
        ("/seo", "search"),
        ("/pages", "site-pages"),
        ("/site/navigation", "navigation"),
    ):
        await ada.evaluate(
            "(pointer) => weft.workspace.emit('screen', { name: 'site', pointer })", place
        )
        await ada.wait_for_selector("#site .body > *")
        await guide.shot(name, ada)
    await ada.get_by_role("button", name="Close the settings").click()


async def history(guide: Guide) -> None:
    ada = guide.ada
    await ada.get_by_role("button", name="History").first.click()
    await ada.locator(".history [role=option]").filter(has_text="Bo").first.click()
    await expect(ada.locator(".history ins").first).to_be_visible()
    await guide.shot("history", ada)
    await ada.keyboard.press("Escape")
    await expect(ada.locator(".history")).to_have_count(0)


async def publishing(guide: Guide) -> None:
    """Publish the page, change it, and look at what visitors would see."""
    ada = guide.ada
    screen = ada.get_by_role("dialog", name="Publish", exact=True)
    await ada.locator("#publish").click()
    await screen.locator(".go").click()
    await expect(screen.get_by_role("heading", name="Published")).to_be_visible()
    await screen.get_by_role("button", name="Done").click()
    for page, words in ((guide.ada, "Bread, and only bread"), (guide.bo, "This week's three")):
        number = int(page is guide.bo)
        at = await page.evaluate(
            "(n) => weft.workspace.sectionAt(weft.workspace.sections[n].id).at", number
        )
        await page.evaluate(
            "([p, v]) => weft.page.set(p, v).durable", [f"{at}/content/headline", words]
        )
    await expect(ada.locator("#publish")).to_contain_text("2")
    await ada.locator("#publish").click()
    await expect(screen.locator(".entry")).to_have_count(2)
    await guide.shot("publish", ada)
    await ada.keyboard.press("Escape")


async def phone(guide: Guide) -> None:
    page = await guide.person(
        "cleo",
        f"/edit/{guide.doc}",
        viewport={"width": 390, "height": 760},
        is_mobile=True,
        has_touch=True,
    )
    await page.wait_for_selector("#stage h1")
    await page.locator("#dock").get_by_role("button", name="Sections").tap()
    await page.wait_for_selector("#outline .pick")
    await guide.shot("phone", page)
    await page.context.close()


STEPS: tuple[Callable[[Guide], Awaitable[None]], ...] = (
    pages,
    texts,
    sections,
    together,
    apart,
    site,
    history,
    publishing,
    phone,
)


async def main(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(RunningServer(home))
        browser = await stack.enter_async_context(started())
        guide = Guide(server, Contexts(browser), folder)
        for step in STEPS:
            await step(guide)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1])))
