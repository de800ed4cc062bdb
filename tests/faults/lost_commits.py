"""Each kind of write: how a client sends and repeats it, and how it checks the effect."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from server.archives.archive import Archive
from tests.live.http_client import Reply, call
from tests.patience import PATIENCE
from tests.server.archives.test_archive import history

PATCH = "application/json-patch+json"
SET_SCHEMA, PUBLISH = "UPDATE docs SET revision", "INSERT INTO publications"
ENTRIES, LOCKS = "INSERT INTO entries", "INSERT INTO locks"


@dataclass
class Client:
    """An administrator's script. `number` is the round, `editor` the token of another user."""

    http: str
    token: str
    editor: str = ""
    tenant: str = "demo"
    number: int = 0

    def ask(self, method: str, rest: str, body: Any = None, **headers: Any) -> Reply:
        reply = call(method, f"{self.http}/v1/docs/{rest}", body, token=self.token, **headers)
        until = time.monotonic() + PATIENCE
        while method == "GET" and reply.status == 503:  # the server may be behind the database
            assert time.monotonic() < until, reply.raw
            reply = call(method, f"{self.http}/v1/docs/{rest}", token=self.token, **headers)
        return reply

    def patch(self, ops: list[dict[str, Any]], id: str = "") -> Reply:
        headers = {"Idempotency_Key": id} if id else {}
        return self.ask("PATCH", "page", ops, Content_Type=PATCH, **headers)

    def add(self, value: Any, id: str = "") -> Reply:
        return self.patch([{"op": "add", "path": "/list/-", "value": value}], id)

    def value(self, rest: str = "page") -> Any:
        return self.ask("GET", rest).body

    def status(self, rest: str) -> int:
        return self.ask("GET", rest).status

    def head(self) -> int:
        """The document's newest version."""
        newest: int = self.ask("GET", "page/versions?limit=1").body["items"][0]["version"]
        return newest


@dataclass(frozen=True)
class Kind:
    """One kind of write. `statement` is in the transaction whose COMMIT gets no answer. The test
    sends `ask` again and again until the server accepts it. `again` are the allowed answers.
    """

    statement: str
    ask: Callable[[Client], Reply]
    check: Callable[[Client], None]
    prepare: Callable[[Client], object] = lambda client: None
    again: tuple[int, ...] = (200,)


def _id(client: Client, kind: str) -> str:
    return f"{kind}-{client.number}"


def _is_once(client: Client, value: Any) -> None:
    assert client.value()["list"].count(value) == 1


# --- writes that make a version -------------------------------------------------------------------


def _edit(client: Client) -> Reply:
    return client.add(_id(client, "edit"), _id(client, "edit"))


def _replace(client: Client) -> Reply:
    kept = client.value() | {"replaced": client.number}
    headers = {"If_Match": "*", "Idempotency_Key": _id(client, "replace")}
    return client.ask("PUT", "page", kept, **headers)


def _is_replaced(client: Client) -> None:
    assert client.value()["replaced"] == client.number
    assert sum(row["pointers"] == ["/replaced"] for row in _rows(client)) <= client.number + 1


def _rows(client: Client) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = client.ask("GET", f"page/versions?limit=200{cursor}").body
        yield from page["items"]
        if not page.get("cursor"):
            return
        cursor = f"&cursor={page['cursor']}"


def _create(client: Client) -> Reply:
    id = _id(client, "create")
    return client.ask("PUT", f"new-{client.number}", {"n": client.number}, Idempotency_Key=id)


def _is_created(client: Client) -> None:
    name = f"new-{client.number}"
    assert client.value(name) == {"n": client.number}
    items = client.ask("GET", f"{name}/versions").body["items"]
    assert [row["version"] for row in items] == [1]


def _before_undo(client: Client) -> None:
    for what in ("first", "second"):
        assert client.add(_id(client, what)).status == 200


def _undo(client: Client) -> Reply:
    return client.ask("POST", "page/undo", {}, Idempotency_Key=_id(client, "undo"))


def _is_undone(client: Client) -> None:
    _is_once(client, _id(client, "first"))
    assert _id(client, "second") not in client.value()["list"]


def _before_redo(client: Client) -> None:
    _before_undo(client)
    for _ in range(2):
        assert client.ask("POST", "page/undo", {}).status == 200


def _is_redone(client: Client) -> None:
    """Whether the redo restored the first of two undone edits only."""
    _is_once(client, _id(client, "first"))
    assert _id(client, "second") not in client.value()["list"]


def _redo(client: Client) -> Reply:
    return client.ask("POST", "page/redo", {}, Idempotency_Key=_id(client, "redo"))


def _restore(client: Client) -> Reply:
    body = {"version": 1, "pointer": "/n"}
    return client.ask("POST", "page/restore", body, Idempotency_Key=_id(client, "restore"))


