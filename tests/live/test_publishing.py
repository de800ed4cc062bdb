"""Publishing on a real server: publishers choose the version, visitors read it."""

from __future__ import annotations

import asyncio
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import brotli
import pytest

from collab.rights.user_rights import Role
from tests.live.conftest import Join
from tests.live.http_client import Reply, call
from tests.running import RunningServer

PAGE: dict[str, Any] = {
    "site": {"name": "Larkfield"},
    "pages": {
        "home": {
            "title": "Home",
            "seo": {"title": "Larkfield", "description": "A garden"},
            "sections": [{"id": "hero-1", "type": "hero", "content": {"headline": "Hello"}}],
        }
    },
}
HEADLINE = "/pages/home/sections/0/content/headline"


class Publisher:
    """A document with its publisher."""

    def __init__(self, server: RunningServer, doc: str, token: str) -> None:
        self.server, self.doc, self.token = server, doc, token
        self.url = f"{server.http}/v1/docs/{doc}"

    def make(self, value: Any = PAGE) -> Publisher:
        assert call("PUT", self.url, value, token=self.token).status == 201
        return self

    def edit(self, headline: str) -> int:
        ops = [{"op": "replace", "path": HEADLINE, "value": headline}]
        version: int = call("PATCH", self.url, ops, token=self.token).body["version"]
        return version

    def publish(self, token: str = "", **body: Any) -> Reply:
        return call("POST", f"{self.url}/publish", body, token=token or self.token)

    def take_down(self) -> Reply:
        return call("DELETE", f"{self.url}/publish", token=self.token)

    def standing(self) -> Reply:
        return call("GET", f"{self.url}/publish", token=self.token)

    def read(self, query: str = "", method: str = "GET", **headers: Any) -> Reply:
        return call(method, f"{self.server.http}/v1/published/demo/{self.doc}{query}", **headers)

    def page(self, path: str = "", **headers: Any) -> Reply:
        return call("GET", f"{self.server.http}/p/demo/{self.doc}{path}", **headers)

    def headline(self) -> str:
        value: str = self.read().body["pages"]["home"]["sections"][0]["content"]["headline"]
        return value


@pytest.fixture(scope="module")
def pia(server: RunningServer) -> str:
    return server.token("pia", Role.PUBLISHER)


@pytest.fixture
def draft(server: RunningServer, doc: str, pia: str) -> Publisher:
    return Publisher(server, doc, pia).make()


# --- publishing a version -------------------------------------------------------------------


def test_a_version_is_public_until_another_is_published(draft: Publisher) -> None:
    assert draft.read().status == 404
    url = f"/p/demo/{draft.doc}"
    assert draft.publish().body == {"published": 1, "url": url, "warnings": []}
    assert draft.edit("Second") == 2
    assert draft.headline() == "Hello", "the draft goes on without the public"
    assert draft.publish().body["published"] == 2
    assert draft.headline() == "Second"
    assert draft.publish(version=1).body["published"] == 1
    assert draft.headline() == "Hello"
    assert call("GET", draft.url, token=draft.token).headers["etag"] == '"1.2"'


def test_clients_are_told_the_public_version_and_its_publisher(draft: Publisher) -> None:
    assert draft.standing().status == 404
    null = call("GET", f"{draft.url}/publish?missing=null", token=draft.token)
    assert (null.status, null.body) == (200, {"published": None})
    odd = call("GET", f"{draft.url}/publish?missing=0", token=draft.token)
    assert odd.body["code"] == "malformed"
    draft.publish()
    told = draft.standing().body
    assert (told["published"], told["by"]) == (1, {"user": "pia", "name": "Pia"})
    assert told["at"].endswith("Z")
    assert draft.take_down().status == 204
    assert draft.standing().status == 404
    assert (draft.read().status, draft.page().status) == (404, 404)
    assert draft.take_down().body["code"] == "not_found"
    assert draft.read("?version=1").status == 404, "nothing is public, so no older version is"


def test_history_shows_who_published_which_version(draft: Publisher) -> None:
    draft.publish()
    draft.edit("Second")
    draft.publish()
    draft.publish(version=1)
    draft.take_down()
    [second, first] = call("GET", f"{draft.url}/versions", token=draft.token).body["items"]
    steps = [(step["what"], step["by"]["user"]) for step in first["publications"]]
    assert steps == [("published", "pia"), ("published", "pia"), ("taken_down", "pia")]
    assert [step["what"] for step in second["publications"]] == ["published"]
    assert "published" not in first


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER, Role.EDITOR])
def test_only_publishers_publish(server: RunningServer, draft: Publisher, role: Role) -> None:
    token = server.token("eve", role)
    assert draft.publish(token).body["code"] == "forbidden"
    assert call("DELETE", f"{draft.url}/publish", token=token).body["code"] == "forbidden"
    assert draft.publish(server.token("root", Role.ADMIN)).status == 200
    assert call("GET", f"{draft.url}/publish", token=token).body["published"] == 1
    stranger = server.token("eve", Role.ADMIN, tenant="other")
    assert draft.publish(stranger).body["code"] == "not_found"


