"""The service worker's script: its files exist, and another version has another script."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from server.app import build
from server.http import service_worker
from server.runtime.settings import Settings
from storage.memory.store import MemoryStore


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = build(Settings(), MemoryStore())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://weft") as client,
    ):
        yield client


def files(script: str) -> list[str]:
    [found] = re.findall(r"const FILES = (.*);\n", script)
    named: list[str] = json.loads(found)
    return named


async def test_the_script_is_asked_for_again_each_time(http: httpx.AsyncClient) -> None:
    answer = await http.get("/sw.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    again = await http.get("/sw.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_all_files_exist_and_need_no_token(http: httpx.AsyncClient) -> None:
    named = files((await http.get("/sw.js")).text)
    assert len(named) > 15
    assert len(set(named)) == len(named)
    assert {
        name: answer.status_code
        for name in named
        if not (answer := await http.get(name)).is_success
    } == {}


async def test_the_worker_keeps_all_files_that_the_pages_name(http: httpx.AsyncClient) -> None:
    named = set(files((await http.get("/sw.js")).text))
    for address in ("/", "/edit/home"):
        page = (await http.get(address)).text
        used = set(re.findall(r'(?:href|src)="(/[^"]+)"', page))
        assert used <= named
        [shown] = re.findall(r'name="weft-build" content="(.*?)"', page)
        assert f'const BUILD = "{shown}"' in (await http.get("/sw.js")).text


def test_another_version_or_address_is_another_build() -> None:
    one, other = service_worker.build_of("1.0", ""), service_worker.build_of("1.1", "")
    assert len({one, other, service_worker.build_of("1.0", "https://weft.example")}) == 3
    assert service_worker.build_of("1.0", "") == one
