"""The page of the API at `/docs`: examples, a search, and requests that the page sends itself."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.test_access import AXE, LOOK
from tests.running import RunningServer

pytestmark = pytest.mark.real

# The requests that need another role, or something that is not there.
REFUSED = {
    "putDocument": 409,  # the guest's document is there
    "deleteDocument": 403,
    "getSchema": 403,
    "putSchema": 403,
    "deleteSchema": 403,
    "importDocument": 403,
    "getPublished": 404,  # before it is published
    "readPublished": 404,  # after it was taken down
    "takeOverLock": 404,  # after it was released
    "keepLock": 404,
    "readAsset": 404,  # after it was deleted
    "listAudit": 403,
}
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("demo"), env={"WEFT_DEMO": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        yield running


async def tried(page: Page, name: str) -> Locator:
    """Open the form of an operation."""
    article = page.locator(f"article#{name}")
    await article.get_by_role("button", name="Try it").click()
    return article.locator(".attempt")


async def answered(form: Locator, status: str) -> Locator:
    await form.get_by_role("button", name="Send").click()
    answer = form.get_by_role("region", name="Answer", exact=True)
    await expect(answer).to_contain_text(status)
    return answer


async def test_a_guest_sends_the_examples(
    contexts: Contexts, demo: RunningServer, complaints: Complaints
) -> None:
    page = await contexts.page(1280)
    await page.goto(f"{demo.http}/docs")
    trial = page.locator("#trial")
    await trial.get_by_role("button", name="Get a guest’s token").click()
    await expect(trial).to_contain_text("is there, with the value of the examples")
    await expect(trial).to_contain_text("Guest")
    doc = await trial.get_by_label("Document").input_value()
    await answered(await tried(page, "patchDocument"), "200 OK")
    read = await tried(page, "getDocument")
    await expect(read.get_by_label("doc path")).to_have_value(doc)
    await expect(await answered(read, "200 OK")).to_contain_text('"headline": "Welcome"')
    await answered(await tried(page, "undo"), "200 OK")
    await expect(await answered(read, "200 OK")).to_contain_text('"headline": "Hi"')
    # The id and the secret of the lock are in the next forms.
    await answered(await tried(page, "acquireLock"), "201 Created")
    await expect(await answered(await tried(page, "releaseLock"), "200 OK")).to_contain_text(
        '"reason": "released"'
    )
    await expect(await answered(await tried(page, "publish"), "200 OK")).to_contain_text(
        f"/p/demo/{doc}"
    )
    # A refusal is an answer, too. The form keeps what the user wrote.
    await read.get_by_label("pointer").fill("/nowhere")
    await expect(await answered(read, "404 Not Found")).to_contain_text('"code"')
    await expect(read.get_by_label("pointer")).to_have_value("/nowhere")
    assert [each for each in complaints if "404" not in each] == []
    # The tab keeps the token.
    await page.reload()
    await expect(trial.get_by_label("Document")).to_have_value(doc)
    await trial.get_by_role("button", name="Forget the token").click()
    await expect(trial.get_by_label("Or a token of your own")).to_be_visible()


@pytest.mark.long
async def test_each_example_succeeds_or_is_refused_as_described(
    contexts: Contexts, demo: RunningServer
) -> None:
    page = await contexts.page(1280)
    picture = io.BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{demo.http}/docs")
    description = await (await page.request.get(f"{demo.http}/openapi.json")).json()
    statuses = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"]
            form = await tried(page, name)
            file = form.locator("input[type=file]")
            if await file.count():
                await file.set_input_files(
                    {"name": "dot.png", "mimeType": "image/png", "buffer": picture.getvalue()}
                )
            await form.get_by_role("button", name="Send").click()
            if method == "delete" and name != "releaseLock":
                dialog = page.get_by_role("dialog")
                await expect(dialog).to_contain_text(f"DELETE {path.split('{')[0]}")
                await dialog.get_by_role("button", name="Send").click()
            status = form.locator(".answer p > b")
            await expect(status).to_be_visible()
            statuses[name] = int((await status.inner_text()).split()[0])
            assert str(statuses[name]) in operation["responses"], name
    refused = {name: status for name, status in statuses.items() if status >= 400}
    assert refused == REFUSED
    assert {url for url in asked if not url.startswith(f"{demo.http}/")} == set()


async def test_a_request_is_not_another_one_and_a_guest_stays_the_same(
    contexts: Contexts, demo: RunningServer
) -> None:
    page = await contexts.page(1280)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    await page.goto(f"{demo.http}/docs")
    form = await tried(page, "deleteSchema")
    count = len(sent)
    for value, words in (("..", "cannot be .. in an address"), ("", "Write a value for doc")):
        await form.get_by_label("doc path").fill(value)
        await form.get_by_role("button", name="Send").click()
        await expect(form.get_by_role("region", name="Answer")).to_contain_text(words)
    await form.get_by_label("doc path").fill("home")
    patch = await tried(page, "patchDocument")
    await patch.get_by_label("Idempotency-Key").fill("ключ")
    await patch.get_by_role("button", name="Send").click()
    await expect(patch).to_contain_text("is a header")
    assert len([each for each in sent[count:] if "/v1/" in each]) == 0
    # A deletion asks first. The guest comes with the first request.
    await form.get_by_role("button", name="Send").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert [each for each in sent[count:] if each.startswith("DELETE")] == []
    trial = page.locator("#trial")
    name, doc = trial.locator("b"), trial.get_by_label("Document")
    was = await name.inner_text(), await doc.input_value()
    # The hour is over.
    kept = await page.evaluate("JSON.parse(sessionStorage.getItem('weft.reference'))")
    kept["token"] = await demo.expired(kept["token"])
    await page.evaluate(
        "(kept) => sessionStorage.setItem('weft.reference', JSON.stringify(kept))", kept
    )
    await page.reload()
    await expect(trial).to_contain_text("The time of your token is over")
    read = await tried(page, "getDocument")
    await answered(read, "200 OK")
    assert (await name.inner_text(), await doc.input_value()) == was
    assert all(each.split()[1].startswith(demo.http) for each in sent)


async def test_outside_demo_mode_the_user_pastes_a_token(
    contexts: Contexts, server: RunningServer
) -> None:
    page = await contexts.page(1280)
    await page.goto(f"{server.http}/docs")
    trial = page.locator("#trial")
    await expect(trial.get_by_role("button", name="Get a guest")).to_have_count(0)
    form = await tried(page, "listDocuments")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_contain_text("This request needs a token")
    await trial.get_by_label("Token").fill("no token")
    await trial.get_by_role("button", name="Use this token").click()
    await expect(trial).to_contain_text("This is no token")
    await trial.get_by_label("Token").fill(await server.mint("ada", Role.EDITOR))
    await trial.get_by_role("button", name="Use this token").click()
    await expect(trial).to_contain_text("You are Ada, editor")
    await trial.get_by_role("button", name="Create it").click()
    await expect(trial).to_contain_text("is there, with the value of the examples")
    await answered(form, "200 OK")
    await expect(await answered(await tried(page, "publish"), "403")).to_contain_text("forbidden")
    # Text of a user in an answer stays text.
    put = await tried(page, "putDocument")
    await put.get_by_label("doc path").fill("markup")
    await put.get_by_label("Body").fill('{"title": "<img src=x onerror=document.title=1>"}')
    await answered(put, "201 Created")
    read = await tried(page, "getDocument")
    await read.get_by_label("doc path").fill("markup")
    await expect(await answered(read, "200 OK")).to_contain_text("<img src=x")
    await expect(page.locator(".answer img")).to_have_count(0)


async def test_the_search_finds_what_people_call_things(page: Page, server: RunningServer) -> None:
    await page.goto(f"{server.http}/docs")
    found = page.locator("article[data-words]:visible h3")
    every = await found.count()
    await page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search the API")
    await expect(search).to_be_focused()
    for words, first in (
        ("undo", "Undo your newest change"),
        ("locks", "List the current locks"),
        ("unpublish", "Take the document down: make no version public (publisher)"),
        ("rollback", "Restore a version as a new change, which can be undone (publisher)"),
        ("upload image", "Upload a picture"),
        ("websocket", "The patch lane: JSON messages in text frames"),
        ("overwrite", "Create a document, or replace its value"),
        ("How do I delete a page?", "Delete a document (admin)"),
        ("autosave", "Change a document"),
        ("who changed", "List who changed which document"),
        ("publsh", "Read which version is public, and who published it"),
        ("rolback", "Restore a version as a new change, which can be undone (publisher)"),
    ):
        await search.fill(words)
        await expect(found.first).to_have_text(first)
        assert await found.count() < every / 3
    # A link leads to its place, which the search has hidden.
    await search.fill("undo")
    shape = page.locator("article#undo a[href^='#shape']").first
    target = page.locator(f"article{await shape.get_attribute('href')}")
    await expect(target).to_be_hidden()
    await shape.click()
    await expect(target).to_be_in_viewport()
    # What the user writes stays text.
    markup = "<img src=x onerror=document.title=1>"
    for reach in (search.fill(markup), page.goto(f"{server.http}/docs?q={markup}#{markup}")):
        await reach
        await expect(page.locator("#none")).to_contain_text("onerror")
        await expect(page.locator("main img")).to_have_count(0)
    links = page.get_by_role("navigation", name="Contents").get_by_role("link")
    await expect(links.filter(visible=True).first).to_have_text("Documents")
    await search.fill("webhook")
    await expect(found).to_have_count(0)
    await expect(page.get_by_text("Nothing here is called “webhook”")).to_be_visible()
    await page.get_by_role("button", name="websocket", exact=True).click()
    await expect(found.first).to_have_text("The patch lane: JSON messages in text frames")
    await search.fill("qqqq")
    await page.get_by_role("button", name="lock", exact=True).click()
    await expect(found.first).to_have_text("List the current locks")
    assert page.url.endswith("?q=lock")
    await page.reload()
    await expect(found.first).to_have_text("List the current locks")
    await page.get_by_role("button", name="Show all").click()
    await expect(found).to_have_count(every)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
async def test_people_with_a_screen_reader_or_a_phone_can_use_it(
    contexts: Contexts, demo: RunningServer, width: int, scheme: str
) -> None:
    page = await contexts.page(width, color_scheme=scheme)
    await page.goto(f"{demo.http}/docs?q=undo")
    await answered(await tried(page, "undo"), "409")
    assert not await page.evaluate(SIDEWAYS)
    await page.evaluate(AXE.read_text())
    assert await page.evaluate(LOOK) == []
    await page.get_by_role("button", name="Show all").click()
    assert not await page.evaluate(SIDEWAYS)


async def test_without_a_script_the_page_shows_all(
    contexts: Contexts, server: RunningServer
) -> None:
    context = await contexts.new(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{server.http}/docs#undo")
    await expect(page.locator("article#undo")).to_contain_text("curl -X POST")
    await expect(page.get_by_role("button")).to_have_count(0)
