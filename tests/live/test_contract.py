"""Details of the wire contract that authors of clients missed at first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from collab.rights.user_rights import Role
from tests.live.conftest import Join
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.running import RunningServer

WITHIN = 10.0


@pytest.fixture(scope="module")
def allowing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with an allowed origin in another spelling than a browser's."""
    home: Path = tmp_path_factory.mktemp("allowing")
    with RunningServer(home, env={"WEFT_ORIGINS": "https://App.example.com:443"}) as running:
        yield running


async def refused(url: str, **fields: Any) -> Reply:
    """Return the answer to an upgrade that is refused."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(url, compression=None, **fields)
    response = caught.value.response
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    return Reply(response.status_code, headers, bytes(response.body))


async def first_frame(socket: ClientConnection) -> str | bytes:
    return await asyncio.wait_for(socket.recv(), WITHIN)


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


async def asked(client: PatchClient, request_id: str, **fields: Any) -> dict[str, Any]:
    await client.send({"id": request_id, **fields})
    return await client.answer(request_id)


# --- conflicts ------------------------------------------------------------------------------


async def test_a_strict_conflict_names_base_version_changes_and_conflicts(
    join: Join, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"a": 1})
    await client.set("/a", 2)
    reject = await client.set("/a", 3, base=1, strict=True)
    assert (reject["code"], reject["base"], reject["version"]) == ("conflict", 1, 2)
    assert [change["version"] for change in reject["changes"]] == [2]
    assert reject["conflicts"] == []


async def test_a_patch_on_a_rejected_patch_is_a_conflict_with_base_and_conflicts(
    join: Join, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"a": 1})
    bad = {"type": "patch", "id": "bad", "base": 1, "ops": [{"op": "remove", "path": "/b"}]}
    await client.send(bad, {"type": "patch", "id": "on-it", "base": 1, "ops": [replace("/a", 2)]})
    reject = await client.answer("on-it")
    assert (reject["code"], reject["after"], reject["base"]) == ("conflict", "bad", 1)
    assert (reject["version"], reject["conflicts"]) == (1, [])


def test_a_failed_precondition_has_the_members_of_a_strict_conflict(
    server: RunningServer, ada: str, doc: str
) -> None:
    url = f"{server.http}/v1/docs/{doc}"
    call("PUT", url, {"a": 1}, token=ada)
    call("PATCH", url, [replace("/a", 2)], token=ada)
    for version in (1, 9):
        tag = f'"1.{version}"'
        reply = call("PATCH", url, [replace("/a", 3)], token=ada, If_Match=tag)
        assert (reply.status, reply.body["code"]) == (412, "conflict")
        assert reply.body["base"] == version
        assert (reply.body["version"], reply.body["conflicts"]) == (2, [])


@pytest.mark.parametrize(
    "other", [{"type": "lock", "action": "steal"}, {"type": "undo", "scope": 1}]
)
async def test_a_patch_does_not_depend_on_a_rejected_request_of_another_kind(
    join: Join, ada: str, doc: str, other: dict[str, Any]
) -> None:
    client = await join(doc, ada, create={"a": 1})
    patch = {"type": "patch", "id": "sound", "base": 1, "ops": [replace("/a", 2)]}
    await client.send({**other, "id": "odd"}, patch)
    assert (await client.answer("odd"))["code"] == "malformed"
    assert (await client.answer("sound"))["version"] == 2


# --- splices --------------------------------------------------------------------------------


async def test_only_clients_that_accept_splices_get_them(
    join: Join, server: RunningServer, ada: str, bo: str, doc: str
) -> None:
    writer = await join(doc, ada, create={"a": "one two", "n": 1}, accept=["splice"])
    reader, plain = await join(doc, bo, accept=["splice"]), await join(doc, bo)
    slow = await join(doc, bo, accept=["splice"], max_fps=1)
    sent = {"op": "splice", "path": "/a", "offset": 3, "delete": 0, "insert": " 🎈"}
    assert "ops" not in await writer.answer(await writer.patch(sent)), "it was applied as sent"
    assert (await writer.set("/a", "one 🎈 three"))["version"] == 3
    assert (await writer.set("/a", "four"))["version"] == 4
    texts = ["one 🎈 two", "one 🎈 three", "four"]
    for client in (reader, plain, slow):
        await client.until_version(4)
        assert client.value == writer.value == {"a": "four", "n": 1}
    assert [change["ops"] for change in plain.changes] == [[replace("/a", text)] for text in texts]
    assert [change["ops"][0]["op"] for change in reader.changes] == ["splice"] * 3
    assert reader.changes[0]["ops"][0]["insert"].strip() == "🎈"
    assert slow.changes[-1]["from"] == 3
    assert slow.changes[-1]["ops"][0]["op"] == "splice"


async def test_long_texts_in_a_change_of_several_ops_are_splices(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    long = "a word and " * 1_000
    writer = await join(doc, ada, create={"a": long, "b": long, "n": 1})
    reader, plain = await join(doc, bo, accept=["splice"]), await join(doc, bo)
    ops = [replace("/a", long + "x"), replace("/n", 2), replace("/b", "y" + long)]
    await writer.answer(await writer.patch(*ops))
    for client in (reader, plain):
        await client.until_version(2)
        assert client.value == {"a": long + "x", "b": "y" + long, "n": 2}
    assert [op["op"] for op in reader.changes[0]["ops"]] == ["splice", "replace", "splice"]
    assert plain.changes[0]["ops"] == ops


async def test_the_answer_to_a_short_stale_patch_is_at_most_its_text(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    long = "a word and " * 20_000
    writer = await join(doc, ada, create={"t": long, "u": long}, accept=["splice"])
    other = await join(doc, bo)
    await other.set("/t", "first " + long)
    ops = [
        {"op": "splice", "path": f"/{name}", "offset": at, "delete": 1, "insert": "z"}
        for at in range(100_000, 100_010)
        for name in "tu"
    ]
    ack = await writer.answer(await writer.patch(*ops, base=1))
    assert len(json.dumps(ack)) < 2.2 * len(long)
    assert ("conflicts" in ack, ack["merged"]) == (False, ["/t"])
    await other.until_version(ack["version"])
    assert [op["path"] for op in ack["ops"]] == ["/t", "/u"]
    assert {op["path"]: op["value"] for op in ack["ops"]} == {
        f"/{name}": text for name, text in other.value.items()
    }
    tab = await join(doc, ada, accept=["splice"])
    again = await tab.answer(await tab.patch(*ops, base=1, id=ack["id"]))
    assert again == {**ack, "duplicate": True}


# --- undo -----------------------------------------------------------------------------------


async def test_a_scope_that_is_no_pointer_is_malformed_on_the_lane_and_over_http(
    join: Join, server: RunningServer, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"a": 1})
    await client.set("/a", 2)
    reject = await asked(client, "undo", type="undo", scope="a")
    url = f"{server.http}/v1/docs/{doc}/undo"
    assert reject["code"] == call("POST", url, {"scope": "a"}, token=ada).body["code"]
    assert reject["code"] == "malformed"


async def test_undone_of_a_redo_and_the_next_undo_has_the_time_of_the_edit(
    join: Join, server: RunningServer, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"a": 1})
    await client.set("/a", 2)
    first = await asked(client, "u1", type="undo")
    again = await asked(client, "r1", type="redo")
    last = await asked(client, "u2", type="undo")
    assert first["undone"] == again["undone"] == last["undone"]
    rows = call("GET", f"{server.http}/v1/docs/{doc}/versions?each=1", token=ada).body["items"]
    made = next(row["at"] for row in rows if row["version"] == 2)
    assert first["undone"] == [{"version": 2, "at": made, "pointers": ["/a"]}]


async def test_each_replace_of_a_string_is_a_step_unless_it_names_one(
    join: Join, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"type": "hero"})
    kinds = {"faq": None, "form": "typing", "gallery": "typing"}
    patches = [
        {"type": "patch", "id": kind, "base": 1, "ops": [replace("/type", kind)], "step": step}
        for kind, step in kinds.items()
    ]
    await client.send(*patches)
    assert (await client.answer("gallery"))["version"] == 4
    undone = await asked(client, "undo", type="undo")
    assert [one["version"] for one in undone["undone"]] == [4, 3]
    assert client.value == {"type": "faq"}
    assert "undone" in await asked(client, "redo", type="redo")
    assert client.value == {"type": "gallery"}
    for value in ("faq", "hero"):
        await asked(client, f"undo to {value}", type="undo")
        assert client.value == {"type": value}


# --- locks ----------------------------------------------------------------------------------


async def test_an_immediate_take_over_answers_with_the_locks_secret(
    join: Join, server: RunningServer, ada: str, bo: str, doc: str
) -> None:
    admin = await server.mint("root", Role.ADMIN)
    clients = await join(doc, ada, create={"a": 1}), await join(doc, bo), await join(doc, admin)
    held = await asked(clients[0], "l", type="lock", action="acquire", scope="/a")
    fields = {"type": "lock", "action": "take_over", "lock_id": held["lock"]["id"]}
    assert "secret" not in await asked(clients[1], "bo", **fields), "its holder may keep it"
    taken = await asked(clients[2], "root", **fields)
    assert taken["lock"]["holder"]["user"] == "root"
    body = {"secret": taken["secret"]}
    url = f"{server.http}/v1/docs/{doc}/locks/{taken['lock']['id']}/release"
    assert call("POST", url, body).body["reason"] == "released"


# --- other tabs -----------------------------------------------------------------------------


async def test_a_tab_on_the_yjs_lane_is_another_tab_too(
    join: Join, server: RunningServer, ada: str, doc: str
) -> None:
    client = await join(doc, ada, client="one", create={})
    told = {"type": "notice", "code": "another_tab"}
    url = f"{server.ws}/v1/yjs/{doc}?token={ada}"
    async with connect(f"{url}&client=one", compression=None) as same:
        await first_frame(same)
        await client.send({"type": "ping", "at": 1})
        await client.until(lambda: {"type": "pong", "at": 1} in client.others)
        assert told not in client.others
    async with connect(f"{url}&client=two", compression=None) as other:
        await first_frame(other)
        await client.until(lambda: told in client.others)


# --- connecting -----------------------------------------------------------------------------


async def test_the_yjs_lane_accepts_a_token_as_a_subprotocol(
    join: Join, server: RunningServer, ada: str, doc: str
) -> None:
    await join(doc, ada, create={})
    offered = [Subprotocol("weft.v1"), Subprotocol(f"bearer.{ada}")]
    url = f"{server.ws}/v1/yjs/{doc}"
    async with connect(url, subprotocols=offered, compression=None) as socket:
        assert socket.subprotocol == "weft.v1"
        assert isinstance(await first_frame(socket), bytes)


async def test_a_socket_to_an_unknown_address_gets_a_404_problem(server: RunningServer) -> None:
    for path in ("/v1/hocuspocus", "/v1/docs/home/alive", "/"):
        reply = await refused(f"{server.ws}{path}")
        assert (reply.status, reply.body["code"]) == (404, "not_found")
        assert reply.headers["content-type"] == "application/problem+json"


async def test_a_refused_origin_gets_a_403_problem(server: RunningServer) -> None:
    reply = await refused(f"{server.ws}/v1/docs/home/live", origin="https://elsewhere.example")
    assert (reply.status, reply.body["code"]) == (403, "forbidden")
    assert reply.headers["content-type"] == "application/problem+json"


async def test_an_allowed_origin_matches_in_any_spelling_for_sockets_and_cors(
    allowing: RunningServer,
) -> None:
    origin = Origin("https://app.example.com")
    async with connect(f"{allowing.ws}/v1/docs/home/live", origin=origin, compression=None):
        pass
    reply = call(
        "OPTIONS",
        f"{allowing.http}/v1/docs/home",
        Origin=origin,
        Access_Control_Request_Method="PATCH",
        Access_Control_Request_Headers="authorization, if-match, idempotency-key, weft-fence",
    )
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, origin)


def test_a_document_larger_than_a_frame_can_be_put(server: RunningServer, doc: str) -> None:
    url, token = f"{server.http}/v1/docs/{doc}", server.token("large")
    value = {"texts": ["x" * 100_000] * 20}
    body = json.dumps(value).encode()
    assert call("PUT", url, raw=body, token=token).status == 201
    assert call("GET", url, token=token).body == value
