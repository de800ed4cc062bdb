"""Real clients of the Yjs lane and the patch lane edit one document."""

from __future__ import annotations

import asyncio
from typing import Any

from collab.rights.user_rights import Role
from tests.live.conftest import Join, JoinYjs
from tests.live.http_client import call
from tests.live.page import PAGE
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.yjs_peer import YjsPeers


async def test_a_provider_reads_a_patch_clients_document(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    assert await yjs.read() == PAGE
    assert call("GET", f"{server.http}/v1/docs/{doc}", token=ada).body == PAGE


async def test_text_typed_at_one_place_on_both_lanes_is_complete(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create=PAGE, accept=["splice"])
    yjs = await join_yjs(doc, bo)
    place = "/sections/0/headline"
    for turn in range(10):
        splice = {"op": "splice", "path": place, "offset": 5, "delete": 0, "insert": f"<p{turn}>"}
        await asyncio.gather(patch.patch(splice), yjs.run(f"at('{place}').insert(5, '<y{turn}>')"))
    # Some updates of the Yjs client may be one version.
    await patch.until(lambda: patch.value["sections"][0]["headline"].count("<") == 20)
    await yjs.until_equals("", patch.value)
    text = patch.value["sections"][0]["headline"]
    assert text.startswith("Hello")
    assert text.endswith(" world")
    assert sorted(text[5:-6].split("<")) == sorted(
        ["", *(f"p{turn}>" for turn in range(10)), *(f"y{turn}>" for turn in range(10))]
    )


async def test_a_whole_string_replaced_under_a_typing_yjs_client_merges(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={"text": "The quick fox"})
    yjs = await join_yjs(doc, bo)
    await yjs.run("at('/text').insert(0, 'Look: ')")
    await patch.patch({"op": "replace", "path": "/text", "value": "The quick red fox"}, base=1)
    await patch.until_version(3)
    assert patch.value == {"text": "Look: The quick red fox"}
    await yjs.until_equals("", patch.value)


async def test_a_section_keeps_the_edit_made_in_it_while_it_is_moved(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    await yjs.disconnect()
    await yjs.run("at('/sections/0/headline').insert(0, 'Oh! ')")
    move = {"op": "move", "from": "/sections/0", "path": "/sections/2"}
    await patch.answer(await patch.patch(move))
    await yjs.reconnect()
    await patch.until_version(3)
    assert [section["id"] for section in patch.value["sections"]] == ["cards", "foot", "hero"]
    assert patch.value["sections"][2]["headline"] == "Oh! Hello world"
    assert patch.changes[-1]["ops"] == [
        {"op": "replace", "path": "/sections/2/headline", "value": "Oh! Hello world"}
    ]
    await yjs.until_equals("", patch.value)


async def test_a_yjs_clients_changes_to_sections_become_minimal_ops(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create=PAGE)
    yjs = await join_yjs(doc, bo)
    new = {"id": "new", "type": "text", "body": "Words"}
    steps = {
        "layout.insertElement(at('/sections'), 1, 'new', "
        "{id: 'new', type: 'text', body: 'Words'})": [
            {"op": "add", "path": "/sections/1", "value": new}
        ],
        "layout.moveElement(at('/sections'), 0, 2)": [
            {"op": "move", "from": "/sections/0", "path": "/sections/2"}
        ],
        "layout.removeElement(at('/sections'), 1)": [{"op": "remove", "path": "/sections/1"}],
        "at('/sections/1').set('color', 'red')": [
            {"op": "replace", "path": "/sections/1/color", "value": "red"}
        ],
        "at('/sections').delete('hero')": [{"op": "remove", "path": "/sections/1"}],
    }
    for version, (code, ops) in enumerate(steps.items(), start=2):
        await yjs.run(code)
        await patch.until_version(version)
        assert patch.changes[-1]["ops"] == ops
        assert patch.changes[-1]["by"]["user"] == "bo"
        await yjs.until_equals("", patch.value)


async def test_types_that_yjs_clients_write_are_read_as_json(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={})
    yjs = await join_yjs(doc, bo)
    await yjs.run(
        "content.set('list', Y.Array.from([1, new Y.Map([['k', new Y.Text('deep')]]), [2]]));"
        "content.set('plain', {a: ['b', 2**31, null]});"
        "content.set('odd', [undefined, 1.5, -0]);"
        "const xml = new Y.XmlFragment(); content.set('rich', xml);"
        "const p = new Y.XmlElement('p'); p.insert(0, [new Y.XmlText('bold')]); xml.insert(0, [p])"
    )
    await patch.until_version(2)
    assert patch.value == {
        "list": [1, {"k": "deep"}, [2]],
        "plain": {"a": ["b", 2**31, None]},
        "odd": [None, 1.5, 0],
        "rich": "<p>bold</p>",
    }
    await yjs.run("at('/list/1/k').insert(4, 'er'); at('/list').delete(0, 1)")
    await patch.until_version(3)
    assert patch.value["list"] == [{"k": "deeper"}, [2]]
    await patch.set("/list/0/k", "deepest")
    await yjs.until_equals("/list", [{"k": "deepest"}, [2]])


async def test_other_root_types_are_relayed_and_kept(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={"title": "x"})
    one, two = await join_yjs(doc, ada), await join_yjs(doc, bo)
    await one.run(
        "const p = new Y.XmlElement('p'); p.insert(0, [new Y.XmlText('by Tiptap')]);"
        "doc.getXmlFragment('default').insert(0, [p])"
    )
    await patch.until_version(2)
    assert patch.changes[-1]["ops"] == []
    seen = "doc.getXmlFragment('default').toString() === '<p>by Tiptap</p>'"
    await two.until(seen)
    late = await join_yjs(doc, bo)
    await late.until(seen)
    assert call("GET", f"{server.http}/v1/docs/{doc}", token=ada).body == {"title": "x"}


async def test_an_editors_first_write_creates_the_document(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, doc: str
) -> None:
    yjs = await join_yjs(doc, ada)
    assert call("GET", f"{server.http}/v1/docs/{doc}", token=ada).status == 404
    await yjs.run("content.set('title', new Y.Text('Mine'))")
    patch = await _joined(join, doc, ada)
    assert (patch.version, patch.value) == (1, {"title": "Mine"})


async def _joined(join: Join, doc: str, token: str) -> PatchClient:
    """Join when the document exists. An earlier `open` with `create` would create it."""
    while True:
        try:
            return await join(doc, token)
        except Exception as error:  # closed with 4404 before `opened`
            if "4404" not in str(error):
                raise


async def test_a_viewer_of_an_absent_document_is_closed(
    server: RunningServer, peers: YjsPeers, doc: str
) -> None:
    yjs = await peers.peer()
    await yjs.connect(server.ws, doc, await server.mint("eve", Role.VIEWER))
    assert await yjs.closed() == 4404


async def test_a_viewers_update_gets_permission_denied_and_changes_nothing(
    server: RunningServer, join: Join, join_yjs: JoinYjs, ada: str, doc: str
) -> None:
    patch = await join(doc, ada, create={"title": "Hello"})
    yjs = await join_yjs(doc, await server.mint("eve", Role.VIEWER))
    assert await yjs.read() == {"title": "Hello"}
    await patch.set("/title", "Hi")
    await yjs.until_equals("/title", "Hi")
    assert await yjs.run("return warnings.length") == 0, "its empty step 2 is no write"
    await yjs.run("content.set('mine', 1)")
    await yjs.until("warnings.some((text) => text.includes('Permission denied'))")
    await patch.set("/title", "Hi again")
    assert patch.value == {"title": "Hi again"}
    await yjs.until_equals("/title", "Hi again")


async def test_an_update_cut_off_by_a_disconnect_arrives_once(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    patch = await join(doc, ada, create={"text": "", "n": 0})
    yjs = await join_yjs(doc, bo)
    typed = ""
    for turn in range(5):
        for number in range(10):
            word = f"{turn}.{number} "
            typed += word
            await yjs.run(f"const t = at('/text'); t.insert(t.length, '{word}')")
            await patch.patch({"op": "replace", "path": "/n", "value": turn * 10 + number})
        await yjs.cut()
    await patch.until(lambda: bool(patch.value["text"] == typed and patch.value["n"] == 49))
    await yjs.until_equals("", patch.value)


async def test_a_value_read_by_both_lanes_is_the_same_json(
    join: Join, join_yjs: JoinYjs, ada: str, bo: str, doc: str
) -> None:
    odd: dict[str, Any] = {
        "big": 2**53 - 1,
        "small": -(2**53) + 1,
        "float": 0.1,
        "deep": {"a": [{"b": [[], {}, "", 0, False, None]}]},
        "text": 'quote " back \\ 🚀 日本 \u2028',
        "@array": True,
        "@@deleted": 1,
        "": "empty key",
    }
    await join(doc, ada, create=odd)
    yjs = await join_yjs(doc, bo)
    assert await yjs.read() == odd
