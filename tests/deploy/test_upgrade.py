"""An upgrade without a pause: instances serve while a newer version extends the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from collab.rights.user_rights import Role
from storage.sql.schema import REVISION
from tests.live.http_client import call
from tests.patch_client import PatchClient
from tests.running import RunningServer
from tests.snippets import run
from tests.storage.conftest import execute
from tests.storage.postgres_server import PostgresServer

pytestmark = pytest.mark.real

# What a migration that only adds may do.
EXTENSION = (
    "CREATE TABLE newer (id integer PRIMARY KEY)",
    "ALTER TABLE docs ADD COLUMN newer integer",
    "ALTER TABLE entries ADD COLUMN newer text DEFAULT 'x'",
    "ALTER TABLE snapshots ADD COLUMN newer boolean",
    "ALTER TABLE publications ADD COLUMN newer integer DEFAULT 0",
    f"UPDATE alembic_version SET version_num = '9999' WHERE version_num = '{REVISION}'",
)


async def test_a_running_instance_serves_on_extended_tables(
    tmp_path: Path, cluster: PostgresServer
) -> None:
    await execute(cluster, "CREATE DATABASE upgraded")
    url = cluster.url("upgraded")
    run("weft migrate", tmp_path, WEFT_DATABASE=url)
    with RunningServer(tmp_path, database=url, env={"WEFT_IDLE_SECONDS": "0"}) as server:
        token = await server.mint("pia", Role.PUBLISHER)
        client = await PatchClient.connect(server.ws, "home", token, create={"n": 0})
        assert (await client.set("/n", 1))["type"] == "ack"
        for statement in EXTENSION:
            await execute(cluster, statement, "upgraded")
        assert (await client.set("/n", 2))["type"] == "ack"
        await client.close()
        assert call("GET", f"{server.http}/readyz").status == 200
        document = f"{server.http}/v1/docs"
        assert call("PUT", f"{document}/home", {"n": 3}, token=token, If_Match="*").status == 200
        assert call("PUT", f"{document}/other", {"n": 3}, token=token).status == 201
        for name in ("home", "other"):
            assert call("GET", f"{document}/{name}", token=token).body == {"n": 3}
            assert call("GET", f"{document}/{name}/versions", token=token).status == 200
        assert call("POST", f"{document}/home/publish", {}, token=token).status == 200
    # Only a start compares the revisions: the older version must not come back.
    told = run("weft serve --port 0 2>&1 || echo code $?", tmp_path, WEFT_DATABASE=url)
    assert "a newer version of Weft has migrated it" in told
    assert told.endswith("code 3\n")
