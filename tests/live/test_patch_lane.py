"""The patch lane over real sockets: every rule of the wire contract."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from collab.rights.user_rights import Role
from tests.live.conftest import Join
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import UNLIMITED, RunningServer

PAGE = {
    "pages": {
        "home": {
            "sections": [
                {"id": "hero", "type": "hero", "content": {"headline": "Ship faster"}},
                {"id": "faq", "type": "faq", "content": {"headline": "Questions"}},
            ]
        }
    }
}
SECTIONS = "/pages/home/sections"


def headline(index: int) -> str:
    return f"{SECTIONS}/{index}/content/headline"


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


# --- opening --------------------------------------------------------------------------------


async def close_code(
    server: RunningServer, doc: str, *frames: str | bytes, **options: Any
) -> tuple[int, str]:
    """Send these frames. Return the server's close code."""
    async with connect(f"{server.ws}/v1/docs/{doc}/live", **options) as socket:
        for frame in frames:
            await socket.send(frame)
        await asyncio.wait_for(socket.wait_closed(), 10)
        return socket.close_code or 0, socket.close_reason or ""


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["hello"], 4400),
        (["[]"], 4400),
        (['{"type":"patch","id":"a","base":0,"ops":[]}'], 4400),
        (['{"type":"open","since":3}'], 4400),
        ([b"\x00\x00\x01\x00"], 4400),
        (['{"type":"open"}'], 4401),
        (['{"type":"open","token":"nonsense"}'], 4401),
    ],
)
async def test_a_bad_open_closes_with_its_code(
    server: RunningServer, frames: list[Any], code: int
) -> None:
    assert (await close_code(server, "nobody", *frames))[0] == code


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ('{"type":"ping","at":1}', "the first message must be `open`: this is `ping`"),
        ("[]", "the first message must be `open`: the frame holds no message"),
        (
            '{"type":"opne"}',
            "the first message must be `open`: Invalid value 'opne' - at `$.type`",
        ),
        (
            '{"type":"open","since":3}',
            "the first message must be `open`: Expected `object | null`, got `int` - at `$.since`",
        ),
    ],
)
async def test_the_close_reason_of_a_bad_open_names_what_came(
    server: RunningServer, frame: str, reason: str
) -> None:
    assert await close_code(server, "nobody", frame) == (4400, reason)


async def test_a_missing_document_closes_with_4404(server: RunningServer, ada: str) -> None:
    opening = json.dumps({"type": "open", "token": ada})
    assert (await close_code(server, "missing", opening))[0] == 4404