def test_a_publisher_with_a_stale_expectation_is_refused(
    server: RunningServer, draft: Publisher
) -> None:
    assert draft.publish(expected_published=0).status == 200
    draft.edit("Second")
    quin = server.token("quin", Role.PUBLISHER)
    refused = draft.publish(quin, expected_published=None)
    assert (refused.status, refused.body["code"]) == (409, "conflict")
    assert refused.body["published"]["version"] == 1
    assert refused.body["published"]["by"] == {"user": "pia", "name": "Pia"}
    assert draft.publish(quin, expected_published=1).body["published"] == 2
    draft.take_down()
    assert draft.publish(expected_published=2).body["published"] is None


def test_one_of_many_publishers_with_one_expectation_wins(draft: Publisher) -> None:
    for headline in range(8):
        draft.edit(f"Headline {headline}")
    for expected in (0, None):
        with ThreadPoolExecutor(8) as pool:
            at_once = [
                pool.submit(draft.publish, version=version, expected_published=expected)
                for version in range(1, 9)
            ]
            replies = [each.result() for each in at_once]
        assert sorted(reply.status for reply in replies) == [200] + [409] * 7
        [taken] = [reply.body["published"] for reply in replies if reply.status == 200]
        for reply in replies:
            assert reply.status == 200 or reply.body["published"]["version"] == taken
        assert draft.standing().body["published"] == taken
        draft.take_down()


async def test_edits_go_on_while_versions_are_published(
    join: Join, ada: str, draft: Publisher
) -> None:
    client = await join(draft.doc, ada)
    editing = True

    async def publish() -> int:
        times = 0
        while editing:
            reply = await asyncio.to_thread(draft.publish)
            assert reply.status == 200, reply.body
            times += 1
        return times

    publishing = asyncio.create_task(publish())
    for number in range(100):
        await client.set(HEADLINE, f"Headline {number}")
    editing = False
    assert await publishing > 1
    assert client.version == 101, "no edit was lost, and none was doubled"
    assert draft.publish().body["published"] == 101
    assert draft.headline() == "Headline 99"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"version": 9}, "unknown_version"),
        ({"version": 0}, "unknown_version"),
        ({"version": "1"}, "malformed"),
        ({"version": True}, "malformed"),
        ({"version": -1}, "malformed"),
        ({"expected_published": 1.5}, "malformed"),
        ([], "malformed"),
    ],
)
def test_invalid_publish_requests_are_refused(draft: Publisher, body: Any, code: str) -> None:
    reply = call("POST", f"{draft.url}/publish", body, token=draft.token)
    assert reply.body["code"] == code
    assert draft.read().status == 404


def test_a_version_that_violates_the_schema_is_not_published(
    server: RunningServer, draft: Publisher
) -> None:
    draft.edit("Long enough")
    admin = server.token("root", Role.ADMIN)
    text = {"properties": {"headline": {"minLength": 6}}}
    schema = {
        "properties": {
            "pages": {
                "additionalProperties": {
                    "properties": {"sections": {"items": {"properties": {"content": text}}}}
                }
            }
        }
    }
    assert call("PUT", f"{draft.url}/schema", schema, token=admin).status == 204
    refused = draft.publish(version=1)
    assert (refused.status, refused.body["code"]) == (422, "invalid_document")
    assert refused.body["path"] == HEADLINE
    assert draft.publish().body["published"] == 2


def test_publish_returns_warnings(server: RunningServer, doc: str, pia: str) -> None:
    hero = {"id": "h", "type": "hero", "content": {"buttons": [{"label": "Go", "href": "#gone"}]}}
    sections = [hero, {"id": "m", "type": "map"}]
    draft = Publisher(server, doc, pia).make(
        {"pages": {"home": {"title": "", "sections": sections}}}
    )
    warnings = draft.publish().body["warnings"]
    assert [(each["check"], each["pointer"]) for each in warnings] == [
        ("required", "/pages/home/title"),
        ("required", "/pages/home/seo/title"),
        ("required", "/pages/home/seo/description"),
        ("links", "/pages/home/sections/0/content/buttons/0/href"),
        ("sections", "/pages/home/sections/1/type"),
    ]
    assert '"map"' in warnings[-1]["message"]


