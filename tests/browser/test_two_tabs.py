"""The example /examples/two-tabs in a real browser, by two guests with storage of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from server.demo.content import FIRST_EXAMPLE
from server.http.static_files import PAGE_POLICY
from tests.browser.actions import type_at_end
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.proxy import Proxy
from tests.live.http_client import call
from tests.running import RunningServer


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, env={"WEFT_DEMO": "1"}) as running:
        yield running


class Guest:
    """A guest with a page of their own, and the parts of that page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.name = page.locator(".person", has_text="(you)")
        self.saved = page.locator("#saved")
        self.trouble = page.locator("#trouble")
        self.sentence = page.locator("#trouble p")
        self.title = page.locator("#title")
        self.text = page.locator("#text")
        self.items = page.locator("#list li")
        self.undo = page.locator("#undo")
        self.redo = page.locator("#redo")
        self.again = page.locator("#again")

    @classmethod
    async def arrives(
        cls, contexts: Contexts, demo: RunningServer, url: str = "", **options: Any
    ) -> Guest:
        guest = cls(await contexts.page(**options))
        await guest.opens(url or demo.http)
        await expect(guest.saved).to_have_text("Saved")
        await expect(guest.page.locator("fieldset")).to_have_js_property("disabled", False)
        return guest

    async def opens(self, url: str) -> None:
        await self.page.goto(url + FIRST_EXAMPLE)


async def test_two_guests_type_see_each_other_and_undo_their_own(
    demo: RunningServer, contexts: Contexts, complaints: Complaints
) -> None:
    one = await Guest.arrives(contexts, demo)
    two = await Guest.arrives(contexts, demo, width=390, color_scheme="dark")
    name = (await one.name.inner_text()).removesuffix(" (you)")
    await type_at_end(one.title, "!")
    await expect(two.title).to_have_value("Two tabs, one page!")
    await expect(two.page.locator("#title-here")).to_have_text(f"{name} is here")
    await type_at_end(two.text, " Yes.")
    await expect(one.text).to_have_value(re.compile(r" Yes\.$"))
    await one.undo.click()
    await expect(two.title).to_have_value("Two tabs, one page")
    assert (await two.text.input_value()).endswith(" Yes.")
    await expect(one.saved).to_have_text("Saved")
    assert complaints == []
    for each in (one, two):
        assert await each.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def can(guest: Guest, *, undo: bool, redo: bool) -> None:
    await expect(guest.undo).to_be_enabled(enabled=undo)
    await expect(guest.redo).to_be_enabled(enabled=redo)


async def test_undo_is_offered_only_while_there_is_a_change_of_ones_own(
    demo: RunningServer, contexts: Contexts
) -> None:
    one = await Guest.arrives(contexts, demo)
    await can(one, undo=False, redo=False)
    await type_at_end(one.title, "!")
    await expect(one.saved).to_have_text("Saved")
    await can(one, undo=True, redo=False)
    await one.undo.click()
    await can(one, undo=False, redo=True)
    two = await Guest.arrives(contexts, demo)
    await can(two, undo=False, redo=False)
    await one.opens(demo.http)
    await expect(one.saved).to_have_text("Saved")
    await can(one, undo=False, redo=True)


async def test_a_guest_reads_sentences_for_a_person(
    demo: RunningServer, contexts: Contexts
) -> None:
    one = await Guest.arrives(contexts, demo)
    demo.stop()
    await expect(one.sentence).to_have_text(
        "There is no connection. Your changes are kept, and sent later."
    )
    demo.start()
    await expect(one.trouble).to_be_hidden()
    await expect(one.saved).to_have_text("Saved")
    viewer = {"token": await demo.mint("vi", Role.VIEWER), "expires_at": "2999-01-01T00:00:00Z"}
    await one.page.evaluate(
        "(guest) => sessionStorage.setItem('weft.guest', guest)", json.dumps(viewer)
    )
    await one.opens(demo.http)
    await expect(one.sentence).to_have_text("You can read this page, but not change it.")
    await expect(one.page.locator("fieldset")).to_have_js_property("disabled", True)
    await expect(one.title).not_to_be_editable()
    await expect(one.title).to_have_js_property("readOnly", True)
    await expect(one.title).to_have_js_property("ariaReadOnly", "true")