async def test_a_document_outside_the_tokens_globs_is_not_found(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    await join(doc, ada, create={})
    narrow = await server.mint("ada", docs=("other-*",))
    stranger = await server.mint("ada", tenant="stranger")
    for token in (narrow, stranger):
        opening = json.dumps({"type": "open", "token": token})
        assert (await close_code(server, doc, opening))[0] == 4404


async def test_a_viewer_reads_and_may_not_create_or_write(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    viewer = await server.mint("vi", Role.VIEWER)
    opening = json.dumps({"type": "open", "token": viewer, "create": {}})
    assert (await close_code(server, doc, opening))[0] == 4404
    await join(doc, ada, create={"n": 1})
    client = await join(doc, viewer)
    answer = await client.set("/n", 2)
    assert (answer["type"], answer["code"]) == ("reject", "forbidden")
    assert answer["retryable"] is False


async def test_an_expired_token_closes_with_4401_and_is_warned_of(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    await join(doc, ada, create={})
    client = await join(doc, await server.mint("bo", seconds=1.5))
    assert await client.until_closed() == 4401
    assert client.others[0]["code"] == "token_expiring"


async def test_a_refreshed_token_is_accepted_but_not_another_users(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    client = await join(doc, ada, create={})
    await client.send({"type": "token", "token": await server.mint("ada")})
    await client.until(lambda: {"type": "notice", "code": "token_accepted"} in client.others)
    await client.send({"type": "token", "token": bo})
    assert await client.until_closed() == 4403


async def test_the_token_may_come_as_a_subprotocol_and_only_weft_is_echoed(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    await join(doc, ada, create={"n": 1})
    url = f"{server.ws}/v1/docs/{doc}/live"
    offered: list[Any] = ["weft.v1", f"bearer.{ada}"]
    async with connect(url, subprotocols=offered) as socket:
        assert socket.subprotocol == "weft.v1"
        await socket.send('{"type":"open"}')
        opened = json.loads(await socket.recv())
    assert (opened["type"], opened["protocol"], opened["user"]) == ("opened", 1, "ada")


async def test_opened_has_every_member_of_the_contract(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 1}, accept=["splice", "unknown"])
    assert set(client.opened) == {
        "type", "protocol", "server", "session", "client_id", "user", "role", "epoch", "version",
        "value", "presence", "locks", "limits", "accept", "name", "tenant", "can_undo", "can_redo",
    }  # fmt: skip
    assert client.opened["accept"] == ["splice"]
    assert client.opened["limits"]["max_ops"] == 1000


async def test_concurrent_creates_make_one_document(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    clients = await asyncio.gather(
        *(join(doc, (ada, bo)[n % 2], create={"by": n}) for n in range(8))
    )
    assert {client.version for client in clients} == {1}
    assert len({json.dumps(client.value) for client in clients}) == 1


# --- resuming -------------------------------------------------------------------------------


async def test_since_returns_the_changes_and_own_ones_have_their_id(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"a": 0, "b": 0})
    two = await join(doc, bo)
    since = {"epoch": one.opened["epoch"], "version": 1}
    await one.set("/a", 1, id="mine")
    await two.until_version(2)
    await two.set("/b", 1, id="theirs")
    back = await join(doc, ada, since=since)
    assert "value" not in back.opened
    changes = back.opened["changes"]
    assert [(change["version"], change.get("id")) for change in changes] == [(2, "mine"), (3, None)]
    now = await join(doc, ada, since={**since, "version": 3})
    assert now.opened["changes"] == []


@pytest.mark.parametrize("since", [{"epoch": 99, "version": 1}, {"epoch": 1, "version": 99}])
async def test_an_unknown_since_returns_the_value(
    join: Join, ada: str, doc: str, since: dict[str, int]
) -> None:
    await join(doc, ada, create={"n": 1})
    back = await join(doc, ada, since=since)
    assert (back.opened["resync"], back.value) == (True, {"n": 1})


# --- patches --------------------------------------------------------------------------------


async def test_a_patch_that_changes_nothing_makes_no_version(
    join: Join, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"n": 1})
    test = {"op": "test", "path": "/n", "value": 1}
    for ops in ([test], [replace("/n", 1)], []):
        answer = await client.answer(await client.patch(*ops))
        assert (answer["type"], answer["version"]) == ("ack", 1)


async def test_a_resent_id_gets_its_first_answer(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 0})
    await client.set("/n", 1, id="once")
    await client.set("/n", 2)
    del client.acks["once"]
    again = await client.answer(await client.patch(replace("/n", 1), id="once", base=1))
    assert again == {"type": "ack", "id": "once", "version": 2, "duplicate": True}
    assert (client.version, client.value) == (3, {"n": 2})


async def test_a_resent_id_with_other_ops_is_refused(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 0, "m": 0})
    await client.set("/n", 1, id="once")
    del client.acks["once"]
    reused = await client.answer(await client.patch(replace("/n", 2), id="once"))
    assert (reused["type"], reused["code"], reused["version"]) == ("reject", "id_reused", 2)
    assert reused["retryable"] is False
    assert (client.version, client.value) == (2, {"n": 1, "m": 0})
    client.rejects.clear()
    await client.send({"type": "undo", "id": "once"})
    assert (await client.answer("once"))["code"] == "id_reused"
    client.rejects.clear()
    again = await client.answer(await client.patch(replace("/n", 1), id="once", base=1))
    assert (again["version"], again["duplicate"]) == (2, True)
    assert (await client.set("/m", 5))["version"] == 3


async def test_a_resent_patch_tells_again_what_it_has_overwritten(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    long = "some words and " * 1_000
    writer = await join(doc, ada, create={"n": 0, "t": long})
    other = await join(doc, bo)
    await other.answer(await other.patch(replace("/n", 1), replace("/t", long + "end")))
    ops = [replace("/n", 2), replace("/t", "start " + long)]
    first = await writer.answer(await writer.patch(*ops, base=1, id="once"))
    assert ([each["theirs"] for each in first["conflicts"]], first["merged"]) == ([1], ["/t"])
    del first["id"], first["type"]
    url = f"{server.http}/v1/docs/{doc}?base=1"
    for _ in range(2):
        over_http = call("PATCH", url, ops, token=ada, Idempotency_Key="once")
        assert over_http.body == {**first, "duplicate": True}
        again = await join(doc, ada, since={"epoch": 1, "version": 1})
        retried = await again.answer(await again.patch(*ops, base=1, id="once"))
        assert {**retried, **first, "duplicate": True} == retried
        for client in (again, writer, other):
            await client.close()
        server.stop()
        server.start()


async def test_pending_ids_are_compared_too(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 0})
    patch = {"type": "patch", "base": 1, "ops": [replace("/n", 1)]}
    empty = {"type": "patch", "base": 1, "ops": [{"op": "test", "path": "/n", "value": 1}]}
    client.sent["a"], client.sent["c"] = [replace("/n", 1)], [replace("/n", 9)]
    await client.send(
        {**patch, "id": "a"},
        {**empty, "id": "b", "after": "a"},
        {**patch, "id": "b", "after": "a"},
        {**patch, "id": "a", "after": "", "ops": [replace("/n", 2)]},
        {**patch, "id": "c", "after": "", "ops": [replace("/n", 9)]},
    )
    await client.until(lambda: "c" in client.acks)
    assert [client.rejects[name]["code"] for name in "ab"] == ["id_reused"] * 2
    assert [client.acks[name]["version"] for name in "abc"] == [2, 2, 3]
    assert client.value == {"n": 9}


async def test_a_refused_id_may_be_retried(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 0})
    refused = await client.answer(await client.patch(replace("/x/y", 1), id="retry"))
    assert (refused["code"], refused["op"], refused["path"]) == ("path_not_found", 0, "/x/y")
    client.rejects.clear()
    answer = await client.set("/n", 1, id="retry")
    assert (answer["type"], answer["version"]) == ("ack", 2)


