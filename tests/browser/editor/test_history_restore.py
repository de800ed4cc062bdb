"""The way back from the history: one section or the whole page, while others work."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site, write
from tests.browser.editor.test_history import AT, entries, opened, shown
from tests.browser.waits import until

pytestmark = pytest.mark.real

PAGE = site(
    section("top", "hero", headline="Fresh bread every day", subheadline="From our oven"),
    section("prices", "pricing", headline="Prices", plans=[{"id": "one", "name": "Small"}]),
    section("ask", "faq", headline="Questions", items=[{"id": "q", "question": "When?"}]),
)
HEADLINE, SECOND = f"{AT}/0/content/headline", f"{AT}/0/content/subheadline"


async def two(studio: Studio, contexts: Contexts, doc: str) -> tuple[Page, Page]:
    await studio.create(doc, PAGE)
    ada = await studio.open(await contexts.new(), doc, role=Role.PUBLISHER)
    bo = await studio.open(await contexts.new(), doc, "bo")
    return ada, bo


async def test_a_section_is_restored_while_another_person_types_in_it(
    studio: Studio, contexts: Contexts
) -> None:
    ada, bo = await two(studio, contexts, "type")
    await write(ada, HEADLINE, "Stale bread every day")
    await saved(ada)
    await write(ada, f"{AT}/1/content/headline", "What it costs")
    await saved(ada)
    await opened(ada)
    await entries(ada).last.click()
    await ada.get_by_role("button", name="The page now").click()
    await expect(shown(ada).locator("h1 ins")).to_have_text("Fresh")

    # Bo types in the second line of the section, before and after.
    await bo.locator("#stage .lede").click()
    await bo.keyboard.press("End")
    await bo.keyboard.type(", warm")
    await saved(bo)
    await bo.keyboard.type(" and")
    await ada.get_by_role("button", name="Restore Hero").click()
    await expect(ada.get_by_text("Restored Hero as it was at")).to_be_visible()
    await bo.keyboard.type(" soft")
    await expect(bo.locator("#stage h1")).to_have_text("Fresh bread every day")
    await saved(bo)
    assert await bo.evaluate("weft.workspace.editing") == SECOND, "the caret stays in the text"
    found = await studio.sections("type")
    assert found[0]["content"]["headline"] == "Fresh bread every day"
    assert found[0]["content"]["subheadline"].startswith("From our oven")
    assert found[0]["content"]["subheadline"].endswith(" soft"), "what Bo typed later is there"
    assert found[1]["content"]["headline"] == "What it costs"
    # Ada sees it: the section has one difference less, and the story one entry more.
    await expect(shown(ada).locator("h1 ins")).to_have_count(0)
    await until(
        ada,
        "[...document.querySelectorAll('.history [role=option]')]"
        ".some(({ textContent }) => textContent.includes('Restored: Hero'))",
    )

    # Undo takes back the restore, and nothing else.
    await ada.locator(".toast").get_by_role("button", name="Undo").click()
    await expect(bo.locator("#stage h1")).to_have_text("Stale bread every day")
    await saved(ada)
    found = await studio.sections("type")
    assert found[0]["content"]["headline"] == "Stale bread every day"
    assert ", warm" in found[0]["content"]["subheadline"]
    assert found[0]["content"]["subheadline"].endswith(" soft")
    assert found[1]["content"]["headline"] == "What it costs"


async def test_the_page_is_restored_while_another_person_is_in_another_section(
    studio: Studio, contexts: Contexts
) -> None:
    ada, bo = await two(studio, contexts, "whole")
    await write(ada, HEADLINE, "Stale bread every day")
    await ada.evaluate("weft.commands.remove('prices')")
    await saved(ada)
    await bo.locator("#stage h2").last.click()
    await bo.keyboard.press("End")
    await bo.keyboard.type(" and answers")
    await saved(bo)
    await opened(ada)
    await entries(ada).last.click()
    await ada.get_by_role("button", name="Restore this version").click()
    dialog = ada.get_by_role("dialog", name="Restore the whole page?")
    await dialog.get_by_role("button", name="Cancel").click()
    assert len(await studio.sections("whole")) == 2
    await ada.get_by_role("button", name="Restore this version").click()
    await dialog.get_by_role("button", name="Restore the page").click()
    await expect(ada.get_by_text("Restored the page as it was at")).to_be_visible()
    await expect(bo.locator("#stage h1")).to_have_text("Fresh bread every day")
    await until(bo, "weft.workspace.sections.map(({ id }) => id).join() === 'top,prices,ask'")
    assert await studio.value("whole") == PAGE
    # Bo goes on in the same text.
    await bo.keyboard.type("!")
    await saved(bo)
    assert (await studio.sections("whole"))[2]["content"]["headline"].endswith("!")
    # Undo takes the restore back, and leaves what Bo wrote since.
    await ada.locator(".toast", has_text="Restored").get_by_role("button", name="Undo").click()
    await expect(bo.locator("#stage h1")).to_have_text("Stale bread every day")
    await until(bo, "weft.workspace.sections.length === 2")
    found = await studio.sections("whole")
    assert found[1]["content"]["headline"].endswith("!")


async def test_what_cannot_be_restored_is_told(studio: Studio, contexts: Contexts) -> None:
    ada, bo = await two(studio, contexts, "told")
    await write(ada, HEADLINE, "Stale bread every day")
    await saved(ada)
    await bo.evaluate("weft.commands.remove('ask')")
    await saved(bo)
    # Another person's lock.
    await bo.evaluate(f"weft.page.lock('{AT}/0').then(() => null)")
    await opened(ada)
    await entries(ada).last.click()
    await ada.get_by_role("button", name="The page now").click()
    await ada.get_by_role("button", name="Restore Hero").click()
    await expect(ada.get_by_text("Bo has locked a part of this.")).to_be_visible()
    assert (await studio.sections("told"))[0]["content"]["headline"] == "Stale bread every day"

    await bo.evaluate(f"weft.page.lock('{AT}/0').then((lock) => lock.release())")
    await until(ada, "weft.page.locks.length === 0")
    # A section that another person moved and changed gets both back.
    await bo.evaluate("void weft.commands.move('top', 1)")
    await saved(bo)
    await ada.get_by_role("button", name="Restore Hero").click()
    await expect(ada.get_by_text("and put it back in its place")).to_be_visible()
    await until(bo, "weft.workspace.sections.map(({ id }) => id).join() === 'top,prices'")
    await expect(bo.locator("#stage h1")).to_have_text("Fresh bread every day")
    # Undo on the keyboard takes the restore back, as one step. Then its message is gone.
    await expect(ada.get_by_role("button", name="Restore Hero")).to_have_count(0)
    await ada.keyboard.press("Control+z")
    await until(bo, "weft.workspace.sections.map(({ id }) => id).join() === 'prices,top'")
    await expect(bo.locator("#stage [data-section=top]")).to_contain_text("Stale bread every day")
    await expect(ada.locator(".toast", has_text="Restored")).to_have_count(0)

    # A section that is gone is put back where it was.
    await ada.get_by_role("button", name="The version before").click()
    await entries(ada).filter(has_text="Deleted Questions").click()
    await expect(ada.get_by_role("button", name="Questions deleted")).to_be_visible()
    await ada.get_by_role("button", name="Restore Questions").click()
    await expect(bo.locator("#stage [data-section=ask]")).to_be_visible()
    assert [each["id"] for each in await studio.sections("told")] == ["prices", "top", "ask"]
    await expect(ada.get_by_role("button", name="Restore Questions")).to_have_count(0)

    # An editor may look, and may name; a publisher restores.
    await opened(bo)
    await entries(bo).last.click()
    await expect(bo.get_by_role("button", name="Name this version")).to_be_visible()
    restore = bo.get_by_role("button", name="Restore this version")
    await expect(restore).to_be_disabled()
    await expect(restore).to_have_attribute(
        "title", "A person who may publish this page can restore it."
    )
