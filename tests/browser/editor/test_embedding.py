"""The snippets of docs/embedding.md: the editor in a frame, and section types of a product."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Frame, Page, expect

from collab.rights.user_rights import Role
from server.access.keyring import Keyring
from server.runtime.clock import SystemClock
from storage.store import SqlStore
from tests.browser.chromium_contexts import Complaints
from tests.browser.editor.studio import SCHEMA, Studio, section, site
from tests.browser.site import Site
from tests.browser.waits import until
from tests.running import RunningServer
from tests.snippets import run, snippet

pytestmark = pytest.mark.real

PAGE = "docs/embedding.md"


class Product:
    """A product on an origin of its own, whose pages are the snippets."""

    def __init__(self, studio: Studio, site: Site) -> None:
        self.studio, self.site = studio, site
        self.weft = studio.server.http

    def show(self, path: str, html: str, **others: str) -> None:
        for old, new in {
            "https://weft.example": self.weft,
            "https://product.example": self.site.origin,
            **others,
        }.items():
            html = html.replace(old, new)
        self.site.pages[path] = html

    async def signs_in(self, user: str, role: Role = Role.EDITOR, seconds: float = 3600) -> None:
        token = await self.studio.server.mint(user, role, seconds=seconds)
        self.site.pages["/weft-token"] = token

    async def open(self, page: Page, doc: str, state: str = "[data-state]") -> Frame:
        """Open the product's page with the editor of a document in a frame."""
        self.show("/", snippet(PAGE, "frame"), **{"acme.home": doc})
        await page.goto(f"{self.site.origin}/")
        handle = await page.wait_for_selector("iframe")
        frame = await handle.content_frame() if handle else None
        assert frame is not None
        await frame.wait_for_selector(f"body{state}")
        return frame


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Site() as site:
        env = {"WEFT_EDITOR_ANCESTORS": site.origin, "WEFT_ORIGINS": site.origin}
        with RunningServer(tmp_path_factory.mktemp("weft"), env=env) as server:
            yield Product(Studio(server), site)


async def test_a_product_shows_the_editor_and_gives_the_tokens(
    product: Product, page: Page, complaints: Complaints
) -> None:
    await product.studio.create("framed", site(section("a", "hero", headline="Hello")))
    await product.signs_in("ada")
    frame = await product.open(page, "framed")
    await frame.wait_for_selector('body[data-state="ready"]')
    assert frame.url.endswith(f"?from={product.site.origin}"), "no token is in the address"
    await frame.locator("#stage h1").first.click()
    await page.keyboard.press("End")
    await page.keyboard.type(" there")
    await until(frame, "weft.page.saved === 'saved' && weft.page.pending === 0")
    [shown] = await product.studio.sections("framed")
    assert shown["content"]["headline"] == "Hello there"
    assert await frame.evaluate("weft.page.user") == "ada"
    # The preview is a tab of its own, with the user's newest token.
    async with page.context.expect_page() as opened:
        await frame.get_by_role("link", name="Preview").click()
    preview = await opened.value
    await expect(preview.get_by_role("heading", level=1)).to_have_text("Hello there")
    assert preview.url.endswith("/preview/framed"), "no token stays in the address"
    await preview.close()
    assert complaints == []
    product.site.pages["/projects"] = "<title>Projects</title>"
    await frame.get_by_role("button", name="Leave the editor").click()
    await expect(page).to_have_title("Projects")


# A browser that gives the frame of another site no storage.
NOTHING_IS_STORED = """
if (location.origin === ORIGIN) {
  const refuse = () => { throw new DOMException('denied', 'SecurityError') }
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches'])
    Object.defineProperty(window, name, { get: refuse })
  navigator.locks.request = navigator.serviceWorker.register = async () => refuse()
}
"""