@pytest.mark.parametrize(
    ("ops", "code"),
    [
        ([{"op": "test", "path": "/n", "value": 2}], "test_failed"),
        ([{"op": "remove", "path": "/gone"}], "path_not_found"),
        ([{"op": "jump", "path": "/n"}], "invalid_patch"),
        ([{"op": "add", "path": "n", "value": 1}], "invalid_patch"),
        ([{"op": "add", "path": "/__proto__", "value": 1}], "invalid_patch"),
        (
            [{"op": "splice", "path": "/s", "offset": 0, "delete": 0, "insert": "x"}],
            "invalid_patch",
        ),
        ([{"op": "replace", "path": "", "value": [1]}], "invalid_document"),
        ([{"op": "add", "path": "/n", "value": 2**60}], "invalid_patch"),
    ],
)
async def test_a_bad_patch_is_rejected_with_its_code_and_path(
    join: Join, ada: str, doc: str, ops: list[dict[str, Any]], code: str
) -> None:
    client = await join(doc, ada, create={"n": 1, "s": "abc"})
    good = replace("/n", 5)
    answer = await client.answer(await client.patch(good, *ops))
    assert (answer["type"], answer["code"], answer["retryable"]) == ("reject", code, False)
    if code in ("test_failed", "path_not_found", "invalid_patch"):
        assert (answer["op"], answer["path"]) == (1, ops[0]["path"])
    assert client.value == {"n": 1, "s": "abc"}, "a patch lands whole or not at all"


async def test_a_stale_patch_follows_its_moved_section(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    new = {"id": "new", "type": "cta", "content": {"headline": "Go"}}
    await one.answer(await one.patch({"op": "add", "path": f"{SECTIONS}/0", "value": new}))
    answer = await two.answer(await two.patch(replace(headline(1), "Answers"), base=1))
    assert answer["ops"] == [replace(headline(2), "Answers")]
    await one.until_version(3)
    assert one.value["pages"]["home"]["sections"][2]["content"]["headline"] == "Answers"


async def test_concurrent_edits_of_one_headline_are_merged_and_listed(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"t": "Buy the red car today"})
    two = await join(doc, bo)
    await one.set("/t", "Buy the blue car today")
    answer = await two.answer(await two.patch(replace("/t", "Buy the red car now"), base=1))
    assert answer["ops"] == [replace("/t", "Buy the blue car now")]
    assert ("conflicts" in answer, answer["merged"]) == (False, ["/t"])


async def test_an_edit_of_a_removed_section_is_refused_with_the_changes(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    await one.answer(await one.patch({"op": "remove", "path": f"{SECTIONS}/0"}))
    answer = await two.answer(await two.patch(replace(headline(0), "Hi"), base=1))
    assert (answer["code"], answer["base"], answer["version"]) == ("conflict", 1, 2)
    assert [change["version"] for change in answer["changes"]] == [2]
    assert isinstance(answer["conflicts"], list)


async def test_a_base_above_the_head_is_unknown(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 1})
    answer = await client.answer(await client.patch(replace("/n", 2), base=7))
    assert (answer["code"], answer["version"]) == ("unknown_version", 1)


