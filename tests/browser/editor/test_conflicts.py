"""Changes of two people that clash: each of them is shown, and none is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site, write
from tests.browser.proxy import Proxy
from tests.browser.waits import until
from tests.running import RunningServer

PAGE = site(
    section("top", "hero", headline="Fresh bread", subheadline="Every day"),
    section("prices", "pricing", headline="Prices", currency="EUR", plans=[]),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)
HEADLINE = "/pages/home/sections/0/content/headline"


async def test_two_people_without_a_network_choose_between_their_texts(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("clash", PAGE)
    async with Proxy.to(studio.server.port) as one, Proxy.to(studio.server.port) as two:
        ada = await studio.open(await contexts.new(), "clash", url=one.http)
        bo = await studio.open(await contexts.new(), "clash", "bo", url=two.http)
        one.cut()
        two.cut()
        for each in (ada, bo):
            await expect(each.locator("#state .word")).to_have_text("offline")
            await expect(each.get_by_text("You are offline.")).to_be_visible()
        await write(ada, "/pages/home/sections/1/content/currency", "USD")
        await write(bo, "/pages/home/sections/1/content/currency", "GBP")
        await write(ada, HEADLINE, "Rye")
        await write(bo, HEADLINE, "Warm rolls today")
        await bo.evaluate("void weft.commands.move('ask', 0)")
        await expect(ada.locator("#notices")).to_contain_text("change")
        # Without a network, the button changes nothing. After it, the page may connect by itself.
        await bo.locator("#notices").get_by_role("button", name="Sync now").click()
        two.mend()
        await bo.evaluate("weft.page.syncNow()")
        await saved(bo)
        one.mend()
        await ada.evaluate("weft.page.syncNow()")
        await expect(ada.locator("#state .word")).to_have_text("saved")

        card = ada.get_by_role("region", name="Needs your decision")
        await expect(card).to_be_visible()
        tray = ada.get_by_role("button", name="Needs attention")
        await expect(tray).to_be_visible()
        # The page stays usable behind the card.
        await ada.locator("#stage h1").click()
        await ada.keyboard.press("Escape")
        count = await ada.evaluate("weft.page.attention.length")
        for _ in range(count):
            await card.get_by_role("button", name="Later", exact=True).click()
        await expect(card).to_be_hidden()

        # The tray works after a reload, and knows the places.
        await ada.reload()
        await ada.wait_for_selector('body[data-state="ready"]')
        await expect(card).to_be_hidden()
        await tray.click()
        listed = ada.get_by_role("dialog", name="Needs attention")
        await expect(listed.get_by_role("listitem")).to_have_count(count)
        await listed.get_by_role("button", name="Currency of Pricing").click()
        await expect(card).to_contain_text("You wrote over a change of Bo.")
        await expect(card.locator(".versions > div").first).to_contain_text("USD")
        await expect(card.locator(".versions > div").last).to_contain_text("GBP")
        await expect(card.locator(".versions > div").last).to_contain_text("Bo’s")
        await card.get_by_role("button", name="Currency of Pricing").click()
        assert (await ada.evaluate("weft.workspace.selection"))["id"] == "prices"
        await card.get_by_role("button", name="Take theirs").click()
        await saved(ada)
        found = {each["id"]: each["content"] for each in await studio.sections("clash")}
        assert found["prices"]["currency"] == "GBP"
        while await ada.evaluate("weft.page.attention.length"):
            await tray.click()
            await listed.get_by_role("listitem").first.get_by_role("button").click()
            await card.get_by_role("button", name="Keep mine").click()
        await expect(tray).to_be_hidden()
        await expect(bo.locator("#state .word")).to_have_text("saved")
        shown = [await each.evaluate("JSON.stringify(weft.page.value)") for each in (ada, bo)]
        assert shown[0] == shown[1]


async def test_a_refused_change_waits_and_is_made_again_at_its_place(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("refused", PAGE)
    ada = await studio.open(await contexts.new(), "refused")
    bo = await studio.open(await contexts.new(), "refused", "bo")
    # The lock is taken without a word to the page, so Ada's edit meets it at the server.
    await bo.evaluate("weft.page.lock('/pages/home/sections/0').then((lock) => window.lock = lock)")
    await until(ada, "weft.workspace.lockedBy('top')")
    await write(ada, HEADLINE, "Rye bread")
    card = ada.get_by_role("region", name="Needs your decision")
    await expect(card).to_contain_text("Bo is working on this part")
    await expect(card.locator("mark").first).to_have_text("Rye")
    await expect(ada.locator("#stage h1")).to_have_text("Fresh bread")
    # Meanwhile the section moves.
    await bo.evaluate("void weft.commands.move('top', 2)")
    await saved(bo)
    await bo.evaluate("lock.release()")
    await expect(ada.locator("#outline li").last).to_contain_text("Hero")
    await until(ada, "!weft.workspace.lockedBy('top')")
    await card.get_by_role("button", name="Keep mine").click()
    await expect(card).to_be_hidden()
    await saved(ada)
    found = {each["id"]: each["content"] for each in await studio.sections("refused")}
    assert found["top"]["headline"] == "Rye bread"
    assert found["prices"]["headline"] == "Prices"


async def test_a_token_that_ends_leads_to_another_one(studio: Studio, contexts: Contexts) -> None:
    await studio.create("ended", PAGE)
    async with Proxy.to(studio.server.port) as proxy:
        ada = await studio.open(await contexts.new(), "ended", url=proxy.http)
        await ada.evaluate("sessionStorage.setItem('weft.token', 'no token')")
        proxy.cut()
        await expect(ada.locator("#state .word")).to_have_text("offline")
        proxy.mend()
        await ada.evaluate("weft.page.syncNow()")
        await expect(ada.locator("#state .word")).to_have_text("ended")
        await write(ada, HEADLINE, "Rye bread")
        await expect(ada.locator("#notices")).to_contain_text("1 change queued")
        await ada.get_by_role("button", name="Enter a token").click()
        await ada.get_by_label("Token").fill(await studio.server.mint("ada"))
        await ada.get_by_role("button", name="Continue").click()
        await expect(ada.locator("#state .word")).to_have_text("saved")
        assert (await studio.sections("ended"))[0]["content"]["headline"] == "Rye bread"


async def test_a_killed_server_loses_nothing_that_two_people_type(
    tmp_path: Path, contexts: Contexts
) -> None:
    with RunningServer(tmp_path) as server:
        studio = Studio(server)
        await studio.create("killed", PAGE)
        ada = await studio.open(await contexts.new(), "killed")
        bo = await studio.open(await contexts.new(), "killed", "bo")
        words = ["one two three four five six", "seven eight nine ten eleven"]
        for page, selector in ((ada, "h1"), (bo, "[data-section=ask] h2")):
            await page.locator(f"#stage {selector}").click()
            await page.keyboard.press("Control+A")

        async def type_all(page: Page, text: str) -> None:
            for letter in text:
                await page.keyboard.type(letter)

        typing = asyncio.gather(*map(type_all, (ada, bo), words))
        await until(ada, "weft.page.value.pages.home.sections[0].content.headline.length > 5")
        server.kill()
        await typing
        server.start()
        for page in (ada, bo):
            await page.evaluate("weft.page.syncNow()")
            await expect(page.locator("#state .word")).to_have_text("saved")
            await saved(page)
        found = await studio.sections("killed")
        assert found[0]["content"]["headline"] == words[0]
        assert found[2]["content"]["headline"] == words[1]
        await until(
            ada, f"weft.page.value.pages.home.sections[2].content.headline === '{words[1]}'"
        )
        await until(bo, f"weft.page.value.pages.home.sections[0].content.headline === '{words[0]}'")


class Held:
    """Holds what the server says to a page, and lets it go in its order."""

    def __init__(self) -> None:
        self._waiting: list[str | bytes] | None = None
        self._socket: WebSocketRoute | None = None

    def take(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        socket.connect_to_server().on_message(self._heard)

    def _heard(self, message: str | bytes) -> None:
        if self._waiting is not None:
            self._waiting.append(message)
        elif self._socket:
            self._socket.send(message)

    def hold(self) -> None:
        self._waiting = []

    def release(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for message in waiting:
            self._heard(message)


async def test_two_people_who_move_one_section_choose_between_places(
    studio: Studio, contexts: Contexts
) -> None:
    page = site(*(section(id, "hero", headline=f"About {id}") for id in "abcde"))
    await studio.create("moved", page)
    context, held = await contexts.new(), Held()
    await context.route_web_socket("**/live", held.take)
    ada = await studio.open(context, "moved")
    bo = await studio.open(await contexts.new(), "moved", "bo")
    held.hold()
    await bo.evaluate("void weft.commands.move('b', 4)")
    await saved(bo)
    await ada.evaluate("void weft.commands.move('b', 0)")
    await until(bo, "weft.workspace.sections[0].id === 'b'")
    held.release()
    card = ada.get_by_role("region", name="Needs your decision")
    await expect(card.locator(".versions > div").first).to_contain_text("Place 1")
    await expect(card.locator(".versions > div").last).to_contain_text("Place 5")
    await expect(card).not_to_contain_text("/")
    # Meanwhile the list becomes shorter.
    await bo.evaluate("void weft.commands.remove('c')")
    await saved(bo)
    await until(ada, "weft.workspace.sections.length === 4")
    await card.get_by_role("button", name="Take theirs").click()
    await expect(card).to_be_hidden()
    await saved(ada)
    found = await studio.sections("moved")
    assert [each["id"] for each in found] == ["a", "d", "e", "b"]
    assert found[3] == page["pages"]["home"]["sections"][1]


async def test_a_deleted_page_and_an_ended_link_are_told_also_after_a_reload(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("deleted", PAGE)
    ada = await studio.open(await contexts.new(), "deleted")
    await studio.request("DELETE", "/v1/docs/deleted")
    await expect(ada.get_by_text("This page was deleted.")).to_be_visible()
    await ada.reload()
    await expect(ada.get_by_text("This page was deleted.")).to_be_visible()
    await ada.evaluate("sessionStorage.setItem('weft.token', 'no token')")
    await ada.reload()
    await expect(ada.get_by_text("Your link to this page has ended.")).to_be_visible()
    await expect(ada.get_by_role("button", name="Enter a token")).to_be_visible()