def _before_restore(client: Client) -> None:
    ops = [{"op": "replace", "path": "/n", "value": client.number + 1}]
    assert client.patch(ops).status == 200


def _is_restored(client: Client) -> None:
    assert client.value()["n"] == 0
    assert [row["kind"] for row in _rows(client)][:2] == ["restore", "edit"]


def _import(client: Client) -> Reply:
    ops: list[list[dict[str, Any]]] = [
        [{"op": "replace", "path": "", "value": {"k": 0}}],
        [{"op": "replace", "path": "/k", "value": client.number + 1}],
    ]
    at = "2026-03-01T12:00:00.123Z"
    whole = Archive(
        "weft-archive/1", "home", 1, 2, at, {"k": client.number + 1}, None, [], history(ops)
    )
    raw = msgspec.json.encode(whole)
    url = f"{client.http}/v1/docs/copy-{client.number}/import"
    return call("POST", url, raw=raw, token=client.token)


def _is_imported(client: Client) -> None:
    name = f"copy-{client.number}"
    assert client.value(name) == {"k": client.number + 1}
    assert client.status(f"{name}?at=1") == 200


# --- writes that make no version ------------------------------------------------------------------


def _nothing(client: Client) -> Reply:
    """Send a patch that is accepted and changes nothing."""
    return client.patch([{"op": "test", "path": "/list/0", "value": "x"}], _id(client, "nothing"))


def _is_remembered(client: Client) -> None:
    """Whether the repeated id gets its first answer, although the value has changed since."""
    ops = [{"op": "replace", "path": "/list/0", "value": "y"}]
    assert client.patch(ops).status == 200
    assert _nothing(client).status == 200
    ops = [{"op": "replace", "path": "/list/0", "value": "x"}]
    assert client.patch(ops).status == 200


def _make_doomed(client: Client) -> None:
    assert client.ask("PUT", f"doomed-{client.number}", {"old": True}).status == 201


def _delete(client: Client) -> Reply:
    return client.ask("DELETE", f"doomed-{client.number}")


def _is_gone(client: Client) -> None:
    name = f"doomed-{client.number}"
    assert client.status(name) == 404
    assert client.ask("PUT", name, {"old": False}).status == 201
    assert client.value(name) == {"old": False}


def _schema(client: Client) -> dict[str, Any]:
    return {"type": "object", "properties": {"list": {}}, "maxProperties": 40 + client.number}


def _set_schema(client: Client) -> Reply:
    return client.ask("PUT", "page/schema", _schema(client))


def _is_kept(client: Client) -> None:
    assert client.ask("GET", "page/schema").body == _schema(client)
    many = {f"k{n}": n for n in range(60 + client.number)}
    ops = [{"op": "add", "path": f"/{name}", "value": value} for name, value in many.items()]
    assert client.patch(ops).body["code"] == "invalid_document"


def _drop_schema(client: Client) -> Reply:
    return client.ask("DELETE", "page/schema")


def _has_no_schema(client: Client) -> None:
    assert client.status("page/schema") == 404
    ops = [{"op": "replace", "path": "/list/0", "value": "x"}]
    assert client.patch(ops).status == 200


def _publish(client: Client) -> Reply:
    return client.ask("POST", "page/publish", {"version": client.head()})


def _is_public(client: Client) -> None:
    assert client.ask("GET", "page/publish").body["published"] == client.head()
    seen = call("GET", f"{client.http}/v1/published/{client.tenant}/page")
    assert seen.body == client.value()


def _take_down(client: Client) -> Reply:
    return client.ask("DELETE", "page/publish")


def _is_private(client: Client) -> None:
    assert "published" not in client.ask("GET", "page/publish").body
    assert call("GET", f"{client.http}/v1/published/{client.tenant}/page").status == 404


def _name(client: Client) -> Reply:
    return client.ask("POST", "page/versions", {"name": _id(client, "name")})


def _is_named(client: Client) -> None:
    assert [row.get("name") for row in _rows(client)].count(_id(client, "name")) == 1


def _acquire(client: Client) -> Reply:
    return client.ask("POST", "page/locks", {"scope": "/list", "ttl": 600})


def _locks(client: Client) -> list[dict[str, Any]]:
    held: list[dict[str, Any]] = client.ask("GET", "page/locks").body["items"]
    return held


def _is_held_once(client: Client) -> None:
    [lock] = _locks(client)
    assert lock["scope"] == "/list"
    assert _act(client, "release").status == 200
    assert _locks(client) == []


def _act(client: Client, action: str) -> Reply:
    """`release` or `renew` the only lock; return 404 when the lock is gone."""
    held = _locks(client)
    if not held:
        return client.ask("POST", "page/locks/l-0/release", {})
    return client.ask("POST", f"page/locks/{held[0]['id']}/{action}", {})


def _before_lock(client: Client) -> None:
    assert _acquire(client).status == 201


