"""What a running server reports: metrics, the figures of the status page, the audit trail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from collab.rights.user_rights import Role
from tests.live.conftest import Join
from tests.live.http_client import Reply, call
from tests.live.locking import ask, hold
from tests.patch_client import PatchClient
from tests.running import RunningServer

METRICS_TOKEN = "prometheus-and-nobody-else"
WEFT = Subprotocol("weft.v1")
LONG = "a long line of text that changes often " * 250


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    env = {
        "WEFT_METRICS_TOKEN": METRICS_TOKEN,
        "WEFT_IN_BYTES_PER_SECOND": "0",
        "WEFT_IN_MESSAGES_PER_SECOND": "0",
    }
    with RunningServer(tmp_path_factory.mktemp("weft"), env=env) as running:
        yield running


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> str:
    return server.token("root", Role.ADMIN)


class Scrape:
    """The samples of one scrape of /metrics."""

    def __init__(self, server: RunningServer) -> None:
        reply = call("GET", f"{server.http}/metrics", token=METRICS_TOKEN)
        assert reply.status == 200
        self.text = reply.raw.decode()
        self._samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self._samples[name, tuple(sorted(labels.items()))]

    def since(self, before: Scrape) -> Callable[..., float]:
        """Return how much a series has grown since the scrape."""
        return lambda name, **labels: self(name, **labels) - before(name, **labels)


def status(server: RunningServer, token: str = "", since: int = 0) -> Reply:
    return call("GET", f"{server.http}/status.json?since={since}", token=token)


async def trail(server: RunningServer, doc: str, admin: str, query: str = "") -> Any:
    url = f"{server.http}/v1/docs/{doc}/audit{query}"
    reply = await asyncio.to_thread(lambda: call("GET", url, token=admin))
    assert reply.status == 200, reply.raw
    return reply.body


# --- metrics --------------------------------------------------------------------------------


def test_metrics_need_the_metrics_token_not_a_users(server: RunningServer, admin: str) -> None:
    for token in ("", admin, METRICS_TOKEN + "x"):
        reply = call("GET", f"{server.http}/metrics", token=token)
        assert (reply.status, reply.body["code"]) == (401, "unauthenticated")


async def test_an_edit_shows_in_the_metrics(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    before = Scrape(server)
    one = await join(doc, ada, create={"title": "Hello"})
    two = await join(doc, bo)
    await one.set("/title", "Hi")
    await one.set("/nowhere/at/all", 1)
    await two.until_version(2)
    after = Scrape(server)
    grown = after.since(before)
    assert grown("weft_edits_total", lane="patch", outcome="accepted") == 2  # plus the creation
    assert grown("weft_edits_total", lane="patch", outcome="refused") == 1
    assert grown("weft_refusals_total", lane="patch", code="path_not_found") == 1
    assert grown("weft_edit_seconds_count", stage="sent") == 2
    assert grown("weft_commits_total", outcome="committed") == 2
    assert grown("weft_sent_bytes_total", lane="patch") > 200
    assert grown("weft_received_bytes_total", lane="patch") > 200
    assert grown("weft_connections", lane="patch") == 2
    assert grown("weft_presence") == 2
    assert after("weft_commit_seconds_sum") > before("weft_commit_seconds_sum")


async def test_a_websocket_refused_before_the_upgrade_is_counted(server: RunningServer) -> None:
    before = Scrape(server)
    for path, origin, code in (
        ("/v1/docs/home/live", "https://evil.example", "forbidden"),
        ("/v1/nowhere", None, "not_found"),
    ):
        with pytest.raises(InvalidStatus):
            await connect(f"{server.ws}{path}", origin=Origin(origin) if origin else None)
        grown = Scrape(server).since(before)
        assert grown("weft_refusals_total", lane="http", code=code) == 1


async def test_a_disconnect_counts_by_its_code(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    before = Scrape(server)
    client = await join(doc, ada, create={})
    await client.send({"type": "token", "token": "no.token.at-all"})
    assert await client.until_closed() == 4401
    after = Scrape(server)
    labels = {"lane": "patch", "code": "4401"}
    assert (
        after("weft_disconnects_total", **labels) == before("weft_disconnects_total", **labels) + 1
    )


async def test_the_metrics_contain_no_user_input(
    server: RunningServer, join: Join, doc: str
) -> None:
    token = await server.mint("canary-user")
    client = await join(doc, token, create={"canary-key": "canary-text"}, client="canary-tab")
    await client.set("/canary-key", "canary-more")
    text = Scrape(server).text
    assert "canary" not in text
    assert doc not in text
    assert "demo" not in text


# --- status ---------------------------------------------------------------------------------


def test_the_status_figures_are_for_admins(server: RunningServer, ada: str, admin: str) -> None:
    assert status(server).status == 401
    assert status(server, ada).status == 403
    assert status(server, admin).status == 200


async def test_a_slow_reader_is_listed_first_with_the_reason(
    server: RunningServer, join: Join, ada: str, bo: str, admin: str, doc: str
) -> None:
    writer = await join(doc, ada, create={"text": ""})
    slow = await join(doc, bo, read=False)
    slow.socket.transport.pause_reading()
    await _fill(writer, 700)
    report = status(server, admin).body
    first = report["connections"][0]
    assert (first["user"], first["doc"], first["cause"]) == ("bo", doc, "socket")
    assert first["behind"]["versions"] > 50
    assert first["behind"]["bytes"] > 500_000
    [listed] = [each for each in report["documents"] if each["doc"] == doc]
    assert (listed["connections"], listed["behind"], listed["version"]) == (2, 1, 701)
    metrics = Scrape(server)
    assert metrics("weft_readers_behind", lane="patch") == 1
    assert metrics("weft_stalls_total", lane="patch", cause="socket") >= 1
    assert metrics("weft_backpressure_notices_total", direction="out") >= 1


async def _fill(writer: PatchClient, edits: int) -> None:
    for number in range(edits):
        await writer.set("/text", f"{number} {LONG}")


async def test_an_admin_sees_only_the_own_tenants_documents_and_users(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    await join(doc, ada, create={})
    stranger = await server.mint("eve", Role.ADMIN, tenant="rival")
    report = status(server, stranger).body
    assert (report["documents"], report["connections"]) == ([], [])
    url = f"{server.http}/v1/docs/{doc}/audit"
    assert call("GET", url, token=stranger).status == 404


def test_only_new_samples_are_sent(server: RunningServer, admin: str) -> None:
    first = status(server, admin).body["samples"]["at"]
    last = first[-1] if first else 0
    again = status(server, admin, since=last).body["samples"]["at"]
    assert all(at > last for at in again)


def test_the_root_address_is_the_list_of_pages(server: RunningServer) -> None:
    found = call("GET", f"{server.http}/")
    assert (found.status, b"<title>Pages" in found.raw) == (200, True)


def test_the_page_is_public_and_runs_only_its_own_script(server: RunningServer) -> None:
    page = call("GET", f"{server.http}/status")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    script = call("GET", f"{server.http}/static/status/status.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    again = call(
        "GET", f"{server.http}/static/status/status.js", If_None_Match=script.headers["etag"]
    )
    assert (again.status, again.raw) == (304, b"")


@pytest.mark.parametrize(
    "path", ["../server/app.py", "..%2fserver%2fapp.py", "status", ".", "no.js"]
)
def test_only_the_pages_files_are_served(server: RunningServer, path: str) -> None:
    assert call("GET", f"{server.http}/static/{path}").status == 404


# --- the audit trail ------------------------------------------------------------------------


async def test_the_trail_has_user_action_and_address(
    server: RunningServer, join: Join, ada: str, admin: str, doc: str
) -> None:
    client = await join(doc, ada, create={"n": 0}, client="tab-1")
    await client.set("/n", 1)
    await client.set("/nowhere/at/all", 1)
    await client.close()
    items = (await trail(server, doc, admin))["items"]
    told = [(item["actor"], item["action"], item["outcome"]) for item in items]
    assert set(told) >= {
        ("ada", "create", "ok"),
        ("ada", "edit", "ok"),
        ("ada", "edit", "path_not_found"),
        ("ada", "open", "ok"),
    }
    [edit] = [item for item in items if (item["action"], item["outcome"]) == ("edit", "ok")]
    assert edit["version"] == 2
    assert edit["origin"].startswith("127.0.0.1:")
    assert edit["origin"].endswith(client.opened["session"])
    assert edit["detail"] == {"lane": "patch", "client": "tab-1", "name": "Ada"}


async def test_the_trail_is_paged_newest_first_without_a_gap(
    server: RunningServer, join: Join, ada: str, admin: str, doc: str
) -> None:
    await join(doc, ada, create={})
    for _ in range(6):
        await (await join(doc, ada)).close()
    whole = (await trail(server, doc, admin))["items"]
    pages: list[Any] = []
    query = "?limit=3"
    while query:
        page = await trail(server, doc, admin, query)
        pages += page["items"]
        query = f"?limit=3&cursor={page['cursor']}" if "cursor" in page else ""
    assert pages[: len(whole)] == whole
    times = [item["at"] for item in whole]
    assert times[0] >= times[-1]


async def test_the_trail_outlives_its_document_and_is_for_admins(
    server: RunningServer, join: Join, ada: str, admin: str, doc: str
) -> None:
    client = await join(doc, ada, create={})
    url = f"{server.http}/v1/docs/{doc}"
    assert call("DELETE", url, token=ada).status == 403
    assert call("GET", f"{url}/audit", token=ada).status == 403
    assert call("DELETE", url, token=admin).status == 204
    assert await client.until_closed() == 4404
    items = (await trail(server, doc, admin))["items"]
    told = [(item["actor"], item["action"], item["outcome"]) for item in items]
    assert ("root", "delete", "ok") in told
    assert ("ada", "request", "forbidden") in told
    never = f"{server.http}/v1/docs/never-was"
    assert call("GET", never, token=admin).status == 404
    for _ in range(2):  # by now the attempts with this name are in the trail
        assert call("GET", f"{never}/audit", token=admin).status == 404


async def test_locks_are_in_the_trail(
    server: RunningServer, join: Join, ada: str, admin: str, doc: str
) -> None:
    client = await join(doc, ada, create={"a": {}})
    lock = {"type": "lock", "id": "l.1", "action": "acquire", "base": 1, "scope": "/a"}
    await client.send(lock)
    answer = await client.answer("l.1")
    await client.send(
        {"type": "lock", "id": "l.2", "action": "release", "lock_id": answer["lock"]["id"]}
    )
    await client.answer("l.2")
    items = (await trail(server, doc, admin))["items"]
    told = [(item["actor"], item["action"]) for item in items if "lock" in item["action"]]
    assert told == [("ada", "unlock"), ("ada", "lock")]


async def test_a_refused_lock_request_is_counted_and_in_the_trail(
    server: RunningServer, join: Join, ada: str, bo: str, admin: str, doc: str
) -> None:
    holder = await join(doc, ada, create={"a": {}})
    await hold(holder, "/a")
    other = await join(doc, bo)
    before = Scrape(server)
    assert (await ask(other, "acquire", scope="/a", base=other.version))["code"] == "locked"
    grown = Scrape(server).since(before)
    assert grown("weft_refusals_total", lane="patch", code="locked") == 1
    assert grown("weft_edits_total", lane="patch", outcome="refused") == 0
    newest = (await trail(server, doc, admin))["items"][0]
    assert (newest["actor"], newest["action"], newest["outcome"]) == ("bo", "lock", "locked")
    assert newest["detail"] == {"lane": "patch", "name": "Bo", "asked": "acquire"}


async def test_the_trail_has_the_address_of_locks_and_creations(
    server: RunningServer, join: Join, ada: str, admin: str, doc: str
) -> None:
    client = await join(doc, ada, create={"a": {}, "b": {}}, client="tab-1")
    await hold(client, "/a")
    url = f"{server.http}/v1/docs/{doc}/locks"
    assert call("POST", url, {"scope": "/b"}, token=ada).status == 201
    items = (await trail(server, doc, admin))["items"]
    by_http, by_socket = (item for item in items if item["action"] == "lock")
    [made] = [item for item in items if item["action"] == "create"]
    assert by_http["origin"].startswith("127.0.0.1:")
    assert by_http["detail"]["lane"] == "http"
    assert by_http["detail"]["asked"] == "acquire"
    assert by_socket["origin"].startswith("127.0.0.1:")
    assert by_socket["origin"].endswith(client.opened["session"])
    assert by_socket["detail"]["client"] == "tab-1"
    assert made["origin"].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("lane", "frame"),
    [("patch", "{not JSON"), ("patch", b"{}"), ("yjs", b"\x00\x02\xff\xff\xff"), ("yjs", "{}")],
)
async def test_a_frame_that_ends_its_connection_is_counted_and_in_the_trail(
    server: RunningServer, join: Join, ada: str, admin: str, doc: str, lane: str, frame: str | bytes
) -> None:
    client = await join(doc, ada, create={})
    before = Scrape(server)
    if lane == "patch":
        await client.socket.send(frame)
        assert await client.until_closed() == 4400
    else:
        async with connect(f"{server.ws}/v1/yjs/{doc}?token={ada}") as socket:
            await socket.recv()
            await socket.send(frame)
            await socket.wait_closed()
    grown = Scrape(server).since(before)
    assert grown("weft_refusals_total", lane=lane, code="malformed") == 1
    told = [
        (item["actor"], item["outcome"], item["detail"]["lane"])
        for item in (await trail(server, doc, admin))["items"]
        if item["action"] == "message"
    ]
    assert told == [("ada", "malformed", lane)]


async def test_a_refused_user_with_a_valid_token_is_in_the_documents_trail(
    server: RunningServer, join: Join, admin: str, ada: str, doc: str
) -> None:
    await (await join(doc, ada, create={})).close()
    assert call("DELETE", f"{server.http}/v1/docs/{doc}", token=admin).status == 204
    viewer = await server.mint("vi", Role.VIEWER)
    async with connect(f"{server.ws}/v1/docs/{doc}/live", subprotocols=[WEFT]) as socket:
        await socket.send(json.dumps({"type": "open", "token": viewer, "create": {}}))
        await socket.wait_closed()
    newest = (await trail(server, doc, admin))["items"][0]
    assert (newest["actor"], newest["action"], newest["outcome"]) == ("vi", "open", "not_found")
    assert newest["origin"].startswith("127.0.0.1:")


def test_the_trail_contains_no_token_and_no_content(server: RunningServer, admin: str) -> None:
    url = f"{server.http}/v1/docs/canary-audit"
    assert call("PUT", url, {"canary-key": "canary-text"}, token=admin).status == 201
    assert call("GET", url, token="eyJ.canary.token").status == 401
    reply = call("GET", f"{url}/audit", token=admin)
    assert reply.status == 200
    assert b"canary-key" not in reply.raw
    assert b"canary-text" not in reply.raw
    assert b"eyJ" not in reply.raw
    assert "canary" not in server.log()
