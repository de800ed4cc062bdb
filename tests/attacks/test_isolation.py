"""Without the right to see a document, it looks absent; without the right to write, it stays."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import Route

from collab.rights.user_rights import Role
from server.routes import routes
from tests.attacks.attacker import Intruder, close_code
from tests.live.http_client import Reply, call
from tests.running import RunningServer

SECRET, NEVER = "secret-plan", "never-was-it"
CANARY = "canary-7e1f"
# These routes create an absent document; every other route needs an existing one.
MAKERS = {("PUT", "/v1/docs/{doc}"), ("POST", "/v1/docs/{doc}/import")}
BODY = {"name": "x", "version": 1, "scope": "/a", "ttl": 5, "pointer": "/a", "body": "x"}


def addresses() -> Iterator[tuple[str, str]]:
    """Return every method of every route that names a document of the token's tenant."""
    for route in routes():
        if isinstance(route, Route) and route.path.startswith("/v1/docs/{doc}"):
            for method in sorted(route.methods or ()):
                yield method, route.path


def ask(server: RunningServer, method: str, path: str, doc: str, token: str) -> Reply:
    path = path.replace("{doc}", doc).replace("{version}", "1")
    path = re.sub(r"\{\w+\}", "l-1", path)
    body: Any = BODY
    if path == f"/v1/docs/{doc}" and method == "PATCH":
        body = [{"op": "replace", "path": "/a", "value": "stolen"}]
    query = "?from=1&to=1" if path.endswith("/diff") else ""
    body = None if method in ("GET", "HEAD") else body
    return call(method, f"{server.http}{path}{query}", body, token=token)


@pytest.fixture(scope="module")
def secret(server: RunningServer) -> str:
    """Create a document of `demo` with some history. Return it with an admin's token."""
    admin = server.token("owner", Role.ADMIN)
    url = f"{server.http}/v1/docs/{SECRET}"
    assert call("PUT", url, {"a": CANARY}, token=admin).status == 201
    assert call("PATCH", url, [{"op": "add", "path": "/b", "value": CANARY}], token=admin).body
    call("POST", f"{url}/versions", {"name": CANARY}, token=admin)
    call("POST", f"{url}/locks", {"scope": "/a"}, token=admin)
    return admin


def assert_not_there(server: RunningServer, token: str, *, same_tenant: bool) -> None:
    for method, path in addresses():
        if (method, path) in MAKERS:
            continue
        if path.endswith("/audit") and not same_tenant:
            # A refusal is in the audit trail of the token's tenant, whatever document it names.
            assert CANARY not in ask(server, method, path, SECRET, token).raw.decode()
            continue
        found = ask(server, method, path, SECRET, token)
        never = ask(server, method, path, NEVER, token)
        assert found.status == never.status != 403, (method, path, found)
        assert found.raw.replace(SECRET.encode(), NEVER.encode()) == never.raw, (method, path)
        assert not 200 <= found.status < 300, (method, path, found)


def test_another_tenants_document_looks_absent(server: RunningServer, secret: str) -> None:
    stranger = server.token("owner", Role.ADMIN, tenant="elsewhere")
    assert_not_there(server, stranger, same_tenant=False)
    listed = call("GET", f"{server.http}/v1/docs", token=stranger)
    assert listed.body["items"] == []


async def test_a_document_outside_the_tokens_globs_looks_absent(
    server: RunningServer, secret: str
) -> None:
    token = await server.mint("guest", Role.ADMIN, docs=("public-*", "secret"))
    await asyncio.to_thread(assert_not_there, server, token, same_tenant=True)
    for method, path in MAKERS:
        assert ask(server, method, path, SECRET, token).status == 404
    listed = await asyncio.to_thread(call, "GET", f"{server.http}/v1/docs", token=token)
    assert SECRET not in str(listed.body)


def test_a_viewer_changes_nothing_by_any_address(server: RunningServer, secret: str) -> None:
    viewer = server.token("viewer", Role.VIEWER)
    url = f"{server.http}/v1/docs/{SECRET}"
    before = call("GET", url, token=secret), call("GET", f"{url}/locks", token=secret)
    for method, path in addresses():
        if method not in ("GET", "HEAD"):
            reply = ask(server, method, path, SECRET, viewer)
            assert 400 <= reply.status < 500, (method, path, reply)
    after = call("GET", url, token=secret), call("GET", f"{url}/locks", token=secret)
    assert [one.raw for one in before] == [one.raw for one in after]


