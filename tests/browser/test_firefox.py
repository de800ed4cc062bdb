"""Smoke tests in real Firefox: bound texts, and the editor."""

from __future__ import annotations

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from tests.live.http_client import call
from tests.patience import PATIENCE
from tests.provision import FIREFOXES, NODE
from tests.running import RunningServer
from tests.yjs_peer import has_node

FIREFOX = next((path for name in FIREFOXES if (path := shutil.which(name))), None)


needs_firefox = pytest.mark.skipif(
    FIREFOX is None, reason="there is no Firefox: install firefox-esr"
)
needs_node = pytest.mark.skipif(not has_node(), reason="no Node.js with the npm modules")
SECTIONS = [
    {"id": kind, "type": kind, "content": {"headline": f"About {kind}"}}
    for kind in ("hero", "features", "faq")
]


async def run(script: str, *given: str) -> Any:
    """Run a script that drives Firefox, and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *("node", script, str(FIREFOX), *given), cwd=NODE, stdout=PIPE, stderr=PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 3 * PATIENCE)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


@needs_firefox
@needs_node
async def test_two_people_type_in_each_kind_of_field(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        tokens = [await server.mint(user) for user in ("ada", "bo")]
        found = await run("firefox_fields.mjs", server.http, *tokens)
    assert found.pop("version").startswith("firefox/")
    each = {"carets": [2, 6], "undone": 1, "drawn": "Ada"}
    assert found == dict.fromkeys(("input", "textarea", "contenteditable"), each)


@needs_firefox
@needs_node
async def test_two_people_edit_a_page_in_the_editor(tmp_path: Path) -> None:
    with RunningServer(tmp_path) as server:
        tokens = [await server.mint(user) for user in ("ada", "bo")]
        value = {"pages": {"home": {"title": "Home", "sections": SECTIONS}}}
        url = f"{server.http}/v1/docs/page"
        made = await asyncio.to_thread(call, "PUT", url, token=tokens[0], body=value)
        assert made.status == 201
        found = await run("firefox_editor.mjs", server.http, "page", *tokens)
    assert found == {"orders": ["features hero faq"] * 2, "errors": []}
