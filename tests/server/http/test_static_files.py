"""The files in `static/`: each has a media type, a wheel installs them, the SDK is compressed."""

from __future__ import annotations

import gzip
import threading
import tomllib
from collections.abc import Callable
from types import SimpleNamespace

import brotli
import httpx
import pytest
from starlette.requests import Request

from collab.errors import Rejected
from server.app import build
from server.http import static_files
from server.http.static_files import HOME, TYPES
from server.runtime.settings import Settings
from storage.memory.store import MemoryStore
from tests.house import ROOT


def test_every_static_file_has_a_media_type() -> None:
    files = [path for path in HOME.rglob("*") if path.is_file()]
    assert files
    # The rules and the types of the SDK are for developers. The server does not serve them.
    # Compressed files of the SDK go out under the address of the file that they contain.
    others = {".md", ".ts", ".gz", ".br"}
    assert {path.suffix for path in files} - others <= set(TYPES)


def test_a_wheel_installs_static_beside_server() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert HOME == ROOT / "static"
    assert "static*" in tools["packages"]["find"]["include"]
    assert tools["package-data"]["static"] == ["**/*"]
    assert "examples" in tools["packages"]["find"]["include"]
    assert tools["package-data"]["examples"] == ["**/*"]


@pytest.mark.parametrize(
    ("accepted", "coding", "unpack"),
    [
        ("br, gzip", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
    ],
)
async def test_the_sdk_is_sent_as_it_was_compressed_before(
    accepted: str, coding: str | None, unpack: Callable[[bytes], bytes]
) -> None:
    names = sorted(path.name for path in static_files.SDK.glob("*.js"))
    assert names
    for name in names:
        reply = await static_files.get_sdk_file(_request(name, accepted))
        assert reply.headers.get("content-encoding") == coding
        assert unpack(bytes(reply.body)) == (static_files.SDK / name).read_bytes()


async def test_a_compressed_file_has_no_address_of_its_own() -> None:
    with pytest.raises(Rejected):
        await static_files.get_sdk_file(_request("weft.js.gz", "gzip"))


def _request(name: str, accepted: str) -> Request:
    return Request(
        {
            "type": "http",
            "headers": [(b"accept-encoding", accepted.encode())],
            "path_params": {"version": "1.0", "name": name},
            "app": SimpleNamespace(state=SimpleNamespace(services=SimpleNamespace(version="1.0"))),
        }
    )


async def test_a_file_of_our_pages_is_compressed_once_outside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []

    def compress(coding: str, body: bytes) -> bytes:
        threads.append(threading.current_thread().name)
        return coding.encode() + body

    monkeypatch.setattr(static_files, "compress_well", compress)
    monkeypatch.setattr(static_files, "_compressed_files", {})
    for _ in range(2):
        assert await static_files._compressed("br", b"a file") == b"bra file"
    [thread] = threads
    assert thread.startswith("worker")
    for n in range(2 * static_files.MOST_COMPRESSED):
        await static_files._compressed("br", b"%d" % n)
    assert len(static_files._compressed_files) <= static_files.MOST_COMPRESSED


@pytest.mark.parametrize("address", ["/docs", "/openapi.json", "/", "/edit/home", "/sw.js"])
async def test_pages_and_the_description_are_compressed(address: str) -> None:
    app = build(Settings(), MemoryStore())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://weft") as client,
    ):
        plain = await client.get(address, headers={"Accept-Encoding": "identity"})
        small = await client.get(address, headers={"Accept-Encoding": "gzip"})
        assert small.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert small.content == plain.content
        assert int(small.headers["content-length"]) < len(plain.content) / 2
        tags = plain.headers["etag"], small.headers["etag"]
        assert tags[1] == f"W/{tags[0]}"
        for tag in tags:
            again = await client.get(address, headers={"If-None-Match": tag})
            assert again.status_code == 304
            assert "Accept-Encoding" in again.headers["vary"]


def test_the_style_sheets_of_a_page_are_made_and_not_files() -> None:
    sheets = [static_files.module_text("page", name) for name in ("page.css", "canvas.css")]
    assert all(sheets)
    assert sheets[0] != sheets[1]
    assert static_files.module_text("page", "other.css") is None


@pytest.mark.parametrize("name", ["n" * 300 + ".js", "\0.js", "..", ".", "", "\udcff.js", "a/b.js"])
def test_any_name_may_be_asked_for(name: str) -> None:
    assert static_files._sdk_file(name, "") is None
    assert not any(static_files.module_text(folder, name) for folder in static_files.MODULES)


def test_the_modules_of_a_preview_are_found() -> None:
    assert (
        static_files.module_text("preview", "preview.js")
        == (HOME / "preview/preview.js").read_bytes()
    )
    assert static_files._sdk_file("weft.js", "") == (static_files.SDK / "weft.js").read_bytes()
