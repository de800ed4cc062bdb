"""Two people in one field, in real Chromium: typing, IME, paste, undo keys, carets of the other."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest
from playwright.async_api import BrowserContext, CDPSession, Page, expect

from tests.browser.actions import drop
from tests.browser.chromium_contexts import Complaints
from tests.browser.sdk_pages import inside
from tests.browser.waits import until
from tests.running import RunningServer
from tests.snippets import snippet

FIELDS = {
    "input": "<input id=field>",
    "textarea": "<textarea id=field rows=6 cols=40></textarea>",
    "contenteditable": "<div id=field contenteditable></div>",
}
OPEN = inside("""async ({ user, token, html, start, name }) => {
  const { connect } = await import('/sdk/weft.js')
  document.body.innerHTML = `<style>
    body { margin: 60px } #field { font: 20px/1.5 monospace; width: 600px; padding: 5px }
    </style>${html}<p id=source contenteditable></p>`
  const on = { WebSocket: class extends WebSocket {
    constructor(...given) {
      super(...given)
      this.addEventListener('message', ({ data }) => count(data))
    }
    send(data) { count(data); super.send(data) }
  } }
  window.bytes = 0
  const count = (data) => { window.bytes += new TextEncoder().encode(data).length }
  window.page = connect({ url: location.origin, document: name, token: () => token, client: user,
                          create: { text: start }, offline: false }, on)
  await page.ready
  window.field = document.querySelector('#field')
  window.bound = page.text('/text').bind(field)
  window.shown = () => field.value ?? bound.field.read()
  window.select = (start, end = start, isBackward = false) => {
    field.focus()
    bound.field.select({ start, end, isBackward })
  }
  window.at = () => {
    const { start, end, isBackward } = bound.field.selection
    return start === end ? start : [start, end, isBackward]
  }
}""")
DOCUMENTS = itertools.count()  # the tests of this file share a server


class Person:
    """A user with a page of their own."""

    def __init__(self, page: Page, protocol: CDPSession) -> None:
        self.page = page
        self.caret = page.locator("[data-weft-caret]")
        self._protocol = protocol

    async def select(self, start: int, end: int | None = None) -> None:
        await self.page.evaluate(f"select({start}, {start if end is None else end})")

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def compose(self, text: str) -> None:
        end = len(text)
        composed = {"text": text, "selectionStart": end, "selectionEnd": end}
        await self._protocol.send("Input.imeSetComposition", composed)

    async def sees(self, text: str) -> None:
        """Wait until the field, the page and the server have this text."""
        wanted = json.dumps(text)
        await until(
            self.page,
            inside(f"shown() === bound.field.display({wanted})")
            + f" && page.value.text === {wanted} && page.saved === 'saved'",
        )

    async def at(self) -> object:
        return await self.page.evaluate("at()")


class Room:
    def __init__(self, server: RunningServer, context: BrowserContext) -> None:
        self.server = server
        self.context = context

    async def people(self, kind: str, text: str, name: str = "") -> tuple[Person, Person]:
        document = name or f"{kind}-{next(DOCUMENTS)}"
        ada, bo = [await self._person(user, kind, text, document) for user in ("ada", "bo")]
        return ada, bo

    async def _person(self, user: str, kind: str, text: str, name: str) -> Person:
        page = await self.context.new_page()
        await page.goto(f"{self.server.http}/healthz")
        token = await self.server.mint(user)
        given = {"user": user, "token": token, "html": FIELDS[kind], "start": text, "name": name}
        await page.evaluate(OPEN, given)
        return Person(page, await self.context.new_cdp_session(page))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("weft")) as running:
        yield running


@pytest.fixture
def room(server: RunningServer, context: BrowserContext) -> Room:
    return Room(server, context)


@pytest.fixture(params=sorted(FIELDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_two_people_type_in_one_field(room: Room, kind: str, complaints: Complaints) -> None:
    ada, bo = await room.people(kind, "abc")
    await ada.select(1)
    await bo.select(3)
    await ada.type("x😀")
    await bo.type("yz")
    for each in (ada, bo):
        await each.sees("ax😀bcyz")
    assert [await ada.at(), await bo.at()] == [4, 8]
    await ada.press("Backspace")
    for each in (ada, bo):
        await each.sees("axbcyz")
    assert [await ada.at(), await bo.at()] == [2, 6]
    assert complaints == []


async def test_a_composition_goes_on_while_the_other_types(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "one two")
    await ada.select(3)
    await ada.compose("n")
    await bo.select(0)
    await bo.type("1 ")
    await bo.select(9)
    await bo.type("!")
    await bo.sees("1 one two!")
    await until(ada.page, "page.value.text === '1 one two!'")
    await ada.compose("に")
    assert await ada.page.evaluate("shown()") == "oneに two"
    await ada.page.keyboard.insert_text("日本")
    for each in (ada, bo):
        await each.sees("1 one日本 two!")
    assert [await ada.at(), await bo.at()] == [7, 12]
    await ada.compose("x")
    await ada.compose("")  # cancelled
    await ada.type(".")
    await bo.sees("1 one日本. two!")


async def test_a_selection_stays_and_keeps_its_direction(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "Hello world")
    await ada.select(8)
    await ada.press("Shift+ArrowLeft")
    await ada.press("Shift+ArrowLeft")
    await bo.select(0)
    await bo.type("Oh ")
    await ada.sees("Oh Hello world")
    assert await ada.at() == [9, 11, True]
    await bo.select(10)
    await bo.type("_")
    await ada.sees("Oh Hello w_orld")
    await ada.press("Shift+ArrowLeft")
    assert await ada.at() == [8, 12, True]
    await ada.type("-")
    await bo.sees("Oh Hello-rld")
    assert [await ada.at(), await bo.at()] == [9, 9]


async def test_paste_is_plain_text_and_enter_makes_a_line(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "[]")
    await ada.page.evaluate("source.innerHTML = '<b>one</b><br>two'; source.focus()")
    await ada.page.evaluate("getSelection().selectAllChildren(source)")
    await ada.press("Control+c")
    await ada.select(1)
    await ada.press("Control+v")
    lines = "one\ntwo" if kind != "input" else "one two"
    await bo.sees(f"[{lines}]")
    await ada.press("Enter")
    await ada.press("Enter")
    await ada.type("x")
    await bo.sees(f"[{lines}\n\nx]" if kind != "input" else "[one twox]")


async def test_empty_lines_come_and_go_at_the_end_of_a_text(room: Room) -> None:
    for kind in ("textarea", "contenteditable"):
        ada, bo = await room.people(kind, "abc")
        await ada.select(3)
        for _ in range(2):
            await ada.press("Enter")
        await bo.sees("abc\n\n")
        assert await ada.at() == 5
        await ada.press("Backspace")
        await bo.sees("abc\n")
        assert await ada.at() == 4
        await ada.press("Backspace")
        await ada.type("d")
        await bo.sees("abcd")
        await ada.select(0, 4)
        await ada.press("Backspace")
        await bo.sees("")
        await ada.press("Enter")
        await ada.type("x")
        await bo.sees("\nx")
        assert await ada.at() == 2


async def test_undo_keys_undo_only_own_changes(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "abc")
    await ada.select(3)
    await ada.type("X")
    await bo.sees("abcX")
    await bo.select(0)
    await bo.type("B")
    await ada.sees("BabcX")
    await ada.select(0)
    await ada.press("Control+z")
    await ada.sees("Babc")
    assert await ada.at() == 4
    await ada.press("Control+Shift+z")
    await bo.sees("BabcX")
    await ada.press("Control+z")
    await ada.press("Control+y")
    for each in (ada, bo):
        await each.sees("BabcX")
    assert [await ada.at(), await bo.at()] == [5, 1]


async def test_what_a_browser_inserts_becomes_plain_lines(room: Room) -> None:
    ada, bo = await room.people("contenteditable", "one")
    await ada.page.evaluate(
        "field.innerHTML = 'one<div>two</div><div><br></div><div><b>th</b>ree</div>end<br>';"
        "field.dispatchEvent(new InputEvent('input'))"
    )
    await bo.sees("one\ntwo\n\nthree\nend")
    assert await ada.page.evaluate("field.innerHTML") == "one\ntwo\n\nthree\nend"
    await ada.select(3)
    await ada.page.evaluate("document.execCommand('bold')")
    await ada.page.evaluate("document.execCommand('insertHTML', false, '<i>1</i><br>2')")
    await bo.sees("one1\n2\ntwo\n\nthree\nend")
    # An older browser makes rich text. The element shows its lines as plain text.
    await ada.page.evaluate("field.contentEditable = 'true'")
    await ada.select(3)
    await ada.press("Enter")
    await ada.type("x")
    await bo.sees("one\nx1\n2\ntwo\n\nthree\nend")
    assert await ada.at() == 5
    await ada.page.evaluate("bound.unbind()")
    assert await ada.page.evaluate("field.contentEditable") == "true"


async def test_the_example_of_the_docs_binds_and_tells_when_the_text_is_gone(room: Room) -> None:
    ada, bo = await room.people("input", "Hello")
    example = snippet("docs/sdk.md", "bind").replace("/title", "/text").replace("#title", "#field")
    await ada.page.evaluate(
        "() => { bound.unbind(); window.told = []; window.show = (text) => told.push(text);"
        f"{{ {example} }} }}"
    )
    await bo.page.evaluate("page.patch([{ op: 'remove', path: '/text' }])")
    await until(ada.page, "told.length === 1 && field.readOnly")
    await bo.page.evaluate("page.set('/text', 'again')")
    await until(ada.page, "told.length === 2 && field.value === 'again' && !field.readOnly")
    assert (await ada.page.evaluate("told"))[0] == "This text is gone: removed"


async def test_a_refused_text_is_put_back_and_kept_for_the_user(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "abc")
    await bo.page.evaluate("(async () => { window.lock = await page.lock('/text') })()")
    await until(ada.page, "page.locks.length === 1")
    await ada.select(1)
    await ada.type("XY")
    await until(ada.page, "page.attention.length > 0 && page.saved === 'saved'")
    assert await ada.page.evaluate("[shown(), at()]") == ["abc", 1]
    yours = await ada.page.evaluate("page.attention.map((each) => each.yours)")
    assert "aXYbc" in yours or yours == ["aXbc", "aYbc"]


async def test_text_from_right_to_left_and_accents(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "שלום")
    await ada.select(2)
    await bo.select(4)
    await ada.type("א")
    await bo.type("e\u0301!")
    for each in (ada, bo):
        await each.sees("שלאוםe\u0301!")
    assert [await ada.at(), await bo.at()] == [3, 8]
    await bo.press("Backspace")
    await ada.sees("שלאוםe\u0301")


async def test_the_browser_holds_a_field_to_its_limits(room: Room) -> None:
    ada, bo = await room.people("input", "abc")
    await ada.page.evaluate("field.maxLength = 4")
    await ada.select(3)
    await ada.type("de")
    await bo.sees("abcd")
    await bo.select(0)
    await bo.type("012")
    await ada.sees("012abcd")
    await ada.page.evaluate("field.disabled = true")
    await bo.type("3")
    await ada.sees("0123abcd")


async def test_words_are_deleted_cut_and_dropped(room: Room) -> None:
    for kind in ("textarea", "contenteditable"):
        ada, bo = await room.people(kind, "one two three")
        await ada.select(7)
        await ada.press("Control+Backspace")
        await bo.sees("one  three")
        await ada.select(3, 4)
        await ada.press("Control+x")
        await bo.sees("one three")
        await ada.page.evaluate("document.execCommand('insertText', false, '4')")
        await bo.sees("one4 three")


async def test_a_dropped_text_is_plain_text(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "abc")
    await ada.select(0)
    x, y = await ada.page.evaluate(
        "(() => { const { left, top } = field.getBoundingClientRect(); return [left, top] })()"
    )
    await drop(ada.page, x + 300, y + 15, plain="drop", html="<b>drop</b>")
    await bo.sees("abcdrop")
    assert await ada.page.evaluate("field.children.length") == 0


CARET = """
(() => {
  const caret = document.querySelector('[data-weft-caret]')
  const { left, top, height } = caret.getBoundingClientRect()
  const { left: x, top: y } = field.getBoundingClientRect()
  return [left - x, top - y, height, caret.textContent]
})()
"""


async def test_the_caret_of_the_other_is_drawn_at_its_character(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "Hello world")
    before = await bo.page.evaluate("JSON.stringify(field.getBoundingClientRect())")
    await ada.select(6, 11)
    unit = await bo.page.evaluate(
        "(() => { const c = document.createElement('canvas').getContext('2d');"
        " c.font = '20px monospace'; return c.measureText('0').width })()"
    )
    edge = await bo.page.evaluate("field.clientLeft + 5")
    await until(bo.page, f"Math.abs({CARET}[0] - {edge + 11 * unit}) < 1.5")
    _, top, height, name = await bo.page.evaluate(CARET)
    assert -2 <= top - edge <= 8
    assert 18 <= height <= 32
    assert name == "Ada"
    note = "document.getElementById(field.getAttribute('aria-describedby')).textContent"
    assert await bo.page.evaluate(note) == "Also here: Ada"
    assert await bo.page.evaluate("JSON.stringify(field.getBoundingClientRect())") == before
    await bo.select(0)
    await bo.type("> ")
    await ada.sees("> Hello world")
    await until(bo.page, f"Math.abs({CARET}[0] - {edge + 13 * unit}) < 1.5")
    await ada.page.evaluate("field.blur()")
    await expect(bo.caret).to_have_count(0)


async def test_the_caret_of_the_other_moves_at_once_with_own_typing(room: Room, kind: str) -> None:
    ada, bo = await room.people(kind, "Hello world")
    await ada.select(6)
    await until(bo.page, f"{CARET}[0] > 20")
    left, *_ = await bo.page.evaluate(CARET)
    await bo.page.evaluate(
        inside("void (page._session.transport.send = () => {})")
    )  # no answer comes
    await bo.select(0)
    await bo.type("> ")
    await until(bo.page, f"{CARET}[0] > {left + 10}")


async def test_a_caret_in_an_empty_last_line_is_below_the_text(room: Room) -> None:
    for kind in ("textarea", "contenteditable"):
        ada, bo = await room.people(kind, "one\n")
        await ada.select(4)
        edge = await bo.page.evaluate("field.clientLeft + 5")
        await until(bo.page, f"Math.abs({CARET}[0] - {edge}) < 1.5 && {CARET}[1] > 30")


CURSOR = "page.presence.others[0].state.cursor"


async def test_a_keystroke_on_a_large_page_costs_less_than_a_hundredth(
    room: Room, server: RunningServer
) -> None:
    size = 50_000
    ada, bo = await room.people("textarea", "x" * size)
    await ada.select(size // 2)
    await bo.select(10)
    # Everything has arrived when each sees the caret of the other.
    for each in (ada, bo):
        await until(each.page, f"page.saved === 'saved' && {CURSOR}")
    old = await bo.page.evaluate(f"JSON.stringify({CURSOR})")
    before = [await each.page.evaluate("bytes") for each in (ada, bo)]
    await ada.type("y")
    for each in (ada, bo):
        await each.sees("x" * (size // 2) + "y" + "x" * (size - size // 2))
    await until(bo.page, f"JSON.stringify({CURSOR}) !== {json.dumps(old)}")
    after = [await each.page.evaluate("bytes") for each in (ada, bo)]
    costs = [new - old for new, old in zip(after, before, strict=True)]
    assert all(cost < size / 100 for cost in costs), costs