def test_findings_are_those_of_publishing_and_nothing_is_published(
    server: RunningServer, doc: str, pia: str
) -> None:
    buttons = [{"label": "Go", "href": "#gone"}]
    hero = {"id": "h", "type": "hero", "content": {"headline": "Hi", "buttons": buttons}}
    draft = Publisher(server, doc, pia).make({"pages": {"home": {"sections": [hero]}}})
    draft.edit("Longer")

    def findings(query: str = "") -> Reply:
        viewer = server.token("vic", Role.VIEWER)
        return call("GET", f"{draft.url}/publish/findings{query}", token=viewer)

    found = findings()
    assert found.headers["cache-control"] == "no-store"
    assert draft.standing().status == 404
    published = draft.publish().body
    assert found.body == {
        "version": 2,
        "url": published["url"],
        "warnings": published["warnings"],
        "refusals": [],
    }
    text = {"additionalProperties": {"required": ["title"]}}
    schema = {"properties": {"pages": text}}
    title = [{"op": "add", "path": "/pages/home/title", "value": "Home"}]
    call("PATCH", draft.url, title, token=pia)
    admin = server.token("root", Role.ADMIN)
    assert call("PUT", f"{draft.url}/schema", schema, token=admin).status == 204
    assert findings().body["refusals"] == []
    refusals = findings("?version=1").body["refusals"]
    assert [(each["check"], each["pointer"]) for each in refusals] == [("schema", "/pages/home")]
    assert draft.publish(version=1).body["path"] == "/pages/home"
    assert findings("?version=9").body["code"] == "unknown_version"
    assert findings("?version=x").body["code"] == "malformed"
    other = call("GET", f"{draft.url}-none/publish/findings", token=pia)
    assert other.body["code"] == "not_found"


def test_checks_refuse_when_the_settings_say_so(tmp_path: Path) -> None:
    env = {
        "WEFT_PUBLISH_REQUIRED": "off",
        "WEFT_PUBLISH_LINKS": "refuse",
        "WEFT_PUBLISH_WEIGHT": "refuse",
        "WEFT_PUBLISH_MAX_BYTES": "1KiB",
    }
    with RunningServer(tmp_path, env=env) as server:
        draft = Publisher(server, "home", server.token("pia", Role.PUBLISHER)).make()
        assert draft.publish().body["warnings"] == []
        draft.edit("x" * 1024)
        refused = draft.publish()
        assert (refused.status, refused.body["code"]) == (422, "invalid_document")
        assert refused.body["path"] == ""
        found = call("GET", f"{draft.url}/publish/findings", token=draft.token).body
        assert found["refusals"] == refused.body["findings"]
        assert [each["check"] for each in refused.body["findings"]] == ["weight"]
        assert draft.standing().body["published"] == 1


