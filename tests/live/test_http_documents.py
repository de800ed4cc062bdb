"""Documents over HTTP: read, create, patch, replace, delete."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from collab.rights.user_rights import Role
from tests.live.conftest import Ask, Join
from tests.live.http_client import Reply, call
from tests.patch_client import PatchClient
from tests.running import RunningServer

NAME = "skript-ä".encode().decode("latin-1")  # http.client encodes it back to these bytes


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> str:
    return server.token("root", Role.ADMIN)


def replace(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


def refusal(reply: Reply) -> tuple[int, str]:
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.body["status"] == reply.status
    assert reply.body["detail"]
    return reply.status, reply.body["code"]


# --- creating and reading -------------------------------------------------------------------


def test_a_put_creates_a_document_once(ask: Ask, doc: str) -> None:
    made = ask("PUT", body={"title": "Hello"})
    assert (made.status, made.body) == (201, {"version": 1})
    assert made.headers["etag"] == '"1.1"'
    assert made.headers["location"] == f"/v1/docs/{doc}"
    assert refusal(ask("PUT", body={"title": "Again"})) == (409, "already_exists")
    assert refusal(ask("PUT", body={}, If_None_Match="*")) == (412, "already_exists")
    assert ask("GET").body == {"title": "Hello"}


def test_a_read_has_the_time_and_author_of_the_last_change(ask: Ask) -> None:
    ask("PUT", body={"title": "Hello"})
    read = ask("GET")
    assert read.headers["etag"] == '"1.1"'
    assert read.headers["weft-updated-by"] == "ada"
    assert parsedate_to_datetime(read.headers["last-modified"]).year > 2020
    assert "private" in read.headers["cache-control"]


@pytest.mark.parametrize("header", ['"1.1"', 'W/"1.1"', '"1.0", "1.1"', "*"])
def test_a_client_that_has_the_version_gets_304(ask: Ask, header: str) -> None:
    ask("PUT", body={"title": "Hello"})
    reply = ask("GET", If_None_Match=header)
    assert (reply.status, reply.raw) == (304, b"")
    assert reply.headers["etag"] == ('W/"1.1"' if header.startswith("W/") else '"1.1"')
    assert ask("GET", If_None_Match='"1.2"').status == 200


def test_a_read_at_a_version_or_of_a_part(ask: Ask) -> None:
    ask("PUT", body={"a": {"b/c": [1, 2]}})
    ask("PATCH", body=replace("/a/b~1c/0", 7))
    assert ask("GET", "?at=1").body == {"a": {"b/c": [1, 2]}}
    assert ask("GET", "?at=1").headers["etag"] == '"1.1"'
    assert ask("GET", "?at=1").headers["weft-updated-by"] == "ada"
    assert ask("GET", "?at=0").body == {}
    assert ask("GET", f"?pointer={quote('/a/b~1c/0')}").body == 7
    assert ask("GET", f"?at=1&pointer={quote('/a/b~1c')}").body == [1, 2]
    assert refusal(ask("GET", "?at=3")) == (409, "unknown_version")
    assert refusal(ask("GET", "?pointer=/nowhere")) == (404, "not_found")
    assert refusal(ask("GET", "?pointer=nowhere")) == (400, "malformed")


@pytest.mark.parametrize("at", ["-1", "1.0", "x", "", "%C2%B2", "9" * 400, "%00"])
def test_a_version_that_is_no_number_is_malformed(ask: Ask, at: str) -> None:
    ask("PUT", body={})
    assert refusal(ask("GET", f"?at={at}")) == (400, "malformed")
    assert refusal(ask("PATCH", f"?base={at}", body=[])) == (400, "malformed")


def test_a_head_request_answers_as_a_get_without_its_body(ask: Ask) -> None:
    ask("PUT", body={"title": "Hello"})
    reply = ask("HEAD")
    assert (reply.status, reply.raw, reply.headers["etag"]) == (200, b"", '"1.1"')


def test_a_list_is_paged_and_shows_what_the_token_shows(server: RunningServer) -> None:
    token = server.token("lil", tenant="listed")
    for name in ("a", "b", "c", "d"):
        call("PUT", f"{server.http}/v1/docs/{name}", {}, token=token)
    url = f"{server.http}/v1/docs?limit=3"
    first = call("GET", url, token=token).body
    assert [item["doc"] for item in first["items"]] == ["a", "b", "c"]
    assert first["items"][0]["version"] == 1
    assert first["items"][0]["updated_by"] == "lil"
    rest = call("GET", f"{url}&cursor={first['cursor']}", token=token).body
    assert [item["doc"] for item in rest["items"]] == ["d"]
    assert "cursor" not in rest


async def test_a_list_hides_documents_outside_the_globs(server: RunningServer) -> None:
    token = await server.mint("lil", tenant="globbed")
    for name in ("a", "b-1", "b-2", "c"):
        call("PUT", f"{server.http}/v1/docs/{name}", {}, token=token)
    narrow = await server.mint("lil", tenant="globbed", docs=("b-*",))
    page = call("GET", f"{server.http}/v1/docs?limit=1", token=narrow).body
    assert ([item["doc"] for item in page["items"]], page["cursor"]) == (["b-1"], "b-1")
    page = call("GET", f"{server.http}/v1/docs?limit=1&cursor=b-1", token=narrow).body
    assert page["items"][0]["doc"] == "b-2"
    assert "cursor" not in page


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=-1", "cursor=%00", "cursor=a%2Fb"])
def test_a_list_refuses_invalid_page_parameters(
    server: RunningServer, ada: str, query: str
) -> None:
    assert refusal(call("GET", f"{server.http}/v1/docs?{query}", token=ada)) == (400, "malformed")


# --- changing -------------------------------------------------------------------------------


def test_a_patch_is_applied_to_the_head_and_answered_with_its_version(ask: Ask) -> None:
    ask("PUT", body={"n": 0})
    reply = ask("PATCH", body=replace("/n", 1), Content_Type="application/json-patch+json")
    assert (reply.status, reply.body, reply.headers["etag"]) == (200, {"version": 2}, '"1.2"')
    unchanged = ask("PATCH", body=replace("/n", 1))
    assert (unchanged.body["version"], unchanged.headers["etag"]) == (2, '"1.2"')


def test_a_patch_on_a_base_is_rebased_to_the_head(ask: Ask) -> None:
    ask("PUT", body={"list": ["a", "b"]})
    ask("PATCH", body=[{"op": "add", "path": "/list/0", "value": "new"}])
    reply = ask("PATCH", "?base=1", body=replace("/list/1", "B"))
    assert reply.body == {"version": 3, "ops": replace("/list/2", "B")}
    assert ask("GET").body == {"list": ["new", "a", "B"]}
    both = ask("PATCH", "?base=1", body=replace("/list/1", "mine"))
    [conflict] = both.body["conflicts"]
    assert (conflict["theirs"], conflict["yours"]) == ("B", "mine")
    assert refusal(ask("PATCH", "?base=99", body=[])) == (409, "unknown_version")


def test_merged_texts_are_listed_apart_from_conflicts(ask: Ask, bo: str) -> None:
    ask("PUT", body={"t": "one two three", "n": 1})
    theirs = [*replace("/t", "one two 3"), *replace("/n", 2)]
    ask("PATCH", body=theirs, token=bo)
    reply = ask("PATCH", "?base=1", body=[*replace("/t", "1 two three"), *replace("/n", 3)])
    assert ask("GET").body == {"t": "1 two 3", "n": 3}
    assert reply.body["merged"] == ["/t"]
    assert [each["path"] for each in reply.body["conflicts"]] == ["/n"]
    untouched = ask("PATCH", "?base=1", body=[{"op": "add", "path": "/m", "value": 1}])
    assert untouched.body.keys() == {"version"}


def test_if_match_of_any_version_leaves_a_patch_on_its_base(ask: Ask) -> None:
    ask("PUT", body={"sections": [{"id": "a"}, {"id": "b"}]})
    ask("PATCH", body=[{"op": "remove", "path": "/sections/0"}])
    late = [{"op": "add", "path": "/sections/1/title", "value": "B"}]
    assert ask("PATCH", "?base=1", late, If_Match="*").status == 200
    assert ask("GET").body == {"sections": [{"id": "b", "title": "B"}]}


def test_if_match_is_strict_and_lists_the_changes_since(ask: Ask, bo: str) -> None:
    ask("PUT", body={"n": 0, "m": 0})
    ask("PATCH", body=replace("/n", 1), token=bo)
    for method, body in (("PATCH", replace("/m", 5)), ("PUT", {"n": 0, "m": 5})):
        reply = ask(method, body=body, If_Match='"1.1"')
        assert refusal(reply) == (412, "conflict")
        assert (reply.body["base"], reply.body["version"]) == (1, 2)
        [change] = reply.body["changes"]
        assert change["by"]["user"] == "bo"
        assert change["ops"] == replace("/n", 1)
    assert ask("PATCH", body=replace("/m", 5), If_Match='"1.2"').status == 200
    assert ask("PATCH", body=replace("/m", 6), If_Match="*").status == 200
    for tag in ('"1.99"', 'W/"1.3"', '"2.4"', '"4"', "1.4", '"1.4', '"x"', ""):
        assert refusal(ask("PATCH", body=[], If_Match=tag)) == (412, "conflict")


def test_a_put_with_if_match_is_one_minimal_change(ask: Ask) -> None:
    ask("PUT", body={"sections": [{"id": "a"}, {"id": "b"}], "title": "T"})
    done = ask("PUT", body={"sections": [{"id": "b"}, {"id": "a"}], "title": "T"}, If_Match='"1.1"')
    assert (done.status, done.body["version"]) == (200, 2)
    assert ask("GET").body["sections"] == [{"id": "b"}, {"id": "a"}]
    again = ask("PUT", body=ask("GET").body, If_Match='"1.2"')
    assert (again.status, again.body["version"]) == (200, 2)


def test_an_edit_over_http_reaches_the_lane_with_its_client_name(
    ask: Ask, server: RunningServer, ada: str, doc: str
) -> None:
    async def listen() -> dict[str, Any]:
        client = await PatchClient.connect(server.ws, doc, ada, create={"n": 0})
        await asyncio.to_thread(ask, "PATCH", "", replace("/n", 1), Weft_Client=NAME)
        await client.until_version(2)
        [change] = client.changes
        await client.close()
        return dict(change["by"])

    by = asyncio.run(listen())
    assert (by["user"], by["client"]) == ("ada", "skript-ä")


def test_undo_and_redo_have_the_members_of_an_ack(ask: Ask, bo: str) -> None:
    ask("PUT", body={"n": 0, "m": {"k": 0}})
    ask("PATCH", body=replace("/n", 1))
    undone = ask("POST", "/undo")
    assert (undone.status, undone.body["version"]) == (200, 3)
    assert undone.body["ops"] == replace("/n", 0)
    assert undone.body["undone"][0]["version"] == 2
    assert undone.body["skipped"] == []
    assert ask("POST", "/redo", body={}).body["ops"] == replace("/n", 1)
    assert refusal(ask("POST", "/undo", body={"scope": "/m"})) == (409, "nothing_to_undo")
    assert refusal(ask("POST", "/undo", token=bo)) == (409, "nothing_to_undo")
    assert ask("POST", "/undo", token=bo).body["detail"] == "no change of yours is left to undo"
    assert refusal(ask("POST", "/redo")) == (409, "nothing_to_undo")
    assert ask("POST", "/redo").body["detail"] == "no change of yours is left to redo"
    for scope in (3, "m", "/~2"):
        assert refusal(ask("POST", "/undo", body={"scope": scope})) == (400, "malformed")


def test_a_recreated_document_continues_its_version_numbers(ask: Ask, admin: str) -> None:
    ask("PUT", body={"n": 0})
    assert refusal(ask("DELETE")) == (403, "forbidden")
    assert refusal(ask("DELETE", token=admin, If_Match='"1.7"')) == (412, "conflict")
    gone = ask("DELETE", token=admin)
    assert (gone.status, gone.raw) == (204, b"")
    for method in ("GET", "DELETE"):
        assert refusal(ask(method, token=admin)) == (404, "not_found")
    again = ask("PUT", body={"n": 1})
    assert (again.status, again.body["version"]) == (201, 2)
    assert refusal(ask("GET", "?at=1")) == (409, "unknown_version")


async def test_presence_is_listed(join: Join, ada: str, bo: str, ask: Ask, doc: str) -> None:
    one = await join(doc, ada, create={}, client="tab-1")
    two = await join(doc, bo)
    await one.send({"type": "presence", "state": {"color": "#f80"}})
    await two.until(lambda: "#f80" in str(two.others))
    [peer] = [item for item in ask("GET", "/presence").body["items"] if item["user"] == "ada"]
    assert (peer["client"], peer["state"]) == ("tab-1", {"color": "#f80"})


# --- idempotency ----------------------------------------------------------------------------


def test_a_request_with_an_idempotency_key_is_applied_once(ask: Ask) -> None:
    ask("PUT", body={"list": []})
    add = [{"op": "add", "path": "/list/-", "value": 1}]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask("PATCH", body=add, Idempotency_Key="k"), range(8)))
    assert {reply.body["version"] for reply in replies} == {2}
    assert sum(reply.body.get("duplicate", False) for reply in replies) == 7
    assert ask("GET").body == {"list": [1]}
    again = ask("PATCH", body=add, Idempotency_Key="k", If_Match='"1.1"')
    assert again.body == {**replies[0].body, "duplicate": True}
    assert refusal(ask("PUT", body={"other": 1}, Idempotency_Key="k")) == (422, "id_reused")


def test_a_reused_key_with_another_request_is_refused(ask: Ask) -> None:
    ask("PUT", body={"n": 0}, Idempotency_Key="make")
    ask("PATCH", body=replace("/n", 1), Idempotency_Key="one")
    ask("PATCH", body=[{"op": "test", "path": "/n", "value": 1}], Idempotency_Key="none")
    ask("PUT", body={"n": 2}, If_Match="*", Idempotency_Key="put")
    ask("POST", "/undo", {"scope": "/n"}, Idempotency_Key="undo")
    ask("POST", "/redo", Idempotency_Key="redo")
    reused = [
        ask("PUT", body={"n": 1}, Idempotency_Key="make"),
        ask("PATCH", body=replace("/n", 2), Idempotency_Key="one"),
        ask("PATCH", body=replace("/n", 1), Idempotency_Key="none"),
        ask("PUT", body={"n": 3}, If_Match="*", Idempotency_Key="put"),
        ask("PATCH", body=replace("/n", 2), If_Match="*", Idempotency_Key="put"),
        ask("POST", "/undo", Idempotency_Key="undo"),
        ask("POST", "/redo", {"scope": "/n"}, Idempotency_Key="redo"),
        ask("POST", "/undo", Idempotency_Key="redo"),
    ]
    assert {refusal(each) for each in reused} == {(422, "id_reused")}
    assert {each.body["retryable"] for each in reused} == {False}
    reply = ask("GET")
    assert reply.body == {"n": 2}
    repeated = [
        ask("PUT", body={"n": 0.0}, Idempotency_Key="make"),
        ask("PATCH", "?base=1", body=replace("/n", 1), Idempotency_Key="one"),
        ask("PUT", body={"n": 2}, If_Match='"1.1"', Idempotency_Key="put"),
        ask("POST", "/undo", {"scope": "/n"}, Idempotency_Key="undo"),
        ask("POST", "/redo", {"scope": ""}, Idempotency_Key="redo"),
    ]
    assert [each.body["duplicate"] for each in repeated] == [True] * 5
    assert ask("GET").headers["etag"] == reply.headers["etag"]


def test_a_reused_key_of_another_restore_is_refused(ask: Ask, admin: str) -> None:
    ask("PUT", body={"n": 1, "m": 1})
    ask("PATCH", body=[*replace("/n", 2), *replace("/m", 2)])
    asked = {"version": 1, "pointer": "/n"}
    first = ask("POST", "/restore", asked, token=admin, Idempotency_Key="back")
    assert first.body["version"] == 3
    other = ask("POST", "/restore", {**asked, "pointer": "/m"}, token=admin, Idempotency_Key="back")
    assert refusal(other) == (422, "id_reused")
    again = ask("POST", "/restore", asked, token=admin, Idempotency_Key="back")
    assert again.body == {**first.body, "duplicate": True}
    assert again.body["ops"] == replace("/n", 1)
    same = ask("POST", "/restore", asked, token=admin, Idempotency_Key="same")
    assert same.body == {"version": 3, "ops": []}
    again = ask("POST", "/restore", asked, token=admin, Idempotency_Key="same")
    assert again.body == {**same.body, "duplicate": True}
    gone = ask("POST", "/restore", {"version": 9}, token=admin, Idempotency_Key="back")
    assert refusal(gone) == (422, "id_reused")
    gone = ask("POST", "/restore", {"version": 9}, token=admin, Idempotency_Key="new")
    assert refusal(gone) == (409, "unknown_version")
    assert ask("GET").body == {"n": 1, "m": 2}


def test_an_idempotency_key_survives_kill_9(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        token = server.token("ada")
        url = f"{server.http}/v1/docs/page"
        add = [{"op": "add", "path": "/list/-", "value": 1}]
        made = call("PUT", url, {"list": []}, token=token, Idempotency_Key="make")
        first = call("PATCH", url, add, token=token, Idempotency_Key="k")
        server.kill()
        server.start()
        second = call("PATCH", url, add, token=token, Idempotency_Key="k")
        assert second.body == {**first.body, "duplicate": True}
        other = [{"op": "add", "path": "/list/-", "value": 2}]
        reused = call("PATCH", url, other, token=token, Idempotency_Key="k")
        assert refusal(reused) == (422, "id_reused")
        again = call("PUT", url, {"list": []}, token=token, Idempotency_Key="make")
        assert (again.status, again.body) == (201, {**made.body, "duplicate": True})
        undone = call("POST", f"{url}/undo", token=token, Idempotency_Key="u")
        server.kill()
        server.start()
        repeated = call("POST", f"{url}/undo", token=token, Idempotency_Key="u")
        assert repeated.body == {**undone.body, "duplicate": True}
        assert call("GET", url, token=token).body == {"list": []}


# --- the schema -----------------------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}, "deep": {"properties": {"s": {"type": "string"}}}},
    "required": ["n"],
}


def test_every_change_must_match_the_schema(ask: Ask, admin: str) -> None:
    ask("PUT", body={"n": 0, "deep": {"s": ""}})
    assert refusal(ask("GET", "/schema", token=admin)) == (404, "not_found")
    assert ask("PUT", "/schema", body=SCHEMA, token=admin).status == 204
    assert ask("GET", "/schema", token=admin).body == SCHEMA
    for body, path in ((replace("/deep/s", 3), "/deep/s"), (replace("/n", "x"), "/n")):
        reply = ask("PATCH", body=body)
        assert refusal(reply) == (422, "invalid_document")
        assert reply.body["path"] == path
    broken = ask("PUT", body={"deep": {"s": ""}}, If_Match='"1.1"')
    assert (refusal(broken), broken.body["path"]) == ((422, "invalid_document"), "")
    assert ask("PATCH", body=replace("/n", 2)).status == 200
    assert ask("DELETE", "/schema", token=admin).status == 204
    assert ask("PATCH", body=replace("/n", "x")).status == 200


def test_a_schema_that_the_value_violates_is_refused_with_the_place(ask: Ask, admin: str) -> None:
    ask("PUT", body={"n": 0, "deep": {"s": 3}})
    reply = ask("PUT", "/schema", body=SCHEMA, token=admin)
    assert (refusal(reply), reply.body["path"]) == ((422, "invalid_document"), "/deep/s")
    assert ask("GET", "/schema", token=admin).status == 404
    assert ask("PATCH", body=replace("/n", "x")).status == 200


def test_an_invalid_schema_is_refused(ask: Ask, admin: str, ada: str) -> None:
    ask("PUT", body={"n": 0})
    assert refusal(ask("PUT", "/schema", body=SCHEMA, token=ada)) == (403, "forbidden")
    assert refusal(ask("PUT", "/schema", raw=b"{", token=admin)) == (400, "malformed")
    bodies: list[Any] = [[], 3, None, {"type": 3}, {"$ref": "http://127.0.0.1/x"}]
    for body in bodies:
        raw = json.dumps(body).encode()
        status, code = refusal(ask("PUT", "/schema", raw=raw, token=admin))
        assert (status, code) == (422, "invalid_document"), body
    assert refusal(ask("DELETE", "/schema", token=admin)) == (404, "not_found")


def test_an_undo_that_would_violate_the_schema_is_refused(ask: Ask, admin: str) -> None:
    ask("PUT", body={"n": "x"})
    ask("PATCH", body=replace("/n", 1))
    assert ask("PUT", "/schema", body=SCHEMA, token=admin).status == 204
    undone = ask("POST", "/undo")
    assert (refusal(undone), undone.body["path"]) == ((422, "invalid_document"), "/n")
    assert ask("PATCH", body=replace("/n", 2)).body == {"version": 3}
    assert ask("POST", "/undo").body["ops"] == replace("/n", 1)


async def test_a_new_schema_applies_to_connected_clients(
    join: Join, ask: Ask, ada: str, admin: str, doc: str
) -> None:
    client = await join(doc, ada, create={"n": 0})
    assert ask("PUT", "/schema", body=SCHEMA, token=admin).status == 204
    bad = await client.patch(*replace("/n", "x"))
    refused = await client.answer(bad)
    assert (refused["code"], refused["path"]) == ("invalid_document", "/n")
    assert (await client.set("/n", 5))["type"] == "ack"


async def test_edits_that_wait_while_the_schema_changes_are_not_lost(
    join: Join, ask: Ask, ada: str, admin: str, doc: str
) -> None:
    client = await join(doc, ada, create={"n": 0})

    async def edit() -> None:
        for turn in range(1, 60):
            ack = await client.answer(await client.patch(*replace("/n", turn)))
            assert ack["type"] == "ack"

    async def govern() -> None:
        for _ in range(6):
            for method in ("PUT", "DELETE"):
                body = SCHEMA if method == "PUT" else None
                reply = await asyncio.to_thread(ask, method, "/schema", body, token=admin)
                assert reply.status == 204, reply.body

    await asyncio.gather(edit(), govern())
    assert ask("GET").body == {"n": 59}


async def test_the_list_shows_who_is_in_the_documents_that_a_token_sees(
    server: RunningServer, join: Join, ada: str, bo: str, doc: str
) -> None:
    await join(doc, ada, client="tab-1", create={"title": "Hello"})
    await join(f"{doc}-2", bo, create={"title": "Other"})
    narrow = await server.mint("cy", Role.VIEWER, docs=(doc,))
    url = f"{server.http}/v1/docs?include=presence,summary"
    [item] = call("GET", url, token=narrow).body["items"]
    [peer] = item["presence"]
    assert (item["doc"], item["summary"]["title"]) == (doc, "Hello")
    assert (peer["user"], peer["name"], peer["client"], peer["role"]) == (
        *("ada", "Ada", "tab-1", "editor"),
    )
    assert "state" not in peer
    stranger = await server.mint("eve", Role.ADMIN, tenant="acme")
    assert call("GET", url, token=stranger).body["items"] == []
