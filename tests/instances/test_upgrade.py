"""An upgrade without a pause: instances of the older version serve on the newer tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from collab.rights.user_rights import Role
from storage.sql.schema import REVISION
from tests.instances.roaming import a_while, editing, start_again
from tests.instances.several import Several
from tests.live.http_client import call
from tests.running import RunningServer
from tests.snippets import run
from tests.storage.conftest import execute
from tests.storage.postgres_server import PostgresServer
from tests.storage.redis_server import RedisServer

pytestmark = pytest.mark.real

# What a migration that only adds may do.
EXTENSION = (
    "CREATE TABLE newer (id integer PRIMARY KEY)",
    "ALTER TABLE docs ADD COLUMN newer integer",
    "ALTER TABLE entries ADD COLUMN newer text DEFAULT 'x'",
    "ALTER TABLE snapshots ADD COLUMN newer boolean",
    "ALTER TABLE publications ADD COLUMN newer integer DEFAULT 0",
    "UPDATE compatibility SET revision = '9999'",
    f"UPDATE alembic_version SET version_num = '9999' WHERE version_num = '{REVISION}'",
)


async def test_an_upgrade_under_load_loses_nothing(
    tmp_path: Path, database: str, redis: RedisServer, cluster: PostgresServer
) -> None:
    """Instances run while a newer version extends the tables, and also start again after that."""
    async with Several(tmp_path, database, redis.url, WEFT_IDLE_SECONDS="0") as several:
        await several.until_connected()
        async with editing(several, database) as editors:
            await a_while()
            await _change(cluster, database, *EXTENSION)
            await a_while()
            for server in several.servers:
                await start_again(server, server.stop)
            await a_while()
        assert any(editor.moves for editor in editors)


async def test_all_requests_are_answered_on_newer_tables(
    tmp_path: Path, database: str, cluster: PostgresServer
) -> None:
    await _change(cluster, database, *EXTENSION)
    with RunningServer(tmp_path, database=database, env={"WEFT_IDLE_SECONDS": "0"}) as server:
        token = await server.mint("pia", Role.PUBLISHER)
        assert call("GET", f"{server.http}/readyz").status == 200
        document = f"{server.http}/v1/docs"
        for name in ("home", "other"):
            url = f"{document}/{name}"
            assert call("PUT", url, {"n": 2}, token=token).status == 201
            assert call("PUT", url, {"n": 3}, token=token, If_Match="*").status == 200
            assert call("GET", url, token=token).body == {"n": 3}
            assert call("GET", f"{url}/versions", token=token).status == 200
            assert call("POST", f"{url}/publish", {}, token=token).status == 200
            assert call("POST", f"{url}/undo", {}, token=token).status == 200


async def test_a_version_does_not_start_on_tables_that_lack_something(
    tmp_path: Path, database: str, cluster: PostgresServer
) -> None:
    await _change(cluster, database, *EXTENSION, "UPDATE compatibility SET oldest = '9999'")
    told = run("weft serve --port 0 2>&1 || echo code $?", tmp_path, WEFT_DATABASE=database)
    assert "a newer version of Weft has migrated it" in told
    assert told.endswith("code 3\n")


async def _change(cluster: PostgresServer, database: str, *statements: str) -> None:
    name = make_url(database).database
    assert name is not None
    for statement in statements:
        await execute(cluster, statement, name)
