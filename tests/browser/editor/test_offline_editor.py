"""The service worker: the list and the editor without a network, and a new version of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import BrowserContext, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until
from tests.running import RunningServer

pytestmark = pytest.mark.real

CACHES = (
    "caches.keys().then((names) => names.filter((name) => name.startsWith('weft-shell')).sort())"
)
HOME = "/pages/home/sections"
# How many changes IndexedDB has, as `stored`. It is asked for again and again.
STORED = """(() => {
  indexedDB.open('weft').onsuccess = ({ target: { result: database } }) => {
    const range = IDBKeyRange.bound(['entry'], ['entry', []])
    const rows = database.transaction('rows').objectStore('rows').count(range)
    rows.onsuccess = () => { window.stored = rows.result; database.close() }
  }
  return true
})()"""
PICTURES = """caches.open('weft-pictures').then((all) => all.keys())
  .then((all) => (window.pictures = all.map(({ url }) => url.split('?n=')[1])))"""


@pytest.fixture
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A server that the test stops and starts."""
    with RunningServer(tmp_path_factory.mktemp("weft")) as server:
        yield Studio(server)


async def prepared(page: Page) -> None:
    """Wait until the worker has all files and this page."""
    await until(page, "navigator.serviceWorker.controller")
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")


async def reopened(context: BrowserContext, url: str) -> Page:
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_selector('body[data-state="ready"]')
    return page


def texts(studio: Studio) -> str:
    return f"weft.page.value{HOME.replace('/', '.')}.map(({{ id }}) => id).join()"


async def test_the_editor_opens_edits_and_comes_back_without_losing_anything(
    contexts: Contexts, studio: Studio
) -> None:
    sections = [section(id, "hero", headline=id) for id in ("a", "b", "c", "d")]
    await studio.create("home", {"site": {"name": "Home"}, **site(*sections)}, schema=False)
    await studio.create("other", {"site": {"name": "Other"}, **site()}, schema=False)
    one_context, two_context = await contexts.new(), await contexts.new()
    one = await studio.open(one_context, "home", "ada")
    two = await studio.open(two_context, "home", "bo")
    url = one.url
    for page in (one, two):
        await prepared(page)
    listing = await one_context.new_page()
    await listing.goto(
        f"{studio.server.http}/#token={await studio.server.mint('ada', Role.EDITOR)}"
    )
    await listing.wait_for_selector('body[data-state="ready"]')
    await saved(one)
    studio.server.kill()

    # Both edit, add, move and delete; Ada closes her tab and opens the page again, without a token.
    await until(one, "weft.page.link !== 'online'")
    await one.evaluate(f"weft.page.set('{HOME}/0/content/headline', 'Ada was here')")
    await one.evaluate("weft.workspace.select('a'); weft.commands.duplicate('a')")
    await one.evaluate("weft.commands.move('d', 0)")
    await two.evaluate("weft.commands.remove('b')")
    await two.evaluate(f"weft.page.set('{HOME}/1/content/headline', 'Bo was here')")
    shown = await one.evaluate("JSON.stringify(weft.page.value)")
    pending = await one.evaluate("weft.page.pending")
    assert pending >= 1
    await until(one, "weft.page.saved === 'unsaved'")
    await until(one, f"{STORED} && stored === weft.page.pending")
    await one.close()
    one = await reopened(one_context, url)
    assert await one.evaluate("JSON.stringify(weft.page.value)") == shown
    assert await one.evaluate("weft.page.pending") == pending
    await one.evaluate("weft.commands.remove('c')")

    # The list says how old it is, and which pages open.
    await listing.reload()
    await listing.wait_for_selector('body[data-state="offline"]')
    await expect(listing.locator(".notice")).to_contain_text("Offline, as of")
    await expect(listing.locator(".me")).to_contain_text("Ada")
    await expect(listing.get_by_role("button", name="New page")).to_be_disabled()
    await expect(listing.locator("[data-doc=other]")).to_contain_text("Needs a network")
    await listing.locator("[data-doc=other] h2 a").click()
    await listing.get_by_text(
        "Other needs a network: this browser has not opened it before."
    ).wait_for()
    await listing.locator("[data-doc=home] h2 a").click()
    await listing.wait_for_selector('body.editor[data-state="ready"]')
    # An address that this browser has not opened before says so.
    await listing.goto(f"{studio.server.http}/edit/other")
    await listing.get_by_text("this browser has not opened the page before").wait_for()
    await listing.close()

    studio.server.start()
    for page in (one, two):
        await page.evaluate("weft.page.syncNow()")
    # A token is kept for one tab. So the new tab asks for it, now that the server answers.
    dialog = one.get_by_role("dialog", name="Sign in")
    await dialog.get_by_label("Token").fill(await studio.server.mint("ada", Role.EDITOR))
    await dialog.get_by_role("button", name="Continue").click()
    for page in (one, two):
        await saved(page)
    found = await studio.sections("home")
    [copy] = [each["id"] for each in found if each["id"] not in "abcd"]
    assert [each["id"] for each in found] == ["d", "a", copy]
    headlines = {each["id"]: each["content"]["headline"] for each in found}
    assert headlines["a"] == "Ada was here"
    # What Bo changed in the section that Ada has deleted needs a decision; nothing else does.
    for page in (one, two):
        await until(page, f"{texts(studio)} === '{','.join(each['id'] for each in found)}'")
    # Each change is one step. The newest one comes back first.
    await one.evaluate("weft.page.undo().then(() => null)")
    await until(one, f"{texts(studio)}.includes('c')")
    await saved(one)
    assert "c" in [each["id"] for each in await studio.sections("home")]


