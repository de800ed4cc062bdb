"""A smoke test of bound texts in real Firefox."""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.provision import FIREFOXES, NODE
from tests.running import RunningServer
from tests.yjs_peer import has_node

FIREFOX = next((path for name in FIREFOXES if (path := shutil.which(name))), None)


@pytest.mark.skipif(FIREFOX is None, reason="there is no Firefox: install firefox-esr")
@pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
async def test_two_people_type_in_each_kind_of_field(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        tokens = [await server.mint(user) for user in ("ada", "bo")]
        process = await asyncio.create_subprocess_exec(
            *("node", "firefox_fields.mjs", str(FIREFOX), server.http, *tokens),
            cwd=NODE,
            stdout=PIPE,
            stderr=PIPE,
        )
        output, errors = await asyncio.wait_for(process.communicate(), 3 * PATIENCE)
    assert process.returncode == 0, errors.decode()
    found = json.loads(output)
    assert found.pop("version").startswith("firefox/")
    each = {"carets": [2, 6], "undone": 1, "drawn": "Ada"}
    assert found == dict.fromkeys(("input", "textarea", "contenteditable"), each)
