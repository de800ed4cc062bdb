"""The inspector has each field of the page format, and keeps what the user types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from collab.rights.user_rights import Role
from tests.browser.chromium_contexts import Complaints, Contexts
from tests.browser.editor.studio import Studio, saved, section, site
from tests.browser.waits import until
from tests.page_format import DEFS, SECTIONS, example
from tests.server.assets.samples import png

pytestmark = pytest.mark.real

AT = "/pages/home/sections/0/content"
VALUE = "weft.page.value.pages.home.sections"


# --- each field of each type, from the page format ------------------------------------------


def leaves(shape: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield each value that a user can change: its place, its schema and the name of that."""
    name = shape.get("$ref", "").rpartition("/")[2]
    shape = DEFS[name] if name else shape
    if shape.get("type") == "object":
        for member, inner in shape["properties"].items():
            if member not in ("id", "type"):
                yield from leaves(inner, f"{path}/{member}")
    elif shape.get("type") == "array":
        yield from leaves(shape["items"], f"{path}/0")
    else:
        yield path, shape, name


def another(path: str, shape: dict[str, Any], name: str) -> Any:
    """A value that the example does not have."""
    if "enum" in shape:
        return shape["enum"][-1]
    match shape["type"], name:
        case "boolean", _:
            return True
        case "string", "link":
            return "/changed.png"
        case "string", "color":
            return "#123456"
        case "string", "slug":
            return "changed"
        case "string", _ if "pattern" in shape:
            return "USD"
        case "string", _:
            return "rocket" if path.endswith("/icon") else f"Changed {path.rpartition('/')[2]}"
    return int(shape["minimum"]) + 2


# Changes fields one after the other: each is selected, as a click on the canvas does, and then
# the inspector has shown and marked it.
WRITE = """async (fields) => {
  const failed = []
  for (const [id, pointer, value, kind] of fields) {
    weft.workspace.select(id, pointer)
    const [field, ...more] = document.querySelectorAll('#inspector .marked')
    if (!field || more.length || !field.offsetHeight) { failed.push(pointer); continue }
    if (kind === 'icon') { field.querySelector(`[data-icon="${value}"]`).click(); continue }
    const input = field.querySelector('input:not([type="color"]), textarea, select')
    if (kind === 'boolean') { input.click(); continue }
    input.focus()
    input.value = value
    input.dispatchEvent(new Event('input', { bubbles: true }))
    input.dispatchEvent(new Event('change', { bubbles: true }))
    input.blur()
  }
  return failed
}"""


def found(value: Any, path: str) -> Any:
    for token in path.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value.get(token)
    return value


