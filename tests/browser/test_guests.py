"""Guests of the demo whose tokens are valid for some seconds: each stays the same user."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

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
