"""Undo of named steps and of a given version, over real sockets and after kills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import Join, JoinYjs
from tests.live.http_client import Reply, call
from tests.patch_client import Message, PatchClient
from tests.running import RunningServer


def replace(path: str, value: Any) -> Message:
    return {"op": "replace", "path": path, "value": value}


def splice(path: str, text: str) -> Message:
    return {"op": "splice", "path": path, "offset": 0, "delete": 0, "insert": text}


async def turned(client: PatchClient, kind: str, id: str, **fields: Any) -> Message:
    """Send an undo or a redo. Return its answer."""
    client.sent[id] = []
    await client.send({"type": kind, "id": id, **fields})
    return await client.answer(id)


def versions(answer: Message) -> list[int]:
    return sorted(one["version"] for one in answer["undone"])


async def test_patches_of_one_step_are_undone_and_redone_together(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, client="one", create={"x": 0, "y": 0, "z": 0})
    two = await join(doc, ada, client="two")
    other = await join(doc, bo, client="one")
    for number in range(1, 4):
        await one.set("/x", number, step="drag")
        await two.set("/y", number)
        await other.set("/z", number, step="drag")
    taken = await turned(one, "undo", "u1")
    assert (versions(taken), one.value) == ([9], {"x": 3, "y": 2, "z": 3})
    taken = await turned(one, "undo", "u2")
    assert (versions(taken), one.value) == ([2, 5, 8], {"x": 0, "y": 2, "z": 3})
    assert taken["skipped"] == []
    back = await turned(one, "redo", "r1")
    assert (versions(back), one.value["x"]) == ([2, 5, 8], 3)


async def test_without_a_step_each_patch_is_one_and_splices_are_joined(
    join: Join, ada: str, doc: str
) -> None:
    one = await join(doc, ada, client="one", create={"x": 0, "t": ""}, accept=["splice"])
    for id in "abc":
        await one.patch(splice("/t", id), id=id)
    await one.until(lambda: "c" in one.acks)
    await one.set("/x", 1)
    await one.set("/x", 2)
    await one.patch(splice("/t", "named"), id="named", step="another")
    found = [versions(await turned(one, "undo", f"u{number}")) for number in range(4)]
    assert found == [[7], [6], [5], [2, 3, 4]]
    assert one.value == {"x": 0, "t": ""}


@pytest.mark.parametrize("step", ["", 7, "x" * 256, ["s"]])
async def test_a_step_name_has_the_rules_of_an_id(
    join: Join, ada: str, doc: str, step: Any
) -> None:
    client = await join(doc, ada, create={"x": 0})
    reject = await client.set("/x", 1, step=step)
    assert (reject["code"], client.value) == ("malformed", {"x": 0})
    assert (await client.set("/x", 1, step="é" * 255))["type"] == "ack"
    assert (await client.set("/x", 2, step=None))["type"] == "ack"


async def test_a_yjs_edit_and_a_request_over_http_are_steps_of_their_own(
    join: Join, join_yjs: JoinYjs, server: RunningServer, ada: str, doc: str
) -> None:
    client = await join(doc, ada, client="tab", create={"x": 0, "t": "a"}, accept=["splice"])
    url = f"{server.http}/v1/docs/{doc}"
    for number in (1, 2):
        reply = call("PATCH", url, [replace("/x", number)], token=ada, Weft_Client="other")
        assert reply.status == 200
    await client.until_version(3)
    peer = await join_yjs(doc, ada)
    await client.set("/x", 3, step="s")
    await peer.run("content.get('t').insert(1, 'b')")
    await client.until_version(5)
    await client.set("/x", 4, step="s")
    found = [versions(await turned(client, "undo", f"u{number}")) for number in range(4)]
    assert found == [[4, 6], [5], [3], [2]]


async def test_undo_of_a_version_takes_back_its_whole_step(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, client="one", create={"x": 0, "y": 0, "z": 0})
    other = await join(doc, bo)
    await one.set("/x", 1, step="drag")
    await one.set("/x", 2, step="drag")
    await one.set("/y", 1)
    await other.set("/z", 1)
    await one.until_version(5)
    taken = await turned(one, "undo", "u1", version=3)
    assert (versions(taken), one.value) == ([2, 3], {"x": 0, "y": 1, "z": 1})
    for number, version in enumerate((2, 3, 1, 5, 6, 999, 0, -1)):
        reject = await turned(one, "undo", f"none{number}", version=version)
        assert (reject["code"], reject["version"]) == ("nothing_to_undo", version)
        assert reject["retryable"] is False
    del one.acks["u1"]
    again = await turned(one, "undo", "u1", version=3)
    assert again == {**taken, "duplicate": True}
    back = await turned(one, "redo", "r1", version=2)
    assert (versions(back), one.value["x"]) == ([2, 3], 2)
    bad = await turned(one, "undo", "bad", version="3")
    assert bad["code"] == "malformed"
    assert (await turned(one, "undo", "u3", version=None))["type"] == "ack"


async def test_a_slow_reader_is_told_that_a_version_is_not_its_own(
    join: Join, ada: str, bo: str, doc: str
) -> None:
    slow = await join(doc, ada, create={"x": 0}, max_fps=2)
    other = await join(doc, bo)
    for number in range(1, 4):
        await other.set("/x", number)
    reject = await turned(slow, "undo", "u1", version=10**9)
    assert (reject["code"], reject["version"]) == ("nothing_to_undo", 10**9)
    await slow.until_version(4)


def refusal(reply: Reply) -> tuple[int, str, int | None]:
    return reply.status, reply.body["code"], reply.body.get("version")


def test_undo_of_a_version_over_http(server: RunningServer, ada: str, doc: str) -> None:
    url = f"{server.http}/v1/docs/{doc}"

    def ask(what: str, body: Any, key: str = "") -> Reply:
        return call("POST", f"{url}/{what}", body, token=ada, Idempotency_Key=key)

    call("PUT", url, {"x": 0, "y": 0}, token=ada)
    for path in ("/x", "/y"):
        call("PATCH", url, [replace(path, 1)], token=ada)
    taken = ask("undo", {"version": 2}, "k")
    assert (taken.body["version"], versions(taken.body)) == (4, [2])
    assert call("GET", url, token=ada).body == {"x": 0, "y": 1}
    assert refusal(ask("undo", {"version": 2})) == (409, "nothing_to_undo", 2)
    for version in (3, 0, -7, 10**30):
        refused = ask("redo", {"version": version})
        assert refusal(refused) == (409, "nothing_to_undo", version)
        assert refused.position == (1, 4)  # the headers name the newest version
    assert refusal(ask("undo", {"version": 3}, "k"))[:2] == (422, "id_reused")
    for bad in ("2", True, 2.5, [2]):
        assert refusal(ask("undo", {"version": bad}))[:2] == (400, "malformed")
    assert versions(ask("redo", {"version": 2}).body) == [2]
    assert versions(ask("undo", {"version": None}).body) == [2]


async def test_a_step_continues_after_the_server_was_killed(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = await server.mint("ada")
        for number in range(1, 5):
            tab = await PatchClient.connect(
                server.ws, "page", token, client="tab", create={"x": 0, "y": 0}
            )
            await tab.set("/x", number, step="drag")
            await tab.close()
            if number == 2:
                reply = call(
                    "PATCH", f"{server.http}/v1/docs/page", [replace("/y", 1)], token=token
                )
                assert reply.status == 200
            server.kill()
            server.start()
        tab = await PatchClient.connect(server.ws, "page", token, client="tab")
        taken = await turned(tab, "undo", "u", version=5)
        assert (versions(taken), tab.value) == ([2, 3, 5, 6], {"x": 0, "y": 1})
        await tab.close()
        server.kill()
        server.start()
        tab = await PatchClient.connect(server.ws, "page", token, client="tab")
        reject = await turned(tab, "undo", "again", version=6)
        assert (reject["code"], reject["version"]) == ("nothing_to_undo", 6)
        assert versions(await turned(tab, "redo", "r")) == [2, 3, 5, 6]
        assert tab.value == {"x": 4, "y": 1}
        await tab.close()
