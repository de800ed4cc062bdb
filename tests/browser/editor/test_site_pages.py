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
    await page.get_by_role("menuitem", name=f"{name}…").click()
    await expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    return page


async def add_page(page: Page, title: str) -> None:
    await page.locator("#site").get_by_role("button", name="Add page").click()
    dialog = page.locator("dialog.add-page")
    await dialog.get_by_label("Title").fill(title)
    await dialog.get_by_role("button", name="Add page").click()
    await until(page, f"weft.workspace.shown.title === '{title}'")


def at(slug: str) -> str:
    """The page with an address, as an expression."""
    return f"Object.values({VALUE}.pages).find((each) => each.slug === '{slug}')"


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
    await until(ada, f"{at('prices')}?.title === 'Über uns!'")
    kinds = "weft.workspace.shown.sections.map(({ type }) => type).join()"
    await until(bo, f"{kinds} === 'pricing,faq,footer' && weft.workspace.shown.slug === 'prices'")
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
    await until(ada, f"{at('prices')}.title === 'Prices'")
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
    # So does a person with a link to it.
    late = await studio.open(bo.context, "shop?page=about", "bo")
    await expect(late.locator(".toast.warning")).to_contain_text("The page of this link was")
    await late.close()
    await ada.get_by_role("tab", name="Navigation").click()
    await expect(ada.locator("#site [data-broken]").first).to_contain_text(
        "No page has the address"
    )
    await bo.get_by_role("button", name="Undo").last.click()
    await until(ada, f"{VALUE}.pages.about?.slug === 'our-team'")
    await expect(ada.locator("#site [data-broken]")).to_have_count(0)
    # It is there again, and Ada stays where she is now.
    assert await ada.evaluate("weft.workspace.key") == "home"
    # A copy has an address of its own. Another page can be the first one.
    await choose(bo, "Prices", "Duplicate")
    await until(ada, f"{at('prices-copy')}?.title === 'Copy of Prices'")
    await choose(bo, "Prices", "Make it the first page")
    await until(ada, f"{VALUE}.pages[{VALUE}.site.home].slug === 'prices'")
    await until(bo, f"{rows(bo)} === 'Prices|Home|About|Copy of Prices'")
    assert await ada.evaluate("weft.workspace.key") == "home"
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
                ("five", "#team"),
            )
        ],
    }
    await studio.create("entries", value)
    page = await open_screen(await studio.open(page.context, "entries"), "Navigation")
    labels = f"{VALUE}.site.navigation.map(({{ label }}) => label).join(' ')"
    header = page.get_by_role("list", name="Entries of the header")
    await expect(header.locator("[data-broken]")).to_have_count(2)
    await expect(header.locator("li").nth(1)).to_contain_text("No page has the address /gone")
    # A section of another page is no broken link.
    await expect(header.locator("li").nth(4)).to_contain_text("About, #team")
    await until(page, "document.querySelector('#stage nav').innerHTML.includes('/about#team')")
    await header.get_by_role("button", name="Move Four").focus()
    for key in ("Space", "Home", "Space"):
        await page.keyboard.press(key)
    await until(page, f"{labels} === 'Four One Two Three Five'")
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
    await until(page, f"{labels} === 'Four Three One Two Five'")
    # A broken entry is mended with the pages of the site.
    await header.locator("summary", has_text="Two").click()
    await header.get_by_role("button", name="Leads to: choose a section or a page").click()
    # A section comes with its page: the header is on all pages.
    await page.get_by_role("menuitem", name="Bread").click()
    await until(page, f"{VALUE}.site.navigation[3].href === '/home#h'")
    await expect(header.locator("li").nth(3)).to_contain_text("Home, #h")
    await expect(header.locator("[data-broken]")).to_have_count(1)
    leads = header.get_by_label("Leads to", exact=True)
    for typed, kept in (
        ("javascript:alert(1)", "/home#h"),
        ("tel:+4420", "tel:+4420"),
        ("hello@larkfield.example", "mailto:hello@larkfield.example"),
    ):
        await leads.fill(typed)
        await leads.press("Enter")
        await until(page, f"{VALUE}.site.navigation[3].href === '{kept}'")
        wrong = header.locator(".note.wrong")
        await expect(wrong).to_have_count(1 if typed.startswith("javascript") else 0)
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
    # The first entry of a user comes after the entries of the header, in one step.
    await page.locator("#site").get_by_role("button", name="Add link").first.click()
    await until(page, f"{labels} === 'About New link'")
    await saved(page)
    await page.evaluate("weft.page.undo()")
    await until(page, f"!{VALUE}.site.navigation")
    await page.locator(".toast", has_text="by itself").get_by_role("button", name="Undo").click()
    await until(page, f"{VALUE}.site.navigation.length === 5")
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
    await add_page(ada, "Contact")
    await ada.get_by_role("tab", name="Theme").click()
    await ada.get_by_role("button", name="Plum").click()
    await choose(await open_screen(ada, "Pages"), "About", "Delete")
    await ada.locator(".toast").get_by_role("button", name="Undo").last.click()
    await until(ada, f"{VALUE}.pages.about !== undefined")
    await ada.context.set_offline(False)
    await ada.evaluate("weft.page.syncNow()")
    await saved(ada)
    await until(bo, f"{at('contact')} && {VALUE}.pages.about")
    await until(bo, f"{VALUE}.theme.colors.accent === '#7a3b8f'")


