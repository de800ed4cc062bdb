"""Every answer about a document names its version and its epoch."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collab.rights.user_rights import Role
from tests.live.conftest import Ask, asking
from tests.live.http_client import call
from tests.running import WEFT, RunningServer


@pytest.fixture(scope="module")
def root(server: RunningServer) -> str:
    return server.token("root", Role.ADMIN)


@pytest.fixture
def ask(server: RunningServer, root: str, doc: str) -> Ask:
    """Send a request about the test's document as an admin."""
    return asking(server, doc, root)


def put(value: Any, path: str = "/n") -> list[dict[str, Any]]:
    return [{"op": "add", "path": path, "value": value}]


def test_every_answer_about_a_document_names_its_version_and_epoch(ask: Ask) -> None:
    assert ask("PUT", body={"n": 0}).position == (1, 1)
    assert ask("PATCH", body=put(1)).position == (1, 2)
    assert ask("PUT", body={"n": 2}, If_Match='"1.2"').position == (1, 3)
    assert ask("PATCH", body=put(2)).position == (1, 3), "nothing changed"
    assert ask("POST", "/undo").position == (1, 4)
    assert ask("POST", "/redo").position == (1, 5)
    assert ask("POST", "/restore", {"version": 1}).position == (1, 6)
    whole = ["", "/versions", "/presence", "/locks", "/audit", "/export"]
    assert {path: ask("GET", path).position for path in whole} == dict.fromkeys(whole, (1, 6))
    assert ask("HEAD").position == (1, 6)
    assert ask("POST", "/versions", {"name": "one", "version": 2}).position == (1, 6)
    assert ask("PUT", "/schema", {"type": "object"}).position == (1, 6)
    assert ask("GET", "/schema").position == (1, 6)
    assert ask("DELETE", "/schema").position == (1, 6)
    assert ask("POST", "/publish", {"version": 2}).position == (1, 6)
    assert ask("GET", "/publish").position == (1, 6)
    assert ask("DELETE", "/publish").position == (1, 6)
    lock = ask("POST", "/locks", {"scope": "/n"})
    assert lock.position == (1, 6)
    for act in ("renew", "release"):
        assert ask("POST", f"/locks/{lock.body['id']}/{act}").position == (1, 6)
    assert ask("DELETE").position == (1, 6)


def test_an_answer_with_an_older_version_names_that_version(ask: Ask) -> None:
    ask("PUT", body={"n": 0})
    for number in range(1, 4):
        ask("PATCH", body=put(number), Idempotency_Key=str(number))
    assert ask("GET", "?at=2").position == (1, 2)
    assert ask("GET", "/versions/3").position == (1, 3)
    assert ask("GET", "/diff?from=1&to=3").position == (1, 3)
    assert ask("GET", "/diff?from=1").position == (1, 4)
    assert ask("PATCH", body=put(1), Idempotency_Key="1").position == (1, 2)
    assert ask("GET", "?at=2", If_None_Match='"1.2"').position == (1, 2)


def test_a_refusal_names_the_version_when_the_document_exists(ask: Ask, bo: str) -> None:
    ask("PUT", body={"n": 0})
    ask("PATCH", body=put(1))
    refused = [
        (304, ask("GET", If_None_Match='"1.2"')),
        (400, ask("GET", "?at=x")),
        (404, ask("GET", "?pointer=/nowhere")),
        (409, ask("GET", "?at=9")),
        (409, ask("PUT", body={})),
        (412, ask("PUT", body={}, If_None_Match="*")),
        (412, ask("PATCH", body=put(2), If_Match='"1.1"')),
        (412, ask("DELETE", If_Match='"1.1"')),
        (409, ask("PATCH", body=[{"op": "test", "path": "/n", "value": 7}])),
        (422, ask("PATCH", body=[{"op": "remove", "path": "/nowhere"}])),
        (409, ask("POST", "/redo")),
        (404, ask("GET", "/schema")),
        (404, ask("GET", "/publish")),
        (404, ask("POST", "/locks/l-0/renew")),
        (409, ask("POST", "/restore", {"version": 9})),
        (403, ask("DELETE", token=bo)),
        (400, ask("PATCH", raw=b"{")),
        (415, ask("PATCH", raw=b"[]", Content_Type="text/plain")),
    ]
    assert [reply.status for _, reply in refused] == [status for status, _ in refused]
    assert [reply.position for _, reply in refused] == [(1, 2)] * len(refused)


def test_an_answer_about_no_document_has_no_version(ask: Ask, server: RunningServer) -> None:
    ask("PUT", body={})
    for reply in (
        ask("GET", token=""),
        ask("GET", token=server.token("eve", tenant="elsewhere")),
        call("GET", f"{server.http}/v1/docs/never-was", token=server.token("ada")),
    ):
        assert reply.status in (401, 404)
        assert not {"weft-version", "weft-epoch"} & reply.headers.keys()


