"""PostgreSQL with faults: restarted, frozen, gone, or a row held by another transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import psutil
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from collab.entry import Accepted
from collab.ids import DocKey
from collab.ports.directory import SigningKey
from collab.ports.positions import Newer, Position
from collab.ports.store import Append, Clash, Committed, Duplicate, Full, Held, StorageUnavailable
from storage import postgres
from storage import store as store_module
from storage.database import LOCK_SECONDS, CoreRunner
from storage.migration import ADVISORY_LOCK, SchemaOutdatedError, upgrade
from storage.postgres import PostgresDatabase
from storage.store import SqlStore
from tests.storage.conftest import HOLD, another, execute, opened
from tests.storage.contract import AWAY, HOME, entry, further, made, stored
from tests.storage.forgetful_proxy import forgetful_proxy
from tests.storage.postgres_server import PostgresServer, running_postgres

pytestmark = pytest.mark.real

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'weft'"


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """Yield a server that the test may stop."""
    with running_postgres() as server:
        yield server


@asynccontextmanager
async def fresh(server: PostgresServer) -> AsyncIterator[SqlStore]:
    store = SqlStore(server.url("postgres"))
    await store.migrate()
    try:
        yield store
    finally:
        await store.close()


async def test_connections_have_durable_commits_and_timeouts(
    postgres_store: SqlStore,
) -> None:
    def settings(connection: Connection) -> list[str]:
        names = ("synchronous_commit", "lock_timeout", "statement_timeout")
        return [str(connection.scalar(text(f"SHOW {name}"))) for name in names]

    database = postgres_store._database
    assert await database.write(settings) == ["on", "100ms", "10s"]
    assert await database.write_first(settings) == ["on", "5s", "10s"]


async def test_a_schema_of_another_revision_is_refused(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    await execute(postgres_server, "CREATE DATABASE without_schema")
    store = SqlStore(postgres_server.url("without_schema"))
    with pytest.raises(SchemaOutdatedError, match=r"no tables of Weft yet: run `weft migrate`$"):
        await store.start()
    await asyncio.gather(store.migrate(), store.migrate())
    await store.start()
    await store.close()


async def test_a_migration_has_no_timeout(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await execute(postgres_server, "CREATE DATABASE for_a_long_migration")
    url = postgres_server.url("for_a_long_migration")

    def slow(connection: Connection) -> None:
        connection.execute(text("SELECT pg_sleep(1)"))  # like a migration of a large table
        upgrade(connection)

    monkeypatch.setattr(postgres, "DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(store_module, "upgrade", slow)
    store = SqlStore(url)
    await store.migrate()
    await store.close()
    monkeypatch.undo()
    async with opened(url):
        pass


async def test_a_migration_waits_for_another_one_but_not_for_tables(
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.2)
    store = SqlStore(postgres_url)
    async with another(postgres_server, postgres_url) as other:
        await other.execute(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        waiting = asyncio.create_task(store.migrate())
        done, _ = await asyncio.wait([waiting], timeout=1)
        assert not done
    await waiting
    name = postgres_url.partition("@/")[2].partition("?")[0]
    await execute(postgres_server, "UPDATE alembic_version SET version_num = '0004'", name)
    async with another(postgres_server, postgres_url) as other:
        await other.execute("LOCK TABLE alembic_version")
        with pytest.raises(StorageUnavailable, match="lock timeout"):
            await store.migrate()
    await store.close()


async def test_the_database_is_used_again_after_a_restart(own_server: PostgresServer) -> None:
    async with fresh(own_server) as store:
        await asyncio.gather(*(store.load(HOME) for _ in range(4)))
        await store.commit([made(HOME, commit="c-1")])
        own_server.stop()
        for attempt in (store.commit([further(HOME, 1)]), store.load(HOME), store.ping()):
            with pytest.raises(StorageUnavailable):
                await attempt
        own_server.start()
        assert await store.find_commit(HOME, "c-1") == 1
        assert (await stored(store)).head == 1
        assert await store.commit([further(HOME, 1)]) == [Committed()]


async def test_killed_connections_are_replaced(
    own_server: PostgresServer,
) -> None:
    async with fresh(own_server) as store:
        await asyncio.gather(*(store.commit([made(key)]) for key in (HOME, AWAY)))
        await execute(own_server, KILL)
        head = 1
        for _ in range(6):
            try:
                assert await store.commit([further(HOME, head)]) == [Committed()]
                head += 1
            except StorageUnavailable:
                continue
        assert head > 4
        assert (await stored(store)).head == head


async def test_waiting_for_a_frozen_server_has_a_timeout(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fresh(own_server) as store:
        await store.commit([made(HOME, commit="c-1")])
        server = psutil.Process(own_server.pid)
        pids = [server.pid, *(child.pid for child in server.children(recursive=True))]
        monkeypatch.setattr(postgres, "DEADLINE_SECONDS", 0.2)
        own_server.freeze(pids=pids)
        try:
            with pytest.raises(StorageUnavailable):
                await store.commit([further(HOME, 1)])
            with pytest.raises(StorageUnavailable):
                await store.load(HOME)
        finally:
            own_server.thaw(pids=pids)
        monkeypatch.undo()
        settled = await store.find_commit(HOME, "c-1")
        assert settled == 1
        head = (await stored(store)).head
        assert await store.commit([further(HOME, head)]) == [Committed()]


async def test_a_commit_skips_a_row_that_is_held(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with opened(postgres_url) as store:
        await store.commit([made(HOME), made(AWAY)])
        nothing = Append(HOME, 1, 1, 0, [], accepted=[Accepted("ada", "p-9", 1)])
        async with another(postgres_server, postgres_url) as other:
            await other.execute(HOLD)
            batch = [further(HOME, 1), further(AWAY, 1)]
            assert await store.commit(batch) == [Held(), Committed()]
            assert await store.commit([nothing, further(AWAY, 2)]) == [Held(), Committed()]
            assert await store.commit([further(HOME, 7)]) == [Clash()], "this head is another one"
        assert await store.commit([further(HOME, 1)]) == [Committed()]
        assert (await stored(store, AWAY)).head == 3


async def test_a_commit_of_many_documents_is_two_statements(
    postgres_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement for each document would take a round trip for each."""
    keys = [DocKey("demo", f"doc-{number}") for number in range(20)]
    assert await postgres_store.commit(list(map(made, keys))) == [Committed()] * 20
    statements: list[str] = []
    for name in ("run", "names"):
        ask = getattr(CoreRunner, name)

        def note(runner: CoreRunner, sql: str, values: Any, ask: Any = ask) -> Any:
            statements.append(sql)
            return ask(runner, sql, values)

        monkeypatch.setattr(CoreRunner, name, note)
    batch = [further(key, 1 if key != keys[7] else 9) for key in keys]
    expected = [Committed() if key != keys[7] else Clash() for key in keys]
    assert await postgres_store.commit(batch) == expected
    assert [sql.split()[0] for sql in statements] == ["UPDATE", "INSERT"]