async def test_the_editor_works_where_the_browser_stores_nothing(
    product: Product, page: Page, complaints: Complaints
) -> None:
    await product.studio.create("memory", site(section("a", "hero", headline="Hello")))
    await product.signs_in("ada", Role.PUBLISHER)
    await page.add_init_script(NOTHING_IS_STORED.replace("ORIGIN", repr(product.weft)))
    frame = await product.open(page, "memory", '[data-state="ready"]')
    await frame.locator("#stage h1").first.click()
    await page.keyboard.press("End")
    await page.keyboard.type("!")
    await until(frame, "weft.page.saved === 'saved' && weft.page.pending === 0")
    await frame.get_by_role("button", name="History").click()
    await expect(frame.locator(".history [role=option]")).to_have_count(3)
    await page.keyboard.press("Escape")
    await frame.locator("#publish").click()
    await frame.locator("dialog.publish .go").click()
    await expect(frame.get_by_role("heading", name="Published")).to_be_visible()
    # The SDK says in the console that it keeps changes in memory only.
    assert [each for each in complaints if "keep the tab open" not in each] == []
    await page.context.set_offline(True)
    await until(frame, "weft.page.link === 'offline'")
    await frame.evaluate("void weft.page.set('/pages/home/title', 'Later')")
    await expect(frame.get_by_text("This browser stores nothing")).to_be_visible()
    await page.context.set_offline(False)
    await until(frame, "weft.page.saved === 'saved' && weft.page.pending === 0")


async def test_a_token_that_ends_is_replaced_by_another_one(product: Product, page: Page) -> None:
    await product.studio.create("short", site(section("a", "hero", headline="Hello")))
    await product.signs_in("ada", seconds=8)
    frame = await product.open(page, "short")
    await frame.wait_for_selector('body[data-state="ready"]')
    await product.signs_in("ada")
    first = product.site.asked.count("/weft-token")
    await until(frame, "weft.page.link === 'online'")
    while product.site.asked.count("/weft-token") == first:
        await page.evaluate("new Promise(requestAnimationFrame)")
    await frame.evaluate("weft.page.set('/pages/home/title', 'Later').durable")
    assert (await product.studio.value("short"))["pages"]["home"]["title"] == "Later"


async def test_a_user_who_is_signed_out_goes_on_after_signing_in(
    product: Product, page: Page
) -> None:
    await product.studio.create("away", site(section("a", "hero", headline="Hello")))
    product.site.pages["/weft-token"] = ""
    frame = await product.open(page, "away", state="")
    await expect(frame.get_by_text("does not say who you are")).to_be_visible()
    # Messages of a wrong shape, and of another window than the one around the frame, are ignored.
    eve = await product.studio.server.mint("eve")
    await page.evaluate(
        """(token) => {
          const frame = document.querySelector('iframe').contentWindow
          const right = { weft: 'editor', type: 'token' }
          const foreign = [{ token, weft: 'preview' }, { token, type: 'leave' }]
          const wrong = [{ token: 5 }, { token: {} }, ...foreign]
          const others = [null, 5, 'token', [], right, { type: 'token', token }]
          for (const data of [...others, ...wrong.map((each) => ({ ...right, ...each }))])
            frame.postMessage(data, '*')
        }""",
        eve,
    )
    await frame.evaluate(
        "(token) => postMessage({ weft: 'editor', type: 'token', token }, '*')", eve
    )
    await expect(frame.get_by_text("does not say who you are")).to_be_visible()
    await product.signs_in("ada")
    await frame.wait_for_selector('body[data-state="ready"]')
    assert await frame.evaluate("weft.page.user") == "ada"
    await page.context.set_offline(True)
    await until(frame, "weft.page.link === 'offline'")
    await frame.evaluate("void weft.page.set('/pages/home/title', 'Kept')")
    product.site.pages["/weft-token"] = "not.a.token"
    await page.context.set_offline(False)
    await expect(frame.get_by_text("does not let you in any more")).to_be_visible()
    await expect(frame.get_by_role("button", name="Enter a token")).to_have_count(0)
    await product.signs_in("ada")
    await frame.get_by_role("button", name="Try again").click()
    await until(frame, "weft.page.saved === 'saved' && weft.page.pending === 0")
    assert (await product.studio.value("away"))["pages"]["home"]["title"] == "Kept"


@pytest.mark.long
async def test_a_user_whose_session_ends_is_told_to_sign_in(product: Product, page: Page) -> None:
    await product.studio.create("ended", site(section("a", "hero", headline="Hello")))
    await product.signs_in("ada", seconds=6)
    frame = await product.open(page, "ended", '[data-state="ready"]')
    product.site.pages["/weft-token"] = ""
    banner = frame.locator("[data-notice=lost]")
    await expect(banner).to_contain_text("does not say who you are")
    await product.signs_in("ada")
    await banner.get_by_role("button", name="Sync now").click()
    await expect(banner).to_have_count(0)
    await until(frame, "weft.page.link === 'online'")


