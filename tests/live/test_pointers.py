"""An invalid JSON Pointer gets the same code in every request."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from collab.rights.user_rights import Role
from tests.live.conftest import Join
from tests.live.http_client import Reply, call
from tests.live.locking import PAGE
from tests.patch_client import Message
from tests.running import RunningServer

BAD = ["title", "/a~", "/~2", "/a/~x/b", "#/title", "title/", "~0", " /title"]
NOT_TEXT: list[Any] = [7, None, ["title"]]


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> str:
    """An admin with a document called `page`."""
    token = server.token("root", Role.ADMIN)
    assert call("PUT", f"{server.http}/v1/docs/page", PAGE, token=token).status == 201
    return token


def check(reply: Reply, pointer: Any) -> None:
    said = reply.body
    path = pointer if isinstance(pointer, str) else ""
    assert (reply.status, said["code"], said["path"]) == (400, "malformed", path)


@pytest.mark.parametrize("pointer", BAD)
def test_a_part_of_a_document(server: RunningServer, admin: str, pointer: str) -> None:
    for address in ("page?", "page?at=1&"):
        url = f"{server.http}/v1/docs/{address}pointer={quote(pointer)}"
        check(call("GET", url, token=admin), pointer)
    check(call("GET", url, token=admin, If_None_Match="*"), pointer)


@pytest.mark.parametrize("pointer", [*BAD, *NOT_TEXT])
@pytest.mark.parametrize(
    ("address", "name", "more"),
    [("undo", "scope", {}), ("redo", "scope", {}), ("restore", "pointer", {"version": 1})],
)
def test_a_body_over_http(
    server: RunningServer, admin: str, address: str, name: str, more: Message, pointer: Any
) -> None:
    url = f"{server.http}/v1/docs/page/{address}"
    check(call("POST", url, {name: pointer, **more}, token=admin), pointer)


@pytest.mark.parametrize("pointer", BAD)
def test_a_lock_over_http(server: RunningServer, admin: str, pointer: str) -> None:
    check(
        call("POST", f"{server.http}/v1/docs/page/locks", {"scope": pointer}, token=admin), pointer
    )


async def test_messages_of_the_patch_lane(join: Join, admin: str) -> None:
    client = await join("page", admin)
    for number, pointer in enumerate(BAD):
        for kind in ("undo", "redo", "lock"):
            named = f"{kind}.{number}"
            asked = {"type": kind, "id": named, "scope": pointer}
            await client.send({**asked, "action": "acquire"} if kind == "lock" else asked)
            reject = await client.answer(named)
            assert (reject["code"], reject["path"]) == ("malformed", pointer)


async def test_an_operation_with_a_member_twice_is_an_invalid_patch(
    server: RunningServer, join: Join, admin: str
) -> None:
    ops = '[{"op": "add", "path": "/first", "path": "/second", "value": 1}]'
    client = await join("page", admin)
    before = client.version
    await client.socket.send(f'{{"type": "patch", "id": "twice", "base": 1, "ops": {ops}}}')
    reject = await client.answer("twice")
    assert (reject["code"], reject["op"], reject["path"]) == ("invalid_patch", 0, "/second")
    url = f"{server.http}/v1/docs/page"
    reply = call("PATCH", url, raw=ops.encode(), token=admin)
    assert (reply.status, reply.body["code"], reply.body["op"]) == (422, "invalid_patch", 0)
    assert (await client.set("/title", "Landing page"))["version"] == before + 1


@pytest.mark.parametrize("name", ["path", "from"])
async def test_in_an_operation_it_is_an_invalid_patch(
    server: RunningServer, join: Join, admin: str, name: str
) -> None:
    client = await join("page", admin)
    test = {"op": "test", "path": "/sections/0/id", "value": "hero"}
    for pointer in BAD:
        op = {"op": "copy", "path": "/copied", "from": "/title", name: pointer}
        reject = await client.answer(await client.patch(test, op))
        told = (reject["code"], reject["op"], reject["path"])
        assert told == ("invalid_patch", 1, op["path"])
        reply = call("PATCH", f"{server.http}/v1/docs/page", [test, op], token=admin)
        told = (reply.body["code"], reply.body["op"], reply.body["path"])
        assert (reply.status, told) == (422, ("invalid_patch", 1, op["path"]))
