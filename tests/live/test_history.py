"""History over HTTP, after real edits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collab.ids import DocKey
from collab.rights.user_rights import Role
from storage.store import SqlStore
from tests.live.conftest import Join
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.running import RunningServer


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> str:
    return server.token("root", Role.ADMIN)


class History:
    """Requests for a document's history as one user."""

    def __init__(self, server: RunningServer, doc: str, token: str) -> None:
        self.url = f"{server.http}/v1/docs/{doc}"
        self.token = token

    def get(self, path: str) -> Reply:
        return call("GET", f"{self.url}/{path}".rstrip("/"), token=self.token)

    def post(self, path: str, body: Any) -> Reply:
        return call("POST", f"{self.url}/{path}", body, token=self.token)

    def spans(self, query: str = "") -> list[tuple[int, int]]:
        rows = self.get(f"versions{query}").body["items"]
        return [(row.get("from", row["version"]), row["version"]) for row in rows]

    def pages(self, limit: int) -> Iterator[list[int]]:
        """Return the versions on each page of the history, newest first."""
        cursor = ""
        while True:
            page = self.get(f"versions?each=1&limit={limit}{cursor}").body
            yield [row["version"] for row in page["items"]]
            if "cursor" not in page:
                return
            cursor = f"&cursor={page['cursor']}"


@pytest.fixture
def history(server: RunningServer, admin: str, doc: str) -> History:
    return History(server, doc, admin)


async def test_a_run_of_edits_is_one_row_that_expands_into_versions(
    join: Join, ada: str, bo: str, doc: str, history: History
) -> None:
    one = await join(doc, ada, create={"a": 0, "b": 0})
    two = await join(doc, bo)
    for number in range(1, 4):
        await one.set("/a", number)
    await two.until_version(4)
    await two.set("/b", 1)
    assert history.spans() == [(5, 5), (2, 4), (1, 1)]
    assert history.spans("?each=1&from=2&to=4") == [(4, 4), (3, 3), (2, 2)]
    [newest, run, first] = history.get("versions").body["items"]
    assert (newest["by"]["user"], newest["pointers"]) == ("bo", ["/b"])
    assert (run["by"]["user"], run["pointers"]) == ("ada", ["/a"])
    assert first["kind"] == "create"


async def test_history_is_paged_by_its_cursor(
    join: Join, ada: str, doc: str, history: History
) -> None:
    one = await join(doc, ada, create={"a": 0})
    for number in range(1, 8):
        await one.set("/a", number)
    seen = [version for page in history.pages(3) for version in page]
    assert seen == [8, 7, 6, 5, 4, 3, 2, 1]


def test_the_last_page_of_a_recreated_document_has_no_cursor(
    server: RunningServer, admin: str, doc: str, history: History
) -> None:
    url = f"{server.http}/v1/docs/{doc}"
    for life in range(3):
        call("PUT", url, {"n": 0}, token=admin)
        oldest = call("GET", url, token=admin).headers["weft-version"]
        for number in range(1, 3):
            op = {"op": "replace", "path": "/n", "value": number}
            assert call("PATCH", url, [op], token=admin).status == 200
        *older, last = history.pages(2)
        assert all(page[-1] > int(oldest) for page in older), "nothing older is kept"
        seen = [version for page in (*older, last) for version in page]
        assert seen == [int(oldest) + 2, int(oldest) + 1, int(oldest)], life
        assert "cursor" not in history.get("versions").body
        call("DELETE", url, token=admin)


async def test_any_version_can_be_read_and_compared(
    join: Join, ada: str, doc: str, history: History
) -> None:
    one = await join(doc, ada, create={"a": 0})
    await one.set("/a", 1)
    await one.set("/a", 2)
    assert [history.get(f"versions/{v}").body for v in (1, 2, 3)] == [{"a": n} for n in range(3)]
    assert history.get("versions/1").headers["etag"] == '"1.1"'
    assert history.get("versions/9").body["code"] == "unknown_version"
    assert history.get("versions/x").status == 404
    difference = history.get("diff?from=1&to=3")
    assert difference.body == [{"op": "replace", "path": "/a", "value": 2}]
    assert history.get("diff?from=3&to=1").body == [{"op": "replace", "path": "/a", "value": 0}]
    assert history.get("diff").status == 400


async def test_a_named_version_shows_its_name(
    join: Join, ada: str, doc: str, history: History
) -> None:
    one = await join(doc, ada, create={"a": 0})
    await one.set("/a", 1)
    await one.set("/a", 2)
    named = history.post("versions", {"name": "Before launch", "version": 2})
    assert (named.status, named.body["version"], named.body["by"]) == (201, 2, "root")
    assert history.spans() == [(3, 3), (2, 2), (1, 1)]
    assert history.get("versions").body["items"][1]["name"] == "Before launch"
    for wrong in ({}, {"name": ""}, {"name": "x" * 201}, {"name": "x", "version": -1}):
        assert history.post("versions", wrong).status == 400
    assert history.post("versions", {"name": "x", "version": 99}).body["code"] == "unknown_version"


