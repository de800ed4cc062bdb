"""Share links against a real server: what their tokens may do, and how they end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.live.conftest import Join, JoinYjs
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.running import RunningServer

PAGE = {"title": "Hello"}


class Sharing:
    """One document, and requests about its share links."""

    def __init__(self, server: RunningServer, doc: str, token: str) -> None:
        self.docs = f"{server.http}/v1/docs"
        self.url = f"{self.docs}/{doc}"
        self.token = token
        call("PUT", self.url, PAGE, token=token)

    def make(self, role: str = "viewer", **more: Any) -> Reply:
        return call("POST", f"{self.url}/share", {"role": role, **more}, token=self.token)

    def end(self, id: str, token: str = "") -> Reply:
        return call("DELETE", f"{self.url}/share/{id}", token=token or self.token)

    def ids(self) -> list[str]:
        items = call("GET", f"{self.url}/share", token=self.token).body["items"]
        return [one["id"] for one in items]

    def get(self, path: str, token: str) -> Reply:
        return call("GET", f"{self.url}{path}", token=token)


@pytest.fixture
def sharing(server: RunningServer, ada: str, doc: str) -> Sharing:
    return Sharing(server, doc, ada)


def test_an_editor_makes_lists_and_ends_a_link(sharing: Sharing) -> None:
    made = sharing.make()
    assert (made.status, made.position) == (201, (1, 1))
    assert made.headers["cache-control"] == "no-store"
    link = made.body
    doc = sharing.url.rpartition("/")[2]
    assert link["url"] == f"/preview/{doc}#token={link['token']}"
    assert sharing.make("commenter").body["url"].startswith(f"/edit/{doc}#token=")
    assert sharing.ids()[0] == link["id"]
    assert sharing.get("", link["token"]).body == PAGE
    ended = sharing.end(link["id"])
    assert (ended.status, ended.position) == (204, (1, 1))
    assert sharing.get("", link["token"]).status == 401
    assert sharing.end(link["id"]).status == 404
    assert link["id"] not in sharing.ids()


def test_a_link_reads_one_document_and_does_nothing_else(
    server: RunningServer, sharing: Sharing, ada: str
) -> None:
    other = Sharing(server, "another", ada)
    for role in ("viewer", "commenter"):
        token = sharing.make(role).body["token"]
        assert sharing.get("/versions", token).status == 200
        assert other.get("", token).status == 404
        assert call("GET", sharing.docs, token=token).body["code"] == "forbidden"
        assert call("POST", f"{sharing.url}/share", {"role": "viewer"}, token=token).status == 403
        assert sharing.get("/share", token).status == 403
        ops = [{"op": "replace", "path": "/title", "value": "x"}]
        assert call("PATCH", sharing.url, ops, token=token).status == 403


@pytest.mark.parametrize(
    "body", [{}, {"role": "editor"}, {"role": ["viewer"]}, {"role": "viewer", "ttl": 0}]
)
def test_a_wrong_request_is_malformed(sharing: Sharing, body: Any) -> None:
    reply = call("POST", f"{sharing.url}/share", body, token=sharing.token)
    assert (reply.status, reply.body["code"]) == (400, "malformed")


def test_only_an_editor_of_the_tenant_may_share(server: RunningServer, sharing: Sharing) -> None:
    id = sharing.make().body["id"]
    commenter = server.token("cy", role=Role.COMMENTER)
    stranger = server.token("eve", role=Role.ADMIN, tenant="acme")
    for token, status in ((commenter, 403), (stranger, 404)):
        share = {"role": "viewer"}
        assert call("POST", f"{sharing.url}/share", share, token=token).status == status
        assert sharing.get("/share", token).status == status
        assert sharing.end(id, token).status == status
    assert sharing.ids() == [id]


async def test_an_ended_link_closes_its_connections_with_4403(
    sharing: Sharing, join: Join, doc: str
) -> None:
    first, second = sharing.make().body, sharing.make().body
    ended = await join(doc, first["token"])
    kept = await join(doc, second["token"])
    await asyncio.to_thread(sharing.end, first["id"])
    assert await ended.until_closed() == 4403
    sharing_ops = [{"op": "replace", "path": "/title", "value": "Hi"}]
    await asyncio.to_thread(call, "PATCH", sharing.url, sharing_ops, token=sharing.token)
    await kept.until_version(2)
    assert sharing.get("", first["token"]).status == 401


async def test_an_ended_link_closes_a_yjs_client_too(
    sharing: Sharing, join_yjs: JoinYjs, doc: str
) -> None:
    link = sharing.make().body
    peer = await join_yjs(doc, link["token"])
    await peer.until_equals("/title", "Hello")
    await asyncio.to_thread(sharing.end, link["id"])
    assert await peer.closed() == 4403


def test_the_audit_trail_has_who_shared_and_who_ended(
    server: RunningServer, sharing: Sharing
) -> None:
    id = sharing.make().body["id"]
    sharing.end(id)
    admin = server.token("root", role=Role.ADMIN)
    rows = call("GET", f"{sharing.url}/audit", token=admin).body["items"]
    done = [(row["actor"], row["action"]) for row in rows if row["detail"].get("link") == id]
    assert done == [("ada", "unshare"), ("ada", "share")]


async def test_a_deleted_document_ends_its_links(
    server: RunningServer, sharing: Sharing, join: Join, doc: str
) -> None:
    link = sharing.make().body
    reader = await join(doc, link["token"])
    admin = await server.mint("root", Role.ADMIN)
    await asyncio.to_thread(call, "DELETE", sharing.url, token=admin)
    assert await reader.until_closed() == 4404
    call("PUT", sharing.url, PAGE, token=sharing.token)
    assert sharing.ids() == []
    assert sharing.get("", link["token"]).status == 401


async def test_another_instance_closes_the_connections_of_an_ended_link(
    tmp_path: Path, postgres_url: str
) -> None:
    first = RunningServer(tmp_path, database=postgres_url)
    with first, RunningServer(tmp_path, database=postgres_url) as second:
        sharing = Sharing(first, "home", await first.mint("ada"))
        link = sharing.make().body
        elsewhere = Sharing(second, "home", sharing.token)
        assert elsewhere.get("", link["token"]).body == PAGE
        reader = await PatchClient.connect(second.ws, "home", link["token"])
        sharing.end(link["id"])
        assert await reader.until_closed() == 4403
        await reader.close()
