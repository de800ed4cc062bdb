"""Section rights on both lanes over real sockets, and at every HTTP address."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from starlette.routing import Route

from collab.rights.user_rights import Role
from server.routes import routes
from tests.collab.room import section_worlds as worlds
from tests.collab.room.section_oracle import Invalid, Judging, areas, masked
from tests.live.conftest import Join, JoinYjs
from tests.live.http_client import Reply, call
from tests.live.test_patch_lane import close_code
from tests.patch_client import Message, PatchClient
from tests.running import RunningServer
from tests.server.assets.samples import encode, photo

PAGE: dict[str, Any] = {
    "title": "Home",
    "sections": [
        {"id": "hero", "text": "Hello", "cards": []},
        {"id": "faq", "text": "Why?", "cards": []},
    ],
}
HERO = ("/sections/hero",)
REST: dict[str, Any] = {"op": "replace", "path": "/sections/0/text", "value": "Hi"}

# What a user with sections gets at each writing address; `""` needs an admin.
FORBIDDEN = "forbidden"
WRITES: dict[tuple[str, str], tuple[Any, str]] = {
    ("PUT", ""): (PAGE, FORBIDDEN),
    ("PATCH", ""): ([REST], ""),
    ("DELETE", ""): (None, FORBIDDEN),
    ("POST", "/undo"): ({}, ""),
    ("POST", "/redo"): ({}, ""),
    ("POST", "/locks"): ({"scope": "/sections/0"}, ""),
    ("POST", "/locks/{lock}/renew"): ({}, ""),
    ("POST", "/locks/{lock}/keep"): (None, ""),
    ("POST", "/locks/{lock}/take-over"): (None, ""),
    ("POST", "/locks/{lock}/release"): (None, ""),
    ("PUT", "/schema"): ({}, FORBIDDEN),
    ("DELETE", "/schema"): (None, FORBIDDEN),
    ("POST", "/versions"): ({"name": "x"}, FORBIDDEN),
    ("POST", "/restore"): ({"version": 1, "pointer": "/sections/0"}, ""),
    ("POST", "/publish"): ({}, FORBIDDEN),
    ("DELETE", "/publish"): (None, FORBIDDEN),
    ("POST", "/import"): (None, FORBIDDEN),
    ("POST", "/share"): ({"role": "viewer"}, ""),
    ("DELETE", "/share/{share}"): (None, "not_found"),
}


def _writes() -> set[tuple[str, str]]:
    """Return method and address of each request that needs more than the right to read."""
    found = set()
    for route in routes():
        if isinstance(route, Route) and route.path.startswith("/v1/docs/{doc}"):
            for method in (route.methods or set()) - {"GET", "HEAD"}:
                found.add((method, route.path.removeprefix("/v1/docs/{doc}")))
    return found


def test_x9_every_writing_address_is_listed() -> None:
    """A new address must be listed here with what a user with sections gets."""
    assert _writes() == set(WRITES)
    others = {
        route.path
        for route in routes()
        if isinstance(route, Route) and (route.methods or set()) - {"GET", "HEAD"}
    }
    beside = {path for path in others if not path.startswith("/v1/docs/{doc}")}
    # The first one makes a token. The others change no document; the next test is about them.
    assert beside == {"/v1/demo/token", "/v1/assets", "/v1/assets/{id}"}


async def http(server: RunningServer, method: str, path: str, *args: Any, **named: Any) -> Reply:
    return await asyncio.to_thread(call, method, f"{server.http}/v1/docs/{path}", *args, **named)


async def test_x9_a_user_with_sections_may_not_manage_the_document(
    server: RunningServer, join: Join, doc: str
) -> None:
    root, admin = (
        await server.mint("root", Role.ADMIN),
        await server.mint("ed", Role.ADMIN, sections=("",)),
    )
    await join(doc, root, create=PAGE)
    lock = ""
    for (method, path), (body, expected) in WRITES.items():
        raw = b"" if body is None and method == "POST" else None
        address = f"{doc}{path.format(lock=lock, share='share-none')}"
        reply = await http(server, method, address, body, raw=raw, token=admin)
        said = reply.body["code"] if reply.status >= 400 else ""
        assert (method, path, said) == (method, path, expected), reply.raw
        if path == "/locks":
            lock = reply.body["id"]
    standing = await http(server, "GET", doc, token=root)
    assert standing.body == PAGE


async def test_x9_a_user_with_sections_may_upload_an_asset_but_delete_none(
    server: RunningServer,
) -> None:
    editor, raw = await server.mint("ed", sections=HERO), encode(photo(), "PNG")
    assets = f"{server.http}/v1/assets"
    made = await asyncio.to_thread(call, "POST", assets, raw=raw, token=editor)
    assert made.status == 201, made.raw
    asset = f"{assets}/{made.body['id']}"
    deleted = await asyncio.to_thread(call, "DELETE", asset, token=editor)
    assert (deleted.status, deleted.body["code"]) == (403, "forbidden")


async def test_x9_a_user_with_sections_may_not_create_a_document(
    server: RunningServer, doc: str
) -> None:
    admin = await server.mint("ed", Role.ADMIN, sections=("",))
    opened = {"type": "open", "token": admin}
    for opening, expected in (
        (json.dumps({**opened, "create": {}}), 4403),
        (json.dumps(opened), 4404),
    ):
        assert (await close_code(server, doc, opening))[0] == expected
    made = await http(server, "PUT", doc, {}, token=admin)
    assert (made.status, made.body["code"]) == (403, "forbidden")
    assert (await http(server, "GET", doc, token=admin)).status == 404


async def test_x9_a_yjs_client_with_sections_may_not_create_a_document(
    server: RunningServer, peers: Any, doc: str
) -> None:
    peer = await peers.peer()
    await peer.connect(server.ws, doc, await server.mint("ed", Role.ADMIN, sections=("",)))
    assert await peer.closed() == 4404


async def test_x_a_new_token_changes_the_rights_at_once(
    server: RunningServer, join: Join, doc: str
) -> None:
    await join(doc, await server.mint("root", Role.ADMIN), create=PAGE)
    client = await join(doc, await server.mint("ed", sections=("/sections",)))
    assert "version" in await client.set("/sections/1/text", "Because")
    await client.send({"type": "token", "token": await server.mint("ed", sections=HERO)})
    refused = await client.set("/sections/1/text", "no")
    assert (refused["code"], refused["op"], refused["path"]) == (
        "forbidden",
        0,
        "/sections/1/text",
    )
    await client.send({"type": "undo", "id": "u"})
    assert (await client.answer("u"))["code"] == "forbidden"
    assert "version" in await client.set("/sections/0/text", "Hi")


async def test_x9_locks_need_the_right_to_change_their_scope(
    server: RunningServer, join: Join, doc: str
) -> None:
    owner = await join(doc, await server.mint("root", Role.ADMIN), create=PAGE)
    client = await join(doc, await server.mint("ed", sections=HERO))

    async def ask(client: PatchClient, action: str, scope: str, name: str) -> str:
        await client.send({"type": "lock", "id": name, "action": action, "scope": scope})
        return str((await client.answer(name)).get("code", ""))

    assert await ask(client, "acquire", "/sections/1", "a") == "forbidden"
    assert await ask(client, "acquire", "", "b") == "forbidden"
    assert await ask(client, "acquire", "/sections/0", "c") == ""
    assert await ask(owner, "acquire", "/sections/1", "d") == ""
    assert await ask(client, "take_over", "/sections/1", "e") == "forbidden"


async def test_x_random_patches_match_the_oracle_on_socket_and_http(
    server: RunningServer, join: Join, doc: str
) -> None:
    random, met = Random(7), Counter[str]()
    for number in range(30):
        name, value = f"{doc}-{number}", worlds.document(random)
        owner = await join(name, await server.mint("root", Role.ADMIN), create=value)
        sections = worlds.sections(random, owner.value)
        token = await server.mint(
            "ed", random.choice((Role.EDITOR, Role.ADMIN)), sections=tuple(sections)
        )
        client = await join(name, token)
        for turn in range(12):
            await client.until_version(owner.version)
            ops = worlds.patch(random, client.value, sections)
            judging, expected = Judging(json.loads(json.dumps(client.value)), sections), "invalid"
            with suppress(Invalid):
                expected = "passes" if judging.run(json.loads(json.dumps(ops))) else "forbidden"
            if turn % 2:
                reply = await http(server, "PATCH", name, ops, token=token)
                code = reply.body.get("code", "passes")
                if code == "passes":
                    await client.until_version(reply.body["version"])
            else:
                code = (await client.answer(await client.patch(*ops))).get("code", "passes")
            await owner.until_version(client.version)
            told = sections, ops, client.value, code
            met[f"{expected} {code}"] += 1
            match expected:
                case "invalid":
                    assert code != "passes", told
                case "forbidden":
                    assert code == "forbidden", told
                case _:
                    assert code in ("passes", "invalid_patch", "invalid_document"), told
            assert owner.value == client.value
    assert sum(met.values()) == 360
    assert min(met["passes passes"], met["forbidden forbidden"]) > 40, met


OUTSIDE = {
    "a text": "at('/title').insert(0, 'no ')",
    "a text deleted": "at('/title').delete(0, 4)",
    "a format": "at('/title').format(0, 2, {bold: true})",
    "a text in another type": "content.set('title', 'Home')",
    "a section hidden": "layout.removeElement(at('/sections'), 0)",
    "a section moved": "layout.moveElement(at('/sections'), 0, 1)",
    "a section added": "layout.insertElement(at('/sections'), 0, 'x', {id: 'x'})",
    "a sibling": "at('/sections/1/text').insert(0, 'no ')",
    "a section deleted": "at('/sections').delete('hero')",
    "everything": "content.forEach((_, key) => content.delete(key))",
    "the id": "at('/sections/0').set('id', 'other')",
    "another root": "content.doc.getText('prose').insert(0, 'no')",
    "another root of elements": "content.doc.getXmlFragment('default')"
    ".insert(0, [new Y.XmlElement('p')])",
    "items in a map": "const other = new Y.Doc(); other.getText('content').insert(0, 'no'); "
    "Y.applyUpdate(content.doc, Y.encodeStateAsUpdate(other))",
}


@pytest.mark.parametrize("what", OUTSIDE)
async def test_x8_yjs_edits_outside_the_sections_are_reverted_unseen(
    server: RunningServer, join: Join, join_yjs: JoinYjs, doc: str, what: str
) -> None:
    root = await server.mint("root", Role.ADMIN)
    patch = await join(doc, root, create=PAGE)
    sender = await join_yjs(doc, await server.mint("ed", sections=HERO))
    watcher = await join_yjs(doc, root)
    await watcher.run("peer.watching = true")
    await sender.run(OUTSIDE[what])
    await patch.until_version(2)
    assert patch.changes[-1]["ops"] == []
    await sender.until_equals("", PAGE)
    await sender.run("at('/sections/0/text').insert(5, '!')")
    await patch.until_version(3)
    expected = json.loads(json.dumps(PAGE))
    expected["sections"][0]["text"] = "Hello!"
    assert patch.value == expected
    await watcher.until_equals("", expected)
    await sender.until_equals("", expected)
    roots = "[content.doc.getText('prose').length, content.doc.getXmlFragment('default').length]"
    assert await sender.run(f"return {roots}") == await watcher.run(f"return {roots}") == [0, 0]
    seen = await watcher.run("return peer.seen")
    assert all(value in (PAGE, expected) for value in seen)
    assert await sender.run("return [peer.closed, peer.provider.synced]") == [None, True]


async def test_x8_offline_yjs_edits_stay_inside_the_sections(
    server: RunningServer, join: Join, join_yjs: JoinYjs, doc: str
) -> None:
    """One sync step 2 has edits inside and outside the sections."""
    root = await server.mint("root", Role.ADMIN)
    patch = await join(doc, root, create=PAGE)
    sender = await join_yjs(doc, await server.mint("ed", sections=HERO))
    await sender.disconnect()
    await sender.run("at('/sections/0/text').insert(5, ' you'); at('/title').insert(0, 'no ')")
    await patch.set("/sections/1/text", "Because")
    await sender.reconnect()
    await patch.until_version(3)
    expected = json.loads(json.dumps(PAGE))
    expected["sections"][0]["text"] = "Hello you"
    expected["sections"][1]["text"] = "Because"
    assert patch.value == expected
    await sender.until_equals("", expected)


@pytest.mark.parametrize("sections", [HERO, ("/title", "/sections/1/headline"), ()])
async def test_x8_hundreds_of_random_edits_change_nothing_outside(
    server: RunningServer, join: Join, join_yjs: JoinYjs, doc: str, sections: tuple[str, ...]
) -> None:
    root, given = await server.mint("root", Role.ADMIN), (*sections, "/mark")
    page = {**PAGE, "mark": 0}
    page["sections"] = [{**one, "headline": one["text"]} for one in PAGE["sections"]]
    patch = await join(doc, root, create=page)
    sender = await join_yjs(doc, await server.mint("ed", sections=given))
    watcher = await join_yjs(doc, root)
    await watcher.run("peer.watching = true")
    await sender.edit_at_random(11, 200, pause_ms=1)
    await sender.run("content.set('mark', 1)")
    await patch.until(lambda: bool(patch.value["mark"] == 1))
    await sender.until_equals("", patch.value)
    await watcher.until_equals("", patch.value)
    places = areas(page, list(given))
    for seen in (patch.value, *await watcher.run("return peer.seen")):
        assert masked(seen, places) == masked(page, places)
    roots = "content.doc.getXmlFragment('default').length"
    assert await sender.run(f"return {roots}") == await watcher.run(f"return {roots}") == 0
    assert await sender.run("return [peer.closed, peer.provider.synced]") == [None, True]
    assert patch.version > 20


async def test_x8_large_updates_are_checked_like_small_ones(
    server: RunningServer, join: Join, join_yjs: JoinYjs, doc: str
) -> None:
    """Large updates are checked in a worker thread."""
    root = await server.mint("root", Role.ADMIN)
    patch = await join(doc, root, create={**PAGE, "long": "x" * 600_000})
    sender = await join_yjs(doc, await server.mint("ed", sections=HERO))
    await sender.run("at('/long').insert(0, 'no '.repeat(20000)); at('/long').delete(9, 90000)")
    await sender.run("at('/sections/0/text').insert(0, 'yes '.repeat(20000))")
    await patch.until(lambda: patch.value["sections"][0]["text"].startswith("yes"))
    await sender.run("at('/sections/0/text').delete(0, 80000)")
    await patch.until(lambda: bool(patch.value["sections"][0]["text"] == "Hello"))
    assert patch.value == {**PAGE, "long": "x" * 600_000}
    await sender.until_equals("", patch.value)


async def test_x_history_names_the_user_whose_edit_was_reverted(
    server: RunningServer, join: Join, join_yjs: JoinYjs, doc: str
) -> None:
    root = await server.mint("root", Role.ADMIN)
    patch = await join(doc, root, create=PAGE)
    sender = await join_yjs(doc, await server.mint("ed", sections=HERO))
    await sender.run("at('/title').insert(0, 'no ')")
    await patch.until_version(2)
    change: Message = patch.changes[-1]
    assert (change["by"]["user"], change["ops"]) == ("ed", [])
    assert (await http(server, "GET", f"{doc}?at=2", token=root)).body == PAGE
