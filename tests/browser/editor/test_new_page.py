"""A new page begins with a template: the dialog shows each as it will look, also on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Locator, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import SCHEMA, Studio
from tests.browser.waits import until
from tests.running import RunningServer

pytestmark = pytest.mark.real

DRAWN = "document.querySelectorAll('dialog .template [data-state=drawn]').length"
CHECKED = "document.querySelector('dialog :checked').closest('.template').innerText"
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"


async def opened(page: Page) -> Locator:
    await page.get_by_role("button", name="New page").first.click()
    dialog = page.get_by_role("dialog", name="New page")
    await expect(dialog.get_by_label("Title")).to_be_focused()
    return dialog


async def test_a_template_is_looked_at_and_becomes_a_page(
    contexts: Contexts, studio: Studio, complaints: Complaints
) -> None:
    page = await studio.open_list(await contexts.new())
    dialog = await opened(page)
    cards = dialog.locator(".template")
    await expect(cards).to_have_count(9)
    await until(page, f"{DRAWN} >= 4")
    # Beside the cards is the whole page of the template, with the title that the user writes.
    preview = dialog.get_by_role("group", name="The template Bakery")
    await expect(preview.locator("footer")).to_contain_text("© Hearth & Rye")
    await until(page, "document.querySelector('.preview .thumbnail').offsetHeight > 1000")
    await dialog.get_by_label("Title").fill("Ruth & *Sons*")
    await expect(preview.locator("footer")).to_contain_text("© Ruth & *Sons*")
    # By keyboard: Tab to the cards, arrows between them, Enter makes the page.
    await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowRight")
    await until(page, f"{CHECKED}.includes('Software product')")
    preview = dialog.get_by_role("group", name="The template Software product")
    await expect(preview.locator("h1")).to_contain_text("rota")
    await page.keyboard.press("Enter")
    await page.wait_for_selector('body.editor[data-state="ready"]')
    await expect(page.locator("#stage h1")).to_contain_text("rota")
    value = await studio.value("ruth-sons")
    assert value["site"]["name"] == value["pages"]["home"]["title"] == "Ruth & *Sons*"
    assert await studio.request("GET", "/v1/docs/ruth-sons/schema") == SCHEMA
    published = await studio.request("POST", "/v1/docs/ruth-sons/publish", {})
    assert published["warnings"] == []
    assert complaints == []


async def test_the_dialog_fits_a_phone_and_makes_an_empty_page(
    contexts: Contexts, studio: Studio, complaints: Complaints
) -> None:
    page = await studio.open_list(await contexts.phone(), "bo", Role.EDITOR)
    dialog = await opened(page)
    await expect(dialog.locator(".preview")).to_be_hidden()
    assert not await page.evaluate(SIDEWAYS)
    await dialog.get_by_label("Title").fill("春")
    await dialog.locator(".template", has_text="An empty page").tap()
    await dialog.get_by_role("button", name="Create page").tap()
    await page.wait_for_selector('body.editor[data-state="ready"]')
    doc = page.url.rsplit("/", 1)[1]
    assert doc.startswith("page-")
    assert await studio.sections(doc) == []
    assert complaints == []


@pytest.fixture
def stopping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A server that the test stops and starts."""
    with RunningServer(tmp_path_factory.mktemp("weft")) as server:
        yield Studio(server)


async def test_without_a_network_the_templates_are_there_and_nothing_is_lost(
    contexts: Contexts, stopping: Studio
) -> None:
    page = await stopping.open_list(await contexts.new())
    await until(page, "navigator.serviceWorker.controller")
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    stopping.server.kill()
    dialog = await opened(page)
    await until(page, f"{DRAWN} >= 4")
    await dialog.get_by_label("Title").fill("Clay")
    await dialog.get_by_role("button", name="Create page").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("There is no connection")
    await expect(dialog.get_by_label("Title")).to_have_value("Clay")
    stopping.server.start()
    await dialog.get_by_role("button", name="Create page").click()
    await page.wait_for_url("**/edit/clay")
