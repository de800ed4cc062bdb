"""Guests of the demo whose tokens are valid for some seconds: each stays the same user."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from collab.rights.user_rights import Role
from tests.browser.actions import type_at_end
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.test_two_tabs import Guest
from tests.browser.waits import until
from tests.live.http_client import call
from tests.running import RunningServer

SECONDS = 4
# The first argument is the path of `weft`.
SHORT = (
    "import sys; del sys.argv[0];"
    "from server.access import keyring; from server.cli.main import main;"
    f"keyring.GUEST_SECONDS = {SECONDS}; sys.exit(main())"
)
TOKENS = "performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/token'))"
USER = "JSON.parse(sessionStorage.getItem('weft.guest')).user"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningServer]:
    short = RunningServer(tmp_path, env={"WEFT_DEMO": "1"}, prefix=(sys.executable, "-c", SHORT))
    with short as running:
        yield running


async def test_a_guest_stays_the_same_user_while_tokens_expire_and_no_edit_is_lost(
    demo: RunningServer, contexts: Contexts, complaints: Complaints
) -> None:
    guest = await Guest.arrives(contexts, demo)
    name, user = await guest.name.inner_text(), await guest.page.evaluate(USER)
    for turn in range(3):
        count = await guest.page.evaluate(f"{TOKENS}.length")
        await type_at_end(guest.title, str(turn))
        # Two renewals take as long as a token is valid.
        await until(guest.page, f"{TOKENS}.length >= {count + 2}")
        await type_at_end(guest.title, "!")
    for is_again in (False, True):
        if is_again:
            await guest.opens(demo.http)
        await expect(guest.saved).to_have_text("Saved")
        await expect(guest.title).to_have_value(re.compile("0!1!2!$"))
        await expect(guest.name).to_have_text(name)
        assert await guest.page.evaluate(USER) == user
        assert complaints == []
    token = await demo.mint("root", Role.ADMIN)
    url = f"{demo.http}/v1/docs/two-tabs/versions?each=1"
    edits = [each for each in call("GET", url, token=token).body["items"] if each["kind"] == "edit"]
    assert {each["by"]["user"] for each in edits} == {user}


async def test_a_guest_who_was_away_for_hours_sends_what_they_wrote(
    tmp_path: Path, contexts: Contexts
) -> None:
    with RunningServer(tmp_path, env={"WEFT_DEMO": "1"}) as server:
        context = await contexts.new()
        page, other = await context.new_page(), await context.new_page()
        # Two tabs begin at once, as after a start of the browser: both are one guest.
        first = asyncio.Event()

        async def hold(route: Route) -> None:
            await first.wait()
            await route.continue_()

        await other.route("**/v1/demo/token", hold)
        for tab in (other, page):
            await tab.goto(f"{server.http}/edit/home")
        await page.wait_for_selector('body[data-state="ready"]')
        first.set()
        await other.wait_for_selector('body[data-state="ready"]')
        user = await page.evaluate("weft.page.user")
        assert await other.evaluate("weft.page.user") == user
        await other.close()
        await context.set_offline(True)
        await until(page, "weft.page.link === 'offline'")
        await page.evaluate("void weft.page.set('/site/name', 'Written offline')")
        await until(page, "weft.page.pending === 1")
        # The laptop sleeps. Meanwhile, the hour of the token is over.
        token = await page.evaluate("localStorage.getItem('weft.token.guest')")
        await page.evaluate(
            "(token) => localStorage.setItem('weft.token.guest', token)",
            await server.expired(token),
        )
        await page.close()
        await context.set_offline(False)
        page = await context.new_page()
        await page.goto(f"{server.http}/edit/home")
        await page.wait_for_selector('body[data-state="ready"]')
        await until(page, "weft.page.value.site.name === 'Written offline'")
        await until(page, "weft.page.saved === 'saved' && weft.page.pending === 0")
        assert await page.evaluate("weft.page.user") == user
        value = call("GET", f"{server.http}/v1/docs/home", token=token).body
        assert value["site"]["name"] == "Written offline"