def test_a_recreated_document_has_another_epoch_and_other_etags(ask: Ask) -> None:
    tag = ask("PUT", body={"n": "first"}).headers["etag"]
    ask("DELETE")
    made = ask("PUT", body={"n": "second"})
    assert made.position == (2, 2)
    assert ask("GET", If_None_Match=tag).body == {"n": "second"}
    assert ask("PATCH", body=put(3), If_Match=tag).status == 412
    assert ask("PATCH", body=put(3), If_Match='"1.2"').status == 412
    assert ask("PUT", body={}, If_Match='"1.2"').status == 412
    assert ask("DELETE", If_Match='"1.2"').status == 412
    assert ask("PATCH", body=put(3), If_Match=f'"1.2", {made.headers["etag"]}').status == 200


def test_a_weak_etag_matches_like_a_strong_one(ask: Ask) -> None:
    ask("PUT", body={"n": 0})
    assert ask("PATCH", body=put(1), If_Match='W/"1.1"').position == (1, 2)
    assert ask("PATCH", body=put(1), If_Match='W/"1.1"').status == 412
    assert ask("GET", If_None_Match='W/"1.2"').status == 304


def test_a_base_may_name_its_epoch(ask: Ask) -> None:
    ask("PUT", body={"n": 0})
    ask("PATCH", body=put(1))
    assert ask("PATCH", "?base=1&epoch=1", put(2, "/m")).position == (1, 3)
    other = ask("PATCH", "?base=1&epoch=2", put(3, "/m"))
    assert (other.status, other.body["code"], other.body["version"]) == (409, "unknown_version", 3)
    assert ask("PATCH", "?epoch=2", put(3, "/m")).status == 409
    assert ask("PATCH", "?base=1&epoch=one", put(3, "/m")).status == 400
    assert ask("GET").body == {"n": 1, "m": 2}


def test_a_repeated_request_is_recognized_with_any_epoch(ask: Ask) -> None:
    ask("PUT", body={"n": 0})
    assert ask("PATCH", "?base=1&epoch=1", put(1), Idempotency_Key="k").status == 200
    again = ask("PATCH", "?base=1&epoch=9", put(1), Idempotency_Key="k")
    assert (again.status, again.body["version"], again.body["duplicate"]) == (200, 2, True)
    strict = ask("PATCH", body=put(1), If_Match='"9.1"', Idempotency_Key="k")
    assert (strict.status, strict.body) == (200, again.body)


# --- a restored backup ----------------------------------------------------------------------


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[tuple[RunningServer, str, str]]:
    """Restore a server's backup. Return the server, a token, and the ETag of a client."""
    with RunningServer(tmp_path) as server:
        token, url = server.token(), f"{server.http}/v1/docs/page"
        call("PUT", url, {"n": "first"}, token=token)
        server.stop()
        shutil.copy(tmp_path / "weft.db", tmp_path / "backup.db")
        server.start()
        tag = call("PATCH", url, put("seen by a client"), token=token).headers["etag"]
        server.stop()
        for suffix in ("-wal", "-shm"):
            (tmp_path / f"weft.db{suffix}").unlink(missing_ok=True)
        shutil.copy(tmp_path / "backup.db", tmp_path / "weft.db")
        command = [str(WEFT), "doc", "new-epoch", "page", "--database", server.database]
        subprocess.run(command, check=True, capture_output=True)
        server.start()
        assert call("PATCH", url, put("another"), token=token).position[1] == 2
        yield server, token, tag


def test_no_etag_or_base_from_before_a_restored_backup_matches(
    restored: tuple[RunningServer, str, str],
) -> None:
    server, token, tag = restored
    url = f"{server.http}/v1/docs/page"
    assert tag == '"1.2"'
    read = call("GET", url, token=token, If_None_Match=tag)
    assert (read.status, read.body, read.position[1]) == (200, {"n": "another"}, 2)
    lost = call("PATCH", url, put("unseen"), token=token, If_Match=tag)
    assert (lost.status, lost.body["code"], lost.position) == (412, "conflict", read.position)
    assert "base" not in lost.body, "versions of two epochs are not comparable"
    stale = call("PATCH", f"{url}?base=2&epoch=1", put("unseen"), token=token)
    assert (stale.status, stale.body["code"]) == (409, "unknown_version")
    assert call("GET", url, token=token).body == {"n": "another"}
    here = read.headers["etag"]
    assert call("PATCH", url, put("known"), token=token, If_Match=here).status == 200