async def test_each_field_of_each_type_can_be_changed(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("fields", site(*(example(name) for name in SECTIONS)))
    page = await studio.open(page.context, "fields")
    await page.locator("#outline .pick").first.click()
    await page.locator("#inspector .part").first.wait_for()
    wanted: dict[str, Any] = {}
    fields = []
    for index, name in enumerate(SECTIONS):
        for path, shape, kind in leaves(DEFS[name]):
            at = f"/{index}{path}"
            wanted[at] = another(path, shape, kind)
            control = "icon" if path.endswith("/icon") else shape.get("type", "")
            fields.append([f"{name}-1", f"/pages/home/sections{at}", wanted[at], control])
    assert await page.evaluate(WRITE, fields) == []
    await saved(page)
    now = await studio.sections("fields")
    assert {path: found(now, path) for path in wanted} == wanted
    # There are no such pictures. There is no other complaint.
    assert [each for each in complaints if "404 (Not Found)" not in each] == []


# --- texts ----------------------------------------------------------------------------------


async def test_two_people_type_in_one_field_and_keep_their_carets(
    studio: Studio, page: Page, contexts: Contexts
) -> None:
    items = [
        {"id": each, "title": each.title(), "body": "Same"} for each in ("one", "two", "three")
    ]
    await studio.create("two", site(section("f", "features", items=items)))
    ada = await studio.open(page.context, "two")
    bo = await studio.open(await contexts.new(), "two", "bo")
    for each in (ada, bo):
        await each.locator("#outline .pick").click()
        await each.locator("#inspector summary", has_text="Two").click()
        await each.get_by_label("Title").click()
        await each.evaluate("() => { window.field = document.activeElement }")
    await ada.evaluate("field.setSelectionRange(3, 3)")
    await bo.evaluate("field.setSelectionRange(0, 0)")
    await ada.keyboard.type(" of us")
    await bo.keyboard.type("The ")
    for each in (ada, bo):
        await until(each, "field.value === 'The Two of us'")
    # Bo inserts, moves and removes items around it. Ada's caret stays.
    await studio.patch("two", {"op": "add", "path": f"{AT}/items/0", "value": {"id": "new"}})
    await studio.patch("two", {"op": "move", "from": f"{AT}/items/2", "path": f"{AT}/items/0"})
    await studio.patch("two", {"op": "remove", "path": f"{AT}/items/2"})
    await until(
        ada, f"{VALUE}[0].content.items.map((each) => each.id).join(' ') === 'two new three'"
    )
    rows = "[...document.querySelectorAll('#inspector .items > li > details > summary')]"
    await until(
        ada, f"{rows}.map((row) => row.textContent).join('|') === 'The Two of us|Card 2|Three'"
    )
    assert await ada.evaluate("document.activeElement === field")
    assert await ada.evaluate("[field.selectionStart, field.selectionEnd]") == [13, 13]
    await ada.keyboard.type("!")
    await until(bo, f"{VALUE}[0].content.items[0].title === 'The Two of us!'")


async def test_an_emptied_text_goes_in_one_step(studio: Studio, page: Page) -> None:
    button = {"id": "b", "label": "Go", "href": "/x"}
    content = {"headline": "Hello", "body": "Text", "buttons": [button]}
    await studio.create("empty", site(section("h", "hero", **content)))
    page = await studio.open(page.context, "empty")
    await page.locator("#outline .pick").click()
    headline = page.get_by_label("Headline", exact=True)
    await headline.fill("")
    await page.get_by_label("Line above, or long text below").focus()
    await until(page, f"!('headline' in {VALUE}[0].content)")
    await page.evaluate("weft.page.undo()")
    await expect(headline).to_have_value("Hello")
    assert await page.evaluate("weft.page.canUndo") is False
    # It can be written again, also while it is not there.
    await headline.fill("")
    await headline.press_sequentially("New")
    await until(page, f"{VALUE}[0].content.headline === 'New'")
    # What the format needs stays as an empty text.
    await page.locator("#inspector summary", has_text="Go").click()
    await page.get_by_label("Button text").fill("")
    await page.get_by_label("Leads to", exact=True).fill("")
    await page.get_by_label("Leads to", exact=True).blur()
    await until(page, f"{VALUE}[0].content.buttons[0].label === ''")
    await until(page, f"!('href' in {VALUE}[0].content.buttons[0])")
    look = page.get_by_label("Look")
    await look.select_option("Plain link")
    await until(page, f"{VALUE}[0].content.buttons[0].style === 'link'")
    await look.select_option("Automatic")
    await until(page, f"!('style' in {VALUE}[0].content.buttons[0])")


async def test_a_wrong_value_is_refused_and_stays_in_the_field(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    plans = [{"id": "p", "name": "Plan", "price": 10}]
    buttons = [{"id": "b", "label": "Go"}]
    await studio.create(
        "wrong",
        site(
            section("p", "pricing", currency="EUR", plans=plans),
            section("c", "callToAction", headline="x", buttons=buttons),
        ),
    )
    page = await studio.open(page.context, "wrong")
    await page.locator("#outline .pick").first.click()
    await page.locator("#inspector summary", has_text="Plan").click()

    async def refused(label: str, value: str, words: str) -> None:
        field = page.get_by_label(label, exact=True)
        await field.fill(value)
        await field.blur()
        await expect(page.locator("#inspector .note.wrong")).to_contain_text(words)
        await expect(field).to_have_value(value)
        await expect(field).to_have_attribute("aria-invalid", "true")
        await field.press("Escape")
        await expect(page.locator("#inspector .note.wrong")).to_have_count(0)

    await refused("Currency", "Euro", "three capital letters")
    await refused("Price", "-3", "from 0")
    await refused("Background", "green", "#2f6f4f")
    await page.locator("#outline .pick").nth(1).click()
    await page.locator("#inspector summary", has_text="Go").click()
    await refused("Leads to", "javascript:alert(1)", "https://example.com")
    await page.get_by_text("Advanced").click()
    await refused("Name for links", "Two words", "small letters")
    assert await page.evaluate("weft.page.pending === 0 && !weft.page.canUndo")
    # A host and an email address are meant as addresses. The sections of the page are offered.
    link = page.get_by_label("Leads to", exact=True)
    for typed, kept in (("example.com/a", "https://example.com/a"), ("a@b.com", "mailto:a@b.com")):
        await link.fill(typed)
        await link.press("Enter")
        await expect(link).to_have_value(kept)
    await page.get_by_label("Leads to: choose a section or a page").click()
    await page.get_by_role("menuitem", name="Pricing").click()
    await expect(link).to_have_value("#p")
    await link.fill("#nowhere")
    await link.blur()
    await expect(page.locator("#inspector .note", has_text="no section")).to_be_visible()
    await until(page, f"{VALUE}[1].content.buttons[0].href === '#nowhere'")
    assert complaints == []


# --- lists ----------------------------------------------------------------------------------


async def test_items_are_added_moved_duplicated_and_removed(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    plan = {"id": "p", "name": "Plan", "features": ["First", "Second", "Third"]}
    await studio.create("lists", site(section("p", "pricing", plans=[plan])))
    page = await studio.open(page.context, "lists")
    await page.locator("#outline .pick").click()
    await page.locator("#inspector summary", has_text="Plan").click()
    lines = f"{VALUE}[0].content.plans[0].features.join(' ')"
    await page.get_by_role("button", name="Move Third").focus()
    for key in ("Space", "ArrowUp", "ArrowUp", "Space"):
        await page.keyboard.press(key)
    await expect(page.locator("#announcer")).to_contain_text("Third dropped, place 1 of 3")
    await until(page, f"{lines} === 'Third First Second'")
    await expect(page.get_by_role("button", name="Move Third")).to_be_focused()
    box = await page.get_by_role("button", name="Move Second").bounding_box()
    target = await page.get_by_role("button", name="Move Third").bounding_box()
    assert box is not None
    assert target is not None
    await page.mouse.move(box["x"] + 8, box["y"] + 8)
    await page.mouse.down()
    await page.mouse.move(target["x"] + 8, target["y"] + 2, steps=5)
    await page.wait_for_selector("body.dragging")
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    await page.mouse.up()
    await until(page, f"{lines} === 'Second Third First'")
    await page.get_by_role("button", name="Add line").click()
    await page.keyboard.type("Fourth")
    await page.keyboard.press("Tab")
    await until(page, f"{lines} === 'Second Third First Fourth'")
    await page.get_by_role("button", name="More for First").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await until(page, f"{lines} === 'Second Third Fourth'")
    await page.get_by_role("button", name="More for Plan").click()
    await page.get_by_role("menuitem", name="Duplicate").click()
    await until(page, f"{VALUE}[0].content.plans.length === 2")
    ids = await page.evaluate(f"{VALUE}[0].content.plans.map((each) => each.id)")
    assert len(set(ids)) == 2
    await page.get_by_role("button", name="Add button").last.click()
    await page.get_by_label("Button text").last.fill("Buy")
    await until(page, f"{VALUE}[0].content.plans[1].button.label === 'Buy'")
    await page.get_by_role("button", name="Remove Button").click()
    await until(page, f"!('button' in {VALUE}[0].content.plans[1])")
    for _ in range(2):
        await page.get_by_role("button", name="More for Plan").last.click()
        await page.get_by_role("menuitem", name="Delete").click()
    await until(page, f"!('plans' in {VALUE}[0].content)")
    await saved(page)
    assert (await studio.sections("lists"))[0]["content"] == {}
    assert complaints == []


# --- pictures -------------------------------------------------------------------------------


async def test_a_picture_is_uploaded_described_chosen_and_removed(
    studio: Studio, page: Page, complaints: Complaints
) -> None:
    await studio.create("picture", site(section("h", "hero", headline="Hello")))
    page = await studio.open(page.context, "picture")
    await page.locator("#outline .pick").click()
    image = f"{VALUE}[0].content.image"
    files = page.locator("#inspector input[type=file]")
    await files.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": png(40, 30)})
    await until(page, f"{image}.width === 40 && {image}.alt === ''")
    await expect(page.get_by_label("Describe the picture")).to_be_focused()
    await page.keyboard.type("A cat")
    await until(page, f"{image}.alt === 'A cat'")
    first = await page.evaluate(f"{image}.src")
    # A dropped file replaces it.
    await page.evaluate(
        """(bytes) => {
          const data = new DataTransfer()
          data.items.add(new File([new Uint8Array(bytes)], 'b.png', { type: 'image/png' }))
          const options = { dataTransfer: data, bubbles: true, cancelable: true }
          const event = new DragEvent('drop', options)
          document.querySelector('#inspector .drop').dispatchEvent(event)
        }""",
        list(png(20, 10)),
    )
    await until(page, f"{image}.width === 20")
    # A file that is no picture changes nothing.
    await files.set_input_files({"name": "c.png", "mimeType": "image/png", "buffer": b"no"})
    await expect(page.locator("#inspector .note.wrong")).to_contain_text("not a picture")
    assert await page.evaluate(f"{image}.width") == 20
    complaints[:] = [each for each in complaints if "415" not in each]
    await page.get_by_role("button", name="Pictures of this site").click()
    await page.get_by_role("button", name="a.png").click()
    await until(page, f"{image}.src === '{first}'")
    await page.get_by_role("button", name="Remove Picture").click()
    await until(page, f"!('image' in {VALUE}[0].content)")
    assert complaints == []


# --- who may not write, and sections that the format does not know -----------------------------


async def test_a_viewer_sees_values_and_changes_nothing(studio: Studio, page: Page) -> None:
    await studio.create("viewer", site(example("hero")))
    page = await studio.open(page.context, "viewer", "vera", Role.VIEWER)
    await expect(page.locator("#inspector .nothing")).to_contain_text("Select a section")
    await page.locator("#outline .pick").click()
    await expect(page.get_by_label("Headline", exact=True)).to_have_value(
        example("hero")["content"]["headline"]
    )
    enabled = "#inspector .form :is(input, textarea, select, button):enabled"
    await expect(page.locator(enabled)).to_have_count(0)
    await expect(page.get_by_role("button", name="Move Hero").first).to_be_disabled()


async def test_texts_of_an_unknown_section_can_be_edited(studio: Studio, page: Page) -> None:
    steps = [{"id": "s", "headline": "First step", "parts": ["One part"]}]
    value = site(section("t", "timeline", headline="Our way", steps=steps, count=3))
    await studio.create("unknown", value, schema=False)
    page = await studio.open(page.context, "unknown")
    await page.locator("#outline .pick").click()
    await page.get_by_label("Headline").first.fill("Another way")
    await page.locator("#inspector summary", has_text="First step").click()
    await page.locator("#inspector .items .items textarea").fill("Another part")
    at = f"{VALUE}[0].content"
    await until(
        page, f"{at}.headline === 'Another way' && {at}.steps[0].parts[0] === 'Another part'"
    )
    # Another person gives the section a type that the format knows.
    await studio.patch(
        "unknown", {"op": "replace", "path": "/pages/home/sections/0/type", "value": "faq"}
    )
    await expect(page.get_by_role("button", name="Add question")).to_be_visible()


async def test_a_section_that_another_person_has_locked_stays_as_it_is(
    studio: Studio, page: Page
) -> None:
    await studio.create("locked", site(example("hero"), example("faq")))
    page = await studio.open(page.context, "locked")
    await page.locator("#outline .pick").first.click()
    headline = page.get_by_label("Headline", exact=True)
    await expect(headline).to_be_enabled()
    await page.evaluate(
        """() => {
          weft.workspace.lockedBy = (id) => id === 'hero-1' ? { user: 'bo', name: 'Bo' } : null
          weft.workspace.emit('locks')
        }"""
    )
    await expect(headline).to_be_disabled()
    await expect(page.locator('#outline [data-handle="hero-1"]')).to_be_disabled()
    await expect(page.locator('#outline [data-handle="faq-1"]')).to_be_enabled()
    await page.get_by_role("button", name="More for Hero").click()
    await expect(page.get_by_role("menuitem", name="Delete")).to_be_disabled()
