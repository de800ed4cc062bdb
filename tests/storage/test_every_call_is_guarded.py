"""The law: every call of the store, and every way to a database, is behind the circuit breakers."""

from __future__ import annotations

from inspect import getmembers, iscoroutinefunction
from typing import Any

import pytest

from collab.entry import Author
from collab.ids import DocKey
from collab.ports.assets import Asset, Content
from collab.ports.audit import AuditRow
from collab.ports.directory import ShareLink, SigningKey
from collab.ports.positions import Position
from collab.ports.publications import Publication
from collab.ports.repairs import Rebuilt
from collab.ports.store import NamedVersion, Snapshot, StorageUnavailable, Store
from storage import store as store_module
from storage.circuit_breaker import State
from storage.guarded_database import GuardedDatabase
from storage.store import SqlStore
from tests.storage.contract import HOME, made
from tests.storage.scripted_database import ScriptedDatabase

KEY = SigningKey("k-1", b"secret", 1)
LINK = ShareLink("s-1", b"secret", "viewer", "ada", 1, 2)
ASSET = Asset("a" * 64, "image/png", 1, 1, "a.png", "ada", 1, "f-1", [Content(0, 1, [0])])
NAMED = NamedVersion(1, "first", "ada", 1)
ROW = AuditRow(1, "ada", "edit")

# The start, the stop, and the calls that find out whether the database answers.
UNGUARDED = {"start", "migrate", "close", "ping", "watch"}
# Every other call of the store, with arguments that need the database.
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "activity": (("demo", 0, 1), {}),
    "add_asset": (("demo", ASSET, {0: b"x"}), {}),
    "add_key": (("demo", KEY), {}),
    "add_share": ((HOME, LINK), {}),
    "add_tenant": (("demo", 1), {}),
    "asset_uses": (("demo", ["a"]), {}),
    "audit": ((HOME, 0, 1), {}),
    "commit": (([made(HOME)],), {}),
    "commit_locked": ((HOME, Position(1, 1, 0), lambda _: None), {}),
    "compact": ((HOME,), {"before": 1, "keep": ()}),
    "delete": ((HOME, 1), {}),
    "delete_asset": (("demo", "a"), {}),
    "drop_audit": ((1, 1), {}),
    "drop_old_uses": (("demo", 1, 1), {}),
    "drop_shares": ((1,), {}),
    "drop_strays": ((1,), {}),
    "end_share": ((HOME, "s-1"), {}),
    "entries": ((HOME, 0, 1, 1), {}),
    "ever_existed": ((HOME,), {}),
    "find_accepted": ((HOME, "ada", ["a.1"]), {}),
    "find_assets": (([("demo", "a")],), {}),
    "find_commit": ((HOME, "c-1"), {}),
    "find_keys": ((["k-1"],), {}),
    "find_rows": (([HOME],), {}),
    "keys": (("demo",), {}),
    "last_before": ((HOME, 1), {}),
    "list_assets": (("demo", (1, ""), 1), {}),
    "list_docs": (("demo", "", 1), {}),
    "load": ((HOME,), {}),
    "locks": ((HOME,), {}),
    "log_bytes": ((HOME, 0, 1), {}),
    "name_version": ((HOME, NAMED), {}),
    "named_versions": ((HOME,), {}),
    "new_epoch": ((HOME, 2), {}),
    "newer": ((HOME, Position(1, 1, 0)), {}),
    "now": ((), {}),
    "position": ((HOME,), {}),
    "positions": (([HOME],), {}),
    "public_state": ((HOME,), {}),
    "public_versions": ((HOME,), {}),
    "publications": ((HOME, 0, 1), {}),
    "publish": ((HOME, Publication(1, Author("ada", "Ada"), 1), 0), {}),
    "raise_epochs": ((2,), {}),
    "read_piece": (("demo", ASSET, 0, 0), {}),
    "rebuild": ((HOME, Rebuilt(1, 1, 0, 2, made(HOME).entries[0], b"x")), {}),
    "remains": ((HOME,), {}),
    "retire_key": (("demo", "k-1", 1), {}),
    "row": ((HOME,), {}),
    "save_locks": ((HOME,), {"revision": 0, "put": [], "drop": []}),
    "save_snapshot": ((HOME, 1, Snapshot(1, b"x")), {}),
    "save_uses": ((HOME, 1, ["a"], 1), {}),
    "set_schema": ((HOME, b"{}", 0), {}),
    "shares": ((HOME,), {}),
    "snapshot_before": ((HOME, 1), {}),
    "summaries": ((HOME, 0, 1, 1), {}),
    "tenants": ((), {}),
    "tenants_with_assets": ((), {}),
    "titles": (("demo", ["home"]), {}),
    "unread_versions": (("demo", 1), {}),
    "unused_assets": (("demo", 1, 1), {}),
    "write_audit": (([(DocKey("demo", "home"), ROW)],), {}),
}


def test_every_call_of_the_store_is_listed_here() -> None:
    methods = {name for name, _ in getmembers(Store, iscoroutinefunction)}
    assert methods - UNGUARDED == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
async def test_no_call_of_the_store_reaches_a_database_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    scripted = ScriptedDatabase()
    monkeypatch.setattr(store_module, "_open", lambda url: scripted)
    store = SqlStore("postgresql+asyncpg://weft@127.0.0.1/weft")
    store._guarded._reads.state = store._guarded._writes.state = State.OPEN
    arguments, named = CALLS[name]
    with pytest.raises(StorageUnavailable, match="are refused"):
        await getattr(store, name)(*arguments, **named)
    assert scripted.reached == []


@pytest.mark.parametrize(
    "url", ["sqlite+aiosqlite:///:memory:", "postgresql+asyncpg://weft@127.0.0.1/weft"]
)
async def test_the_store_has_no_way_around_the_breakers(url: str) -> None:
    store = SqlStore(url)
    assert isinstance(store._database, GuardedDatabase)
    assert {part for part in vars(store).values() if _is_database(part)} == {store._guarded}
    await store.close()


def _is_database(part: object) -> bool:
    return hasattr(part, "read") and hasattr(part, "migrate")
