"""The files in `static/`: each has a media type, a wheel installs them, the SDK is compressed."""

from __future__ import annotations

import threading
import tomllib

import pytest

from server.http import assets
from server.http.assets import HOME, TYPES
from tests.house import ROOT


def test_every_static_file_has_a_media_type() -> None:
    files = [path for path in HOME.rglob("*") if path.is_file()]
    assert files
    # The rules and the types of the SDK are for developers. The server does not serve them.
    assert {path.suffix for path in files} - {".md", ".ts"} <= set(TYPES)


def test_a_wheel_installs_static_beside_server() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert HOME == ROOT / "static"
    assert "static*" in tools["packages"]["find"]["include"]
    assert tools["package-data"]["static"] == ["**/*"]
    assert "examples" in tools["packages"]["find"]["include"]
    assert tools["package-data"]["examples"] == ["**/*"]


async def test_a_file_of_the_sdk_is_compressed_once_outside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []

    def compress(coding: str, body: bytes) -> bytes:
        threads.append(threading.current_thread().name)
        return coding.encode() + body

    monkeypatch.setattr(assets, "compress_well", compress)
    monkeypatch.setattr(assets, "_compressed_files", {})
    for _ in range(2):
        assert await assets._compressed("br", b"a file") == b"bra file"
    [thread] = threads
    assert thread.startswith("worker")
    for n in range(2 * assets.MOST_COMPRESSED):
        await assets._compressed("br", b"%d" % n)
    assert len(assets._compressed_files) <= assets.MOST_COMPRESSED
