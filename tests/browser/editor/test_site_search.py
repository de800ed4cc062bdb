"""What search engines and networks show of a page: fields, previews, hints, the published page."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section
from tests.browser.waits import until
from tests.server.assets.samples import png

pytestmark = pytest.mark.real

SEO = "weft.page.value.pages.home.seo"
HOSTILE = "<img src=x onerror=alert(1)>"


def site() -> dict[str, object]:
    words = "We bake at four in the morning, and bring the bread to you."
    hero = section("h", "hero", headline="Bread", subheadline=words)
    return {
        "site": {"name": "Larkfield"},
        "pages": {
            "home": {"title": "Bread every day", "slug": "home", "sections": [hero]},
            "about": {"title": "About", "slug": "about", "seo": {}, "sections": []},
        },
    }


async def open_search(page: Page) -> Page:
    await page.locator("#bar h1 button").click()
    await page.get_by_role("menuitem", name="SEO and sharing…").click()
    return page


async def test_two_people_write_what_is_found_and_shared(
    studio: Studio, page: Page, contexts: Contexts, complaints: Complaints
) -> None:
    await studio.create("found", site())
    ada = await open_search(await studio.open(page.context, "found", "ada", Role.PUBLISHER))
    bo = await open_search(await studio.open(await contexts.new(), "found", "bo"))
    result = bo.get_by_role("group", name="How a search result looks")
    card = bo.get_by_role("group", name="How the page looks when it is shared")
    # Without its own, the title is that of the page, and engines choose the words.
    await expect(result).to_contain_text("Bread every day")
    await expect(result).to_contain_text("We bake at four")
    await expect(bo.locator("#site .hints").first).to_contain_text("Without a description")
    await expect(card.locator("img")).to_be_hidden()
    # Two people type in the two texts at once, and each sees what becomes of it.
    await ada.get_by_label("Title", exact=True).click()
    await ada.keyboard.type("Larkfield, fresh bread on your table every single morning of the year")
    await until(bo, f"{SEO}.title.startsWith('L')")
    await bo.get_by_role("button", name="Take the first words of the page").click()
    await until(ada, f"{SEO}.description.startsWith('We bake')")
    await expect(result).to_contain_text("every single morning …")
    await expect(bo.locator("#site .count").first).to_have_text(
        "69 of about 60 characters, 12 words"
    )
    await expect(bo.locator("#site .hints").first).to_contain_text("title is long")
    await ada.keyboard.press("Control+a")
    await ada.keyboard.type("About")
    await bo.get_by_role("combobox", name="Page").select_option("about")
    await until(bo, "weft.workspace.key === 'about'")
    await expect(bo.locator("#site .hints").first).to_contain_text("same as that of the page")
    await ada.get_by_role("tab", name="SEO").focus()
    # A picture is uploaded, and its description is asked.
    files = ada.locator("#site input[type=file]")
    await files.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": png(400, 210)})
    await until(ada, f"{SEO}.image.width === 400")
    await expect(ada.locator("#site .hints").last).to_contain_text("small: 400 × 210")
    await expect(ada.get_by_label("Describe the picture")).to_be_focused()
    await ada.keyboard.type("A loaf")
    await expect(ada.locator("#site .share-card img")).to_be_visible()
    # Search engines are asked not to show it.
    await ada.get_by_label("Show it in search results").click()
    await until(ada, f"{SEO}.robots === 'noindex,follow'")
    await expect(ada.locator("#site .result .off")).to_be_visible()
    await ada.get_by_text("Advanced").click()
    await ada.get_by_label("Let search engines follow its links").click()
    await until(ada, f"{SEO}.robots === 'noindex,nofollow'")
    await ada.get_by_label("Show it in search results").click()
    await until(ada, f"{SEO}.robots === 'index,nofollow'")
    await saved(ada)
    html = await published(studio, ada)
    assert "<title>About</title>" in html
    for rule in (
        r'<meta name="description" content="We bake at four in the morning, [^"]*">',
        r'<meta name="robots" content="index,nofollow">',
        r'<meta property="og:title" content="About">',
        r'<meta property="og:image:alt" content="A loaf">',
        r'<meta name="twitter:card" content="summary_large_image">',
    ):
        assert re.search(rule, html), rule
    # The next undo takes one gesture back, and says which.
    await ada.get_by_role("tab", name="SEO").focus()
    await ada.keyboard.press("Control+z")
    await expect(ada.locator(".toast").last).to_contain_text("visibility for search engines")
    # A warning elsewhere leads to the field.
    await ada.get_by_role("button", name="Close the settings").click()
    place = "/pages/about/seo/description"
    await ada.evaluate(
        "(at) => weft.workspace.emit('screen', { name: 'site', pointer: at })", place
    )
    await expect(ada.get_by_label("Description")).to_be_focused()
    assert await ada.evaluate("weft.workspace.key") == "about"
    assert complaints == []


async def published(studio: Studio, page: Page) -> str:
    url = await page.evaluate("weft.page.publish().then(({ url }) => url)")
    async with httpx.AsyncClient(base_url=studio.server.http) as client:
        return (await client.get(url)).text


# What a page shows to search engines and networks, and what the previews have shown of it.
COMPARED = """(html) => {
  const { head, title } = new DOMParser().parseFromString(html, 'text/html')
  const meta = (name) => head.querySelector(`[name="${name}"], [property="${name}"]`)?.content
  const words = (selector) => document.querySelector(`#site ${selector}`).textContent
  const [found, card] = [words('.result .title'), words('.share-card b')]
  return { title, graph: meta('og:title'), said: meta('description'), found, card,
    about: words('.result > p:last-child'), shared: words('.share-card p') }
}"""


async def test_the_previews_show_what_visitors_get(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("served", site())
    page = await open_search(await studio.open(page.context, "served", "ada", Role.PUBLISHER))
    title = "<b>Bread</b> & 🥖 “rolls” &amp; 春"
    await page.get_by_label("Title", exact=True).fill(title)
    # A field takes no more than the server does.
    await page.get_by_label("Description", exact=True).fill("&lt; 🥖 a word " * 200)
    await until(page, f"{SEO}.description.length > 500 && {SEO}.description.length <= 600")
    await expect(page.locator("#site .count.bad")).to_contain_text("of about 145 characters")
    await saved(page)
    head = (await published(studio, page)).partition("<style>")[0]
    shown = await page.evaluate(COMPARED, head)
    assert shown["title"] == shown["graph"] == shown["found"] == shown["card"] == title
    for preview in (shown["about"], shown["shared"]):
        start, _, rest = preview.rpartition(" …")
        assert start
        assert rest == ""
        assert shown["said"].startswith(start)
    assert complaints == []


async def test_texts_that_look_like_markup_stay_texts(studio: Studio, page: Page) -> None:
    value: dict[str, object] = site()
    value["site"] = {
        "name": HOSTILE,
        "language": "en",
        "navigation": [
            {"id": HOSTILE, "label": HOSTILE, "href": "javascript:alert(1)"},
            {"id": "x", "label": HOSTILE, "href": f"/{HOSTILE}"},
        ],
    }
    seo = {"title": HOSTILE, "description": HOSTILE, "image": {"src": "javascript:alert(1)"}}
    footer = section(
        "f",
        "footer",
        columns=[{"id": HOSTILE, "title": HOSTILE, "links": [{"id": "l", "label": HOSTILE}]}],
    )
    value["pages"] = {
        HOSTILE: {"title": HOSTILE, "slug": HOSTILE, "seo": seo, "sections": [footer]},
        "home": {"title": HOSTILE, "seo": seo, "sections": [footer]},
    }
    value["theme"] = {
        "colors": {"accent": HOSTILE, "background": "red;}"},
        "fonts": {"heading": f"{HOSTILE}, x", "body": 7},
        "mode": HOSTILE,
        "radius": "a",
    }
    await studio.create("hostile", value, schema=False)
    page = await open_search(await studio.open(page.context, "hostile"))
    for tab in ("SEO and sharing", "Pages", "Navigation", "Theme"):
        await page.get_by_role("tab", name=tab).click()
        await expect(page.locator("#site-body > div")).to_be_visible()
        found = await page.evaluate(
            """() => [...document.querySelectorAll('#site *, .menu *')].filter((each) =>
              each.matches('script, iframe, object, img[src="x"]') ||
              [...each.attributes].some(({ name, value }) =>
                name.startsWith('on') || /^javascript:/i.test(value))).length"""
        )
        assert found == 0
    await page.get_by_role("tab", name="Pages").click()
    await expect(page.locator("#site .pages b").first).to_have_text(HOSTILE)
    await page.locator("#bar h1 button").click()
    await expect(page.get_by_role("menuitemradio").first).to_contain_text(HOSTILE)