async def test_a_splice_reaches_other_clients_as_a_replace(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create={"t": "Hello"}, accept=["splice"])
    two = await join(doc, bo)
    splice = {"op": "splice", "path": "/t", "offset": 5, "delete": 0, "insert": " you"}
    await one.answer(await one.patch(splice))
    await two.until_version(2)
    assert two.changes[0]["ops"] == [replace("/t", "Hello you")]


# --- pipelining -----------------------------------------------------------------------------


async def test_patches_after_a_rejected_patch_are_rejected_with_it(
    join: Join, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"n": 0})
    await client.patch({"op": "test", "path": "/n", "value": 9}, id="first")
    await client.patch(replace("/n", 1), id="second")
    second = await client.answer("second")
    assert (second["code"], second["after"]) == ("conflict", "first")
    answer = await client.set("/n", 2)
    assert (answer["type"], client.value) == ("ack", {"n": 2}), "it was sent after the rejects"


async def test_after_names_the_patch_that_a_patch_depends_on(
    join: Join, ada: str, doc: str
) -> None:
    """The browser sends the pong: it does not prove that the script has seen the reject."""
    client = await join(doc, ada, create={"list": ["a"], "n": 0})
    test = {"op": "test", "path": "/n", "value": 9}
    new = {"op": "add", "path": "/list/0", "value": "new"}
    await client.answer(await client.patch(test, new, id="first", after=""))
    pong = await client.socket.ping()
    await pong  # so the server has also received the pong that follows its reject
    await client.patch(replace("/list/1", "A"), id="second", after="first")
    await client.patch(replace("/list/1", "B"), id="third", after="second")
    second, third = await client.answer("second"), await client.answer("third")
    assert (second["code"], second["after"]) == ("conflict", "first")
    assert (third["code"], third["after"]) == ("conflict", "second")
    assert (await client.set("/list/0", "A", after=""))["type"] == "ack"
    assert client.value == {"list": ["A"], "n": 0}


async def test_a_patch_with_an_empty_after_is_checked_alone(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 0})
    await client.patch({"op": "test", "path": "/n", "value": 9}, id="first", after="")
    await client.patch(replace("/n", 1), id="second", after="")
    assert (await client.answer("second"))["type"] == "ack"
    await client.patch({"op": "test", "path": "/n", "value": 1}, replace("/n", 2), id="first")
    await client.patch(replace("/n", 3), id="third", after="first")
    assert (await client.answer("third"))["type"] == "ack", "the refused id was tried again"
    assert client.value == {"n": 3}


async def test_a_rejected_id_accepted_from_another_tab_is_no_longer_rejected(
    join: Join, ada: str, doc: str
) -> None:
    one = await join(doc, ada, create={"n": 0})
    other = await join(doc, ada)
    is_one = {"op": "test", "path": "/n", "value": 1}
    await one.answer(await one.patch(is_one, id="first"))
    await other.set("/n", 1)
    await other.answer(await other.patch(is_one, id="first"))
    await one.until_version(2)
    await one.patch(is_one, id="first")
    await one.patch(replace("/n", 2), id="second", after="first")
    assert (await one.answer("second"))["type"] == "ack"


async def test_pipelined_patches_build_on_each_other_while_others_edit(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    for turn in range(5):
        section = {"id": f"s{turn}", "type": "cta", "content": {"headline": "new"}}
        ids = [
            await one.patch(
                {"op": "add", "path": f"{SECTIONS}/0", "value": section}, base=one.version
            ),
            await two.patch({"op": "move", "from": f"{SECTIONS}/0", "path": f"{SECTIONS}/1"}),
            await one.patch(replace(headline(0), f"mine {turn}"), base=one.version),
        ]
        await asyncio.gather(*(who.answer(i) for who, i in zip((one, two, one), ids, strict=True)))
        await asyncio.gather(one.until_version(4 + 3 * turn), two.until_version(4 + 3 * turn))
        sections = {s["id"]: s for s in two.value["pages"]["home"]["sections"]}
        assert sections[f"s{turn}"]["content"]["headline"] == f"mine {turn}"
    assert one.value == two.value


async def test_a_frame_may_hold_several_messages(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 0})
    patches: list[dict[str, Any]] = [
        {"type": "patch", "id": f"p{n}", "base": 1, "ops": [replace("/n", n)]} for n in range(1, 4)
    ]
    client.sent.update({patch["id"]: patch["ops"] for patch in patches})
    await client.send(*patches, {"type": "ping", "at": 7})
    await client.until(lambda: {"type": "pong", "at": 7} in client.others)
    await client.answer("p3")
    assert [client.acks[f"p{n}"]["version"] for n in (1, 2, 3)] == [2, 3, 4]