def test_a_restart_keeps_the_public_version(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        draft = Publisher(server, "home", server.token("pia", Role.PUBLISHER)).make()
        draft.publish()
        draft.edit("Second")
        before = draft.read()
        server.kill()
        server.start()
        after = draft.read()
        assert (after.raw, after.headers["etag"]) == (before.raw, before.headers["etag"])
        assert draft.publish(expected_published=1).body["published"] == 2
        server.stop()
        server.start()
        assert draft.headline() == "Second"
        assert draft.read("?version=1").raw == before.raw
        assert draft.publish(expected_published=1).body["code"] == "conflict"


def test_another_instance_serves_the_new_version_soon(tmp_path: Path, postgres_url: str) -> None:
    with RunningServer(tmp_path, database=postgres_url) as server:
        draft = Publisher(server, "home", server.token("pia", Role.PUBLISHER)).make()
        draft.publish()
        with RunningServer(tmp_path, database=server.database) as other:
            there = Publisher(other, "home", draft.token)
            assert there.headline() == "Hello"
            draft.edit("Second")
            draft.publish()
            while there.headline() != "Second":  # ends, or the test run times out
                assert there.read().status == 200
            assert there.publish(version=1, expected_published=2).body["published"] == 1
            assert draft.publish(expected_published=2).body["code"] == "conflict"


# --- reading it -----------------------------------------------------------------------------


def test_visitors_need_no_token_and_caches_get_a_max_age(draft: Publisher) -> None:
    draft.publish()
    for reply in (draft.read(), draft.read()):
        assert reply.status == 200
        assert reply.body == PAGE
        assert reply.headers["cache-control"] == "public, max-age=10, stale-while-revalidate=60"
        assert reply.headers["vary"] == "Accept-Encoding"
        assert reply.headers["access-control-allow-origin"] == "*"
        assert reply.headers["weft-version"] == "1"
        assert reply.headers["content-type"] == "application/json"


def test_a_client_that_has_the_version_gets_304(draft: Publisher) -> None:
    draft.publish()
    for accepted in ("identity", "gzip", "br"):
        first = draft.read(Accept_Encoding=accepted)
        tag = first.headers["etag"]
        again = draft.read(Accept_Encoding=accepted, If_None_Match=f'"other", {tag}')
        assert (again.status, again.raw, again.headers["etag"]) == (304, b"", tag)
        assert draft.read(Accept_Encoding=accepted, If_None_Match='"other"').status == 200
        assert not tag.startswith("W/")
    draft.edit("Second")
    draft.publish()
    assert draft.read(Accept_Encoding="br", If_None_Match=tag).status == 200


def test_each_coding_has_its_own_bytes_and_etag(draft: Publisher) -> None:
    draft.publish()
    opened = {"identity": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
    tags = set()
    for accepted, open_ in opened.items():
        for _ in range(2):
            reply = draft.read(Accept_Encoding=accepted)
            assert json.loads(open_(reply.raw)) == PAGE
            assert reply.headers.get("content-encoding", "identity") == accepted
            assert int(reply.headers["content-length"]) == len(reply.raw)
            tags.add(reply.headers["etag"])
    assert len(tags) == 3


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"),
        ("deflate", None),
        ("gzip;q=abc", None),
        ("", None),
    ],
)
def test_the_coding_is_the_best_that_the_client_takes(
    draft: Publisher, accepted: str, coding: str | None
) -> None:
    draft.publish()
    assert draft.read(Accept_Encoding=accepted).headers.get("content-encoding") == coding


def test_an_older_version_is_readable_if_it_was_public(draft: Publisher) -> None:
    draft.publish()
    draft.edit("Never public")
    draft.edit("Third")
    draft.publish()
    assert draft.read("?version=1").body == PAGE
    assert draft.read("?version=3").headers["weft-version"] == "3"
    for version in ("2", "4", "0", "-1", "x", "", "9" * 20):
        assert draft.read(f"?version={version}").status == 404, version
    assert draft.read("?utm_source=letter").headers["weft-version"] == "3"


def test_an_unpublished_document_looks_absent(server: RunningServer, draft: Publisher) -> None:
    paths = [f"demo/{draft.doc}", "demo/nothing", "nobody/home", "NOBODY/..", "demo/%2e%2e"]
    for kind in ("/v1/published/", "/p/"):
        replies = [call("GET", f"{server.http}{kind}{path}") for path in paths]
        assert {reply.status for reply in replies} == {404}
        bodies = {(reply.raw, reply.headers["content-type"]) for reply in replies}
        assert len(bodies) == 1


def test_a_head_has_no_body_and_other_methods_are_not_allowed(draft: Publisher) -> None:
    draft.publish()
    whole = draft.read()
    for _ in range(2):
        head = draft.read(method="HEAD")
        assert (head.status, head.raw, head.headers["etag"]) == (200, b"", whole.headers["etag"])
        assert head.headers["content-length"] == str(len(whole.raw))
    assert draft.read(method="DELETE").status == 405
    asked = draft.read(method="OPTIONS", Origin="https://x.example")
    assert asked.status == 204
    assert asked.headers["access-control-allow-origin"] == "*"


def test_a_deleted_document_is_no_longer_public(server: RunningServer, draft: Publisher) -> None:
    draft.publish()
    assert draft.read().status == 200
    admin = server.token("root", Role.ADMIN)
    assert call("DELETE", draft.url, token=admin).status == 204
    assert draft.read().status == 404
    draft.make({**PAGE, "site": {"name": "Another"}})
    assert draft.read().status == 404
    draft.publish()
    assert draft.read().body["site"]["name"] == "Another"
    assert draft.read("?version=1").status == 404, "that was of the document before"


# --- as a page ------------------------------------------------------------------------------


def test_the_page_is_html_without_scripts(draft: Publisher) -> None:
    draft.publish()
    for reply in (draft.page(), draft.page()):
        assert reply.status == 200
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert reply.headers["content-security-policy"].startswith("default-src 'none'; style-src")
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "Hello</h1>" in reply.raw.decode()
    assert brotli.decompress(draft.page(Accept_Encoding="br").raw) == reply.raw
    assert draft.page(If_None_Match=reply.headers["etag"]).status == 304