async def test_a_refused_change_waits_for_a_decision(
    demo: RunningServer, contexts: Contexts
) -> None:
    one = await Guest.arrives(contexts, demo)
    schema = {"properties": {"title": {"maxLength": 18}}}
    token = await demo.mint("root", Role.ADMIN)
    path = f"{demo.http}/v1/docs/two-tabs/schema"
    assert call("PUT", path, schema, token=token).status == 204
    await type_at_end(one.title, "!")
    refusal = "Your change was not saved: the value is longer than 18 characters."
    await expect(one.sentence).to_have_text(f"{refusal} You wrote “Two tabs, one page!”.")
    await expect(one.saved).to_have_text("Needs a decision")
    await expect(one.title).to_have_value("Two tabs, one page")
    assert call("PUT", path, {}, token=token).status == 204
    await one.again.click()
    await expect(one.title).to_have_value("Two tabs, one page!")
    await expect(one.saved).to_have_text("Saved")
    await expect(one.trouble).to_be_hidden()


async def test_a_person_reads_who_holds_the_lock_and_discards_all_letters_at_once(
    demo: RunningServer, contexts: Contexts
) -> None:
    one = await Guest.arrives(contexts, demo)
    lock = {"scope": "/title"}
    path = f"{demo.http}/v1/docs/two-tabs/locks"
    assert call("POST", path, lock, token=await demo.mint("bo")).status == 201
    refusal = "Your change was not saved. Bo is working on this part. Try again later."
    for letter in "no":
        await type_at_end(one.title, letter)
        await expect(one.sentence).to_have_text(re.compile(f"^{re.escape(refusal)}.*{letter}”\\.$"))
        await expect(one.title).to_have_value("Two tabs, one page")
    await one.page.locator("#discard").click()
    await expect(one.trouble).to_be_hidden()
    await expect(one.title).to_have_value("Two tabs, one page")


async def test_a_person_reads_what_was_overwritten_and_can_take_it(
    demo: RunningServer, contexts: Contexts
) -> None:
    async with Proxy.to(demo.port) as proxy:
        one = await Guest.arrives(contexts, demo, proxy.http)
        proxy.cut()
        await expect(one.saved).not_to_have_text("Saved")
        await one.title.fill("Mine")
        replaced = [{"op": "replace", "path": "/title", "value": "Theirs"}]
        path = f"{demo.http}/v1/docs/two-tabs"
        token = await demo.mint("bo")
        kind = "application/json-patch+json"
        assert call("PATCH", path, replaced, token=token, Content_Type=kind).status == 200
        proxy.mend()
        await one.page.evaluate("dispatchEvent(new Event('online'))")
        await expect(one.sentence).to_have_text(
            "You wrote over a change of Bo. They wrote “Theirs”."
        )
        await expect(one.title).to_have_value("Mine")
        await one.again.click()
        await expect(one.title).to_have_value("Theirs")
        await expect(one.trouble).to_be_hidden()
        await expect(one.saved).to_have_text("Saved")


async def test_a_list_is_edited_by_both(demo: RunningServer, contexts: Contexts) -> None:
    one, two = await Guest.arrives(contexts, demo), await Guest.arrives(contexts, demo)
    await one.page.locator("#add").click()
    await expect(two.items).to_have_count(3)
    await two.items.first.get_by_role("checkbox").click()
    await expect(one.items.first.get_by_role("checkbox")).to_be_checked()
    await two.items.first.get_by_role("button").click()
    await expect(one.items).to_have_count(2)


async def test_what_is_typed_without_the_server_is_saved_after_a_reload(
    demo: RunningServer, contexts: Contexts
) -> None:
    one, two = await Guest.arrives(contexts, demo), await Guest.arrives(contexts, demo)
    demo.stop()
    await type_at_end(one.title, "?")
    await expect(one.saved).to_have_text("Not saved yet")
    demo.start()
    await one.opens(demo.http)
    await expect(one.saved).to_have_text("Saved")
    for each in (one, two):
        await expect(each.title).to_have_value("Two tabs, one page?")


def test_the_examples_are_served_in_demo_mode_only_and_with_the_policy_of_our_pages(
    demo: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name, kind in (("", "text/html"), (".js", "text/javascript"), (".css", "text/css")):
        answer = call("GET", demo.http + FIRST_EXAMPLE + name)
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        assert answer.headers["content-security-policy"] == PAGE_POLICY
    for name in ("none", "..%2Fpyproject.toml", "two-tabs.py"):
        assert call("GET", f"{demo.http}/examples/{name}").status == 404
    with RunningServer(tmp_path_factory.mktemp("weft")) as plain:
        assert call("GET", plain.http + FIRST_EXAMPLE).status == 404
