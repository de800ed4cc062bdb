"""Guests of the demo whose tokens are valid for some seconds: each stays the same user."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collab.rights.user_rights import Role
from server.demo.content import FIRST_EXAMPLE
from tests.browser.chromium import Chromium
from tests.browser.test_two_tabs import SAVED, TITLE, guest, types
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
NAME = "document.querySelector('.person').textContent"
GUEST = "JSON.parse(sessionStorage.getItem('weft.guest')).user"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningServer]:
    short = RunningServer(tmp_path, env={"WEFT_DEMO": "1"}, prefix=(sys.executable, "-c", SHORT))
    with short as running:
        yield running


async def test_a_guest_stays_the_same_user_while_tokens_expire_and_no_edit_is_lost(
    demo: RunningServer, browser: Chromium
) -> None:
    page = await guest(browser, demo)
    name, user = await page.evaluate(f"[{NAME}, {GUEST}]")
    for turn in range(3):
        count = await page.evaluate(f"{TOKENS}.length")
        await types(page, "#title", str(turn))
        # Two renewals take as long as a token is valid.
        await page.until(f"{TOKENS}.length >= {count + 2}")
        await types(page, "#title", "!")
    await page.until(f"{SAVED} === 'Saved' && {TITLE}.endsWith('0!1!2!')")
    assert await page.evaluate(f"[{NAME}, {GUEST}]") == [name, user]
    assert page.complaints == []

    await page.open(demo.http + FIRST_EXAMPLE)
    await page.until(f"{SAVED} === 'Saved' && {TITLE}.endsWith('0!1!2!')")
    assert await page.evaluate(f"[{NAME}, {GUEST}]") == [name, user]
    token = await demo.mint("root", Role.ADMIN)
    url = f"{demo.http}/v1/docs/two-tabs/versions?each=1"
    edits = [each for each in call("GET", url, token=token).body["items"] if each["kind"] == "edit"]
    assert {each["by"]["user"] for each in edits} == {user}