async def test_a_refused_token_is_no_way_out_of_the_frame(product: Product, page: Page) -> None:
    await product.studio.create("closed", site())
    product.site.pages["/weft-token"] = "not.a.token"
    frame = await product.open(page, "closed")
    await frame.wait_for_selector('body[data-state="failed"]')
    assert await frame.get_by_role("link", name="All pages").count() == 0
    await product.signs_in("ada")
    await frame.get_by_role("button", name="Try again").click()
    await frame.wait_for_selector('body[data-state="ready"]')


async def test_another_site_cannot_show_the_editor(product: Product, page: Page) -> None:
    product.show("/", snippet(PAGE, "frame"))
    with Site() as other:
        # Nor can it show the product: each site around the editor must be allowed.
        for address in (f"{product.weft}/edit/framed?from=x", f"{product.site.origin}/"):
            other.pages["/"] = f'<iframe src="{address}"></iframe>'
            async with page.expect_console_message(lambda said: "frame-ancestors" in said.text):
                await page.goto(f"{other.origin}/")


async def test_alone_the_editor_asks_no_other_page_for_a_token(
    product: Product, page: Page
) -> None:
    await product.studio.create("alone", site())
    token = await product.studio.server.mint("ada")
    await page.goto(f"{product.weft}/edit/alone?from={product.site.origin}#token={token}")
    await page.wait_for_selector('body[data-state="ready"]')
    await expect(page.get_by_role("link", name="All pages")).to_be_visible()


async def test_a_product_draws_section_types_of_its_own(
    product: Product, page: Page, complaints: Complaints
) -> None:
    await product.signs_in("ada", Role.PUBLISHER)
    product.site.pages["/renderer.js"] = snippet(PAGE, "renderer")
    product.show("/preview.html", snippet(PAGE, "own-preview"))
    product.show("/form.html", snippet(PAGE, "own-fields"))
    await page.goto(f"{product.site.origin}/form.html")
    drawn = page.frame_locator("iframe").locator("main p").first
    await expect(drawn).to_have_text("Club: 60.00 a year")
    await page.fill("#label", "Team")
    await page.fill("#price", "7.5")
    await expect(drawn).to_have_text("Team: 90.00 a year")
    await product.studio.patch(
        "acme.prices",
        {"op": "replace", "path": "/pages/home/sections/0/content/price", "value": 1},
    )
    other = section("o", "other")
    await product.studio.patch(
        "acme.prices",
        {"op": "add", "path": "/pages/home/sections/-", "value": other},
        {"op": "add", "path": "/pages/home/sections/-", "value": {"id": "e", "type": "hero"}},
    )
    await page.locator("#label").focus()
    await saved_form(page)
    published = await product.studio.request("POST", "/v1/docs/acme.prices/publish", {})
    assert {each["check"] for each in published["warnings"]} >= {"sections"}
    product.show(
        "/public.html", snippet(PAGE, "published"), **{"acme/acme.prices": "demo/acme.prices"}
    )
    await page.goto(f"{product.site.origin}/public.html")
    await expect(page.locator("main p").first).to_contain_text("Team: ")
    assert complaints == []


async def saved_form(page: Page) -> None:
    await until(page, "page.saved === 'saved' && page.pending === 0")


async def test_a_backend_signs_tokens_and_makes_the_document(
    product: Product, tmp_path: Path
) -> None:
    store = SqlStore(product.studio.server.database)
    await store.start()
    try:
        key = await Keyring(store, SystemClock()).ensure_key("acme")
    finally:
        await store.close()
    names: dict[str, Any] = {}
    exec(snippet("docs/tokens.md", "python"), names)
    exec(snippet(PAGE, "backend"), names)
    names["KID"], names["SECRET"] = key.kid, base64.urlsafe_b64encode(key.secret).decode()
    user = {"id": "u1", "name": "Una", "site": "acme", "is_owner": True}
    token = names["make_token"](key.kid, names["SECRET"], "acme", "admin", "admin")
    run(snippet(PAGE, "create"), tmp_path, WEFT=product.weft, TOKEN=token)
    with pytest.raises(AssertionError, match="412"):  # the document is not replaced
        run(snippet(PAGE, "create"), tmp_path, WEFT=product.weft, TOKEN=token)
    headers = {"Authorization": f"Bearer {names['token_for'](user)}"}
    async with httpx.AsyncClient(base_url=product.weft, headers=headers) as client:
        answer = await client.get("/v1/docs/acme.home")
        assert answer.json()["pages"]["home"]["title"] == "Home"
        admin = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/v1/docs/acme.home/schema", headers=admin)).json() == SCHEMA
        assert (await client.get("/v1/docs/other.home")).status_code == 404