def test_each_page_has_its_own_address(server: RunningServer, doc: str, pia: str) -> None:
    about = {"title": "About us", "slug": "who-we-are", "sections": []}
    pages = {"home": PAGE["pages"]["home"], "about": about}
    draft = Publisher(server, doc, pia).make({"pages": pages})
    draft.publish()
    page = draft.page("/who-we-are")
    assert "<title>About us</title>" in page.raw.decode()
    assert f'href="/p/demo/{doc}/who-we-are"' in draft.page().raw.decode()
    for path in ("/nothing", "/who-we-are/more", "/"):
        assert draft.page(path).status == 404
    nothing = draft.page("/nothing")
    assert "Page not found" in nothing.raw.decode()
    assert nothing.headers["x-content-type-options"] == "nosniff"
    assert nothing.headers["cache-control"] == "no-cache"


def test_the_demo_s_pages_are_public_from_the_start(tmp_path: Path) -> None:
    with RunningServer(tmp_path, env={"WEFT_DEMO": "1"}) as server:
        server.until_said("/p/demo/home")
        page = call("GET", f"{server.http}/p/demo/home")
        assert "Everybody knows whose turn it is to water" in page.raw.decode()
        admin = server.token("root", Role.ADMIN)
        standing = call("GET", f"{server.http}/v1/docs/home/publish", token=admin).body
        assert standing["by"] == {"user": "weft", "name": "Weft"}
        url = f"{server.http}/v1/docs/home/publish"
        assert call("DELETE", url, token=admin).status == 204
        server.stop()
        server.start()
        assert call("GET", f"{server.http}/p/demo/home").status == 404, "and stays as it was left"


# --- on the wire ----------------------------------------------------------------------------


class Wire:
    """A raw connection and the bytes that it received."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, server: RunningServer) -> Wire:
        return cls(*await asyncio.open_connection("127.0.0.1", server.port))

    def send(self, *requests: bytes) -> None:
        self._writer.write(b"".join(requests))

    async def answer(self) -> tuple[bytes, bytes]:
        """Return the next answer's head and body."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        [length] = [int(line[15:]) for line in head.lower().split(b"\r\n") if _is_length(line)]
        return head, await self._reader.readexactly(length)

    async def rest(self) -> bytes:
        return await self._reader.read()

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


def _is_length(line: bytes) -> bool:
    return line.startswith(b"content-length:")


def get(path: str, *headers: str, version: str = "1.1") -> bytes:
    lines = [f"GET {path} HTTP/{version}", "Host: weft", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_answers_come_in_the_order_of_their_requests(
    server: RunningServer, draft: Publisher
) -> None:
    draft.publish()
    draft.edit("Draft")
    public = get(f"/v1/published/demo/{draft.doc}")
    mine = get(f"/v1/docs/{draft.doc}", f"Authorization: Bearer {draft.token}")
    draft.read()
    wire = await Wire.open(server)
    order = [public, mine, public, public, mine, mine, public] * 20
    wire.send(*order)
    for request in order:
        head, body = await wire.answer()
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\ndate: " in head
        assert (b"Hello" in body, b"Draft" in body) == (request is public, request is mine)
    await wire.close()


async def test_connection_close_ends_the_connection(
    server: RunningServer, draft: Publisher
) -> None:
    draft.publish()
    path = f"/v1/published/demo/{draft.doc}"
    for request in (get(path, "Connection: close"), get(path, version="1.0")):
        draft.read()
        wire = await Wire.open(server)
        wire.send(request)
        assert b"Hello" in await wire.rest()
        await wire.close()


async def test_a_request_with_a_body_is_answered_too(
    server: RunningServer, draft: Publisher
) -> None:
    draft.publish()
    draft.read()
    wire = await Wire.open(server)
    path = f"/v1/published/demo/{draft.doc}"
    for _ in range(3):
        wire.send(get(path, "Content-Length: 4"), b"body", get(path))
        for _ in range(2):
            head, body = await wire.answer()
            assert head.startswith(b"HTTP/1.1 200")
            assert json.loads(body) == PAGE
    await wire.close()


async def test_unread_answers_wait(server: RunningServer, draft: Publisher) -> None:
    draft.publish()
    draft.read()
    wire = await Wire.open(server)
    request = get(f"/v1/published/demo/{draft.doc}")
    wire.send(*[request] * 5000)
    for _ in range(5000):
        head, _ = await wire.answer()
        assert head.startswith(b"HTTP/1.1 200")
    await wire.close()
