"""The databases that the contract tests run on."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from storage.store import SqlStore
from tests.storage.postgres_server import PostgresServer, running_postgres

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        asyncio.run(new_database(server, "template_weft"))
        yield server


async def new_database(server: PostgresServer, name: str) -> str:
    """Create a database with the newest schema. Return its URL."""
    await execute(server, f"CREATE DATABASE {name}")
    store = SqlStore(server.url(name))
    await store.migrate()
    await store.close()
    return server.url(name)


async def execute(server: PostgresServer, sql: str, database: str = "postgres") -> None:
    connection = await asyncpg.connect(
        host=str(server.root), user="postgres", database=database, timeout=10
    )
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


HOLD = "SELECT 1 FROM docs WHERE doc = 'home' FOR UPDATE"


@asynccontextmanager
async def another(server: PostgresServer, url: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield another connection than the store's, in a transaction that is rolled back."""
    name = url.partition("@/")[2].partition("?")[0]
    connection = await asyncpg.connect(
        host=str(server.root), user="postgres", database=name, timeout=10
    )
    try:
        async with connection.transaction():
            yield connection
    finally:
        await connection.close()


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> str:
    """Return the URL of a new database of the test, with the schema."""
    name = f"test_{next(_numbers)}"
    await execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE template_weft")
    return postgres_server.url(name)


@pytest.fixture
async def postgres_store(postgres_url: str) -> AsyncIterator[SqlStore]:
    async with opened(postgres_url) as store:
        yield store


@pytest.fixture(scope="session")
def sqlite_folder() -> Iterator[Path]:
    """Yield a folder, in memory if possible: the tests do not need a real disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="weft-", dir=memory if memory.is_dir() else None
    ) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def sqlite_template(sqlite_folder: Path) -> bytes:
    """Return a SQLite file with the schema only."""
    path = sqlite_folder / "template.db"

    async def make() -> None:
        async with opened(f"sqlite+aiosqlite:///{path}"):
            pass

    asyncio.run(make())
    return path.read_bytes()


@pytest.fixture
def new_sqlite_url(sqlite_folder: Path) -> str:
    """Return the URL of a file that does not exist yet."""
    return f"sqlite+aiosqlite:///{sqlite_folder / f'weft-{next(_numbers)}.db'}"


@pytest.fixture
def sqlite_url(new_sqlite_url: str, sqlite_template: bytes) -> str:
    """Return the URL of a new file of the test, with the schema."""
    Path(new_sqlite_url.partition(":///")[2]).write_bytes(sqlite_template)
    return new_sqlite_url


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[SqlStore]:
    async with opened(sqlite_url) as store:
        yield store


class opened:  # noqa: N801 - used as a `with` verb
    """Starts a store, and closes it at the end of the block."""

    def __init__(self, url: str) -> None:
        self._store = SqlStore(url)

    async def __aenter__(self) -> SqlStore:
        await self._store.start()
        return self._store

    async def __aexit__(self, *exc: object) -> None:
        await self._store.close()
