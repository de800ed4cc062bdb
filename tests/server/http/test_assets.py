"""The files that browsers load: all of them can be served, and they are where a wheel puts them."""

from __future__ import annotations

import tomllib

from server.http.assets import HOME, TYPES
from tests.house import ROOT


def test_every_file_of_the_pages_has_a_type_that_is_served() -> None:
    files = [path for path in HOME.rglob("*") if path.is_file()]
    assert files
    assert {path.suffix for path in files} <= set(TYPES)


def test_the_pages_are_installed_beside_the_server() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert HOME == ROOT / "static"
    assert "static*" in tools["packages"]["find"]["include"]
    assert tools["package-data"]["static"] == ["**/*"]
