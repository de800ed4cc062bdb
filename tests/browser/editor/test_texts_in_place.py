"""Each text of a page is edited where it stands, with its marks, also by two people at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until
from tests.page_format import DEFS, SECTIONS, example

pytestmark = pytest.mark.real

# Texts of the format that visitors do not read as words.
UNREAD = {"id", "icon", "alt"}
HERO = "/pages/home/sections/0/content"


def read_texts(part: Any, value: Any, at: str) -> Iterator[str]:
    """The pointers of the texts of a value that visitors read, as the schema knows them."""
    if "$ref" in part:
        part = DEFS[part["$ref"].rpartition("/")[2]]
    if isinstance(value, dict):
        for key, each in value.items():
            if key not in UNREAD and key in part.get("properties", {}):
                yield from read_texts(part["properties"][key], each, f"{at}/{key}")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from read_texts(part["items"], each, f"{at}/{index}")
    elif part.get("type") == "string" and not {"pattern", "format"} & part.keys():
        yield at


def all_types() -> list[dict[str, Any]]:
    """The examples of docs/page-format.md. The form has a field for each kind of hidden text."""
    made = [example(name) for name in SECTIONS]
    form = next(each for each in made if each["type"] == "form")["content"]
    del form["action"]  # a form with an address is only a link
    field = form["fields"][0]
    form["fields"] = [{**field, "options": []}, {**field, "id": "choice", "kind": "select"}]
    del form["fields"][1]["placeholder"]
    return made


def value_at(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        value = value[int(part) if isinstance(value, list) else part]
    return value


MARK = """(pointer) => {
  document.querySelector('[data-test]')?.removeAttribute('data-test');
  const node = weft.workspace.nodeAt(pointer);
  (node.matches('summary, label') ? node.firstChild : node).setAttribute('data-test', pointer);
}"""


async def on_page(page: Page, pointer: str) -> Locator:
    """The element that shows a pointer."""
    await page.evaluate(MARK, pointer)
    return page.locator("#stage [data-test]")


async def edits(page: Page, pointer: str) -> None:
    await until(
        page, f"weft.workspace.editing === '{pointer}' && document.activeElement.isContentEditable"
    )


async def chosen(page: Page, start: int, end: int) -> None:
    """Select a part of the text that is edited."""
    await page.evaluate(
        "([start, end]) => { const [text] = document.activeElement.childNodes;"
        " getSelection().setBaseAndExtent(text, start, text, end) }",
        [start, end],
    )


async def words(page: Page, pointer: str) -> str:
    found: str = await page.evaluate("(pointer) => weft.page.text(pointer).value", pointer)
    return found


async def test_each_text_of_each_type_is_reached_by_tab_and_by_click(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    sections = all_types()
    await studio.create("all", site(*sections))
    at = "/pages/home/sections"
    texts = [
        pointer
        for index, each in enumerate(sections)
        for pointer in read_texts(
            DEFS[each["type"]]["properties"]["content"], each["content"], f"{at}/{index}/content"
        )
    ]
    await page.context.route("**/pictures/*", lambda route: route.fulfill(body=b"", status=200))
    page = await studio.open(page.context, "all")
    await page.locator("#stage").focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    seen = []
    while pointer := await page.evaluate("weft.workspace.editing"):
        assert pointer not in seen
        seen.append(pointer)
        await page.keyboard.insert_text(f"text {len(seen)}")
        await page.keyboard.press("Tab")
    assert set(texts) <= set(seen)
    await saved(page)
    value = await studio.value("all")
    assert [value_at(value, each) for each in seen] == [
        f"text {place}" for place in range(1, len(seen) + 1)
    ]
    for pointer in texts:
        id = sections[int(pointer.split("/")[4])]["id"]
        await page.evaluate("(id) => weft.workspace.select(id)", id)
        await until(page, f"weft.workspace.nodeAt('{pointer}').textContent.startsWith('text')")
        # A fieldset of the form is disabled, which the driver would wait for.
        await (await on_page(page, pointer)).click(force=True)
        await edits(page, pointer)
    assert complaints == []


async def test_two_people_type_in_two_headlines_and_in_the_same_one(
    studio: Studio, page: Page, contexts: Contexts, complaints: Complaints
) -> None:
    shown = [section(id, "hero", headline=f"The {id} headline") for id in ("one", "two")]
    await studio.create("two", site(*shown))
    ada = await studio.open(page.context, "two")
    bo = await studio.open(await contexts.new(), "two", "bo")
    first, second = [f"/pages/home/sections/{index}/content/headline" for index in (0, 1)]
    for person, pointer in ((ada, first), (bo, second)):
        await (await on_page(person, pointer)).click()
        await edits(person, pointer)
        await person.keyboard.press("End")
        await person.keyboard.type("!")
    await until(ada, f"weft.workspace.nodeAt('{second}').textContent.endsWith('!')")
    await until(bo, f"weft.workspace.nodeAt('{first}').textContent.endsWith('!')")
    await (await on_page(bo, first)).click()
    await edits(bo, first)
    await bo.keyboard.press("Home")
    # Ada's input method composes at the end, while Bo types at the start.
    input_method = await ada.context.new_cdp_session(ada)
    composed = {"text": "にほ", "selectionStart": 2, "selectionEnd": 2}
    await input_method.send("Input.imeSetComposition", composed)
    await bo.keyboard.type("Bo: ")
    await saved(bo)
    await until(ada, "weft.page.value.pages.home.sections[0].content.headline.startsWith('Bo: ')")
    await input_method.send("Input.insertText", {"text": "日本"})
    await until(bo, "document.activeElement.textContent === 'Bo: The one headline!日本'")
    await until(ada, "document.activeElement.textContent === 'Bo: The one headline!日本'")
    assert await ada.evaluate("getSelection().focusOffset") == len("Bo: The one headline!日本")
    assert await bo.evaluate("getSelection().focusOffset") == len("Bo: ")
    # The caret of the other person is there, here and in the inspector.
    await expect(ada.locator("[data-weft-caret=bo]").first).to_be_visible()
    assert complaints == []


async def test_marks_are_shown_while_a_text_is_edited_and_rendered_after(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create(
        "marks", site(section("hero", "hero", headline="Fresh **bread** now", body="One\n\nTwo"))
    )
    page = await studio.open(page.context, "marks")
    headline = page.locator("#stage h1")
    await expect(headline.locator("strong")).to_have_text("bread")
    box = await headline.locator("strong").bounding_box()
    assert box is not None
    # The caret is where the user clicked, between the same letters of the text with marks.
    await page.mouse.click(box["x"] + 1, box["y"] + box["height"] / 2)
    await edits(page, f"{HERO}/headline")
    assert await headline.text_content() == "Fresh **bread** now"
    assert await page.evaluate("getSelection().focusOffset") == len("Fresh **")
    await page.keyboard.type("good ")
    await page.keyboard.press("Enter")
    await expect(headline.locator("strong")).to_have_text("good bread")
    assert await page.evaluate("weft.workspace.editing") is None
    assert await page.evaluate("weft.workspace.selection.id") == "hero"
    # Two clicks choose a word, although marks appear before it.
    await page.mouse.dblclick(box["x"] + 8, box["y"] + box["height"] / 2)
    await until(page, "getSelection().toString() === 'good'")
    await page.keyboard.press("Escape")
    # A text of several paragraphs is one element while it is edited.
    body = page.locator("#stage .words > p")
    await body.last.click()
    await edits(page, f"{HERO}/body")
    await page.keyboard.press("Control+End")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Three")
    await expect(body).to_have_text(["", "One\n\nTwo\nThree"])
    await page.keyboard.press("Escape")
    await until(page, "document.querySelectorAll('#stage .words > p').length === 3")
    assert await words(page, f"{HERO}/body") == "One\n\nTwo\nThree"
    assert complaints == []


async def test_the_bar_of_formats_marks_a_selection_and_asks_for_links(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    second = section("form", "form", headline="Order *here*")
    await studio.create(
        "format", site(section("hero", "hero", headline="Bread for all, 2 * 3"), second)
    )
    page = await studio.open(page.context, "format")
    pointer = f"{HERO}/headline"
    await (await on_page(page, pointer)).click()
    await edits(page, pointer)
    bar = page.get_by_role("toolbar", name="Format")
    await expect(bar).to_be_hidden()
    await chosen(page, 0, 5)
    await bar.get_by_role("button", name="Bold").click()
    assert await words(page, pointer) == "**Bread** for all, 2 * 3"
    await expect(bar.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Control+i")
    assert await words(page, pointer) == "***Bread*** for all, 2 * 3"
    await page.keyboard.press("Control+b")
    assert await words(page, pointer) == "*Bread* for all, 2 * 3"
    assert await page.evaluate("getSelection().toString()") == "Bread"
    await page.keyboard.press("Control+k")
    address = page.get_by_label("Address")
    await address.fill("javascript:alert(1)")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("A link needs an address")
    await address.fill("order")
    await page.get_by_role("button", name="Order here #form").click()
    assert await words(page, pointer) == "[*Bread*](#form) for all, 2 * 3"
    await edits(page, pointer)
    await page.keyboard.press("Control+k")
    await expect(address).to_have_value("#form")
    await address.fill("example.com/a (b)")
    await page.keyboard.press("Enter")
    assert await words(page, pointer) == "[*Bread*](https://example.com/a%20(b%29) for all, 2 * 3"
    await page.keyboard.press("Escape")
    await expect(page.locator("#stage h1 a")).to_have_attribute(
        "href", "https://example.com/a%20(b%29"
    )
    # A click on a link of the canvas edits it, and leads nowhere.
    await page.locator("#stage h1 a").click()
    await edits(page, pointer)
    await page.keyboard.press("Control+k")
    await page.get_by_role("button", name="Remove the link").click()
    assert await words(page, pointer) == "*Bread* for all, 2 * 3"
    assert page.url.endswith("/edit/format")
    assert complaints == []


async def test_an_empty_text_shows_its_name_and_can_be_filled(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    faq = section("faq", "faq", items=[{"id": "a", "question": "", "answer": ""}])
    await studio.create("empty", site(section("hero", "hero"), faq))
    page = await studio.open(page.context, "empty")
    assert await page.locator("#stage [data-empty]").count() == 0
    await page.locator('#stage [data-section="hero"]').click()
    headline = page.locator("#stage h1[data-empty]")
    await expect(headline).to_have_attribute("data-empty", "Headline")
    shown = "getComputedStyle(document.querySelector('#stage h1[data-empty]'), '::before').content"
    assert await page.evaluate(shown) == '"Headline"'
    await headline.click()
    await page.keyboard.type("Hello")
    # One line stays one, also when several are pasted.
    await page.evaluate(
        "() => { const data = new DataTransfer(); data.setData('text/plain', ' to\\n you');"
        " document.activeElement.dispatchEvent(new InputEvent('beforeinput', {bubbles: true,"
        " inputType: 'insertFromPaste', dataTransfer: data, cancelable: true})) }"
    )
    await until(page, "document.activeElement.textContent === 'Helloto you'")
    await page.keyboard.press("Escape")
    assert await words(page, f"{HERO}/headline") == "Helloto you"
    # The answer of a question opens with it; a space in it does not close it.
    await page.locator('#stage [data-section="faq"]').click()
    await page.locator("#stage summary [data-empty]").click()
    await page.keyboard.type("Why is it so?")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Because")
    await saved(page)
    made = (await studio.sections("empty"))[1]["content"]["items"][0]
    assert made == {"id": "a", "question": "Why is it so?", "answer": "Because"}
    await expect(page.locator("#stage details")).to_have_attribute("open", "")
    # Visitors never see the names of empty texts.
    await page.keyboard.press("Escape")
    await page.evaluate("weft.workspace.select(null)")
    await expect(page.locator("#stage [data-empty]")).to_have_count(0)
    assert complaints == []


async def test_a_text_is_edited_while_its_section_moves_changes_and_goes(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    shown = [section(id, "hero", headline=f"The {id} one", body="Short") for id in ("a", "b")]
    await studio.create("moves", site(*shown))
    page = await studio.open(page.context, "moves")
    await (await on_page(page, "/pages/home/sections/1/content/body")).click()
    await edits(page, "/pages/home/sections/1/content/body")
    await page.keyboard.press("End")
    await page.keyboard.type(" and")
    at = "/pages/home/sections"
    await saved(page)
    await studio.patch("moves", {"op": "move", "from": f"{at}/1", "path": f"{at}/0"})
    await edits(page, f"{at}/0/content/body")
    # A short text of a hero is above the headline, a longer one below. It stays while it is edited.
    await page.keyboard.type(" so long that its place on the page is another one for visitors")
    new = section("new", "hero", headline="A new one")
    await saved(page)
    await studio.patch("moves", {"op": "add", "path": f"{at}/0", "value": new})
    await edits(page, f"{at}/1/content/body")
    await page.keyboard.type(".")
    text = "Short and so long that its place on the page is another one for visitors."
    await until(page, f"document.activeElement.textContent === '{text}'")
    assert await page.evaluate("document.activeElement.className") == "eyebrow"
    # The headline is emptied: the levels of the headings stay, and so does the caret.
    await (await on_page(page, f"{at}/0/content/headline")).click()
    await edits(page, f"{at}/0/content/headline")
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Delete")
    await page.keyboard.type("Again")
    await until(
        page,
        "document.activeElement.matches('h1') && document.activeElement.textContent === 'Again'",
    )
    await saved(page)
    assert (await studio.sections("moves"))[1]["content"]["body"] == text
    # Another person deletes the section.
    await studio.patch("moves", {"op": "remove", "path": f"{at}/0"})
    await until(page, "weft.workspace.editing === null && weft.workspace.selection === null")
    await expect(page.locator("#stage h1")).to_have_text("The b one")
    assert complaints == []