async def test_a_viewer_changes_nothing_by_any_message(server: RunningServer, secret: str) -> None:
    one = await Intruder.open(server, SECRET, await server.mint("viewer", Role.VIEWER))
    ops = [{"op": "replace", "path": "/a", "value": 1}]
    await one.say(
        {"type": "patch", "id": "1", "base": one.opened["version"], "ops": ops},
        {"type": "undo", "id": "2"},
        {"type": "redo", "id": "3"},
        *(
            {"type": "lock", "id": str(4 + n), "action": action, "scope": "/b", "lock_id": "l-1"}
            for n, action in enumerate(("acquire", "renew", "release", "take_over", "keep"))
        ),
    )
    answers = await one.hear(*(str(n) for n in range(1, 9)))
    codes = {answers[str(n)].get("code") for n in range(1, 9)}
    assert codes == {"forbidden"}
    await one.close()


async def test_a_secret_reaches_only_its_owner(server: RunningServer, secret: str) -> None:
    holder = await Intruder.open(server, SECRET, secret)
    await holder.say({"type": "lock", "id": "k", "action": "acquire", "scope": "/b", "base": 2})
    told = (await holder.hear("k"))["k"]["secret"]
    other = await Intruder.open(server, SECRET, await server.mint("other"))
    url = f"{server.http}/v1/docs/{SECRET}"
    seen = [str(other.opened)]
    for path in ("/locks", "/presence", "/audit", "/versions", "/export"):
        reply = await asyncio.to_thread(call, "GET", url + path, token=secret)
        seen.append(reply.raw.decode())
    assert told.partition(".")[2] not in "".join(seen)
    await holder.close()
    await other.close()


async def test_an_idempotency_key_belongs_to_one_user(server: RunningServer) -> None:
    url = f"{server.http}/v1/docs/keys"
    tokens = [await server.mint(user) for user in ("ada", "bo")]
    call("PUT", url, {"n": -1}, token=tokens[0])
    replies = [
        call(
            "PATCH",
            url,
            [{"op": "replace", "path": "/n", "value": number}],
            token=token,
            Idempotency_Key="the-same",
        )
        for number, token in (*enumerate(tokens), *enumerate(tokens))
    ]
    assert [reply.body["version"] for reply in replies] == [2, 3, 2, 3]
    assert [reply.body.get("duplicate", False) for reply in replies] == [False, False, True, True]


async def test_a_downgraded_role_can_no_longer_write(server: RunningServer) -> None:
    one = await Intruder.open(server, "downgraded", await server.mint("ada"), create={"n": 0})
    viewer = await server.mint("ada", Role.VIEWER)
    await one.say({"type": "token", "token": viewer})
    assert (await one.until("notice"))["code"] == "token_accepted"
    ops = [{"op": "replace", "path": "/n", "value": 1}]
    await one.say(*({"type": "patch", "id": f"p{n}", "base": 1, "ops": ops} for n in range(50)))
    answers = await one.hear(*(f"p{n}" for n in range(50)))
    assert answers["p0"]["code"] == "forbidden"
    assert all(answer["type"] == "reject" for answer in answers.values())
    await one.close()


async def test_an_expired_token_can_no_longer_write(server: RunningServer) -> None:
    """This holds with many pending edits, and for requests over HTTP."""
    token = await server.mint("ada", seconds=2)
    one = await Intruder.open(server, "expired", token, create={"n": 0})
    ops = [{"op": "replace", "path": "/n", "value": 1}]
    assert await close_code(one.socket) == 4401
    url = f"{server.http}/v1/docs/expired"
    replies = [call("PATCH", url, ops, token=token).status for _ in range(50)]
    assert set(replies) == {401}
    again = await Intruder.open(server, "expired", await server.mint("ada"))
    assert again.opened["value"] == {"n": 0}
    await again.close()
