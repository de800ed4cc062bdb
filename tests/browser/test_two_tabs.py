"""The example /examples/two-tabs in a real browser, by two guests with storage of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from collab.rights.user_rights import Role
from server.demo.content import FIRST_EXAMPLE
from server.http.static_files import PAGE_POLICY
from tests.browser.chromium import Chromium, Page
from tests.browser.proxy import Proxy
from tests.live.http_client import call
from tests.running import RunningServer

SAVED = "document.querySelector('#saved').textContent"
TROUBLE = "document.querySelector('#trouble p').textContent"
TITLE = "document.querySelector('#title').value"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, env={"WEFT_DEMO": "1"}) as running:
        yield running


async def guest(
    browser: Chromium,
    demo: RunningServer,
    *,
    width: int = 1280,
    scheme: str = "light",
    url: str = "",
) -> Page:
    page = await browser.page(context=await browser.context(), width=width, scheme=scheme)
    await page.open((url or demo.http) + FIRST_EXAMPLE)
    await page.until(f"{SAVED} === 'Saved' && !document.querySelector('fieldset').disabled")
    return page


async def types(page: Page, field: str, text: str) -> None:
    """Type at the end of a field."""
    await page.evaluate(f"document.querySelector('{field}').focus()")
    await page.evaluate("document.activeElement.setSelectionRange(999, 999)")
    for letter in text:
        await page.call("Input.insertText", text=letter)


async def test_two_guests_type_see_each_other_and_undo_their_own(
    demo: RunningServer, browser: Chromium
) -> None:
    one, two = await guest(browser, demo), await guest(browser, demo, width=390, scheme="dark")
    name = await one.evaluate("document.querySelector('.person').textContent")
    name = name.removesuffix(" (you)")
    await types(one, "#title", "!")
    await two.until(f"{TITLE} === 'Two tabs, one page!'")
    await two.until(f"document.querySelector('#title-here').textContent === '{name} is here'")
    await types(two, "#text", " Yes.")
    await one.until("document.querySelector('#text').value.endsWith(' Yes.')")
    await one.evaluate("document.querySelector('#undo').click()")
    await two.until(f"{TITLE} === 'Two tabs, one page'")
    assert await two.evaluate("document.querySelector('#text').value.endsWith(' Yes.')")
    await one.until(f"{SAVED} === 'Saved'")
    assert one.complaints == two.complaints == []
    for page in (one, two):
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_undo_is_offered_only_while_there_is_a_change_of_ones_own(
    demo: RunningServer, browser: Chromium
) -> None:
    def can(undo: bool, redo: bool) -> str:
        return " && ".join(
            f"document.querySelector('{button}').disabled === {str(not is_on).lower()}"
            for button, is_on in (("#undo", undo), ("#redo", redo))
        )

    one = await guest(browser, demo)
    await one.until(can(False, False))
    await types(one, "#title", "!")
    await one.until(f"{SAVED} === 'Saved' && {can(True, False)}")
    await one.evaluate("document.querySelector('#undo').click()")
    await one.until(can(False, True))
    two = await guest(browser, demo)
    await two.until(can(False, False))
    await one.open(demo.http + FIRST_EXAMPLE)
    await one.until(f"{SAVED} === 'Saved' && {can(False, True)}")


async def test_a_guest_reads_sentences_for_a_person(demo: RunningServer, browser: Chromium) -> None:
    one = await guest(browser, demo)
    demo.stop()
    await one.until(
        f"{TROUBLE} === 'There is no connection. Your changes are kept, and sent later.'"
    )
    demo.start()
    await one.until(f"document.querySelector('#trouble').hidden && {SAVED} === 'Saved'")
    viewer = {"token": await demo.mint("vi", Role.VIEWER), "expires_at": "2999-01-01T00:00:00Z"}
    kept = json.dumps(json.dumps(viewer))
    await one.evaluate(f"sessionStorage.setItem('weft.guest', {kept})")
    await one.open(demo.http + FIRST_EXAMPLE)
    await one.until(f"{TROUBLE} === 'You can read this page, but not change it.'")
    await one.until("document.querySelector('fieldset').disabled")
    assert await one.evaluate("document.querySelector('#title').readOnly")
    assert await one.evaluate("document.querySelector('#title').ariaReadOnly") == "true"


async def test_a_refused_change_waits_for_a_decision(
    demo: RunningServer, browser: Chromium
) -> None:
    one = await guest(browser, demo)
    schema = {"properties": {"title": {"maxLength": 18}}}
    token = await demo.mint("root", Role.ADMIN)
    path = f"{demo.http}/v1/docs/two-tabs/schema"
    assert call("PUT", path, schema, token=token).status == 204
    await types(one, "#title", "!")
    sentence = "Your change was not saved: the value is longer than 18 characters."
    await one.until(f"{TROUBLE} === '{sentence} You wrote “Two tabs, one page!”.'")
    await one.until(f"{SAVED} === 'Needs a decision'")
    await one.until(f"{TITLE} === 'Two tabs, one page'")
    assert call("PUT", path, {}, token=token).status == 204
    await one.evaluate("document.querySelector('#again').click()")
    await one.until(f"{TITLE} === 'Two tabs, one page!' && {SAVED} === 'Saved'")
    await one.until("document.querySelector('#trouble').hidden")


async def test_a_person_reads_who_holds_the_lock_and_discards_all_letters_at_once(
    demo: RunningServer, browser: Chromium
) -> None:
    one = await guest(browser, demo)
    lock = {"scope": "/title"}
    path = f"{demo.http}/v1/docs/two-tabs/locks"
    assert call("POST", path, lock, token=await demo.mint("bo")).status == 201
    sentence = "Your change was not saved. Bo is working on this part. Try again later."
    for letter in "no":
        await types(one, "#title", letter)
        await one.until(f"{TROUBLE}.startsWith('{sentence}') && {TROUBLE}.endsWith('{letter}”.')")
        await one.until(f"{TITLE} === 'Two tabs, one page'")
    await one.evaluate("document.querySelector('#discard').click()")
    await one.until("document.querySelector('#trouble').hidden")
    assert await one.evaluate(TITLE) == "Two tabs, one page"


async def test_a_person_reads_what_was_overwritten_and_can_take_it(
    demo: RunningServer, browser: Chromium
) -> None:
    async with Proxy.to(demo.port) as proxy:
        one = await guest(browser, demo, url=proxy.http)
        proxy.cut()
        await one.until(f"{SAVED} !== 'Saved'")
        await one.evaluate("document.querySelector('#title').focus()")
        await one.evaluate("document.activeElement.select()")
        await one.call("Input.insertText", text="Mine")
        replaced = [{"op": "replace", "path": "/title", "value": "Theirs"}]
        path = f"{demo.http}/v1/docs/two-tabs"
        token = await demo.mint("bo")
        kind = "application/json-patch+json"
        assert call("PATCH", path, replaced, token=token, Content_Type=kind).status == 200
        proxy.mend()
        await one.evaluate("dispatchEvent(new Event('online'))")
        wrote = "You wrote over a change of Bo. They wrote “Theirs”."
        await one.until(f"{TROUBLE} === '{wrote}' && {TITLE} === 'Mine'")
        await one.evaluate("document.querySelector('#again').click()")
        await one.until(f"{TITLE} === 'Theirs' && document.querySelector('#trouble').hidden")
        await one.until(f"{SAVED} === 'Saved'")


async def test_a_list_is_edited_by_both(demo: RunningServer, browser: Chromium) -> None:
    one, two = await guest(browser, demo), await guest(browser, demo)
    await one.evaluate("document.querySelector('#add').click()")
    await two.until("document.querySelectorAll('#list li').length === 3")
    await two.evaluate("document.querySelector('#list input').click()")
    await one.until("document.querySelector('#list input').checked")
    await two.evaluate("document.querySelector('#list button').click()")
    await one.until("document.querySelectorAll('#list li').length === 2")


async def test_what_is_typed_without_the_server_is_saved_after_a_reload(
    demo: RunningServer, browser: Chromium
) -> None:
    one, two = await guest(browser, demo), await guest(browser, demo)
    demo.stop()
    await types(one, "#title", "?")
    await one.until(f"{SAVED} === 'Not saved yet'")
    demo.start()
    await one.open(demo.http + FIRST_EXAMPLE)
    await one.until(f"{SAVED} === 'Saved' && {TITLE} === 'Two tabs, one page?'")
    await two.until(f"{TITLE} === 'Two tabs, one page?'")


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