def _has_no_lock(client: Client) -> None:
    assert _locks(client) == []


def _take_over(client: Client) -> Reply:
    """Take the lock over as an editor, who must wait. An administrator would not wait."""
    editor = replace(client, token=client.editor)
    return _act(editor, "take-over")


def _is_claimed_once(client: Client) -> None:
    [lock] = _locks(client)
    assert lock["claimed_by"]["user"] == "eve"
    assert _act(client, "keep").status == 200
    _is_held_once(client)


def _before_keep(client: Client) -> None:
    _before_lock(client)
    assert _take_over(client).status == 200


def _is_kept_by_its_holder(client: Client) -> None:
    [lock] = _locks(client)
    assert (lock["holder"]["user"], lock.get("claimed_by")) == ("root", None)
    _is_held_once(client)


# --- the server's own writes ----------------------------------------------------------------------


def _is_in_the_trail_once(client: Client) -> None:
    """Whether the audit trail has the row once; the server retries it before the next row."""
    version = client.head()
    assert client.add(_id(client, "later")).status == 200
    while not (found := _trail(client, version + 1)):
        pass
    assert len(found) == 1
    assert len(_trail(client, version)) == 1


def _trail(client: Client, version: int) -> list[dict[str, Any]]:
    rows = client.ask("GET", "page/audit?limit=20").body["items"]
    return [row for row in rows if row["version"] == version]


def _before_expiry(client: Client) -> None:
    """Wait until the server has handled the lost answer of the round before."""
    body = {"scope": "/list", "ttl": 1}
    while (reply := client.ask("POST", "page/locks", body)).status == 503:
        pass
    assert reply.status == 201


def _edit_when_it_is_over(client: Client) -> Reply:
    """Send an editor's edit under another user's lock until the lock has expired."""
    editor = replace(client, token=client.editor)
    while (reply := _edit(editor)).status == 423:
        pass
    return reply


def _has_expired(client: Client) -> None:
    _is_once(client, _id(client, "edit"))
    _has_no_lock(client)


def _fill(client: Client) -> Reply:
    """Write enough to cause a snapshot."""
    for number in range(10):
        value = {f"{client.number} {number}": "x" * 1000}
        reply = client.patch([{"op": "add", "path": "/filled", "value": value}])
    return reply


def _is_filled(client: Client) -> None:
    version = client.head()
    for at, number in ((version, 9), (version - 5, 4)):
        assert list(client.value(f"page?at={at}")["filled"]) == [f"{client.number} {number}"]


KINDS = {
    "edit": Kind(ENTRIES, _edit, lambda c: _is_once(c, _id(c, "edit"))),
    "replace": Kind(ENTRIES, _replace, _is_replaced),
    "create": Kind(ENTRIES, _create, _is_created, again=(201,)),
    "undo": Kind(ENTRIES, _undo, _is_undone, _before_undo),
    "redo": Kind(
        ENTRIES,
        _redo,
        _is_redone,
        _before_redo,
    ),
    "restore": Kind(ENTRIES, _restore, _is_restored, _before_restore),
    "import": Kind(ENTRIES, _import, _is_imported, again=(201, 409)),
    "accepted": Kind("INSERT INTO accepted", _nothing, _is_remembered),
    "delete": Kind("UPDATE docs SET", _delete, _is_gone, _make_doomed, again=(204, 404)),
    "schema": Kind("INSERT INTO schemas", _set_schema, _is_kept, again=(204,)),
    "no schema": Kind(
        "DELETE FROM schemas", _drop_schema, _has_no_schema, _set_schema, again=(204, 404)
    ),
    "publish": Kind(PUBLISH, _publish, _is_public, _edit),
    "take down": Kind(PUBLISH, _take_down, _is_private, _publish, again=(204, 404)),
    "name": Kind("INSERT INTO named", _name, _is_named, _edit, again=(200, 201)),
    "acquire": Kind(LOCKS, _acquire, _is_held_once, again=(201,)),
    "renew": Kind(LOCKS, lambda c: _act(c, "renew"), _is_held_once, _before_lock),
    "take over": Kind(LOCKS, _take_over, _is_claimed_once, _before_lock),
    "keep": Kind(LOCKS, lambda c: _act(c, "keep"), _is_kept_by_its_holder, _before_keep),
    "expiry": Kind("DELETE FROM locks", _edit_when_it_is_over, _has_expired, _before_expiry),
    "trail": Kind("INSERT INTO audit", _edit, _is_in_the_trail_once),
    "snapshot": Kind("INSERT INTO snapshots", _fill, _is_filled),
    "steps": Kind("INSERT INTO steps", _fill, _is_filled),
    "release": Kind(
        "DELETE FROM locks",
        lambda c: _act(c, "release"),
        _has_no_lock,
        _before_lock,
        again=(200, 404),
    ),
}