async def test_the_second_try_of_a_commit_skips_a_held_row_too(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with opened(postgres_url) as store:
        await store.commit([made(HOME), made(AWAY, 1, id="p-1")])
        async with another(postgres_server, postgres_url) as other:
            await other.execute(HOLD)
            again = [further(HOME, 1), further(AWAY, 1, id="p-1")]
            first, second = await store.commit(again)
            assert (first, type(second)) == (Held(), Duplicate)
        assert await store.commit([further(HOME, 1)]) == [Committed()]


async def test_writes_that_wait_for_a_row_hold_no_connection(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with opened(postgres_url) as store:
        await store.commit([made(HOME), made(AWAY)])
        async with another(postgres_server, postgres_url) as other:
            await other.execute(HOLD)
            waiting = [asyncio.create_task(store.set_schema(HOME, b"{}", 0)) for _ in range(12)]
            for revision in range(3):
                assert await store.set_schema(AWAY, b"{}", revision)
            assert not any(task.done() for task in waiting)
        assert sum(await asyncio.gather(*waiting)) == 1, (
            "exactly one write succeeded when the row was free"
        )


async def test_waiting_for_a_row_has_a_timeout(
    postgres_server: PostgresServer, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.2)
    async with opened(postgres_url) as store:
        await store.commit([made(HOME)])
        async with another(postgres_server, postgres_url) as other:
            await other.execute(HOLD)
            with pytest.raises(StorageUnavailable, match="lock timeout"):
                await store.set_schema(HOME, b"{}", 0)
        assert await store.set_schema(HOME, b"{}", 0)


async def test_a_document_being_created_elsewhere_is_held(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with opened(postgres_url) as one, opened(postgres_url) as two:
        await one.commit([made(AWAY)])
        async with another(postgres_server, postgres_url) as other:
            lock = "SELECT pg_try_advisory_xact_lock(hashtextextended('demo/home', 0))"
            assert await other.fetchval(lock), "the lock that a commit of another process takes"
            assert await two.commit([made(HOME), further(AWAY, 1)]) == [Held(), Committed()]
        assert await two.commit([made(HOME)]) == [Committed()]
        assert await one.commit([made(HOME)]) == [Clash()]


async def test_a_create_is_held_while_the_deleted_row_is_held(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    again = Append(HOME, epoch=2, after=1, revision=1, entries=[entry(2)], create=True)
    async with opened(postgres_url) as store:
        await store.commit([made(HOME)])
        await store.delete(HOME, 5)
        async with another(postgres_server, postgres_url) as other:
            await other.execute(HOLD)
            assert await store.commit([again, made(AWAY)]) == [Held(), Committed()]
        assert await store.commit([again]) == [Committed()]


async def test_a_create_over_quota_does_not_wait_for_the_tenant_row(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with opened(postgres_url) as store:
        await store.add_tenant(HOME.tenant, 1)
        await store.commit([made(AWAY)])
        beyond = msgspec.structs.replace(made(HOME), quota=1)
        async with another(postgres_server, postgres_url) as other:
            await other.execute("SELECT 1 FROM tenants FOR UPDATE")
            async with asyncio.timeout(LOCK_SECONDS / 2):
                assert await store.commit([beyond, further(AWAY, 1)]) == [Full(), Committed()]
        within = msgspec.structs.replace(beyond, quota=2)
        assert await store.commit([within]) == [Committed()]


@pytest.mark.parametrize("table", ["docs", "entries", "accepted", "snapshots", "locks"])
async def test_a_missing_table_is_storage_unavailable(
    postgres_server: PostgresServer, postgres_url: str, table: str
) -> None:
    name = postgres_url.partition("@/")[2].partition("?")[0]
    async with opened(postgres_url) as store:
        await store.commit([made(HOME)])
        await execute(postgres_server, f"ALTER TABLE {table} RENAME TO gone", name)
        with pytest.raises(StorageUnavailable, match=table):
            await store.ping()
        calls = (store.commit([further(HOME, 1)]), store.load(HOME), store.locks(HOME))
        failed = [x for x in await asyncio.gather(*calls, return_exceptions=True) if _failed(x)]
        assert {type(error) for error in failed} == {StorageUnavailable}
        await execute(postgres_server, f"ALTER TABLE gone RENAME TO {table}", name)
        await store.ping()
        head = (await stored(store)).head
        assert await store.commit([further(HOME, head)]) == [Committed()]


def _failed(result: object) -> bool:
    return isinstance(result, BaseException)


@pytest.mark.parametrize(("right", "table"), [("INSERT", "entries"), ("UPDATE", "docs")])
async def test_a_revoked_right_is_storage_unavailable(
    postgres_server: PostgresServer, postgres_url: str, right: str, table: str
) -> None:
    name = postgres_url.partition("@/")[2].partition("?")[0]
    role = f"app_{right.lower()}"
    grants = f"CREATE ROLE {role} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"
    await execute(postgres_server, grants, name)
    async with opened(postgres_url.replace("postgres@", f"{role}@")) as store:
        await store.commit([made(HOME)])
        await store.ping()
        await execute(postgres_server, f"REVOKE {right} ON {table} FROM {role}", name)
        for attempt in (store.ping(), store.commit([further(HOME, 1)])):
            with pytest.raises(StorageUnavailable, match="permission denied"):
                await attempt


async def test_edits_need_no_right_to_the_compatibility(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    """A migration adds this table with the rights of its role. Then the server's role has none."""
    name = postgres_url.partition("@/")[2].partition("?")[0]
    grants = "CREATE ROLE app_older LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO app_older"
    await execute(postgres_server, grants, name)
    await execute(postgres_server, "REVOKE ALL ON compatibility FROM app_older", name)
    async with opened(postgres_url.replace("postgres@", "app_older@")) as store:
        await store.ping()
        assert await store.commit([made(HOME)]) == [Committed()]


async def test_a_locked_commit_is_computed_again_when_a_table_was_locked(
    postgres_store: SqlStore, postgres_server: PostgresServer, postgres_url: str
) -> None:
    await postgres_store.commit([made(HOME)])
    heads: list[int] = []
    async with another(postgres_server, postgres_url) as other:

        async def compute(newer: Newer | None) -> Append:
            assert newer is not None
            heads.append(newer.position.version)
            if len(heads) == 1:
                await other.execute("LOCK TABLE entries IN EXCLUSIVE MODE")
            else:
                await other.execute("ROLLBACK; BEGIN")
            return further(HOME, newer.position.version, id="p-1")

        computing = postgres_store.commit_locked(HOME, Position(1, 1, 0), compute)
        assert await computing == Committed()
    assert heads == [1, 1]
    assert len(await postgres_store.find_accepted(HOME, "ada", ["p-1"])) == 1


async def test_a_locked_commit_whose_connection_is_killed_writes_nothing(
    own_server: PostgresServer,
) -> None:
    async with fresh(own_server) as store:
        await store.commit([made(HOME)])

        async def compute(newer: Newer | None) -> Append:
            await execute(own_server, KILL)
            await _insist(store, further(HOME, 1, id="rival"))
            return further(HOME, 1, id="late")

        with pytest.raises(StorageUnavailable):
            await store.commit_locked(HOME, Position(1, 1, 0), compute)
        assert [one.id for one in (await stored(store)).entries[1:]] == ["rival"]


async def _insist(store: SqlStore, append: Append) -> None:
    """Commit over connections that were killed, until one is new."""
    for _ in range(6):
        try:
            assert await store.commit([append]) == [Committed()]
        except StorageUnavailable:
            continue
        return
    raise AssertionError("no connection is new")


async def test_a_wrong_statement_is_raised_as_a_bug(postgres_store: SqlStore) -> None:
    with pytest.raises(ProgrammingError, match="syntax error"):
        await postgres_store._database.read(lambda c: c.execute(text("SELEC 1")).one())


async def test_a_commit_has_a_connection_of_its_own(
    postgres_store: SqlStore,
) -> None:
    store, database = postgres_store, postgres_store._guarded.database
    assert isinstance(database, PostgresDatabase)
    await store.commit([made(HOME, commit="c-1"), made(AWAY, id="p-1")])
    async with AsyncExitStack() as taken:
        for pool in (database._readers, database._writers):
            for _ in range(4):
                await taken.enter_async_context(pool.connect())
        batch = [further(HOME, 1), further(AWAY, 7), further(AWAY, 1, id="p-1")]
        first, second, third = await store.commit(batch)
        assert (first, second, type(third)) == (Committed(), Clash(), Duplicate)
        assert await store.find_accepted(AWAY, "ada", ["p-1", "p-2"]) == [Accepted("ada", "p-1", 1)]
        assert await store.find_commit(HOME, "c-1") == 1
        assert await store.position(HOME) == Position(1, 2, 0)
        await store.ping()


async def test_long_reads_leave_a_connection_for_short_ones(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with opened(postgres_url) as store:
        await store.add_tenant("demo", 1)
        await store.add_key("demo", SigningKey("k-1", b"secret", 1))
        await store.commit([made(HOME)])
        async with another(postgres_server, postgres_url) as other:
            await other.execute("LOCK TABLE snapshots")
            opening = [asyncio.create_task(store.load(HOME)) for _ in range(12)]
            looking = [asyncio.create_task(store.snapshot_before(HOME, 1)) for _ in range(12)]
            async with asyncio.timeout(LOCK_SECONDS / 2):
                for _ in range(3):
                    assert list(await store.find_keys(["k-1", "k-2"])) == ["k-1"]
                    assert [row.doc for row in await store.list_docs("demo", "", 9)] == ["home"]
                    assert await store.locks(HOME) == (0, [])
            assert not any(task.done() for task in (*opening, *looking))
        assert await asyncio.gather(*opening) == [await store.load(HOME)] * 12
        assert await asyncio.gather(*looking) == [None] * 12


async def test_find_commit_answers_after_a_running_commit(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    async with opened(postgres_url) as store:
        await store.commit([made(HOME, commit="c-1")])
        async with another(postgres_server, postgres_url) as under_way:
            await under_way.execute(HOLD)
            with pytest.raises(StorageUnavailable, match="lock"):
                await store.find_commit(HOME, "c-2")
        assert await store.find_commit(HOME, "c-2") is None
        assert await store.find_commit(HOME, "c-1") == 1


async def test_a_proxy_that_drops_our_settings_is_refused_at_the_start(
    postgres_server: PostgresServer, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("proxy")
    async with forgetful_proxy(postgres_server.root, home):
        store = SqlStore(postgres_url.replace(str(postgres_server.root), str(home)))
        with pytest.raises(StorageUnavailable, match="pool sessions, not transactions"):
            await store.start()
        await store.close()


async def test_an_absent_server_is_storage_unavailable(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    store = SqlStore(f"postgresql+asyncpg://postgres@/weft?host={tmp_path_factory.mktemp('none')}")
    with pytest.raises(StorageUnavailable):
        await store.start()
    await store.close()
