"""The files in `static/`: each has a media type, and a wheel installs them."""

from __future__ import annotations

import tomllib

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