async def test_a_new_version_is_offered_and_old_files_stay_while_they_are_used(
    contexts: Contexts, studio: Studio
) -> None:
    await studio.create("home", site(section("a", "hero", headline="a")), schema=False)
    context = await contexts.new()
    one = await studio.open(context, "home")
    await prepared(one)
    two = await studio.open(context, "home")
    [old] = await one.evaluate(CACHES)
    studio.server.stop()
    studio.server.env["WEFT_PUBLIC_URL"] = "https://weft.example"  # another build
    studio.server.start()
    # While a change waits, the editor offers nothing.
    await one.evaluate(
        "Object.defineProperty(weft.page, 'pending', { value: 1, configurable: true })"
    )
    update = (
        "navigator.serviceWorker.getRegistration().then((all) => all.update()).then(() => null)"
    )
    await one.evaluate(update)
    await two.get_by_text("A new version of the editor is ready").wait_for()
    await expect(one.get_by_text("A new version of the editor is ready")).to_have_count(0)
    assert len(await one.evaluate(CACHES)) == 2
    async with two.expect_navigation():
        await two.get_by_role("button", name="Reload").click()
    await two.wait_for_selector('body[data-state="ready"]')
    build = "document.querySelector('meta[name=weft-build]').content"
    new = await two.evaluate(build)
    assert f"weft-shell-{new}" != old
    # The first tab still has the old version, with all its files.
    assert await one.evaluate(CACHES) == sorted([old, f"weft-shell-{new}"])
    assert f"weft-shell-{await one.evaluate(build)}" == old
    await one.evaluate("delete weft.page.pending")
    async with one.expect_navigation():
        await one.get_by_role("button", name="Reload").click()
    await one.wait_for_selector('body[data-state="ready"]')
    await until(
        one,
        f"{CACHES}.then((names) => (window.names = names)) && names.join() === 'weft-shell-{new}'",
    )


@pytest.mark.long
async def test_the_worker_stores_no_answer_with_a_token_and_few_pictures(
    context: BrowserContext, studio: Studio
) -> None:
    await studio.create("home", site(section("a", "hero", headline="a")), schema=False)
    page = await studio.open(context, "home")
    await prepared(page)
    await page.goto(studio.server.http)
    await page.wait_for_selector('body[data-state="ready"]')
    load = """(numbers) => Promise.all(numbers.map((n) => new Promise((done) => {
      const image = new Image()
      image.onload = image.onerror = done
      image.src = `/static/templates/waves.svg?n=${n}`
    }))).then(() => null)"""
    oldest = {"0", "1", "2", "3", "4"}
    await page.evaluate(load, sorted(oldest))
    await until(page, f"{PICTURES} && pictures.length === 5")
    await page.evaluate(load, list(range(5, 206)))
    await until(page, f"{PICTURES} && pictures.length === 200 && !pictures.includes('0')")
    assert not oldest & set(await page.evaluate("pictures"))
    addresses = await page.evaluate(
        """caches.keys().then((names) => Promise.all(names.map(async (name) =>
          (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname))))
          .then((all) => all.flat())"""
    )
    assert [each for each in addresses if each.startswith("/v1/")] == ["/v1/schemas/landing-page"]
    # Pages that are not ours come from the network, and so does the address of the SDK there.
    preview = await context.new_page()
    await preview.goto(f"{studio.server.http}/preview/home#token={await studio.server.mint()}")
    await preview.get_by_role("heading", name="a").wait_for()
    assert await preview.evaluate("performance.getEntriesByType('navigation')[0].workerStart") >= 0
    studio.server.kill()
    failed = await context.new_page()
    with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
        await failed.goto(f"{studio.server.http}/preview/home")