async def test_two_people_give_one_address_at_the_same_time(
    studio: Studio, page: Page, contexts: Contexts
) -> None:
    value = shop()
    value["site"] = {
        "navigation": [
            {"id": "a", "label": "About", "href": "/about"},
            {"id": "o", "label": "Order", "href": "#h", "style": "primary"},
        ],
    }
    await studio.create("at-once", value)
    ada = await open_screen(await studio.open(page.context, "at-once"), "Pages")
    bo = await open_screen(await studio.open(await contexts.new(), "at-once", "bo"), "Pages")
    # The dialog is loaded when it opens first.
    await bo.get_by_role("button", name="Add page").click()
    await bo.locator("dialog").get_by_role("button", name="Close").click()
    await bo.context.set_offline(True)
    await until(bo, "weft.page.link !== 'online'")
    for title in ("Prices", "Staff"):
        await add_page(ada, title)
    await saved(ada)
    # Bo sees none of this. His page gets the address of Ada's, and an older page, too.
    await add_page(bo, "Prices")
    await bo.locator("#site .pick", has_text="About").click()
    slug = bo.get_by_label("Address")
    await slug.fill("staff")
    await slug.press("Enter")
    await until(bo, f"{VALUE}.site.navigation[0].href === '/staff'")
    await bo.context.set_offline(False)
    await bo.evaluate("weft.page.syncNow()")
    await expect(bo.locator(".toast.warning", has_text="Prices is at /prices-2")).to_be_visible()
    await expect(bo.locator(".toast.warning", has_text="About keeps its address")).to_be_visible()
    await saved(bo)
    for each in (ada, bo):
        slugs = f"Object.values({VALUE}.pages).map((each) => each.slug).sort().join(' ')"
        await until(each, f"{slugs} === 'about home prices prices-2 staff'")
        # Each entry leads to its own page, and the button stays the last one.
        entries = f"{VALUE}.site.navigation.map((each) => each.href).sort().join(' ')"
        await until(each, f"{entries} === '#h /about /prices /prices-2 /staff'")
        await until(each, f"{VALUE}.site.navigation.at(-1).label === 'Order'")
        await until(each, f"{VALUE}.pages.home.sections[0].content.body.includes('](/about)')")
    assert await bo.evaluate("weft.page.attention.length") == 0


async def test_a_site_may_have_many_pages(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    value = shop()
    value["pages"] |= {  # type: ignore[operator]  # `shop` has a page for each name
        f"page-{n}": {"title": f"Page {n} 🥖 " + "long words " * 15, "sections": []}
        for n in range(50)
    }
    await studio.create("many", value)
    page = await open_screen(await studio.open(page.context, "many"), "Navigation")
    await expect(page.locator("#site .note", has_text="by itself")).to_contain_text("Page 0")
    await page.get_by_role("button", name="Choose them yourself").click()
    header = page.get_by_role("list", name="Entries of the header")
    await expect(header.locator("li")).to_have_count(6)
    # No more entries than the format allows: a new page has none then.
    full = "Array.from({ length: 50 }, (_, n) => ({ id: `e${n}`, label: `E${n}`, href: '/' }))"
    await page.evaluate(f"void weft.page.set('/site/navigation', {full})")
    await expect(
        page.locator("#site").get_by_role("button", name="Add link").first
    ).to_be_disabled()
    await page.get_by_role("tab", name="Pages").click()
    await expect(page.locator("#site .pages li")).to_have_count(52)
    await add_page(page, "The last one")
    await saved(page)
    assert len((await studio.value("many"))["pages"]) == 53
    # The menu of the pages fits the window, and its end is reached by keys.
    await page.locator("#bar h1 button").click()
    await page.keyboard.press("End")
    await expect(page.get_by_role("menuitem", name="SEO and sharing…")).to_be_in_viewport()
    assert complaints == []


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
    await until(phone, "weft.workspace.shown.slug === 'contact'")
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
