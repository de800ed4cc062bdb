"""The pages of a site and its navigation, by two people at once, and without a network."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section
from tests.browser.waits import until

pytestmark = pytest.mark.real

VALUE = "weft.page.value"


def shop() -> dict[str, object]:
    """A site of two pages that link to each other."""
    hero = section("h", "hero", headline="Bread", body="See [the team](/about), and more")
    links = [{"id": "l", "label": "Team", "href": "/about#team"}]
    footer = section("f", "footer", columns=[{"id": "c", "title": "More", "links": links}])
    about = [section("team", "hero", headline="Team"), footer]
    return {
        "site": {"name": "Larkfield"},
        "pages": {
            "home": {"title": "Home", "slug": "home", "sections": [hero, footer]},
            "about": {"title": "About", "slug": "about", "sections": about},
        },
    }


async def open_screen(page: Page, name: str) -> Page:
    await page.locator("#bar h1 button").click()
    await page.get_by_role("menuitem", name="Pages…").click()
    await page.get_by_role("tab", name=name).click()
    return page


async def choose(page: Page, of: str, words: str) -> None:
    await page.locator("#site").get_by_role("button", name=f"More for {of}", exact=True).click()
    await page.get_by_role("menuitem", name=words).click()


def rows(page: Page) -> str:
    return "[...document.querySelectorAll('#site .pages b')].map((e) => e.textContent).join('|')"


async def test_a_page_is_added_linked_renamed_and_deleted_by_two_people(
    studio: Studio, page: Page, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("shop", shop())
    ada = await open_screen(
        await studio.open(page.context, "shop", "ada", Role.PUBLISHER), "Navigation"
    )
    bo = await open_screen(await studio.open(await contexts.new(), "shop", "bo"), "Pages")
    # Without entries, the header has the other pages. Ada chooses them herself.
    await expect(ada.locator("#site .note", has_text="by itself: About")).to_be_visible()
    await ada.get_by_role("button", name="Choose them yourself").click()
    await until(bo, f"{VALUE}.site.navigation[0].href === '/about'")
    # Bo adds a page with words to begin with. It has the footer of the first page.
    await bo.get_by_role("button", name="Add page").click()
    dialog = bo.locator("dialog.add-page")
    await dialog.get_by_label("Title").fill("Über uns!")
    address = dialog.get_by_label("Address")
    await expect(address).to_have_value("uber-uns")
    await address.fill("About")
    await dialog.get_by_role("button", name="Add page").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("small letters")
    await address.fill("about")
    await expect(dialog.get_by_role("alert")).to_contain_text("The page About has this")
    await address.fill("prices")
    await dialog.get_by_text("Plans, and answers").click()
    await dialog.get_by_role("button", name="Add page").click()
    await until(ada, f"{VALUE}.pages.prices?.title === 'Über uns!'")
    kinds = f"{VALUE}.pages.prices.sections.map(({{ type }}) => type).join()"
    await until(bo, f"{kinds} === 'pricing,faq,footer' && weft.workspace.key === 'prices'")
    assert await bo.evaluate(rows(bo)) == "Home|About|Über uns!"
    await until(bo, "document.querySelector('#stage h1, #stage h2').textContent.includes('Plans')")
    await until(
        ada, f"{VALUE}.site.navigation.map(({{ href }}) => href).join() === '/about,/prices'"
    )
    # Each sees where the other is.
    await ada.get_by_role("tab", name="Pages").click()
    await expect(ada.get_by_role("img", name="bo is on this page")).to_be_visible()
    # Bo renames it, and Ada gives the page About another address: its links follow.
    await choose(bo, "Über uns!", "Rename")
    await bo.keyboard.type("Prices")
    await until(ada, f"{VALUE}.pages.prices.title === 'Prices'")
    await ada.locator("#site .pick", has_text="About").click()
    slug = ada.get_by_label("Address")
    await slug.fill("Our team")
    await slug.press("Enter")
    await expect(ada.locator("#site .note.wrong")).to_contain_text("small letters")
    await slug.press("Escape")
    await slug.fill("our-team")
    await slug.press("Enter")
    await expect(ada.locator(".toast").last).to_contain_text("5 links follow")
    await until(bo, f"{VALUE}.pages.home.sections[0].content.body.includes('](/our-team),')")
    await until(bo, f"{VALUE}.site.navigation[0].href === '/our-team'")
    await until(ada, "document.querySelector('#stage h1').textContent === 'Team'")
    await saved(ada)
    await saved(bo)
    url = await ada.evaluate("weft.page.publish().then(({ url }) => url)")
    async with httpx.AsyncClient(base_url=studio.server.http) as client:
        home = (await client.get(url)).text
        assert f'href="{url}/our-team"' in home
        assert f'href="{url}/prices"' in home
        assert (await client.get(f"{url}/our-team")).status_code == 200
        assert (await client.get(f"{url}/about")).status_code == 404
    # Bo deletes the page on which Ada is. She gets another one, and Bo takes it back.
    await choose(bo, "About", "Delete")
    await expect(bo.locator(".toast").last).to_contain_text("4 links lead nowhere")
    await until(ada, "weft.workspace.key === 'home' && !weft.page.value.pages.about")
    await expect(ada.locator(".toast.warning")).to_contain_text("The page About was deleted")
    assert await bo.locator(".toast.warning").count() == 0
    await ada.get_by_role("tab", name="Navigation").click()
    await expect(ada.locator("#site [data-broken]").first).to_contain_text(
        "No page has the address"
    )
    await bo.get_by_role("button", name="Undo").last.click()
    await until(ada, f"{VALUE}.pages.about?.slug === 'our-team'")
    await expect(ada.locator("#site [data-broken]")).to_have_count(0)
    # A copy has an address of its own. Another page can be the first one.
    await choose(bo, "Prices", "Duplicate")
    await until(ada, f"{VALUE}.pages['prices-copy']?.title === 'Copy of Prices'")
    await choose(bo, "Prices", "Make it the first page")
    await until(ada, f"{VALUE}.site.home === 'prices'")
    await until(bo, f"{rows(bo)} === 'Prices|Home|About|Copy of Prices'")
    assert complaints == []


async def test_entries_are_moved_by_keys_and_by_drag_and_changed(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    value = shop()
    value["site"] = {
        "name": "Larkfield",
        "navigation": [
            {"id": each, "label": each.title(), "href": href}
            for each, href in (
                ("one", "/about"),
                ("two", "/gone"),
                ("three", "#nowhere"),
                ("four", "https://example.com"),
            )
        ],
    }
    await studio.create("entries", value)
    page = await open_screen(await studio.open(page.context, "entries"), "Navigation")
    labels = f"{VALUE}.site.navigation.map(({{ label }}) => label).join(' ')"
    header = page.get_by_role("list", name="Entries of the header")
    await expect(header.locator("[data-broken]")).to_have_count(2)
    await expect(header.locator("li").nth(1)).to_contain_text("No page has the address /gone")
    await header.get_by_role("button", name="Move Four").focus()
    for key in ("Space", "Home", "Space"):
        await page.keyboard.press(key)
    await until(page, f"{labels} === 'Four One Two Three'")
    boxes = [
        await header.get_by_role("button", name=f"Move {each}").bounding_box()
        for each in ("Three", "One")
    ]
    start, end = boxes
    assert start is not None
    assert end is not None
    await page.mouse.move(start["x"] + 8, start["y"] + 8)
    await page.mouse.down()
    await page.mouse.move(end["x"] + 8, end["y"] + 2, steps=5)
    await page.wait_for_selector("body.dragging")
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    await page.mouse.up()
    await until(page, f"{labels} === 'Four Three One Two'")
    # A broken entry is mended with the pages of the site.
    await header.locator("summary", has_text="Two").click()
    await header.get_by_role("button", name="Leads to: choose a section or a page").click()
    await page.get_by_role("menuitem", name="About").click()
    await expect(header.locator("[data-broken]")).to_have_count(1)
    await header.get_by_label("Link text").fill("Two <b>")
    await until(page, f"{VALUE}.site.navigation[3].label === 'Two <b>'")
    await until(page, "document.querySelector('#stage nav').textContent.includes('Two <b>')")
    # Entries are added and removed, also in a footer.
    more = page.locator("#site .group", has_text="Footer: More")
    await more.get_by_role("button", name="Add page").click()
    await page.get_by_role("menuitem", name="Home").click()
    footer = f"{VALUE}.pages.home.sections[1].content.columns[0].links"
    await until(page, f"{footer}.length === 2 && {footer}[1].href === '/'")
    await choose(page, "Team", "Remove")
    await until(page, f"{footer}.length === 1")
    await page.locator(".toast").get_by_role("button", name="Undo").click()
    await until(page, f"{footer}[0].label === 'Team'")
    await page.get_by_role("button", name="Let the header show the pages by itself").click()
    await until(page, f"!{VALUE}.site.navigation")
    await page.locator(".toast").get_by_role("button", name="Undo").last.click()
    await until(page, f"{VALUE}.site.navigation.length === 4")
    await page.get_by_role("button", name="Edit the whole footer").click()
    await expect(page.locator("#site")).to_be_hidden()
    await until(page, "weft.workspace.selection.id === 'f'")
    assert complaints == []


async def test_the_site_is_changed_without_a_network_and_in_locked_parts(
    studio: Studio, page: Page, contexts: Contexts
) -> None:
    await studio.create("offline", shop())
    ada = await open_screen(await studio.open(page.context, "offline"), "Pages")
    bo = await studio.open(await contexts.new(), "offline", "bo")
    await bo.evaluate("weft.page.lock('/pages/home/sections/0').then(() => null)")
    await until(ada, "weft.page.locks.length === 1")
    # A link in a part that another person has locked stays, and the user is told.
    await ada.locator("#site .pick", has_text="About").click()
    slug = ada.get_by_label("Address")
    await slug.fill("team")
    await slug.press("Enter")
    await expect(ada.locator(".toast").last).to_contain_text("1 link in locked parts stayed")
    await saved(ada)
    await ada.locator("#site").get_by_role("button", name="More for Home").click()
    await expect(ada.get_by_role("menuitem", name="Delete")).to_be_disabled()
    await ada.keyboard.press("Escape")
    await bo.evaluate(
        "weft.page.lock('/pages/home/sections/0').then((lock) => lock.release()).then(() => null)"
    )
    await until(ada, "weft.page.locks.length === 0")
    # All of it works without a connection.
    await ada.context.set_offline(True)
    await until(ada, "weft.page.link !== 'online'")
    await ada.get_by_role("button", name="Add page").click()
    dialog = ada.locator("dialog.add-page")
    await dialog.get_by_label("Title").fill("Contact")
    await dialog.get_by_role("button", name="Add page").click()
    await until(ada, "weft.workspace.key === 'contact'")
    await ada.get_by_role("tab", name="Theme").click()
    await ada.get_by_role("button", name="Plum").click()
    await choose(await open_screen(ada, "Pages"), "About", "Delete")
    await ada.locator(".toast").get_by_role("button", name="Undo").last.click()
    await until(ada, f"{VALUE}.pages.about !== undefined")
    await ada.context.set_offline(False)
    await ada.evaluate("weft.page.syncNow()")
    await saved(ada)
    await until(bo, f"{VALUE}.pages.contact?.slug === 'contact' && {VALUE}.pages.about")
    await until(bo, f"{VALUE}.theme.colors.accent === '#7a3b8f'")


async def test_the_screen_is_a_sheet_on_a_phone(
    studio: Studio, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("phone", shop())
    phone = await studio.open(await contexts.phone(), "phone")
    await phone.locator("#bar h1 button").tap()
    await phone.get_by_role("menuitemradio", name="About").tap()
    await until(phone, "weft.workspace.key === 'about'")
    await phone.locator("#bar h1 button").tap()
    await phone.get_by_role("menuitem", name="Theme…").tap()
    sheet = phone.locator("#site")
    await until(phone, "document.querySelector('#site')?.getBoundingClientRect().width === 390")
    await phone.get_by_role("button", name="Rose").tap()
    await until(phone, f"{VALUE}.theme.colors.accent === '#b5295e'")
    # The page above the sheet shows it at once.
    await until(
        phone,
        "getComputedStyle(document.querySelector('#stage .weft-page')).backgroundColor"
        " === 'rgb(255, 248, 249)'",
    )
    await phone.get_by_role("tab", name="Pages").tap()
    await sheet.get_by_role("button", name="Add page").tap()
    dialog = phone.locator("dialog.add-page")
    await dialog.get_by_label("Title").fill("Contact")
    await dialog.get_by_text("A form, and how to find you").tap()
    await dialog.get_by_role("button", name="Add page").tap()
    await until(phone, "weft.workspace.key === 'contact'")
    # The grip makes it taller, and closes it.
    grip = phone.locator("#site .grip")
    for far, wanted in ((-200, "hasAttribute('data-tall')"), (200, "matches(':not([data-tall])')")):
        box = await grip.bounding_box()
        assert box is not None
        await phone.mouse.move(195, box["y"] + 8)
        await phone.mouse.down()
        await phone.mouse.move(195, box["y"] + 8 + far, steps=4)
        await phone.mouse.up()
        await until(phone, f"document.querySelector('#site').{wanted}")
    await phone.get_by_role("button", name="Close the settings").tap()
    await expect(sheet).to_be_hidden()
    assert complaints == []