async def test_restoring_is_a_change_that_can_be_undone(
    join: Join, ada: str, doc: str, history: History
) -> None:
    one = await join(doc, ada, create={"s": [{"id": "x", "t": "old"}, {"id": "y", "t": "y"}]})
    await one.set("/s/0/t", "new")
    await one.answer(await one.patch({"op": "move", "from": "/s/0", "path": "/s/1"}))
    part = history.post("restore", {"version": 1, "pointer": "/s/0"})
    assert part.body["ops"] == [
        {"op": "move", "from": "/s/1", "path": "/s/0"},
        {"op": "replace", "path": "/s/0/t", "value": "old"},
    ]
    await one.until_version(4)
    assert one.changes[-1]["kind"] == "restore"
    await one.set("/s/1/t", "z")
    whole = history.post("restore", {"version": 1})
    assert (whole.status, whole.body["version"]) == (200, 6)
    assert history.get("").body == {"s": [{"id": "x", "t": "old"}, {"id": "y", "t": "y"}]}
    assert history.post("undo", {}).body["undone"][0]["version"] == 6
    assert history.get("").body["s"][1]["t"] == "z"
    # One undo takes back the content and the place of a part.
    assert history.post("undo", {}).body["undone"][0]["version"] == 4
    assert history.get("").body["s"] == [{"id": "y", "t": "z"}, {"id": "x", "t": "new"}]
    assert history.post("restore", {"version": 1, "pointer": "/nowhere"}).body["code"] == (
        "path_not_found"
    )


async def test_restoring_needs_a_publisher(
    server: RunningServer, join: Join, ada: str, doc: str
) -> None:
    await join(doc, ada, create={"a": 0})
    refused = History(server, doc, ada).post("restore", {"version": 1})
    assert (refused.status, refused.body["code"]) == (403, "forbidden")


async def test_an_export_imported_elsewhere_has_the_same_history(
    server: RunningServer, join: Join, ada: str, doc: str, history: History, admin: str
) -> None:
    one = await join(doc, ada, create={"t": "Hello", "s": [{"id": "x"}]})
    await one.set("/t", "Hello you")
    history.post("versions", {"name": "Two", "version": 2})
    archive = history.get("export")
    assert archive.status == 200
    copy = History(server, f"{doc}-copy", admin)
    made = call("POST", f"{copy.url}/import", raw=archive.raw, token=admin)
    assert (made.status, made.body) == (201, {"version": 2})
    assert copy.get("").body == {"t": "Hello you", "s": [{"id": "x"}]}
    assert copy.get("versions/1").body == {"t": "Hello", "s": [{"id": "x"}]}
    assert copy.get("versions").body["items"][0]["name"] == "Two"
    undone = call("POST", f"{copy.url}/undo", {}, token=ada)
    assert (undone.status, undone.body["version"]) == (200, 3), "undo came along"
    assert call("POST", f"{copy.url}/import", raw=archive.raw, token=admin).status == 409
    broken = call("POST", f"{copy.url}-2/import", raw=archive.raw[:-20], token=admin)
    assert (broken.status, broken.body["code"]) == (400, "malformed")


def test_an_old_version_is_a_snapshot_and_a_short_replay(tmp_path: Path) -> None:
    """The number of entries that are read for one version is bounded."""
    settings = {"WEFT_SNAPSHOT_ENTRIES": "50", "WEFT_IN_MESSAGES_PER_SECOND": "0"}
    with RunningServer(tmp_path, env=settings) as server:
        token = server.token("ada", Role.ADMIN)
        asyncio.run(_edit(server, token, 600))
        kept = History(server, "page", token)
        assert kept.get("versions/301").body == {"n": 300}
        assert asyncio.run(_replayed(server, [60, 301, 555])) <= 2 * 50


async def _edit(server: RunningServer, token: str, edits: int) -> None:
    """Make edits one after the other, so that snapshots are taken in between."""
    client = await PatchClient.connect(server.ws, "page", token, create={"n": 0})
    for number in range(1, edits + 1):
        await client.set("/n", number)
    await client.close()


async def _replayed(server: RunningServer, versions: list[int]) -> int:
    """Return the most entries between one of these versions and the snapshot before it."""
    store = SqlStore(server.database)
    await store.start()
    try:
        found = [await store.snapshot_before(DocKey("demo", "page"), each) for each in versions]
    finally:
        await store.close()
    return max(at - (one.version if one else 0) for at, one in zip(versions, found, strict=True))