# --- errors ---------------------------------------------------------------------------------


async def test_an_invalid_message_gets_an_error_and_the_connection_stays(
    join: Join, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"n": 0})
    await client.send({"type": "patch", "id": "bad", "ops": 3})
    assert (await client.answer("bad"))["code"] == "malformed"
    await client.send({"type": "nonsense", "id": "x"})
    await client.until(lambda: any(message["type"] == "error" for message in client.others))
    [error] = [message for message in client.others if message["type"] == "error"]
    assert (error["code"], error["retryable"]) == ("malformed", False)
    assert (await client.set("/n", 1))["type"] == "ack"


@pytest.mark.parametrize("frame", ["{", b"\x00", '{"type":"ping"} x', "[" * 3000])
async def test_garbage_after_open_closes_only_its_sender(
    join: Join, ada: str, bo: str, doc: str, frame: str | bytes
) -> None:
    one = await join(doc, ada, create={"n": 0})
    two = await join(doc, bo)
    await one.socket.send(frame)
    assert await one.until_closed() == 4400
    assert (await two.set("/n", 1))["type"] == "ack"


async def test_a_frame_beyond_the_limit_closes_with_1009(join: Join, ada: str, doc: str) -> None:
    client = await join(doc, ada, create={"n": 0})
    await client.socket.send("x" * (1 << 20) + "y")
    assert await client.until_closed() == 1009


# --- undo -----------------------------------------------------------------------------------


async def test_undo_and_redo_are_ordinary_changes(join: Join, ada: str, bo: str, doc: str) -> None:
    one = await join(doc, ada, create={"n": 0, "m": 0})
    two = await join(doc, bo)
    await one.set("/n", 1)
    await two.until_version(2)
    await two.set("/m", 5)
    await one.send({"type": "undo", "id": "u"})
    undone = await one.answer("u")
    assert undone["ops"] == [replace("/n", 0)]
    assert [(item["version"], item["pointers"]) for item in undone["undone"]] == [(2, ["/n"])]
    assert undone["skipped"] == []
    await two.until_version(4)
    assert (two.changes[-1]["kind"], two.value) == ("undo", {"n": 0, "m": 5})
    await one.send({"type": "redo", "id": "r"})
    await one.answer("r")
    assert one.value == {"n": 1, "m": 5}
    await one.send({"type": "redo", "id": "r2"})
    assert (await one.answer("r2"))["code"] == "nothing_to_undo"


# --- deletion -------------------------------------------------------------------------------


async def test_a_recreated_document_continues_its_versions_in_a_new_epoch(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    client = await join(doc, ada, create={"n": 0})
    await client.set("/n", 1)
    admin = await server.mint("root", Role.ADMIN)
    url = f"{server.http}/v1/docs/{doc}"
    assert call("DELETE", url, token=ada).status == 403
    assert call("DELETE", url, token=admin).status == 204
    assert await client.until_closed() == 4404
    assert call("GET", url, token=ada).status == 404
    again = await join(doc, ada, create={"new": True}, since={"epoch": 1, "version": 2})
    assert (again.version, again.value) == (3, {"new": True})
    assert again.opened["epoch"] > client.opened["epoch"]


async def test_a_patch_is_rebased_when_its_pipelines_base_has_left_the_tail(
    tmp_path: Path,
) -> None:
    """The tail is also limited in bytes, so the server reads older entries from the log."""
    with RunningServer(tmp_path, env=UNLIMITED) as server:
        token, other = await server.mint("ada"), await server.mint("bo")
        one = await PatchClient.connect(server.ws, "page", token, create={"n": 0, "s": [], "t": ""})
        two = await PatchClient.connect(server.ws, "page", other)
        first = await one.patch({"op": "add", "path": "/s/0", "value": "mine"})
        await one.answer(first)
        for number in range(60):
            await two.patch(replace("/t", f"{number} {'long ' * 20_000}"))
        await one.until_version(62)
        # The client has not raised `base`, so the first patch may still be unanswered.
        late = await one.answer(await one.patch(replace("/s/0", "still mine"), base=1))
        assert late["type"] == "ack", late
        again = await one.answer(await one.patch(replace("/n", 1), base=62))
        assert again["type"] == "ack", again
        await two.until_version(64)
        assert (two.value["n"], two.value["s"]) == (1, ["still mine"])
        await one.close()
        await two.close()
