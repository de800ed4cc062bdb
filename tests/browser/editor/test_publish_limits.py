"""Publishing when it is not possible: roles, no connection, changes that wait, and refusals."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site, write
from tests.browser.editor.test_payloads import STRANGE
from tests.browser.editor.test_publish import PAGE, press_publish, publish_as, visit
from tests.browser.payloads import PAYLOADS, sections_with, site_with
from tests.browser.proxy import Proxy
from tests.running import RunningServer

pytestmark = pytest.mark.real

HEADLINE = "/pages/home/sections/0/content/headline"


async def test_a_user_without_the_right_sees_why_and_whom_to_ask(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("roles", PAGE)
    await publish_as(studio, "cy", "roles")
    ada = await studio.open(await contexts.new(), "roles", role=Role.PUBLISHER)
    await write(ada, HEADLINE, "New")
    await saved(ada)
    for user, role, words in (
        ("bo", Role.EDITOR, "You may edit this page, but not publish it."),
        ("vic", Role.VIEWER, "You may look at this page, but not publish it."),
    ):
        other = await studio.open(await contexts.new(), "roles", user, role)
        screen = await press_publish(other)
        await expect(screen.locator(".entry del")).to_have_text("Fresh bread every day")
        await expect(screen.locator(".status")).to_contain_text(words)
        await expect(screen.locator(".status")).to_contain_text("Ada is here now, and can.")
        await expect(screen.locator(".go")).to_be_hidden()
        await expect(screen.get_by_role("button", name="Unpublish")).to_have_count(0)
        await expect(screen.get_by_role("region", name="Checks")).to_contain_text("leads nowhere")
        await other.close()
    page = await (await contexts.new()).new_page()
    token = await studio.server.mint("sue", Role.PUBLISHER, sections=("/pages/home/sections/top",))
    await page.goto(f"{studio.server.http}/edit/roles#token={token}")
    await page.wait_for_selector('body[data-state="ready"]')
    screen = await press_publish(page)
    await expect(screen.locator(".status")).to_contain_text("covers some sections only")
    await expect(screen.locator(".go")).to_be_hidden()


async def test_publishing_waits_for_changes_and_needs_a_connection(
    studio: Studio, contexts: Contexts
) -> None:
    await studio.create("waits", PAGE)
    await publish_as(studio, "cy", "waits")
    async with Proxy.to(studio.server.port) as proxy:
        ada = await studio.open(await contexts.new(), "waits", role=Role.PUBLISHER, url=proxy.http)
        screen = await press_publish(ada)
        go, note = screen.locator(".go"), screen.locator(".status")
        await expect(screen.get_by_role("region", name="Checks")).to_contain_text("to look at")
        process = studio.server.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            await write(ada, HEADLINE, "Warm bread")
            await expect(go).to_have_text("Publish 1 change")
            await go.click()
            await expect(note).to_have_text("It waits until your 1 change is saved.")
            await screen.get_by_role("button", name="Cancel").click()
            await expect(go).to_have_text("Publish 1 change")
            await go.click()
        finally:
            process.send_signal(signal.SIGCONT)
        await expect(screen.get_by_role("heading", name="Published")).to_be_visible()
        assert "Warm bread" in (await visit(studio, "waits")).text
        await ada.keyboard.press("Escape")

        screen = await press_publish(ada)
        proxy.cut()
        await expect(ada.locator("#state .word")).to_have_text("offline")
        await write(ada, HEADLINE, "Cold bread")
        await expect(note).to_have_text(
            "Publishing needs a connection. Your 1 change is kept in this browser."
        )
        await expect(go).to_be_disabled()
        await expect(screen.locator(".entry ins")).to_have_text("Cold")
        proxy.mend()
        await ada.evaluate("weft.page.syncNow()")
        await expect(go).to_be_enabled()
        await expect(note).to_have_text("")
        await go.click()
        await expect(screen.get_by_role("heading", name="Published")).to_be_visible()
        assert "Cold bread" in (await visit(studio, "waits")).text


async def test_what_the_server_refuses_is_told_before_and_after(
    tmp_path: Path, contexts: Contexts
) -> None:
    with RunningServer(tmp_path, env={"WEFT_PUBLISH_LINKS": "refuse"}) as server:
        studio = Studio(server)
        await studio.create("strict", PAGE)
        ada = await studio.open(await contexts.new(), "strict", role=Role.PUBLISHER)
        screen = await press_publish(ada)
        checks = screen.get_by_role("region", name="Checks")
        await expect(checks).to_contain_text("1 thing must be mended first")
        await expect(screen.locator(".go")).to_be_disabled()
        words = "Mend what stops the publication first."
        await expect(screen.locator(".status")).to_have_text(words)
        link = "/pages/home/sections/0/content/buttons/0/href"
        await write(ada, link, "#ask")
        await expect(screen.locator(".go")).to_be_enabled()
        # The checks came too early to see that the link breaks.
        early = [{"version": 1, "url": "/p/demo/strict", "warnings": [], "refusals": []}]

        async def answer(route: Route) -> None:
            if route.request.method == "POST":
                early.clear()
            await (route.fulfill(json=early[0]) if early else route.continue_())

        await ada.route("**/publish", answer)
        await ada.route("**/publish/findings*", answer)
        async with ada.expect_request("**/publish/findings*"):
            await write(ada, link, "#nowhere")
            await saved(ada)
        await screen.locator(".go").click()
        await expect(screen.get_by_role("alert")).to_contain_text("something must be mended first")
        await expect(checks.locator("li.stop")).to_contain_text("#nowhere")
        assert (await visit(studio, "strict")).status_code == 404
        await checks.locator("li.stop button").click()
        selected = await ada.evaluate("weft.workspace.selection")
        assert selected == {"id": "top", "pointer": link}


@pytest.mark.parametrize("start", [0, 100, 200])
async def test_no_text_of_a_page_runs_in_the_screen(
    studio: Studio, page: Page, complaints: Complaints, start: int
) -> None:
    """Each change has a payload as its old and its new text, and as its link and picture."""
    doc, payloads = f"hostile{start}", PAYLOADS[start : start + 100]
    before: dict[str, Any] = site_with(payloads[0])
    before["pages"]["home"]["sections"] = [
        {**sections_with(payload)[number % 12], "id": f"{number} {payload}"}
        for number, payload in enumerate(payloads[:50])
    ]
    after: dict[str, Any] = site_with(payloads[-1])
    after["pages"]["home"]["sections"] = [
        {**sections_with(payload)[number % 12], "id": f"{number} {payloads[number]}"}
        for number, payload in enumerate(payloads[50:])
    ]
    await studio.create(doc, before, schema=False)
    await publish_as(studio, payloads[1][:60], doc)
    await studio.patch(doc, {"op": "replace", "path": "", "value": after})
    opened = await studio.open(page.context, doc, role=Role.PUBLISHER)
    screen = await press_publish(opened)
    await expect(screen.get_by_role("region", name="Checks")).to_contain_text("to look at")
    assert await screen.locator(".entry").count() > 40
    assert await opened.evaluate(STRANGE) == []
    assert await opened.evaluate("window.ran === undefined")
    blocked = [each for each in complaints if "script" in each.partition(" (http")[0].lower()]
    assert blocked == []


async def test_heavy_pictures_and_double_addresses_are_found(studio: Studio, page: Page) -> None:
    value = site(
        section("top", "hero", headline="Hi", image={"src": "/heavy.png", "alt": "Hill"}),
        section("lost", "hero", image={"src": "/lost.png", "alt": "Gate"}),
    )
    about = {"title": "About", "slug": "home", "sections": []}
    await studio.create("heavy", {**value, "pages": {**value["pages"], "about": about}})

    async def weigh(route: Any) -> None:
        await route.fulfill(headers={"Content-Length": "3000000"}, body="")

    failures = [503]

    async def fail_once(route: Route) -> None:
        await (route.fulfill(status=failures.pop()) if failures else route.continue_())

    await page.context.route("**/heavy.png", weigh)
    await page.context.route("**/v1/docs/heavy/publish/findings*", fail_once)
    ada = await studio.open(page.context, "heavy", role=Role.PUBLISHER)
    screen = await press_publish(ada)
    checks = screen.get_by_role("region", name="Checks")
    # The first answer was a failure. The screen asks again.
    await ada.evaluate("dispatchEvent(new Event('focus'))")
    await expect(checks).to_contain_text("Page Home has the same address")
    await expect(checks).to_contain_text("The pictures of page Home have 3.0 MB")
    await expect(checks).to_contain_text("The server does not have this picture")
    # What is not in a section leads to its page, and to the settings of the site.
    await checks.get_by_role("button").filter(has_text="has the same address").click()
    await expect(screen).to_be_hidden()
    await expect(ada.get_by_role("tab", name="Pages")).to_be_visible()
    assert await ada.evaluate("weft.workspace.key") == "about"
