"""Edit locks over HTTP, across a crash, and between two instances on one database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from collab.ids import DocKey
from collab.rights.user_rights import Role
from storage.store import SqlStore
from tests.live.conftest import Join
from tests.live.http_client import Reply, call
from tests.live.locking import HERO, PAGE, ask, hold, refused, until_heard
from tests.patch_client import Message, PatchClient
from tests.running import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    env = {"WEFT_TAKE_OVER_GRACE": "0.3"}
    with RunningServer(tmp_path_factory.mktemp("weft"), env=env) as running:
        yield running


class Script:
    """A script that requests the locks of one document."""

    def __init__(self, server: RunningServer, doc: str, token: str, client: str = "") -> None:
        self.url = f"{server.http}/v1/docs/{doc}"
        self.token = token
        self.client = client

    def locks(self) -> list[Any]:
        items: list[Any] = call("GET", f"{self.url}/locks", token=self.token).body["items"]
        return items

    def acquire(self, **body: Any) -> Reply:
        return call("POST", f"{self.url}/locks", body, token=self.token, Weft_Client=self.client)

    def act(self, lock_id: str, action: str, body: Any = None) -> Reply:
        address = f"{self.url}/locks/{lock_id}/{action}"
        raw = b"" if body is None else None
        return call("POST", address, body, raw=raw, token=self.token, Weft_Client=self.client)

    def patch(self, path: str, value: Any, fence: int | None = None) -> Reply:
        ops = [{"op": "replace", "path": path, "value": value}]
        if fence is None:
            return call("PATCH", self.url, ops, token=self.token, Weft_Client=self.client)
        named = {"token": self.token, "Weft_Client": self.client, "Weft_Fence": str(fence)}
        return call("PATCH", self.url, ops, raw=None, **named)


async def test_a_script_takes_renews_and_releases_a_lock(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    watcher = await join(doc, bo, create=PAGE)
    script = Script(server, doc, ada, "cron")
    made = script.acquire(scope=HERO, ttl=60)
    assert made.status == 201
    lock = made.body
    secret = lock.pop("secret")
    assert lock["holder"] == {"user": "ada", "name": "Ada", "client": "cron"}
    assert script.locks() == [lock]
    await until_heard(watcher, id=lock["id"])
    renewed = script.act(lock["id"], "renew", {"ttl": 600})
    assert (renewed.status, renewed.body["fence"]) == (200, lock["fence"])
    assert renewed.body["secret"] != secret
    assert script.act(lock["id"], "renew").status == 200
    done = script.act(lock["id"], "release")
    assert (done.status, done.body["holder"], done.body["reason"]) == (200, None, "released")
    await until_heard(watcher, id=lock["id"], holder=None)
    assert script.locks() == []
    assert script.act(lock["id"], "renew").body["code"] == "stale_lock"


async def test_http_patches_and_puts_are_refused_under_a_lock(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    lock = (await hold(one))["lock"]
    script = Script(server, doc, bo)
    reply = script.patch(f"{HERO}/headline", "Mine")
    assert (reply.status, reply.body["code"], reply.body["lock"]) == (423, "locked", lock)
    assert script.patch("/title", "Free").status == 200
    put = call("PUT", script.url, {"title": "x"}, token=bo, If_Match='"1.2"')
    assert put.status == 423
    assert call("POST", f"{script.url}/restore", {"version": 1}, token=bo).status in (200, 403)
    other_tab = Script(server, doc, ada, "elsewhere")
    assert other_tab.patch(f"{HERO}/headline", "x").status == 423
    assert script.patch("/title", "x", lock["fence"]).status == 409


async def test_a_script_writes_with_the_fence_of_its_own_lock(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    await join(doc, ada, create=PAGE)
    script = Script(server, doc, bo, "cron")
    lock = script.acquire(scope=HERO).body
    assert script.patch(f"{HERO}/headline", "One", lock["fence"]).status == 200
    script.act(lock["id"], "release")
    stale = script.patch(f"{HERO}/headline", "Two", lock["fence"])
    assert (stale.status, stale.body["code"]) == (409, "stale_lock")


async def test_a_lock_changes_hands_between_a_script_and_a_client(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    lock = (await hold(one))["lock"]
    script = Script(server, doc, bo, "cron")
    claimed = script.act(lock["id"], "take-over")
    assert (claimed.status, claimed.body["claimed_by"]["client"]) == (200, "cron")
    await ask(one, "release", lock_id=lock["id"])
    [mine] = script.locks()
    assert mine["holder"]["client"] == "cron"
    await ask(one, "take_over", lock_id=mine["id"])
    kept = script.act(mine["id"], "keep")
    assert kept.status == 200
    assert "claimed_by" not in kept.body


@pytest.mark.parametrize("media_type", ["text/plain;charset=UTF-8", "", "application/json"])
async def test_a_beacon_releases_a_lock_by_its_secret_with_any_media_type(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str, media_type: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    two = await join(doc, bo)
    first = await hold(one)
    latest = await ask(one, "renew", lock_id=first["lock"]["id"])
    script = Script(server, doc, "")
    lock_id = first["lock"]["id"]
    address = f"{script.url}/locks/{lock_id}/release"
    for wrong in (first["secret"][:-1], "demo.", "other." + first["secret"][5:], "x", ""):
        assert script.act(lock_id, "release", {"secret": wrong}).status == 404
    assert (
        call("POST", address, {"secret": latest["secret"]}, Content_Type=media_type).status == 200
    )
    await until_heard(two, id=lock_id, holder=None, reason="released")
    assert script.act(lock_id, "release", {"secret": latest["secret"]}).status == 404


async def test_the_trail_has_the_address_and_the_refusals_of_lock_requests(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE, client="tab-1")
    two = await join(doc, bo, client="tab-2")
    script = Script(server, doc, bo, "cron")
    script.acquire(scope="/title")
    ack = await hold(one)
    assert (await ask(two, "acquire", scope=HERO))["code"] == "locked"
    assert (await ask(two, "release", scope=HERO))["code"] == "locked"
    script.act(ack["lock"]["id"], "release", {"secret": ack["secret"]})
    admin = await server.mint("eve", Role.ADMIN)
    items = call("GET", f"{script.url}/audit", token=admin).body["items"]
    told = [item for item in items if "lock" in item["action"]]
    assert all(item["origin"].startswith("127.0.0.1:") for item in told)
    assert [
        (item["actor"], item["action"], item["outcome"], item["detail"].get("client"))
        for item in reversed(told)
    ] == [
        ("bo", "lock", "ok", "cron"),
        ("ada", "lock", "ok", "tab-1"),
        ("bo", "lock", "locked", "tab-2"),
        ("bo", "unlock", "locked", "tab-2"),
        ("ada", "unlock", "ok", "tab-1"),
    ]


async def test_lock_requests_without_the_right_are_refused_over_http(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    one = await join(doc, ada, create=PAGE)
    lock = (await hold(one))["lock"]
    viewer = Script(server, doc, await server.mint("vi", Role.VIEWER))
    assert viewer.locks() == [lock]
    assert viewer.acquire(scope="/title").status == 403
    assert viewer.act(lock["id"], "take-over").status == 403
    nobody = Script(server, doc, "")
    assert nobody.acquire(scope="/title").status == 401
    assert nobody.act(lock["id"], "release").status == 401
    stranger = Script(server, doc, await server.mint("st", tenant="other"))
    assert stranger.acquire(scope="/title").status == 404
    assert stranger.act(lock["id"], "renew").status == 404
    editor = Script(server, doc, ada)
    for action in ("renew", "release", "take-over", "keep"):
        assert editor.act("l-777", action).status == 404
    assert editor.act(lock["id"], "steal").status == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"{}", b'{"scope":7}', b'{"scope":"","ttl":"x"}', b'{"scope":"a"}',
     b'{"scope":"","base":-5}', b'{"scope":"","base":1e9}', b"\xff", b"[" * 5000],
)  # fmt: skip
async def test_hostile_bodies_are_refused(
    server: RunningServer, join: Join, ada: str, doc: str, body: bytes
) -> None:
    await join(doc, ada, create=PAGE)
    url = f"{server.http}/v1/docs/{doc}/locks"
    assert call("POST", url, raw=body, token=ada).status in (400, 409, 422)
    assert call("POST", f"{url}/l-1/release", raw=body or b"7").status in (400, 401, 413)
    assert (
        call("POST", f"{url}/l-1/release", raw=b'{"secret":"' + b"x" * 9000 + b'"}').status == 413
    )


def test_l9_locks_survive_kill_9(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        ada, bo = server.token("ada"), server.token("bo")
        before = asyncio.run(_hold_and_kill(server, ada))
        server.start()
        asyncio.run(_find_it_standing(server, ada, bo, before))


async def _hold_and_kill(server: RunningServer, token: str) -> Any:
    """Acquire a lock, move its section, and kill the server."""
    one = await PatchClient.connect(server.ws, "page", token, create=PAGE, client="tab-1")
    ack = await hold(one)
    add = {"op": "add", "path": "/sections/0", "value": {"id": "new"}}
    await one.answer(await one.patch(add))
    server.kill()
    await one.close()
    return ack


def test_opened_lists_no_expired_lock_after_a_crash(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path) as server:
        token = server.token("ada")
        asyncio.run(_hold_and_kill(server, token))
        asyncio.run(_end_all(server.database))
        server.start()
        assert asyncio.run(_greeting(server, token))["locks"] == []


async def _end_all(database: str) -> None:
    """Set all locks to expired, as if the server had been down for longer than their `ttl`."""
    store = SqlStore(database)
    await store.start()
    key = DocKey("demo", "page")
    revision, locks = await store.locks(key)
    over = [replace(lock, expires_at=1) for lock in locks]
    assert over
    assert await store.save_locks(key, revision=revision, put=over, drop=[])
    await store.close()


async def _greeting(server: RunningServer, token: str) -> Message:
    client = await PatchClient.connect(server.ws, "page", token)
    await client.close()
    return client.opened


async def _find_it_standing(server: RunningServer, ada: str, bo: str, before: Any) -> None:
    one = await PatchClient.connect(server.ws, "page", ada, client="tab-1")
    two = await PatchClient.connect(server.ws, "page", bo)
    assert one.opened["locks"] == [{**before["lock"], "scope": "/sections/1"}]
    assert (await refused(two, "/sections/1/headline", "Mine"))["code"] == "locked"
    assert (await two.set("/sections/0/id", "newer"))["type"] == "ack"
    await one.until_version(3)
    held = await one.set("/sections/1/headline", "Held", fence=before["lock"]["fence"])
    assert held["type"] == "ack"
    script = Script(server, "page", "")
    done = script.act(before["lock"]["id"], "release", {"secret": before["secret"]})
    assert done.status == 200
    await until_heard(two, id=before["lock"]["id"], holder=None)
    await one.close()
    await two.close()


def test_a_lock_taken_at_one_instance_holds_at_another(tmp_path: Path, postgres_url: str) -> None:
    first = RunningServer(tmp_path, database=postgres_url)
    with first, RunningServer(tmp_path, database=first.database) as second:
        asyncio.run(_lock_across(first, second, first.token("ada"), first.token("bo")))


async def _lock_across(first: RunningServer, second: RunningServer, ada: str, bo: str) -> None:
    one = await PatchClient.connect(first.ws, "page", ada, create=PAGE)
    two = await PatchClient.connect(second.ws, "page", bo)
    lock = (await hold(one))["lock"]
    assert (await refused(two, f"{HERO}/headline", "Mine"))["code"] == "locked"
    await until_heard(two, id=lock["id"])
    assert (await ask(two, "acquire", scope=HERO))["code"] == "locked"
    mine = (await hold(two, "/sections/1"))["lock"]
    assert mine["fence"] > lock["fence"]
    released = await ask(one, "release", lock_id=lock["id"])
    assert released["type"] == "ack"
    await until_heard(one, id=mine["id"])
    assert (await refused(one, "/sections/1/headline", "x"))["code"] == "locked"
    assert (await two.set(f"{HERO}/headline", "Free"))["type"] == "ack"
    await one.close()
    await two.close()
